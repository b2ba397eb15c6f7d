"""Repair notices that can be fixed in a form."""

from types import MappingProxyType

import pytest

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN, repairs_flow_manager
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.const import DEFAULT_RECOGNIZER, DOMAIN, SUBENTRY_TYPE
from tests.emulator import S0_KEY, Emulator, speak
from tests.support.home import ENTITY_ID, metadata
from tests.support.streams import AudioStream

DATA = {
    "connection": "custom_endpoint",
    "endpoint": "https://home.cognitiveservices.azure.com",
    "api_key": S0_KEY,
}


@pytest.fixture
async def moved(hass: HomeAssistant, azure: Emulator) -> MockConfigEntry:
    """Give a resource whose custom domain has stopped recognizing speech."""
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    azure.custom_domain_recognizes = False
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="home.cognitiveservices.azure.com",
        data=DATA,
        options={"tier": "s0", "price_per_hour": 1.0, "currency": "USD"},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    return entry


async def test_other_host(hass: HomeAssistant, azure: Emulator, moved: MockConfigEntry) -> None:
    """The notice offers the region's host, and nothing changes before the user agrees."""
    issue_id = f"other_host_{moved.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.is_fixable
    manager = repairs_flow_manager(hass)
    assert manager is not None
    shown = await manager.async_init(DOMAIN, data={"issue_id": issue_id})
    assert (shown["type"], shown["step_id"]) == (FlowResultType.FORM, "confirm")
    assert shown["description_placeholders"] == {"host": "westeurope.stt.speech.microsoft.com"}
    assert dict(moved.data) == DATA
    done = await manager.async_configure(shown["flow_id"], {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert dict(moved.data) == {
        "connection": "region",
        "region": "westeurope",
        "api_key": S0_KEY,
    }
    assert moved.title == "westeurope"
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


async def test_no_other_host(hass: HomeAssistant, azure: Emulator, moved: MockConfigEntry) -> None:
    """Without another host the form says so."""
    azure.token_region = None
    manager = repairs_flow_manager(hass)
    assert manager is not None
    # The token that is kept names the region.
    moved.runtime_data.client.credential._token = None
    shown = await manager.async_init(DOMAIN, data={"issue_id": f"other_host_{moved.entry_id}"})
    assert (shown["type"], shown["reason"]) == (FlowResultType.ABORT, "no_other_host")


MODEL = "11111111-2222-3333-4444-555555555555"


def notices(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return our notices by their kind and the title of their subject."""
    return {
        f"{issue.translation_key} {(issue.translation_placeholders or {})['name']}": issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
    }


async def add_recognizer(hass: HomeAssistant, entry: MockConfigEntry, **options: str) -> str:
    """Add another recognizer with some options and return its ID."""
    subentry = ConfigSubentry(
        data=MappingProxyType({**DEFAULT_RECOGNIZER, **options}),
        subentry_type=SUBENTRY_TYPE,
        title="Other",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    await hass.async_block_till_done(wait_background_tasks=True)
    return subentry.subentry_id


async def say(hass: HomeAssistant, entity_id: str = ENTITY_ID) -> None:
    """Say something to a recognizer."""
    entity = hass.data[DATA_COMPONENT].get_entity(entity_id)
    assert entity is not None
    await entity.internal_async_process_audio_stream(metadata(), AudioStream(speak("Light.")))


@pytest.mark.parametrize(
    ("recognizer", "kind"),
    [
        ({"second_entry": "gone"}, "second_entry_missing"),
        ({"fallback_entity": "stt.gone"}, "fallback_missing"),
    ],
)
async def test_missing_backup(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, kind: str
) -> None:
    """It is noticed at set-up, stays ignored, and the notice opens the recognizer's options."""
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    await add_recognizer(hass, loaded_entry)
    await say(hass, "stt.other")
    ((name, issue),) = notices(hass).items()
    assert (name, issue.is_fixable) == (f"{kind} Azure Speech to Text", True)
    ir.async_ignore_issue(hass, DOMAIN, issue.issue_id, ignore=True)
    await say(hass)
    await say(hass, "stt.other")
    assert next(iter(notices(hass).values())).dismissed_version

    manager = repairs_flow_manager(hass)
    assert manager is not None
    shown = await manager.async_init(DOMAIN, data={"issue_id": issue.issue_id})
    assert shown["step_id"] == "confirm"
    opened = await manager.async_configure(shown["flow_id"], {})
    assert (opened["type"], opened["reason"]) == (FlowResultType.ABORT, "options_open")
    flow_type, flow_id = opened["next_flow"]
    assert flow_type == "config_subentries_flow"
    form = hass.config_entries.subentries.async_get(flow_id)
    assert form["step_id"] == "settings"
    assert notices(hass)

    subentry = loaded_entry.subentries[form["context"]["subentry_id"]]
    hass.config_entries.async_update_subentry(loaded_entry, subentry, data=dict(DEFAULT_RECOGNIZER))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not notices(hass)


@pytest.mark.parametrize("recognizer", [{"endpoint_id": MODEL, "endpoint_language": "en-US"}])
async def test_refused_model(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator
) -> None:
    """The notice is about the recognizer with the model, and other recognizers don't change it."""
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    other = await add_recognizer(hass, loaded_entry)
    await say(hass)
    assert list(notices(hass)) == ["endpoint_refused Azure Speech to Text"]
    await say(hass, "stt.other")
    ((name, issue),) = notices(hass).items()
    assert name == "endpoint_refused Azure Speech to Text"
    hass.config_entries.async_remove_subentry(loaded_entry, other)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert notices(hass)
    (recognizer_id,) = loaded_entry.subentries
    manager = repairs_flow_manager(hass)
    assert manager is not None
    shown = await manager.async_init(DOMAIN, data={"issue_id": issue.issue_id})
    hass.config_entries.async_remove_subentry(loaded_entry, recognizer_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not notices(hass)
    gone = await manager.async_configure(shown["flow_id"], {})
    assert gone["reason"] == "recognizer_gone"
