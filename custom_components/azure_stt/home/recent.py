"""The last utterances of each recognizer, in memory only: gone with a restart."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.singleton import singleton
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_REMEMBER_RECENT, DOMAIN
from .signals import SIGNAL_UTTERANCE, Utterance

RECENT_MAX: Final = 10
"""Utterances that are kept of each recognizer."""


class RecentUtterances:
    """Keeps each recognizer's last utterances."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize without utterances."""
        self._hass = hass
        self._kept: dict[str, deque[Utterance]] = {}

    def of(self, recognizer_id: str) -> Sequence[Utterance]:
        """Return a recognizer's utterances, the last one first."""
        return tuple(reversed(self._kept.get(recognizer_id, ())))

    @callback
    def async_hear(self, utterance: Utterance) -> None:
        """Keep an utterance."""
        kept = self._kept.setdefault(utterance.recognizer_id, deque(maxlen=RECENT_MAX))
        kept.append(utterance)
        self._forget(utterance.recognizer_id)

    @callback
    def async_forget(self) -> None:
        """Forget the utterances of removed recognizers, and words that aren't wanted any more."""
        for recognizer_id in list(self._kept):
            self._forget(recognizer_id)

    def _forget(self, recognizer_id: str) -> None:
        kept = self._kept[recognizer_id]
        entry = self._hass.config_entries.async_get_entry(kept[-1].entry_id)
        recognizer = entry and entry.subentries.get(recognizer_id)
        if not recognizer:
            del self._kept[recognizer_id]
        elif not recognizer.data.get(CONF_REMEMBER_RECENT, True):
            wordless = [replace(each, text="", heard="", alternatives=()) for each in kept]
            self._kept[recognizer_id] = deque(wordless, maxlen=RECENT_MAX)


_RECENT: Final[HassKey[RecentUtterances]] = HassKey(f"{DOMAIN}_recent")


@callback
@singleton(_RECENT)
def async_get_recent(hass: HomeAssistant) -> RecentUtterances:
    """Return the one memory, which follows the utterances of all recognizers."""
    recent = RecentUtterances(hass)
    async_dispatcher_connect(hass, SIGNAL_UTTERANCE, recent.async_hear)
    return recent
