"""Phrases that automations wait for: templates, and who is told when one is recognized.

Templates are written as for Home Assistant's sentence trigger, and read by the same
library: https://www.home-assistant.io/docs/automation/trigger/#sentence-trigger
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
import re
from typing import Any, Final

from hassil.errors import HassilError
from hassil.expression import Expression, Group, ListReference, RuleReference
from hassil.intents import Intent, IntentData, Intents, WildcardSlotList
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError
from hassil.recognize import RecognizeResult, recognize_all
from hassil.util import (
    PUNCTUATION_END,
    PUNCTUATION_END_WORD,
    PUNCTUATION_START,
    PUNCTUATION_START_WORD,
)

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.singleton import singleton
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .signals import SIGNAL_UTTERANCE, Outcome, Utterance
from .words import is_bounded

type Slots = dict[str, Any]
"""The words said in place of each name in braces."""

# Wildcards around a phrase that a text contains. No template's name can have a space.
_BEFORE: Final = "before it"
_AFTER: Final = "after it"

_SYNTAX: Final = re.compile(r"(?<!\\)\{[^{}]*\}|;")
_PUNCTUATION: Final = (
    PUNCTUATION_START,
    PUNCTUATION_START_WORD,
    PUNCTUATION_END,
    PUNCTUATION_END_WORD,
)


class Match(StrEnum):
    """How much of a text a phrase must match."""

    WHOLE = "whole"
    CONTAINS = "contains"


class PhraseError(Exception):
    """A text isn't a valid template; the message says why."""


def check_phrase(template: str) -> None:
    """Raise PhraseError for an invalid template."""
    plain = _SYNTAX.sub(" ", template).strip()
    if not any(map(str.isalnum, template)):
        msg = "it has no words"
        raise PhraseError(msg)
    if any(pattern.search(plain) for pattern in _PUNCTUATION):
        msg = "leave out the punctuation, which isn't spoken"
        raise PhraseError(msg)
    try:
        expression = parse_sentence(template).expression
    except (ParseError, HassilError, AssertionError, ValueError) as err:
        raise PhraseError(str(err)) from err
    for part in _parts(expression):
        if isinstance(part, RuleReference):
            msg = f"<{part.rule_name}> isn't known; write out what may be said"
            raise PhraseError(msg)


class PhraseIndex:
    """Sets of phrases, of which all that match a text are found in one pass."""

    def __init__(self) -> None:
        """Initialize without phrases."""
        # No language: figures are figures, and not words too.
        self._intents = Intents(language="", intents={})
        self._keys = count()

    def add(self, templates: Sequence[str], match: Match) -> str:
        """Add a set of phrases that `check_phrase` accepts, and return its key."""
        if match is Match.CONTAINS:
            templates = [f"[{{{_BEFORE}}}]({template})[{{{_AFTER}}}]" for template in templates]
        names = {
            part.list_name
            for template in templates
            for part in _parts(parse_sentence(template).expression)
            if isinstance(part, ListReference) and not part.is_inline_range
        }
        data = IntentData(
            sentence_texts=list(templates),
            slot_lists={name: WildcardSlotList(name) for name in names},
            wildcard_list_names=names,
        )
        # Parse now, not while the first utterance waits.
        for sentence in data.sentences:
            sentence.get_required_clauses({})
        key = str(next(self._keys))
        self._intents.intents[key] = Intent(key, [data])
        return key

    def remove(self, key: str) -> None:
        """Remove a set of phrases."""
        del self._intents.intents[key]

    def find(self, text: str) -> dict[str, Slots]:
        """Return the keys of the sets that a text matches, each with its slots.

        Case and the text's punctuation don't matter.
        """
        found: dict[str, Slots] = {}
        for result in recognize_all(text, self._intents):
            if result.intent.name not in found and _is_of_whole_words(result, text):
                found[result.intent.name] = {
                    name: entity.value.strip() if isinstance(entity.value, str) else entity.value
                    for name, entity in result.entities.items()
                    if name not in (_BEFORE, _AFTER)
                }
        return found


def _parts(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and everything inside it."""
    yield expression
    if isinstance(expression, Group):
        for item in expression.items:
            yield from _parts(item)


def _is_of_whole_words(result: RecognizeResult, text: str) -> bool:
    """Return whether a contained phrase begins and ends at word boundaries."""
    edges = []
    if (before := result.entities.get(_BEFORE)) and before.text_span:
        edges.append(before.text_span[1])
    if (after := result.entities.get(_AFTER)) and after.text_span:
        edges.append(after.text_span[0])
    return not any(
        is_bounded(text[edge - 1]) and is_bounded(text[edge])
        for edge in edges
        if 0 < edge < len(text)
    )


@dataclass(eq=False, kw_only=True)
class Expectation:
    """The phrases that a trigger waits for, or any speech if it has none.

    `entity_ids` are the recognizers that it listens to; they may change.
    """

    phrases: Sequence[str]
    match: Match
    min_confidence: float
    heard: Callable[[Utterance, Slots], None]
    entity_ids: set[str] = field(default_factory=set)

    def accepts(self, utterance: Utterance) -> bool:
        """Return whether an utterance comes from the right recognizer with enough confidence."""
        return utterance.entity_id in self.entity_ids and (
            not self.min_confidence or (utterance.confidence or 0.0) >= self.min_confidence
        )


class PhraseRegistry:
    """All expectations, which an utterance is compared with in one pass."""

    def __init__(self) -> None:
        """Initialize without phrases."""
        self._index = PhraseIndex()
        self._expectations: dict[Expectation, str | None] = {}

    @callback
    def async_add(self, expectation: Expectation) -> CALLBACK_TYPE:
        """Add an expectation, until the returned function is called."""
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
        """Return whether an automation waits for exactly this text from an entity."""
        waiting = {
            key
            for expectation, key in self._expectations.items()
            if key and expectation.match is Match.WHOLE and entity_id in expectation.entity_ids
        }
        return bool(waiting) and not waiting.isdisjoint(self._index.find(text))

    @callback
    def async_hear(self, utterance: Utterance) -> None:
        """Notify the triggers whose expectation an utterance meets."""
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
