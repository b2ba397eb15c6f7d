"""Base classes of the entities, with the devices that they belong to."""

from typing import Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity

from .const import DOMAIN
from .resource.resource import AzureSttConfigEntry

_MANUFACTURER: Final = "Microsoft"
_MODEL: Final = "Azure AI Speech"


@callback
def async_add_device(hass: HomeAssistant, entry: AzureSttConfigEntry) -> None:
    """Add the resource's device, which those of its recognizers refer to."""
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, entry.entry_id)},
        name=f"{_MODEL} {entry.title}",
        manufacturer=_MANUFACTURER,
        model=_MODEL,
        entry_type=DeviceEntryType.SERVICE,
    )


class ResourceEntity(Entity):
    """An entity of a resource, which is a config entry and a device."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: AzureSttConfigEntry, key: str) -> None:
        """Belong to the resource's device, there under a key."""
        self._entry = entry
        self._attr_unique_id = f"{entry.entry_id}_{key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, entry.entry_id)})


class RecognizerEntity(Entity):
    """An entity of a recognizer, which is a subentry and a device."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AzureSttConfigEntry,
        subentry: ConfigSubentry,
        key: str | None = None,
    ) -> None:
        """Belong to the recognizer's device, there under a key; without one, be the device."""
        self._entry = entry
        self._subentry = subentry
        self._attr_unique_id = f"{subentry.subentry_id}_{key}" if key else subentry.subentry_id
        self._attr_translation_key = key
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, subentry.subentry_id)},
            name=subentry.title,
            manufacturer=_MANUFACTURER,
            model=_MODEL,
            entry_type=DeviceEntryType.SERVICE,
            via_device_id=dr.async_get_device_id_by_identifier(
                hass, (DOMAIN, entry.entry_id), config_entry_id=entry.entry_id
            ),
        )
