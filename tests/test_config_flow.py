"""The set-up in the UI: every form, every error, and back from it."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any, Final
from unittest.mock import AsyncMock, patch

import pytest

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt import first_answer
from custom_components.azure_stt.audio import opus
from custom_components.azure_stt.azure_speech import (
    AuthenticationError,
    CertificateError,
    Credential,
    FastTranscriber,
    InvalidAnswerError,
    QuotaExceededError,
    ResponseError,
    SpeechClient,
    SpeechConnectionError,
    SpeechTimeoutError,
    UnknownHostError,
)
from custom_components.azure_stt.const import DEFAULT_RECOGNIZER, DOMAIN, SUBENTRY_TYPE, Connection
from custom_components.azure_stt.recognizer_form import SECTIONS
from tests.emulator import F0_KEY, S0_KEY, Emulator, Endpoint, Fault
from tests.emulator.profile import EntraHosts
from tests.emulator.settings import Networking

TEXTS: Final = Path(first_answer.__file__).parent / "translations/en.json"
ENTRA = {
    "tenant_id": "11111111-2222-3333-4444-555555555555",
    "client_id": "66666666-7777-8888-9999-000000000000",
    "client_secret": "the client's secret",
    "resource_id": (
        "/subscriptions/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee/resourceGroups/home"
        "/providers/Microsoft.CognitiveServices/accounts/speech"
    ),
}
CUSTOM = {"endpoint": "https://my-speech.cognitiveservices.azure.com", "api_key": S0_KEY}


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fast transcription be there where a test has no emulator."""
    if not {"azure", "emulator"} & set(request.fixturenames):
        monkeypatch.setattr(FastTranscriber, "transcribe", AsyncMock())


async def open_form(hass: HomeAssistant, connection: Connection) -> str:
    """Choose a form from the menu and return the flow's id."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == list(Connection)
    result = await submit(hass, result["flow_id"], {"next_step_id": connection})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == connection
    return result["flow_id"]


async def submit(hass: HomeAssistant, flow_id: str, typed: dict[str, Any]) -> ConfigFlowResult:
    """Type into a flow's form."""
    return await hass.config_entries.flow.async_configure(flow_id, typed)


def suggested(result: ConfigFlowResult | SubentryFlowResult) -> dict[str, Any]:
    """Return a form's suggested values."""
    schema = result["data_schema"]
    assert schema is not None
    return _suggested(schema.schema)


def _suggested(fields: Mapping[Any, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, field in fields.items():
        if isinstance(field, section):
            shown |= _suggested(field.schema.schema)
        elif key.description and "suggested_value" in key.description:
            shown[str(key)] = key.description["suggested_value"]
    return shown


async def test_over_the_wire(hass: HomeAssistant, emulator: Emulator) -> None:
    """A key is checked by a token and a recognition; entry, recognizer and entity follow."""
    flow_id = await open_form(hass, Connection.CUSTOM_ENDPOINT)
    typed = {"endpoint": f" {emulator.url}/ ", "api_key": f"\ufeff{S0_KEY}\n", "tier": "s0"}
    result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "127.0.0.1"
    entry = result["result"]
    assert entry.data == {
        "connection": "custom_endpoint",
        "endpoint": emulator.url,
        "api_key": S0_KEY,
    }
    assert entry.options == {
        "tier": "s0",
        "price_per_hour": 1.0,
        "second_price_per_hour": 0.36,
        "currency": "USD",
    }
    (subentry,) = entry.subentries.values()
    assert subentry.subentry_type == SUBENTRY_TYPE
    assert subentry.data == DEFAULT_RECOGNIZER
    kinds = [request.kind for request in emulator.requests]
    assert kinds[:2] == [Endpoint.TOKEN, Endpoint.RECOGNITION]
    assert len(emulator.requests[1].audio) < 16000
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get("stt.azure_speech_to_text")


@pytest.mark.parametrize(
    ("fast_transcription", "faults", "description"),
    [
        (True, [], "fast"),
        (False, [], "no_fast"),
        (True, [Fault(where=Endpoint.TRANSCRIPTION, status=503)], "fast_unknown"),
        (True, [Fault(where=Endpoint.TRANSCRIPTION, delay=9.0)], "fast_unknown"),
        (True, [Fault(), Fault(status=503)], "default"),
    ],
    ids=["fast", "no fast", "fast fails", "fast hangs", "check fails"],
)
async def test_last_text(
    hass: HomeAssistant,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    fast_transcription: bool,  # noqa: FBT001
    faults: list[Fault],
    description: str,
) -> None:
    """The set-up ends with how the resource answers; a failure there stops nothing."""
    monkeypatch.setattr(first_answer, "_LIMIT", 1.0)
    emulator.fast_transcription = fast_transcription
    emulator.faults.extend(faults)
    emulator.latency = 0.1
    flow_id = await open_form(hass, Connection.CUSTOM_ENDPOINT)
    typed = {"endpoint": emulator.url, "api_key": S0_KEY, "tier": "s0"}
    result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["description"] == description
    placeholders = dict(result["description_placeholders"] or {})
    if description != "default":
        assert 0.1 <= float(placeholders.pop("seconds")) < 1
    assert placeholders == {"host": "127.0.0.1"}
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("connection", list(Connection))
async def test_every_form_asks_for_the_tier(hass: HomeAssistant, connection: Connection) -> None:
    """The free tier comes first, because it's the one to begin with."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await submit(hass, result["flow_id"], {"next_step_id": connection})
    schema = form["data_schema"]
    assert schema is not None
    (tier,) = (key for key in schema.schema if key == "tier")
    assert tier.default() == "f0"
    assert schema.schema["tier"].config["options"] == ["f0", "s0"]


async def test_tier_is_kept_after_an_error(hass: HomeAssistant, emulator: Emulator) -> None:
    """The tier that was chosen stays, and the entry has it; the free one costs nothing."""
    flow_id = await open_form(hass, Connection.CUSTOM_ENDPOINT)
    typed = {"endpoint": emulator.url, "api_key": "0" * 32, "tier": "s0"}
    form = await submit(hass, flow_id, typed)
    assert form["errors"] == {"base": "invalid_auth"}
    assert suggested(form) == typed
    result = await submit(hass, flow_id, {**typed, "api_key": F0_KEY, "tier": "f0"})
    assert result["result"].options["tier"] == "f0"
    await hass.async_block_till_done(wait_background_tasks=True)
    cost = hass.states.get("sensor.azure_ai_speech_127_0_0_1_estimated_cost_this_month")
    assert cost is not None
    assert float(cost.state) == 0
    assert hass.states.get("sensor.azure_ai_speech_127_0_0_1_free_quota_used")


@pytest.mark.parametrize(
    ("connection", "typed", "data", "title"),
    [
        (
            Connection.REGION,
            {"region": "West Europe", "api_key": S0_KEY},
            {"region": "westeurope", "api_key": S0_KEY},
            "westeurope",
        ),
        (
            Connection.US_GOVERNMENT,
            {"region": "usgovvirginia", "api_key": S0_KEY},
            {"region": "usgovvirginia", "api_key": S0_KEY},
            "usgovvirginia",
        ),
        (
            Connection.CHINA,
            {"region": "chinaeast2", "api_key": S0_KEY},
            {"region": "chinaeast2", "api_key": S0_KEY},
            "chinaeast2",
        ),
        (
            Connection.CUSTOM_ENDPOINT,
            {"endpoint": "my-speech.cognitiveservices.azure.com", "api_key": S0_KEY},
            CUSTOM,
            "my-speech.cognitiveservices.azure.com",
        ),
        (
            Connection.ENTRA,
            {"endpoint": "my-speech.cognitiveservices.azure.us", **ENTRA},
            {"endpoint": "https://my-speech.cognitiveservices.azure.us", **ENTRA},
            "my-speech.cognitiveservices.azure.us",
        ),
    ],
    ids=lambda value: value if isinstance(value, Connection) else "",
)
async def test_every_form(
    hass: HomeAssistant,
    connection: Connection,
    typed: dict[str, str],
    data: dict[str, str],
    title: str,
) -> None:
    """Each way to a resource saves its data, in one spelling."""
    flow_id = await open_form(hass, connection)
    with patch.object(SpeechClient, "check"):
        result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {"connection": connection, **data}
    assert result["title"] == title
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (AuthenticationError("", status=401), "invalid_auth"),
        (QuotaExceededError("", status=403), "quota_exceeded"),
        (UnknownHostError(""), "cannot_connect"),
        (SpeechConnectionError(""), "cannot_connect"),
        (SpeechTimeoutError(""), "cannot_connect"),
        (ResponseError("", status=503), "cannot_connect"),
        (ResponseError("", status=429), "cannot_connect"),
        (CertificateError(""), "invalid_certificate"),
        (ResponseError("", status=404), "not_azure"),
        (ResponseError("", status=302), "not_azure"),
        (InvalidAnswerError(""), "not_azure"),
        (ZeroDivisionError(), "unknown"),
    ],
    ids=lambda value: f"{type(value).__name__}" if isinstance(value, Exception) else "",
)
@pytest.mark.parametrize(
    ("connection", "typed"),
    [
        (Connection.REGION, {"region": "westeurope", "api_key": S0_KEY}),
        (Connection.CUSTOM_ENDPOINT, CUSTOM),
        (Connection.ENTRA, {"endpoint": CUSTOM["endpoint"], **ENTRA}),
    ],
    ids=["region", "custom_endpoint", "entra"],
)
async def test_errors(
    hass: HomeAssistant,
    connection: Connection,
    typed: dict[str, str],
    error: Exception,
    key: str,
) -> None:
    """An error is shown, nothing is saved, the input stays, and the next try works."""
    flow_id = await open_form(hass, connection)
    with (
        patch.object(SpeechClient, "check", side_effect=error),
        patch.object(Credential, "region", side_effect=error),
    ):
        result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"base": key}
    assert suggested(result) == {**typed, "tier": "f0"}
    assert not hass.config_entries.async_entries(DOMAIN)
    with patch.object(SpeechClient, "check"):
        result = await submit(hass, flow_id, typed)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("connection", "wrong", "right", "errors"),
    [
        pytest.param(Connection.REGION, wrong, "westeurope", "unknown_region", id=wrong or "empty")
        for wrong in ("", "west/europe", "westeurope.evil.com", "1", "west@europe", "wést", "a?b=c")
    ]
    + [
        pytest.param(
            Connection.CUSTOM_ENDPOINT, wrong, CUSTOM["endpoint"], "invalid_endpoint", id=wrong
        )
        for wrong in (
            "https://my speech.cognitiveservices.azure.com",
            "https://user:secret@my-speech.cognitiveservices.azure.com",
            "https://speech.example.com/speech",
            "https://speech.example.com/?a=b",
            "http://my-speech.cognitiveservices.azure.com",
            "http://8.8.8.8",
            "ftp://my-speech.cognitiveservices.azure.com",
            "https://",
            "https://host:99999",
        )
    ],
)
async def test_bad_addresses(
    hass: HomeAssistant, connection: Connection, wrong: str, right: str, errors: str
) -> None:
    """An address that can't be one is said so at its field, before anything is sent."""
    field = "region" if connection is Connection.REGION else "endpoint"
    flow_id = await open_form(hass, connection)
    with patch.object(SpeechClient, "check") as check:
        result = await submit(hass, flow_id, {field: wrong, "api_key": S0_KEY})
        assert result["errors"] == {field: errors}
        assert not check.called
        result = await submit(hass, flow_id, {field: right, "api_key": S0_KEY})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done(wait_background_tasks=True)


async def test_region_that_was_not_chosen(hass: HomeAssistant) -> None:
    """No region is preselected, and a missing choice is an error."""
    flow_id = await open_form(hass, Connection.REGION)
    result = await submit(hass, flow_id, {"api_key": S0_KEY})
    assert result["errors"] == {"region": "unknown_region"}
    assert suggested(result) == {"region": "", "api_key": S0_KEY, "tier": "f0"}
    with patch.object(SpeechClient, "check"):
        result = await submit(hass, flow_id, {"region": "westeurope", "api_key": S0_KEY})
        await hass.async_block_till_done(wait_background_tasks=True)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_reconfigure_region(hass: HomeAssistant) -> None:
    """The saved region is shown, and stays."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        data={"connection": Connection.REGION, "region": "westeurope", "api_key": S0_KEY},
    )
    entry.add_to_hass(hass)
    result = await entry.start_reconfigure_flow(hass)
    assert suggested(result) == {"region": "westeurope"}
    with patch.object(SpeechClient, "check"):
        result = await submit(hass, result["flow_id"], {"api_key": F0_KEY})
        await hass.async_block_till_done(wait_background_tasks=True)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["region"] == "westeurope"


async def test_unknown_region(hass: HomeAssistant) -> None:
    """A region that Azure doesn't have is a name that doesn't exist."""
    flow_id = await open_form(hass, Connection.REGION)
    with patch.object(SpeechClient, "check", side_effect=UnknownHostError("")):
        result = await submit(hass, flow_id, {"region": "atlantis", "api_key": S0_KEY})
    assert result["errors"] == {"region": "unknown_region"}
    with patch.object(SpeechClient, "check"):
        result = await submit(hass, flow_id, {"region": "westus", "api_key": S0_KEY})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done(wait_background_tasks=True)


async def test_bad_tenant(hass: HomeAssistant) -> None:
    """A tenant that would change the address is refused."""
    flow_id = await open_form(hass, Connection.ENTRA)
    typed = {"endpoint": CUSTOM["endpoint"], **ENTRA}
    result = await submit(hass, flow_id, {**typed, "tenant_id": "a/../../b"})
    assert result["errors"] == {"base": "invalid_auth"}
    with patch.object(SpeechClient, "check"):
        result = await submit(hass, flow_id, typed)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (Fault(status=200, body="<html>Log in</html>", times=None), "not_azure"),
        (Fault(status=302, headers={"Location": "https://portal/"}, times=None), "not_azure"),
        (Fault(status=503, times=None), "cannot_connect"),
        (Fault(reset=True, times=None), "cannot_connect"),
    ],
    ids=["captive portal", "redirect", "503", "reset"],
)
async def test_trouble_over_the_wire(
    hass: HomeAssistant, emulator: Emulator, fault: Fault, key: str
) -> None:
    """A host's real failures end in the right words."""
    emulator.faults.append(fault)
    flow_id = await open_form(hass, Connection.CUSTOM_ENDPOINT)
    typed = {"endpoint": emulator.url, "api_key": S0_KEY}
    result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"base": key}
    emulator.faults.clear()
    result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_wrong_key_and_quota_over_the_wire(hass: HomeAssistant, emulator: Emulator) -> None:
    """A wrong key and a used-up quota are told apart."""
    emulator.audio_left[F0_KEY] = 0
    flow_id = await open_form(hass, Connection.CUSTOM_ENDPOINT)
    result = await submit(hass, flow_id, {"endpoint": emulator.url, "api_key": "0" * 32})
    assert result["errors"] == {"base": "invalid_auth"}
    result = await submit(hass, flow_id, {"endpoint": emulator.url, "api_key": F0_KEY})
    assert result["errors"] == {"base": "quota_exceeded"}
    result = await submit(hass, flow_id, {"endpoint": emulator.url, "api_key": S0_KEY})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_no_duplicates(
    hass: HomeAssistant, emulator: Emulator, loaded_entry: MockConfigEntry
) -> None:
    """The same resource isn't added twice; another key of the same host is another resource."""
    flow_id = await open_form(hass, Connection.CUSTOM_ENDPOINT)
    result = await submit(hass, flow_id, {"endpoint": f"{emulator.url}/", "api_key": S0_KEY})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    flow_id = await open_form(hass, Connection.CUSTOM_ENDPOINT)
    result = await submit(hass, flow_id, {"endpoint": emulator.url, "api_key": F0_KEY})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_reauth(
    hass: HomeAssistant, emulator: Emulator, loaded_entry: MockConfigEntry
) -> None:
    """A new key takes the old one's place, and a wrong one doesn't."""
    new_key = "b" * 32
    emulator.keys = {new_key: emulator.keys[S0_KEY]}
    result = await loaded_entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    result = await submit(hass, result["flow_id"], {"api_key": S0_KEY})
    assert result["errors"] == {"base": "invalid_auth"}
    assert suggested(result) == {"api_key": S0_KEY}
    assert loaded_entry.data["api_key"] == S0_KEY
    result = await submit(hass, result["flow_id"], {"api_key": new_key})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert loaded_entry.data["api_key"] == new_key
    assert emulator.requests[-1].status == 200


async def test_reauth_entra(hass: HomeAssistant) -> None:
    """Entra's secret is renewed alone."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        data={"connection": Connection.ENTRA, "endpoint": CUSTOM["endpoint"], **ENTRA},
    )
    entry.add_to_hass(hass)
    result = await entry.start_reauth_flow(hass)
    assert result["data_schema"] is not None
    assert [str(key) for key in result["data_schema"].schema] == ["client_secret"]
    with patch.object(SpeechClient, "check"):
        result = await submit(hass, result["flow_id"], {"client_secret": "new"})
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.data == {
        "connection": Connection.ENTRA,
        "endpoint": CUSTOM["endpoint"],
        **ENTRA,
        "client_secret": "new",
    }


async def test_reconfigure(
    hass: HomeAssistant, emulator: Emulator, loaded_entry: MockConfigEntry
) -> None:
    """An address is changed; the key that isn't typed again stays and isn't shown."""
    result = await loaded_entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    assert suggested(result) == {"endpoint": emulator.url}
    address = emulator.url.replace("127.0.0.1", "localhost")
    with patch.object(SpeechClient, "check", side_effect=SpeechConnectionError("")):
        result = await submit(hass, result["flow_id"], {"endpoint": address})
    assert result["errors"] == {"base": "cannot_connect"}
    assert suggested(result) == {"endpoint": address}
    assert loaded_entry.data["endpoint"] == emulator.url
    with patch.object(SpeechClient, "check"):
        result = await submit(hass, result["flow_id"], {"endpoint": address})
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done(wait_background_tasks=True)
    assert loaded_entry.data["endpoint"] == address
    assert loaded_entry.data["api_key"] == S0_KEY
    assert loaded_entry.title == "localhost"


async def test_reconfigure_keeps_a_name_of_the_users_own(
    hass: HomeAssistant, emulator: Emulator, loaded_entry: MockConfigEntry
) -> None:
    """An entry that was renamed keeps its name."""
    hass.config_entries.async_update_entry(loaded_entry, title="Cellar")
    result = await loaded_entry.start_reconfigure_flow(hass)
    result = await submit(hass, result["flow_id"], {"endpoint": emulator.url, "api_key": F0_KEY})
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert loaded_entry.title == "Cellar"
    assert loaded_entry.data["api_key"] == F0_KEY


async def test_options(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """Tier and price are kept as options."""
    result = await hass.config_entries.options.async_init(loaded_entry.entry_id)
    assert suggested(result) == {
        "tier": "s0",
        "price_per_hour": 1.0,
        "second_price_per_hour": 0.36,
        "currency": "USD",
    }
    options = {
        "tier": "f0",
        "price_per_hour": 0.9,
        "second_price_per_hour": 0.3,
        "currency": "EUR",
    }
    result = await hass.config_entries.options.async_configure(result["flow_id"], options)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert loaded_entry.options == options


FORM = {
    "name": "Cellar",
    "pauses": {"patience": "to_the_end", "end_of_speech": "home_assistant"},
    "backup": {"fallback_entity": "stt.whisper", "deadline": 5},
    "languages": {"languages": ["de-DE", "fr-FR"]},
    "names": {
        "home_aware": False,
        # The right side may be empty, and the form leaves an empty text out.
        "corrections": [
            {"heard": "kitchen lite", "meant": "kitchen light"},
            {"heard": "uh", "meant": ""},
            {"heard": "um"},
        ],
        "sound_alikes": [{"heard": "no leaf", "meant": "Nanoleaf"}],
        "refused_changes": [{"heard": "rumba", "meant": "Roomba"}],
        "second_opinion": False,
        "send_names": False,
        "second_opinion_timeout": 1.5,
        "remember_recent": False,
    },
    "text": {"text_form": "lexical", "profanity": "raw"},
    "connection": {"upload": "opus"},
    "custom_speech": {
        "endpoint_id": "0d5c5b0e-3f5a-4d62-9a53-6f7f3a1e2b4c",
        "endpoint_language": "en-US",
    },
}
FLAT = {
    key: value
    for name, part in FORM.items()
    for key, value in (part.items() if isinstance(part, dict) else [(name, part)])
}


async def open_recognizer(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Open the form of a new recognizer."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_TYPE), context={"source": SOURCE_USER}
    )


async def test_recognizers(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """A second recognizer is added, changed and removed; its entity follows."""
    flows = hass.config_entries.subentries
    result = await open_recognizer(hass, loaded_entry)
    assert suggested(result) == {"name": "Azure Speech to Text", **DEFAULT_RECOGNIZER}
    result = await flows.async_configure(result["flow_id"], FORM)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get("stt.cellar")
    (added,) = (sub for sub in loaded_entry.subentries.values() if sub.title == "Cellar")
    assert {"name": "Cellar", **added.data} == FLAT

    menu = await loaded_entry.start_subentry_reconfigure_flow(hass, added.subentry_id)
    assert menu["menu_options"] == ["settings", "correct"]
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "settings"})
    assert suggested(form) == FLAT
    typed = {**FORM, "name": "Kids", "backup": {"second_entry": loaded_entry.entry_id}}
    result = await flows.async_configure(form["flow_id"], typed)
    assert result["errors"] == {"base": "same_resource"}
    result = await flows.async_configure(form["flow_id"], {**typed, "backup": {}})
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    changed = loaded_entry.subentries[added.subentry_id]
    assert changed.title == "Kids"
    assert "fallback_entity" not in changed.data

    hass.config_entries.async_remove_subentry(loaded_entry, added.subentry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not hass.states.get("stt.cellar")


async def test_sections(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """The first sections are open, and each section and field has its texts."""
    form = await open_recognizer(hass, loaded_entry)
    schema = form["data_schema"]
    assert schema is not None
    sections = {str(key): part for key, part in schema.schema.items() if isinstance(part, section)}
    assert list(sections) == list(SECTIONS)
    is_open = [name for name, part in sections.items() if not part.options["collapsed"]]
    assert is_open == ["pauses", "backup"]
    subentry = json.loads(TEXTS.read_text())["config_subentries"]["stt"]
    for step in ("user", "settings"):
        texts = subentry["step"][step]["sections"]
        assert texts.keys() == sections.keys()
        for name, part in sections.items():
            fields = {str(field) for field in part.schema.schema}
            assert texts[name]["name"]
            assert texts[name]["data"].keys() == fields, name
            assert texts[name]["data_description"].keys() == fields, name


async def test_opus_needs_an_encoder(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PyAV without libopus is said in the form, and WAV can be chosen."""
    monkeypatch.setattr(opus, "CODEC", "missing")
    flows = hass.config_entries.subentries
    result = await open_recognizer(hass, loaded_entry)
    result = await flows.async_configure(result["flow_id"], FORM)
    assert result["errors"] == {"base": "opus_missing"}
    typed = {**FORM, "connection": {"upload": "wav"}}
    result = await flows.async_configure(result["flow_id"], typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("part", "values", "error"),
    [
        ("names", {"corrections": [{"heard": " ", "meant": "a"}]}, "correction_empty"),
        (
            "names",
            {"corrections": [{"heard": "A  b", "meant": "c"}, {"heard": "a b", "meant": "d"}]},
            "correction_twice",
        ),
        (
            "names",
            {"corrections": [{"heard": f"h{n}", "meant": "m"} for n in range(501)]},
            "too_many_corrections",
        ),
        ("names", {"sound_alikes": [{"heard": "", "meant": "a"}]}, "correction_empty"),
        ("languages", {"languages": ["de-DE", "fr-FR", "it-IT", "es-ES"]}, "too_many_languages"),
        ("custom_speech", {"endpoint_id": "x"}, "invalid_endpoint_id"),
        (
            "custom_speech",
            {"endpoint_id": "0d5c5b0e-3f5a-4d62-9a53-6f7f3a1e2b4c"},
            "endpoint_language_missing",
        ),
    ],
)
async def test_recognizer_errors(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    part: str,
    values: dict[str, Any],
    error: str,
) -> None:
    """Invalid input is an error, the input stays, and the next try works."""
    flows = hass.config_entries.subentries
    result = await open_recognizer(hass, loaded_entry)
    typed = {**FORM, part: values}
    result = await flows.async_configure(result["flow_id"], typed)
    assert result["errors"] == {"base": error}
    assert suggested(result).items() >= {**values, "name": "Cellar"}.items()
    result = await flows.async_configure(result["flow_id"], FORM)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_languages_need_the_paid_tier(
    hass: HomeAssistant, loaded_entry: MockConfigEntry
) -> None:
    """On a tier with one request at a time, additional languages are refused."""
    hass.config_entries.async_update_entry(
        loaded_entry, options={**loaded_entry.options, "tier": "f0"}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    result = await open_recognizer(hass, loaded_entry)
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], FORM)
    assert result["errors"] == {"base": "one_at_a_time"}


# The other host.


@pytest.fixture
def not_there(azure: Emulator) -> Emulator:
    """Give an Azure whose custom domains don't recognize speech."""
    azure.custom_domain_recognizes = False
    return azure


async def test_other_host_is_offered(hass: HomeAssistant, not_there: Emulator) -> None:
    """A custom domain that answers 404 isn't replaced silently: its region is offered."""
    flow_id = await open_form(hass, Connection.CUSTOM_ENDPOINT)
    result = await submit(hass, flow_id, CUSTOM)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "other_host")
    assert result["description_placeholders"] == {"host": "westeurope.stt.speech.microsoft.com"}
    assert not hass.config_entries.async_entries(DOMAIN)
    result = await submit(hass, flow_id, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {
        "connection": Connection.REGION,
        "region": "westeurope",
        "api_key": S0_KEY,
    }
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("claim", [None, "evil.example.com", "nowhere"])
async def test_no_other_host(hass: HomeAssistant, not_there: Emulator, claim: str | None) -> None:
    """Without a region that answers, the form shows the error, and takes another address."""
    not_there.token_region = claim
    flow_id = await open_form(hass, Connection.CUSTOM_ENDPOINT)
    result = await submit(hass, flow_id, CUSTOM)
    assert result["errors"] == {"base": "not_azure"}
    not_there.custom_domain_recognizes = True
    result = await submit(hass, flow_id, CUSTOM)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_other_host_is_offered_with_a_new_key(
    hass: HomeAssistant, not_there: Emulator
) -> None:
    """A resource that no longer recognizes at its custom domain is offered its region then too."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="my-speech.cognitiveservices.azure.com",
        data={"connection": Connection.CUSTOM_ENDPOINT, **CUSTOM, "api_key": "0" * 32},
        options={"tier": "s0", "price_per_hour": 1.0, "currency": "USD"},
    )
    entry.add_to_hass(hass)
    result = await entry.start_reauth_flow(hass)
    result = await submit(hass, result["flow_id"], {"api_key": S0_KEY})
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "other_host")
    assert entry.data["api_key"] == "0" * 32
    result = await submit(hass, result["flow_id"], {})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert dict(entry.data) == {
        "connection": Connection.REGION,
        "region": "westeurope",
        "api_key": S0_KEY,
    }
    assert entry.title == "westeurope"


async def test_entra_takes_a_region(hass: HomeAssistant, azure: Emulator) -> None:
    """Microsoft's sample sends Entra's tokens to the region's host."""
    azure.entra_hosts = EntraHosts.REGION
    entra = azure.entra
    flow_id = await open_form(hass, Connection.ENTRA)
    result = await submit(
        hass,
        flow_id,
        {
            "endpoint": "West Europe",
            "tenant_id": entra.tenant_id,
            "client_id": entra.client_id,
            "client_secret": entra.client_secret,
            "resource_id": entra.resource_id,
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["endpoint"] == "https://westeurope.stt.speech.microsoft.com"
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_network_rules(hass: HomeAssistant, azure: Emulator) -> None:
    """Network rules aren't taken for a used-up quota."""
    azure.networking = Networking.SELECTED
    flow_id = await open_form(hass, Connection.REGION)
    typed = {"region": "westeurope", "api_key": S0_KEY}
    result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"base": "network_rules"}
    azure.networking = Networking.ALL
    result = await submit(hass, flow_id, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
