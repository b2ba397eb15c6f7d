"""Azure Speech to Text: speech recognition for Assist by Azure AI Speech's REST API."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from .repairs import async_delete_issues
from .resource import AzureSttConfigEntry, Resource

PLATFORMS = [Platform.STT]


async def async_setup_entry(hass: HomeAssistant, entry: AzureSttConfigEntry) -> bool:
    """Set up a resource.

    Neither network nor authentication can make this fail: an entry that isn't ready has
    no entity, and the pipeline would lose its engine until the router is up again.
    """
    entry.runtime_data = resource = Resource(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(entry.add_update_listener(_async_reload))
    entry.async_create_background_task(hass, resource.async_check(), f"{entry.title} check")
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AzureSttConfigEntry) -> bool:
    """Unload a resource; utterances under way go on to their end."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: AzureSttConfigEntry) -> None:
    """Take back what was noticed about a resource that is removed."""
    async_delete_issues(hass, entry)


async def _async_reload(hass: HomeAssistant, entry: AzureSttConfigEntry) -> None:
    """Take over what was changed in the entry or its recognizers."""
    await hass.config_entries.async_reload(entry.entry_id)
