"""Binary sensor for whether Azure can be reached."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import ResourceEntity
from .resource.health import SIGNAL_HEALTH
from .resource.resource import AzureSttConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _: HomeAssistant,
    entry: AzureSttConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the resource's sensor."""
    async_add_entities([ReachableSensor(entry)])


class ReachableSensor(ResourceEntity, BinarySensorEntity):
    """Shows whether a resource can be reached and takes the credentials.

    No entity becomes unavailable in an outage, because calls are served: the next one may be the
    first to succeed, and a backup may answer it.
    """

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: AzureSttConfigEntry) -> None:
        """Initialize with the resource's health."""
        super().__init__(entry, "reachable")
        self._attr_translation_key = "reachable"
        self._health = entry.runtime_data.health

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the health."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, SIGNAL_HEALTH.format(self._entry.entry_id), self.async_write_ha_state
            )
        )

    @property
    @override
    def is_on(self) -> bool:
        return not self._health.down
