"""Repair notices that can be fixed in a form."""

import pytest

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN, repairs_flow_manager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.const import DOMAIN
from tests.emulator import S0_KEY, Emulator

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
