"""Event entity for the last utterance."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SUBENTRY_TYPE
from .entity import RecognizerEntity
from .home.signals import SIGNAL_UTTERANCE, Outcome, Utterance
from .resource.resource import AzureSttConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AzureSttConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity for each recognizer."""
    for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE):
        async_add_entities(
            [SpeechEventEntity(hass, entry, subentry)], config_subentry_id=subentry.subentry_id
        )


class SpeechEventEntity(RecognizerEntity, EventEntity):
    """Shows each utterance of a recognizer.

    The recorder doesn't keep the words. But Home Assistant stores the last state with all its
    attributes for its next start, so the entity is disabled by default.
    """

    _unrecorded_attributes = frozenset({"text", "heard"})

    _attr_entity_registry_enabled_default = False

    def __init__(
        self, hass: HomeAssistant, entry: AzureSttConfigEntry, subentry: ConfigSubentry
    ) -> None:
        """Initialize without an event."""
        super().__init__(hass, entry, subentry, "speech")
        self._attr_event_types = list(Outcome)

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the utterances."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(self.hass, SIGNAL_UTTERANCE, self._async_show)
        )

    @callback
    def _async_show(self, utterance: Utterance) -> None:
        if utterance.recognizer_id != self._subentry.subentry_id:
            return
        attributes = {
            "language": utterance.language,
            "satellite_id": utterance.satellite_id,
            "text": utterance.text,
            "heard": utterance.heard,
            "changes": list(utterance.changes),
            "confidence": utterance.confidence,
            "duration": utterance.duration,
        }
        self._trigger_event(
            utterance.outcome,
            {key: value for key, value in attributes.items() if value not in (None, "", [])},
        )
        self.async_write_ha_state()
