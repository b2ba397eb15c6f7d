"""The words of Home Assistant's sentence templates, without writing out every sentence.

A template such as "[please] (turn|switch) {name} off" has many sentences, some have
millions. So words are put together from the pieces that meet without a space between them.
"""

from collections.abc import Iterable, Mapping, Set as AbstractSet
from functools import cache
from typing import Final, NamedTuple

from hassil.expression import Alternative, Expression, Group, RuleReference, TextChunk
from hassil.parse_expression import parse_sentence

from .words import plain

# A placeholder for words outside the template: a name, an area, a number.
_ANYTHING: Final = "\0"

# A template with more combinations than this is left out, because it takes seconds.
_MOST_COMBINATIONS: Final = 1000


class TooManyCombinationsError(Exception):
    """A template has too many sentences."""


class _Pieces(NamedTuple):
    """The pieces that make up the wordings of a part of a template."""

    alone: frozenset[str]
    """Wordings without a space, which are part of a word."""
    first: frozenset[str]
    last: frozenset[str]
    """Pieces before the first space, and behind the last one."""
    words: frozenset[str]
    """Whole words, between spaces."""

    def __or__(self, other: _Pieces) -> _Pieces:
        return _Pieces(*(one | another for one, another in zip(self, other, strict=True)))

    def followed_by(self, other: _Pieces) -> _Pieces:
        """Return the pieces of these wordings with the other ones behind them."""
        return _Pieces(
            _joined(self.alone, other.alone),
            self.first | _joined(self.alone, other.first),
            other.last | _joined(self.last, other.alone),
            self.words | other.words | _joined(self.last, other.first),
        )


class _Wording(NamedTuple):
    """A wording of a part of a template: its first and last piece, and wanted words between."""

    first: str
    words: frozenset[str] = frozenset()
    last: str | None = None
    """None without a space: the first piece is the last one, too."""


_NOTHING: Final = _Pieces(frozenset(), frozenset(), frozenset(), frozenset())


class Templates:
    """The sentence templates of one language, with their expansion rules."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        """Initialize with the expansion rules by name."""
        self._rules = rules
        self._parsed = cache(lambda template: parse_sentence(template).expression)
        self._pieces_of_rule = cache(lambda name: self._pieces(self._rule(name)))

    def words(self, template: str) -> frozenset[str]:
        """Return all words of a template's sentences, in plain form.

        Raises `TooManyCombinationsError`.
        """
        return _plain_words(frozenset().union(*self._pieces(self._parsed(template))))

    def combinations(self, template: str, wanted: AbstractSet[str]) -> set[frozenset[str]]:
        """Return which of the wanted words the sentences of a template have together.

        A combination that holds a smaller one is left out. Raises `TooManyCombinationsError`.
        """
        return _smallest(
            wording.words | _plain_words({wording.first, wording.last or ""}, wanted)
            for wording in self._wordings(self._parsed(template), wanted)
        )

    def _rule(self, name: str) -> Expression:
        return self._parsed(self._rules[name]) if name in self._rules else TextChunk(_ANYTHING)

    def _pieces(self, expression: Expression) -> _Pieces:
        match expression:
            case TextChunk(text=text):
                first, *between = text.split(" ")
                if not between:
                    return _NOTHING._replace(alone=frozenset({text}))
                *words, last = between
                return _Pieces(frozenset(), frozenset({first}), frozenset({last}), frozenset(words))
            case Alternative(items=items, is_optional=optional):
                pieces = _NOTHING._replace(alone=frozenset({""} if optional else ()))
                for item in items:
                    pieces |= self._pieces(item)
            case Group(items=items):
                pieces = _NOTHING._replace(alone=frozenset({""}))
                for item in items:
                    pieces = pieces.followed_by(self._pieces(item))
            case RuleReference(rule_name=name):
                pieces = self._pieces_of_rule(name)
            case _:
                pieces = _NOTHING._replace(alone=frozenset({_ANYTHING}))
        return pieces

    def _wordings(self, expression: Expression, wanted: AbstractSet[str]) -> set[_Wording]:
        match expression:
            case TextChunk(text=text):
                first, *between = text.split(" ")
                if not between:
                    return {_Wording(text)}
                *words, last = between
                return {_Wording(first, _plain_words(words, wanted), last)}
            case Alternative(items=items, is_optional=optional):
                wordings = {_Wording("")} if optional else set[_Wording]()
                for item in items:
                    wordings |= self._wordings(item, wanted)
                return wordings
            case Group(items=items):
                wordings = {_Wording("")}
                for item in items:
                    after = self._wordings(item, wanted)
                    wordings = _simplest(
                        _put_together(one, other, wanted) for one in wordings for other in after
                    )
                return wordings
            case RuleReference(rule_name=name):
                return self._wordings(self._rule(name), wanted)
        return {_Wording(_ANYTHING)}


def _put_together(one: _Wording, other: _Wording, wanted: AbstractSet[str]) -> _Wording:
    """Return a wording with another one behind it."""
    if one.last is None:
        return other._replace(first=one.first + other.first)
    if other.last is None:
        return one._replace(last=one.last + other.first)
    word = _plain_words({one.last + other.first}, wanted)
    return _Wording(one.first, one.words | word | other.words, other.last)


def _simplest(wordings: Iterable[_Wording]) -> set[_Wording]:
    """Return wordings without those that only add words to others."""
    by_ends: dict[tuple[str, str | None], set[frozenset[str]]] = {}
    for first, words, last in wordings:
        by_ends.setdefault((first, last), set()).add(words)
    simplest = {
        _Wording(first, words, last)
        for (first, last), choices in by_ends.items()
        for words in _smallest(choices)
    }
    if len(simplest) > _MOST_COMBINATIONS:
        raise TooManyCombinationsError
    return simplest


def _smallest(choices: Iterable[frozenset[str]]) -> set[frozenset[str]]:
    """Return sets without those that hold another one, if it isn't empty."""
    found = set(choices)
    return {each for each in found if not any(other and other < each for other in found)}


def _joined(before: AbstractSet[str], after: AbstractSet[str]) -> frozenset[str]:
    if len(before) * len(after) > _MOST_COMBINATIONS**2:
        raise TooManyCombinationsError
    return frozenset(one + other for one in before for other in after)


def _plain_words(written: Iterable[str], wanted: AbstractSet[str] | None = None) -> frozenset[str]:
    """Return words in plain form, without parts of names; with `wanted`, only those."""
    words = frozenset(
        word for each in written if _ANYTHING not in each for word in plain(each).split()
    )
    return words if wanted is None else words & wanted
