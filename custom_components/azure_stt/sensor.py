"""Sensors for a resource's usage, its estimated cost, and its answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import (
    DOMAIN as SENSOR_DOMAIN,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import CONF_CURRENCY, PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import (
    CONF_PRICE_PER_HOUR,
    CONF_SECOND_PRICE_PER_HOUR,
    CONF_TIER,
    DEFAULT_SECOND_PRICE_PER_HOUR,
    DOMAIN,
    Tier,
)
from .entity import ResourceEntity
from .home.signals import SIGNAL_UTTERANCE, Utterance
from .resource.resource import AzureSttConfigEntry
from .resource.usage import FREE_SECONDS, SIGNAL_USAGE, Usage

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class MeterDescription(SensorEntityDescription):
    """A sensor of the usage, computed with the entry's options."""

    value: Callable[[Usage, Mapping[str, Any]], float]
    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC


@dataclass(frozen=True, kw_only=True)
class AnswerDescription(SensorEntityDescription):
    """A measurement of the last utterance that has one."""

    value: Callable[[Utterance], float | None]
    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC
    entity_registry_enabled_default: bool = False
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT


# Monthly sensors are a `total` with its last reset, because a lower price or a wrong clock must
# not look like a new month.
_METERS: Final = (
    MeterDescription(
        key="audio_sent",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=2,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda usage, _: usage.seconds,
    ),
    MeterDescription(
        key="audio_sent_month",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_unit_of_measurement=UnitOfTime.MINUTES,
        suggested_display_precision=1,
        state_class=SensorStateClass.TOTAL,
        value=lambda usage, _: usage.seconds_month,
    ),
    MeterDescription(
        key="requests_month",
        state_class=SensorStateClass.TOTAL,
        value=lambda usage, _: usage.requests_month,
    ),
    MeterDescription(
        key="estimated_cost_month",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value=lambda usage, options: usage.cost_month(
            options[CONF_PRICE_PER_HOUR],
            options.get(CONF_SECOND_PRICE_PER_HOUR, DEFAULT_SECOND_PRICE_PER_HOUR),
        ),
    ),
)
_FREE_HOURS: Final = MeterDescription(
    key="free_hours_used",
    native_unit_of_measurement=PERCENTAGE,
    state_class=SensorStateClass.MEASUREMENT,
    suggested_display_precision=1,
    value=lambda usage, _: 100 * usage.seconds_month / FREE_SECONDS,
)
_ANSWERS: Final = (
    AnswerDescription(
        key="response_time",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=2,
        value=lambda utterance: utterance.delay,
    ),
    AnswerDescription(
        key="confidence",
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value=lambda utterance: (
            None if utterance.confidence is None else 100 * utterance.confidence
        ),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AzureSttConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the resource's sensors; the one for the free hours only on the free tier."""
    meters = [MeterSensor(entry, description) for description in _METERS]
    free_hours = MeterSensor(entry, _FREE_HOURS)
    if entry.options[CONF_TIER] == Tier.F0:
        meters.append(free_hours)
    else:
        registry = er.async_get(hass)
        if entity_id := registry.async_get_entity_id(
            SENSOR_DOMAIN, DOMAIN, str(free_hours.unique_id)
        ):
            registry.async_remove(entity_id)
    async_add_entities([*meters, *(AnswerSensor(entry, description) for description in _ANSWERS)])


class MeterSensor(ResourceEntity, SensorEntity):
    """Shows the usage of a resource."""

    entity_description: MeterDescription

    def __init__(self, entry: AzureSttConfigEntry, description: MeterDescription) -> None:
        """Initialize with a description."""
        super().__init__(entry, description.key)
        self.entity_description = description
        self._attr_translation_key = description.key
        self._usage = entry.runtime_data.usage
        if description.device_class is SensorDeviceClass.MONETARY:
            self._attr_native_unit_of_measurement = entry.options[CONF_CURRENCY]

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the usage."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, SIGNAL_USAGE.format(self._entry.entry_id), self.async_write_ha_state
            )
        )

    @property
    @override
    def native_value(self) -> float:
        return self.entity_description.value(self._usage, self._entry.options)

    @property
    @override
    def last_reset(self) -> datetime | None:
        monthly = self.entity_description.state_class is SensorStateClass.TOTAL
        return self._usage.month if monthly else None


class AnswerSensor(ResourceEntity, SensorEntity):
    """Shows a measurement of the last utterance of a resource's recognizers."""

    entity_description: AnswerDescription

    def __init__(self, entry: AzureSttConfigEntry, description: AnswerDescription) -> None:
        """Initialize without a value."""
        super().__init__(entry, description.key)
        self.entity_description = description
        self._attr_translation_key = description.key

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the utterances."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(self.hass, SIGNAL_UTTERANCE, self._async_show)
        )

    @callback
    def _async_show(self, utterance: Utterance) -> None:
        value = self.entity_description.value(utterance)
        if utterance.entry_id == self._entry.entry_id and value is not None:
            self._attr_native_value = value
            self.async_write_ha_state()
