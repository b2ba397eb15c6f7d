"""Diagnostics and system health: helpful facts, and no secrets."""

import asyncio
import json
from typing import Any

import pytest

from homeassistant.components.system_health import DOMAIN as SYSTEM_HEALTH
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.conftest import Recognize
from tests.emulator import S0_KEY, Emulator, Fault, speak
from tests.support.home import set_up_resource
from tests.support.streams import AudioStream

TEXT = "My diary is under the mattress"


@pytest.mark.parametrize(
    "recognizer",
    [
        {
            "corrections": [{"heard": "diary", "meant": "secret book"}],
            "sound_alikes": [{"heard": "love nest", "meant": "Bedroom"}],
            "refused_changes": [{"heard": "hidden", "meant": "Heathen"}],
            "endpoint_id": "0" * 36,
        }
    ],
)
async def test_diagnostics(
    hass: HomeAssistant,
    recognize: Recognize,
    loaded_entry: MockConfigEntry,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
) -> None:
    """Settings, use and the last requests are told; neither key, address nor words."""
    await recognize(AudioStream(speak(TEXT)))
    emulator.faults.append(Fault(status=405))
    loaded_entry.runtime_data.usage.lift_limit(2.5)
    await recognize(AudioStream(speak(TEXT)))
    assert await async_setup_component(hass, "diagnostics", {})
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(
        hass, hass_client, loaded_entry
    )
    assert diagnostics["connection"] == {
        "connection": "custom_endpoint",
        "endpoint": "**REDACTED**",
        "api_key": "**REDACTED**",
    }
    assert diagnostics["options"]["tier"] == "s0"
    (recognizer,) = diagnostics["recognizers"]
    assert recognizer["options"]["patience"] == "automatic"
    failed, changed = recognizer["utterances"]
    assert (failed["outcome"], failed["changes"]) == ("failed", [])
    assert (changed["outcome"], changed["changes"]) == ("recognized", ["correction"])
    assert diagnostics["usage"]["requests_month"] >= 2
    assert diagnostics["usage"]["lifted_limit"] == 2.5
    assert diagnostics["token_age"] < 60
    checked, heard, refused = diagnostics["requests"]
    assert (checked["status"], heard["status"]) == ("InitialSilenceTimeout", "Success")
    assert refused["status"] == "ResponseError 405"
    assert all(0 <= request["seconds"] < 10 for request in diagnostics["requests"])
    assert len(heard["connection_id"]) == 32
    told = json.dumps(diagnostics).casefold()
    token = loaded_entry.runtime_data.client.credential._token.value
    words = ("mattress", "secret book", "love nest", "hidden")
    for secret in (S0_KEY, token, "127.0.0.1", *words, "0" * 36):
        assert secret.casefold() not in told


async def test_entra_diagnostics(
    hass: HomeAssistant, emulator: Emulator, entra: None, hass_client: ClientSessionGenerator
) -> None:
    """Nothing of an application of Entra is told."""
    entry = await set_up_resource(hass, emulator, {}, entra=True)
    assert await async_setup_component(hass, "diagnostics", {})
    diagnostics: object = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    told = json.dumps(diagnostics)
    application = emulator.entra
    assert "entra" in told
    for secret in (
        application.tenant_id,
        application.client_id,
        application.client_secret,
        application.resource_id,
    ):
        assert secret not in told


async def health(hass: HomeAssistant) -> dict[str, Any]:
    """Return our system health, after waiting for its values."""
    assert await async_setup_component(hass, SYSTEM_HEALTH, {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, "azure_stt")
    return {
        key: await value if asyncio.iscoroutine(value) else value for key, value in info.items()
    }


async def test_system_health(
    hass: HomeAssistant, recognize: Recognize, loaded_entry: MockConfigEntry
) -> None:
    """It shows whether Azure is there, and this month's use."""
    await recognize(AudioStream(speak(TEXT)))
    info = await health(hass)
    age = info.pop("token_age")
    assert age.endswith(" s")
    assert info == {
        "resources": "127.0.0.1",
        "can_reach_speech": "ok",
        "can_reach_token": "ok",
        "minutes_month": round((0.2 + len(speak(TEXT)) / 32_000) / 60, 1),
        "requests_month": 2,
    }


async def test_system_health_without_azure(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator
) -> None:
    """It shows that Azure can't be reached."""
    await emulator.stop()
    info = await health(hass)
    assert info["can_reach_speech"] == {"type": "failed", "error": "unreachable"}


async def test_system_health_without_resources(hass: HomeAssistant, emulator: Emulator) -> None:
    """Without a loaded resource there's nothing to reach."""
    assert await async_setup_component(hass, "azure_stt", {})
    info = await health(hass)
    assert info == {"resources": 0}
