"""Set-up and its end: at any moment, in any state of Azure."""

from collections.abc import Mapping
import logging
from typing import Any

import pytest

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState, ConfigSubentryDataWithId
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.azure_speech import (
    Recognition,
    SpeechClient,
    UnknownHostError,
)
from custom_components.azure_stt.const import DEFAULT_RECOGNIZER
from custom_components.azure_stt.options_flow import DEFAULT_OPTIONS
from custom_components.azure_stt.resource.client_factory import async_get_session
from tests.emulator import Emulator, Fault
from tests.support.home import ENTITY_ID
from tests.support.streams import eventually


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Add an entry and wait for its check in the background to fail."""
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await eventually(lambda: entry.runtime_data.down)
    await hass.async_block_till_done()


async def test_load_and_unload(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """An entry comes, goes and comes again."""
    assert hass.states.get(ENTITY_ID)
    assert await hass.config_entries.async_unload(loaded_entry.entry_id)
    assert loaded_entry.state is ConfigEntryState.NOT_LOADED
    assert await hass.config_entries.async_setup(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get(ENTITY_ID)


async def test_session_is_detached_at_the_end(
    hass: HomeAssistant, loaded_entry: MockConfigEntry
) -> None:
    """The shared session outlives the entry, and lets go of the connections at the very end."""
    session = async_get_session(hass)
    assert await hass.config_entries.async_unload(loaded_entry.entry_id)
    assert session.connector
    hass.bus.async_fire(EVENT_HOMEASSISTANT_CLOSE)
    await hass.async_block_till_done()
    assert session.connector is None


@pytest.mark.parametrize("defaults", [DEFAULT_OPTIONS, DEFAULT_RECOGNIZER])
def test_defaults_cannot_be_changed(defaults: Mapping[str, Any]) -> None:
    """The default options can't be changed by code that gets them."""
    with pytest.raises(TypeError):
        defaults["tier"] = "f0"  # type: ignore[index]


@pytest.mark.parametrize(
    "fault",
    [Fault(reset=True, times=None), Fault(status=500, times=None)],
    ids=["no network", "trouble"],
)
async def test_unreachable(
    hass: HomeAssistant,
    emulator: Emulator,
    entry: MockConfigEntry,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without network the entity is there all the same, and one warning says why."""
    emulator.faults.append(fault)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.get(ENTITY_ID)
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len([record for record in warnings if "azure_stt" in record.name]) == 1
    assert not hass.config_entries.flow.async_progress()


async def test_key_revoked(hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry) -> None:
    """With a key that is refused the entity is there, and a new key is asked for."""
    emulator.keys.clear()
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.get(ENTITY_ID)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_unload_in_the_check(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    """An entry can go while its check still waits for Azure."""
    emulator.faults.append(Fault(delay=60, times=None))
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED


async def test_recognizer_that_is_removed(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """A recognizer's device and entities go with it; the resource and its meters stay."""
    (subentry_id,) = loaded_entry.subentries
    assert hass.config_entries.async_remove_subentry(loaded_entry, subentry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    devices = dr.async_entries_for_config_entry(device_registry, loaded_entry.entry_id)
    assert [device.identifiers for device in devices] == [{("azure_stt", loaded_entry.entry_id)}]
    entities = er.async_entries_for_config_entry(entity_registry, loaded_entry.entry_id)
    assert {entity.domain for entity in entities} == {"binary_sensor", "button", "sensor"}
    assert loaded_entry.state is ConfigEntryState.LOADED


RECOGNIZER: dict[str, Any] = {
    "profanity": "raw",
    "text_form": "itn",
    "home_aware": False,
    "corrections": [{"heard": "hallo", "meant": "hello"}],
    "languages": ["de-DE", "it-IT"],
    "endpoint_id": "0d5c5b0e-3f5a-4d62-9a53-6f7f3a1e2b4c",
    "endpoint_language": "en-US",
    "patience": "to_the_end",
    "deadline": 12.5,
    "second_entry": "01JEXAMPLEENTRYOFANOTHER01",
    "fallback_entity": "stt.other",
}
"""Every option of a recognizer, as version 0.1.0 saved it."""

ENTRA = {
    "tenant_id": "11111111-2222-3333-4444-555555555555",
    "client_id": "66666666-7777-8888-9999-000000000000",
    "client_secret": "the client's secret",
    "resource_id": "/subscriptions/a/resourceGroups/b/providers/c/accounts/d",
}


@pytest.mark.parametrize(
    "data",
    [
        {"connection": "region", "region": "westeurope", "api_key": "5" * 32},
        {"connection": "us_government", "region": "usgovvirginia", "api_key": "5" * 32},
        {"connection": "china", "region": "chinaeast2", "api_key": "5" * 32},
        {"connection": "custom_endpoint", "endpoint": "http://127.0.0.1:9", "api_key": "5" * 32},
        {"connection": "entra", "endpoint": "http://127.0.0.1:9", **ENTRA},
    ],
    ids=lambda data: data["connection"],
)
@pytest.mark.parametrize("tier", ["f0", "s0"])
async def test_saved_entries_load_unchanged(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, data: dict[str, Any], tier: str
) -> None:
    """Each kind of entry of version 0.1.0 loads, with every saved option kept."""

    async def no_network(_: SpeechClient) -> Recognition:
        msg = "Not found"
        raise UnknownHostError(msg)

    # The entries' hosts are real ones.
    monkeypatch.setattr(SpeechClient, "check", no_network)
    options = {"tier": tier, "price_per_hour": 0.8, "currency": "EUR"}
    entry = MockConfigEntry(
        domain="azure_stt",
        version=1,
        title="Saved",
        data=data,
        options=options,
        subentries_data=[
            ConfigSubentryDataWithId(
                subentry_type="stt",
                title="Azure Speech to Text",
                data=RECOGNIZER,
                subentry_id="01JEXAMPLERECOGNIZER000001",
                unique_id=None,
            )
        ],
    )
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert (dict(entry.data), dict(entry.options)) == (data, options)
    assert [dict(subentry.data) for subentry in entry.subentries.values()] == [RECOGNIZER]
    registered = er.async_get(hass).async_get(ENTITY_ID)
    assert registered is not None
    assert registered.unique_id == "01JEXAMPLERECOGNIZER000001"
