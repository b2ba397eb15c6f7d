"""The phrases that automations wait for, and who is told when one is heard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.singleton import singleton
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .phrases import Match, PhraseIndex, Slots
from .utterance import SIGNAL_UTTERANCE, Outcome, Utterance


@dataclass(eq=False, kw_only=True)
class Expectation:
    """What a trigger waits for: any of its phrases, or any speech if it has none.

    `entity_ids` are the recognizers that it listens to; they may change.
    """

    phrases: Sequence[str]
    match: Match
    min_confidence: float
    heard: Callable[[Utterance, Slots], None]
    entity_ids: set[str] = field(default_factory=set)

    def accepts(self, utterance: Utterance) -> bool:
        """Tell whether an utterance comes from the right place, and is sure enough."""
        return utterance.entity_id in self.entity_ids and (
            not self.min_confidence or (utterance.confidence or 0.0) >= self.min_confidence
        )


class PhraseRegistry:
    """All expectations, which an utterance is compared with in one go."""

    def __init__(self) -> None:
        """Begin without any."""
        self._index = PhraseIndex()
        self._expectations: dict[Expectation, str | None] = {}

    @callback
    def async_add(self, expectation: Expectation) -> CALLBACK_TYPE:
        """Wait for an expectation, until the returned function is called."""
        phrases = expectation.phrases
        self._expectations[expectation] = (
            self._index.add(phrases, expectation.match) if phrases else None
        )

        @callback
        def remove() -> None:
            if key := self._expectations.pop(expectation, None):
                self._index.remove(key)

        return remove

    @callback
    def async_understands(self, entity_id: str, text: str) -> bool:
        """Tell whether a text from an entity is as a whole what somebody waits for."""
        waiting = {
            key
            for expectation, key in self._expectations.items()
            if key and expectation.match is Match.WHOLE and entity_id in expectation.entity_ids
        }
        return bool(waiting) and not waiting.isdisjoint(self._index.find(text))

    @callback
    def async_hear(self, utterance: Utterance) -> None:
        """Tell those whose expectation an utterance meets."""
        if utterance.outcome is not Outcome.RECOGNIZED:
            return
        listening = [
            (expectation, key)
            for expectation, key in self._expectations.items()
            if expectation.accepts(utterance)
        ]
        found = self._index.find(utterance.text) if any(key for _, key in listening) else {}
        for expectation, key in listening:
            if key is None:
                expectation.heard(utterance, {})
            elif key in found:
                expectation.heard(utterance, found[key])


_REGISTRY: Final[HassKey[PhraseRegistry]] = HassKey(f"{DOMAIN}_phrases")


@callback
@singleton(_REGISTRY)
def async_get_phrase_registry(hass: HomeAssistant) -> PhraseRegistry:
    """Return the one registry, which follows the utterances of all recognizers."""
    registry = PhraseRegistry()
    async_dispatcher_connect(hass, SIGNAL_UTTERANCE, registry.async_hear)
    return registry
