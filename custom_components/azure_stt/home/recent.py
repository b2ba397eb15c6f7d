"""The last utterances of each recognizer, in memory only: gone with a restart."""

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.singleton import singleton
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .signals import SIGNAL_UTTERANCE, Utterance

RECENT_MAX: Final = 10
"""Utterances that are kept of each recognizer."""


class RecentUtterances:
    """Keeps what each recognizer heard last."""

    def __init__(self) -> None:
        """Initialize without utterances."""
        self._kept: defaultdict[str, deque[Utterance]] = defaultdict(
            lambda: deque(maxlen=RECENT_MAX)
        )

    def of(self, recognizer_id: str) -> Sequence[Utterance]:
        """Return a recognizer's utterances, the last one first."""
        return tuple(reversed(self._kept[recognizer_id]))

    @callback
    def async_hear(self, utterance: Utterance) -> None:
        """Keep an utterance."""
        self._kept[utterance.recognizer_id].append(utterance)


_RECENT: Final[HassKey[RecentUtterances]] = HassKey(f"{DOMAIN}_recent")


@callback
@singleton(_RECENT)
def async_get_recent(hass: HomeAssistant) -> RecentUtterances:
    """Return the one memory, which follows the utterances of all recognizers."""
    recent = RecentUtterances()
    async_dispatcher_connect(hass, SIGNAL_UTTERANCE, recent.async_hear)
    return recent
