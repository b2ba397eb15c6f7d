"""Phrases that automations wait for: templates, and callbacks when one is recognized.

Templates are written as for Home Assistant's sentence trigger, and read by the same
library: https://www.home-assistant.io/docs/automation/trigger/#sentence-trigger
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import count
import re
from typing import Any, Final

from hassil.errors import HassilError
from hassil.expression import Expression, Group, ListReference, RuleReference
from hassil.intents import (
    Intent,
    IntentData,
    Intents,
    RangeSlotList,
    SlotList,
    WildcardSlotList,
)
from hassil.numbers import get_rbnf_engine
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError
from hassil.recognize import RecognizeResult, recognize_all
from hassil.util import (
    PUNCTUATION_END,
    PUNCTUATION_END_WORD,
    PUNCTUATION_START,
    PUNCTUATION_START_WORD,
    normalize_for_matching,
)

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.singleton import singleton
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .signals import SIGNAL_UTTERANCE, Outcome, Utterance
from .words import is_bounded, without_marks, words_of

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

# Numbers of the largest range in which number words are recognized. To write out 1,000 numbers
# takes up to a second, once for each range and language.
_WRITTEN_OUT_MAX: Final = 256

# The languages whose rules for numbers have another name in unicode-rbnf.
_NUMBER_LANGUAGES: Final = {"nb": "no"}


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
    if any(pattern.search(plain) for pattern in _PUNCTUATION) or without_marks(plain) != plain:
        msg = "leave out the punctuation, which isn't spoken"
        raise PhraseError(msg)
    try:
        expression = parse_sentence(template).expression
        dict(_slot_lists(expression))
    except (ParseError, HassilError, AssertionError, ValueError) as err:
        raise PhraseError(str(err)) from err
    for part in _parts(expression):
        if isinstance(part, RuleReference):
            msg = f"<{part.rule_name}> isn't known; write out the words"
            raise PhraseError(msg)


class PhraseIndex:
    """Sets of phrases, of which all that match a text are found in one pass."""

    def __init__(self) -> None:
        """Initialize without phrases."""
        # Each text has its own language.
        self._intents = Intents(language="", intents={})
        self._keys = count()

    def add(self, templates: Sequence[str], match: Match) -> str:
        """Add a set of phrases that `check_phrase` accepts, and return its key."""
        if match is Match.CONTAINS:
            templates = [f"[{{{_BEFORE}}}]({template})[{{{_AFTER}}}]" for template in templates]
        slot_lists = {
            name: slot_list
            for template in templates
            for name, slot_list in _slot_lists(parse_sentence(template).expression)
        }
        data = IntentData(
            sentence_texts=list(templates),
            slot_lists=slot_lists,
            wildcard_list_names={
                name
                for name, slot_list in slot_lists.items()
                if isinstance(slot_list, WildcardSlotList)
            },
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

    def find(self, text: str, language: str) -> dict[str, Slots]:
        """Return the keys of the sets that a text matches, each with its slots.

        Case and the text's punctuation don't matter. Numbers may be words of the language.
        """
        found: dict[str, Slots] = {}
        text = normalize_for_matching(without_marks(text)).text
        language = _number_language(language)
        for result in recognize_all(text, self._intents, language=language):
            if result.intent.name not in found and _is_apart(result, text, language):
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


def _slot_lists(expression: Expression) -> Iterator[tuple[str, SlotList]]:
    """Yield the list for each name in braces: a range of numbers, or any words.

    Raises AssertionError for a range that has no numbers.
    """
    for part in _parts(expression):
        if isinstance(part, ListReference):
            name = part.list_name
            if limits := part.get_inline_range():
                start, stop, step = limits
                words = step > 0 and (stop - start) // step < _WRITTEN_OUT_MAX
                yield name, RangeSlotList(name, start, stop, step, words=words)
            else:
                yield name, WildcardSlotList(name)


def _number_language(language: str) -> str:
    """Return the language whose rules for numbers are used."""
    return _NUMBER_LANGUAGES.get(language.partition("-")[0], language)


@lru_cache(maxsize=8)
def _number_words(language: str) -> frozenset[str]:
    """Return the words of which a language makes its numbers, in plain form."""
    try:
        engine = get_rbnf_engine(language)
        texts = [
            text
            for number in (*range(21), *range(30, 101, 10), 1000)
            for text in engine.format_number(number).text_by_ruleset.values()
        ]
    except ValueError:
        return frozenset()
    return frozenset(word for text in texts for word in _plain(text))


def _plain(text: str) -> list[str]:
    return [word.plain for word in words_of(text)]


def _is_apart(result: RecognizeResult, text: str, language: str) -> bool:
    """Return whether a contained phrase begins and ends neither within a word nor a number.

    In "party" is no "art", and in "two hundred" no 2. hassil's places after a number word
    are wrong, so the phrase is the rest of the text.
    """
    before, after = (
        result.entities[name].text.strip() if name in result.entities else ""
        for name in (_BEFORE, _AFTER)
    )
    phrase = text[len(before) : len(text) - len(after)]
    numbers = tuple(
        entity.text.strip().casefold()
        for entity in result.entities.values()
        if isinstance(entity.value, int | float)
    )
    spoken = phrase.strip().casefold()
    words = _number_words(language) if numbers else frozenset[str]()
    return not (
        (before and is_bounded(before[-1]) and is_bounded(phrase[:1]))
        or (after and is_bounded(phrase[-1:]) and is_bounded(after[0]))
        or (spoken.startswith(numbers) and not words.isdisjoint(_plain(before)[-1:]))
        or (spoken.endswith(numbers) and not words.isdisjoint(_plain(after)[:1]))
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
    def async_understands(self, entity_id: str, text: str, language: str) -> bool:
        """Return whether an automation waits for exactly this text from an entity."""
        waiting = {
            key
            for expectation, key in self._expectations.items()
            if key and expectation.match is Match.WHOLE and entity_id in expectation.entity_ids
        }
        return bool(waiting) and not waiting.isdisjoint(self._index.find(text, language))

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
        waiting = any(key for _, key in listening)
        found = self._index.find(utterance.text, utterance.language) if waiting else {}
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
