"""Phrases: sentence templates, and what of a text matches them.

Templates are written as for Home Assistant's sentence trigger, and read by the same
library: https://www.home-assistant.io/docs/automation/trigger/#sentence-trigger
"""

from collections.abc import Iterator, Sequence
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

from .texts import is_bounded

type Slots = dict[str, Any]
"""What was said where a template has a name in braces."""

# Around a phrase that a text contains. The space keeps the names apart from all of a template's.
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
    """How much of a text a phrase is."""

    WHOLE = "whole"
    CONTAINS = "contains"


class PhraseError(Exception):
    """A text isn't the template of a phrase; it says why."""


def check_phrase(template: str) -> None:
    """Raise PhraseError for what can't be the template of a phrase."""
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
    """Many sets of phrases, of which those that a text matches are found in one go."""

    def __init__(self) -> None:
        """Begin without any."""
        # No language: figures are figures, and not words too.
        self._intents = Intents(language="", intents={})
        self._keys = count()

    def add(self, templates: Sequence[str], match: Match) -> str:
        """Add a set of phrases, which `check_phrase` has let pass, and return its key."""
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
        # Now, and not when the first utterance waits for it.
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

        Capitals and the text's punctuation don't matter.
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
    """Yield an expression and all that it's made of."""
    yield expression
    if isinstance(expression, Group):
        for item in expression.items:
            yield from _parts(item)


def _is_of_whole_words(result: RecognizeResult, text: str) -> bool:
    """Tell whether a phrase that is contained in a text neither begins nor ends in a word."""
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
