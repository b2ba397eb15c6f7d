"""What the entities of a recognizer have in common."""

from homeassistant.config_entries import ConfigSubentry
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity

from .const import DOMAIN
from .resource import AzureSttConfigEntry


class RecognizerEntity(Entity):
    """An entity of a recognizer, which is a subentry and a device."""

    _attr_has_entity_name = True

    def __init__(self, entry: AzureSttConfigEntry, subentry: ConfigSubentry) -> None:
        """Belong to the recognizer's device."""
        self._entry = entry
        self._subentry = subentry
        self._attr_unique_id = subentry.subentry_id
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, subentry.subentry_id)},
            name=subentry.title,
            manufacturer="Microsoft",
            model="Azure AI Speech",
            entry_type=DeviceEntryType.SERVICE,
        )
