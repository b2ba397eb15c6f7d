"""Azure Speech to Text: speech recognition for Assist by Azure AI Speech's REST API."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .entity import async_add_device
from .home.recent import async_get_recent
from .resource.issues import (
    async_delete_issues,
    async_delete_issues_of_removed,
    async_watch_usage,
)
from .resource.resource import AzureSttConfigEntry, Resource
from .resource.usage import async_follow_months, async_get_usage, async_remove_usage
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.SENSOR,
    Platform.STT,
]


async def async_setup(hass: HomeAssistant, _: ConfigType) -> bool:
    """Register the actions and load the stored state, which need no resource."""
    async_setup_services(hass)
    async_get_recent(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AzureSttConfigEntry) -> bool:
    """Set up a resource.

    Neither network nor authentication can make this fail, because an entry that isn't ready
    has no entity, and the pipeline would lose its engine until the router is up again.
    """
    async_get_recent(hass).async_forget()
    async_delete_issues_of_removed(hass, entry)
    usage = await async_get_usage(hass, entry.entry_id)
    entry.runtime_data = resource = Resource(hass, entry, usage)
    async_add_device(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(async_follow_months(hass, usage))
    entry.async_on_unload(async_watch_usage(hass, entry, usage, resource.limit))
    entry.async_on_unload(entry.add_update_listener(_async_reload))
    entry.async_create_background_task(hass, resource.health.async_check(), f"{entry.title} check")
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AzureSttConfigEntry) -> bool:
    """Unload a resource; current utterances continue to their end."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: AzureSttConfigEntry) -> None:
    """Delete the stored usage of a removed resource."""
    async_get_recent(hass).async_forget()
    async_delete_issues(hass, entry)
    await async_remove_usage(hass, entry.entry_id)


async def _async_reload(hass: HomeAssistant, entry: AzureSttConfigEntry) -> None:
    """Reload the entry after a change of it or its recognizers."""
    await hass.config_entries.async_reload(entry.entry_id)
