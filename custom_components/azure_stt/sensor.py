"""Sensors for a resource's usage and cost, and for each recognizer's answers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import (
    DOMAIN as SENSOR_DOMAIN,
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_CURRENCY, PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import (
    CONF_PRICE_PER_HOUR,
    CONF_SECOND_PRICE_PER_HOUR,
    CONF_TIER,
    DEFAULT_SECOND_PRICE_PER_HOUR,
    DOMAIN,
    SUBENTRY_TYPE,
    Tier,
)
from .entity import RecognizerEntity, ResourceEntity
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
    async_add_entities(meters)
    for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE):
        answers = [AnswerSensor(hass, entry, subentry, description) for description in _ANSWERS]
        async_add_entities(
            [*answers, CorrectedSensor(hass, entry, subentry)],
            config_subentry_id=subentry.subentry_id,
        )


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


class UtteranceSensor(RecognizerEntity, SensorEntity, ABC):
    """Follows the utterances of a recognizer."""

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the utterances."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(self.hass, SIGNAL_UTTERANCE, self._async_hear)
        )

    @callback
    def _async_hear(self, utterance: Utterance) -> None:
        if utterance.recognizer_id == self._subentry.subentry_id:
            self._async_show(utterance)

    @abstractmethod
    @callback
    def _async_show(self, utterance: Utterance) -> None:
        """Update the state after an utterance of the recognizer."""


class AnswerSensor(UtteranceSensor):
    """Shows a measurement of the last utterance."""

    entity_description: AnswerDescription

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AzureSttConfigEntry,
        subentry: ConfigSubentry,
        description: AnswerDescription,
    ) -> None:
        """Initialize without a value."""
        super().__init__(hass, entry, subentry, description.key)
        self.entity_description = description

    @override
    @callback
    def _async_show(self, utterance: Utterance) -> None:
        if (value := self.entity_description.value(utterance)) is not None:
            self._attr_native_value = value
            self.async_write_ha_state()


class CorrectedSensor(UtteranceSensor, RestoreSensor):
    """Counts this month's utterances whose text isn't Azure's own."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_state_class = SensorStateClass.TOTAL
    _attr_native_value: int

    def __init__(
        self, hass: HomeAssistant, entry: AzureSttConfigEntry, subentry: ConfigSubentry
    ) -> None:
        """Initialize with a month that has none."""
        super().__init__(hass, entry, subentry, "corrected_month")
        self._usage = entry.runtime_data.usage
        self._attr_native_value = 0
        self._attr_last_reset = None

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the count, if it's of this month, and start again with each month."""
        await super().async_added_to_hass()
        state = await self.async_get_last_state()
        data = await self.async_get_last_sensor_data()
        if state and data and isinstance(data.native_value, int):
            self._attr_last_reset = dt_util.parse_datetime(state.attributes["last_reset"])
            self._attr_native_value = data.native_value
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, SIGNAL_USAGE.format(self._entry.entry_id), self._async_follow_month
            )
        )
        self._async_follow_month()

    @callback
    def _async_follow_month(self) -> None:
        if self._attr_last_reset != self._usage.month:
            self._attr_native_value = 0
            self._attr_last_reset = self._usage.month
            self.async_write_ha_state()

    @override
    @callback
    def _async_show(self, utterance: Utterance) -> None:
        if utterance.changes:
            self._attr_native_value += 1
            self.async_write_ha_state()
