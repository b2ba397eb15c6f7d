"""Decisive words change the action of a command, so they are never exchanged.

Three sources say which ones: lists by hand, Home Assistant's own sentences, and words that
differ in their beginning only, as "lock" and "unlock" do in many languages.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from itertools import product
import re
from typing import Final

from unicode_rbnf import FormatPurpose, RbnfEngine
from unicode_rbnf.engine import RbnfError

from .intent_words import opposing_words
from .opposed_words import IN_DOUBT, NEGATING, NEGATIONS, OPPOSED, REVERSING, WITHOUT_SPACES
from .words import has_spaces, plain

# Words that change the action. Verb forms can't be listed, but they are outside of names, and
# nothing outside of a name is changed.
_DECISIVE: Final = frozenset(
    """
    not dont cant wont isnt no nor never none without except neither both all only every
    on off open close opened closed shut lock unlock locked unlocked up down start stop begin
    end left right in out enable disable arm disarm activate deactivate play pause resume mute
    raise lower increase decrease brighten more less most least add remove hide before after
    nicht kein keine keinen nie nur ohne außer beide an aus auf zu ein hoch runter alle alles
    mehr weniger links rechts linke rechte linkes rechtes öffne schließe sperre vor nach
    starte stoppe
    ne pas jamais sans sauf seulement allume éteins ouvre ferme verrouille monte baisse plus
    moins gauche droite droit tout tous toutes aucun avant après arrête démarre
    no nunca sin salvo solo enciende apaga abre cierra sube baja más menos todo todos todas
    ningún izquierda derecha izquierdo derecho antes después bloquea
    non mai senza tranne solo accendi spegni apri chiudi alza abbassa più meno tutto tutti
    tutte nessuno sinistra destra sinistro destro prima dopo blocca sblocca
    niet geen nooit zonder behalve alleen aan uit open dicht omhoog omlaag meer minder alle
    voor na vergrendel
    não nunca sem exceto liga desliga abre fecha sobe desce mais menos tudo esquerda direita
    nie bez włącz wyłącz otwórz zamknij lewa prawa inte aldrig utan på av öppna stäng upp ner
    tänd släck vänster höger ikke aldri tænd sluk
    """.split()  # noqa: SIM905 - a list of three hundred quoted words reads worse
)

# Words that must not become one another.
_OPPOSED: Final = frozenset(
    """
    front back rear upper lower top bottom inner outer north south east west hot cold warm cool
    day night morning evening summer winter big small large little old new his her mum dad
    oben unten obere untere oberes unteres vorne hinten vordere hintere vorderes hinteres
    nord süd ost west heiß kalt tag nacht groß klein alt neu
    haut bas arrière nord sud est ouest chaud froid jour nuit grand petit
    arriba abajo norte sur este oeste caliente frío día noche grande pequeño
    su giù ovest caldo freddo giorno notte piccolo
    boven beneden achter noord zuid oost groot
    """.split()  # noqa: SIM905 - as above
)

# Prefixes that reverse a word: unlock, deactivate, downstairs, ausschalten, ontgrendel.
_TURNING: Final = tuple(
    """
    un dis de des in im ir non up down out under over
    auf ab zu ein aus an ent ver hoch runter rauf herunter ont uit aan af op dé déver
    """.split()  # noqa: SIM905 - as above
)
_STEM: Final = 3

# Letters of the shortest word that counts as a number without its "ein".
_NUMBER_MIN: Final = 4

# Letters of the ending that a prefix pair shares, and at most before it: "blocco" and
# "sblocco", "włączenie" and "wyłączenie".
_SHARED_ENDING: Final = 4
_PREFIX: Final = 4

# Letters of the ending that words share which differ in known prefixes: "zapne" and "vypne".
_SHARED_STEM: Final = 3

# Letters of the beginning by which a word belongs to a decisive one: "blocco" to "blocca".
_ROOT: Final = 5

_DECISIVE_PLAIN: Final = frozenset(plain(word) for word in _DECISIVE)
_OPPOSED_PLAIN: Final = frozenset(plain(word) for word in _OPPOSED)
_WITHOUT_SPACES: Final = frozenset(plain(part) for part in WITHOUT_SPACES.split())
_TURNING_PLAIN: Final = tuple(plain(prefix) for prefix in _TURNING)


class _ListedWords:
    """A language's words in a table by hand, where a star means any ending."""

    def __init__(self, table: Mapping[str, str], language: str) -> None:
        words = table.get(language, "").split()
        self._whole = {plain(word) for word in words if not word.endswith("*")}
        self._beginnings = tuple(plain(word) for word in words if word.endswith("*"))

    def have(self, words: Iterable[str]) -> bool:
        """Return whether any of the words is listed."""
        return any(word in self._whole or word.startswith(self._beginnings) for word in words)


class DecisiveWords:
    """The decisive words of a language, as far as names of the home's places aren't among them.

    Loading them takes up to some seconds the first time, so it must not happen in the event
    loop. All words are in plain form.
    """

    def __init__(self, language: str, places: Iterable[str] = ()) -> None:
        """Load a language's words; those in names of areas and floors don't count as data."""
        self.language = language.replace("_", "-").partition("-")[0].lower()
        derived = opposing_words(self.language)
        self.has_data = bool(derived)
        """Whether Home Assistant's sentences tell which words are opposed."""
        self._derived = derived - {word for place in places for word in plain(place).split()}
        self._roots = {word[:_ROOT] for word in self._derived if len(word) >= _ROOT}
        self._negations = _ListedWords(NEGATIONS, self.language)
        self._opposed = _ListedWords(OPPOSED, self.language)
        self._negating = frozenset(map(plain, NEGATING.get(self.language, "").split()))
        self._reversing = frozenset(map(plain, REVERSING.get(self.language, "").split())) | {""}
        self._in_doubt = _ListedWords(IN_DOUBT, self.language)
        self._numbers = _number_values(self.language)
        _number(self.language)

    def name_an_action(self, words: Iterable[str]) -> bool:
        """Return whether a name's words include an action."""
        words = set(words)
        return not (
            _DECISIVE_PLAIN.isdisjoint(words) and self._derived.isdisjoint(words)
        ) or self._negations.have(words)

    def decide(self, before: Sequence[str], after: Sequence[str]) -> bool:
        """Return whether exchanging one wording for the other may change the action."""
        before, after = self._without_equal_numbers(before, after)
        words = (*before, *after)
        return (
            any(is_decisive(word, self.language) for word in words)
            or self.name_an_action(words)
            or self._are_opposed(before, after)
        )

    def oppose(self, before: Sequence[str], after: Sequence[str]) -> bool:
        """Return whether two wordings are opposed, or have different numbers.

        Unlike in `decide`, a decisive word on one side only is no objection: "no leaf" may be
        "Nanoleaf".
        """
        before, after = self._without_equal_numbers(before, after)
        return self._are_opposed(before, after) or all(
            any(is_number(word, self.language) for word in words) for words in (before, after)
        )

    def decide_in_action(self, before: Sequence[str], after: Sequence[str]) -> bool:
        """Return whether an exchange in the name of a script, scene, ... may reverse it."""
        return (
            self.decide(before, after)
            or not _OPPOSED_PLAIN.isdisjoint((*before, *after))
            or self._opposed.have((*before, *after))
            or any(is_prefix_pair(one, other) for one, other in _pairs(before, after))
        )

    def with_figures(self, words: Iterable[str]) -> list[str]:
        """Return words with figures for numbers in words."""
        return [self._numbers.get(word, word) for word in words]

    def negate(self, word: str) -> bool:
        """Return whether a word is a negation, or a quantifier."""
        return self._negations.have([word])

    def doubt(self, words: Iterable[str]) -> bool:
        """Return whether a word may have been its opposite: "blocca" is "sblocca" without an s."""
        return self._in_doubt.have(words)

    def _are_opposed(self, before: Sequence[str], after: Sequence[str]) -> bool:
        return (
            not (_OPPOSED_PLAIN.isdisjoint(before) or _OPPOSED_PLAIN.isdisjoint(after))
            or (self._opposed.have(before) and self._opposed.have(after))
            or any(_stems(one) & _stems(other) for one in before for other in after if one != other)
            or any(self._reverse(one, other) for one, other in _pairs(before, after))
        )

    def _reverse(self, one: str, other: str) -> bool:
        """Return whether one word may be made of the other to mean its opposite.

        Either they are a prefix pair of a decisive word ("blocco", "sblocco"), or they differ
        in an affix that reverses words in the language.
        """
        if not has_spaces(one + other):
            return _differ_decisively(one, other)
        if not self._negating.isdisjoint(_inserted(one, other)):
            return True
        prefixes = _prefixes(one, other)
        if len(one) - len(prefixes[0]) >= _SHARED_STEM and self._reversing.issuperset(prefixes):
            return True
        return is_prefix_pair(one, other) and not self._roots.isdisjoint(
            (one[:_ROOT], other[:_ROOT])
        )

    def _without_equal_numbers(
        self, before: Sequence[str], after: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        """Return two wordings without their numbers, if these are equal: "two" is 2."""
        one, other = self.with_figures(before), self.with_figures(after)
        numbers = [word for word in one if word.isdecimal()]
        if numbers == [word for word in other if word.isdecimal()]:
            return _without(one, numbers), _without(other, numbers)
        return list(before), list(after)


def is_decisive(word: str, language: str) -> bool:
    """Return whether a plain word is a number, a negation or names an action, by hand."""
    return word in _DECISIVE_PLAIN or is_number(word, language)


def is_number(word: str, language: str) -> bool:
    """Return whether a plain word has digits, or is a number in words."""
    return (
        any(char.isdigit() for char in word)
        or _number(language.partition("-")[0]).fullmatch(word) is not None
    )


def is_prefix_pair(one: str, other: str) -> bool:
    """Return whether plain words differ in their beginning only, by a prefix or two."""
    prefixes = _prefixes(one, other)
    return (
        one != other
        and len(one) - len(prefixes[0]) >= _SHARED_ENDING
        # Vowel signs and the like don't count as letters.
        and all(sum(map(str.isalnum, prefix)) <= _PREFIX for prefix in prefixes)
    )


def _prefixes(one: str, other: str) -> tuple[str, str]:
    """Return two words without the ending that they share."""
    shared = 0
    for letter, another in zip(reversed(one), reversed(other), strict=False):
        if letter != another:
            break
        shared += 1
    return one[: len(one) - shared], other[: len(other) - shared]


def _differ_decisively(one: str, other: str) -> bool:
    """Return whether texts in a script without spaces have other decisive parts."""
    return any(one.count(part) != other.count(part) for part in _WITHOUT_SPACES)


def _inserted(one: str, other: str) -> set[str]:
    """Return the letters that the longer word has more, in one place; several if in doubt."""
    short, long = sorted((one, other), key=len)
    count = len(long) - len(short)
    return {
        long[start : start + count]
        for start in range(len(short) + 1)
        if long[:start] + long[start + count :] == short
    }


def _pairs(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the words to compare with each other, and all of them without spaces.

    None if only the spaces differ: "kino abend" is "Kinoabend".
    """
    joined, other = "".join(before), "".join(after)
    if joined != other:
        pairs = product((*before, joined), (*after, other))
        yield from (pair for pair in pairs if pair[0] != pair[1])


def _without(words: Iterable[str], unwanted: Collection[str]) -> list[str]:
    return [word for word in words if word not in unwanted]


def _stems(word: str) -> set[str]:
    """Return a word with and without the prefixes that reverse it."""
    return {word} | {
        word.removeprefix(prefix)
        for prefix in _TURNING_PLAIN
        if word.startswith(prefix) and len(word) - len(prefix) >= _STEM
    }


@cache
def _number_values(language: str) -> Mapping[str, str]:
    """Return the figures for words that are a number, in a language."""
    values: dict[str, set[str]] = {}
    for value, text in _spelled_numbers(language, (FormatPurpose.CARDINAL,)):
        if len(words := plain(text).split()) == 1:
            values.setdefault(words[0], set()).add(str(value))
    return {word: figures.pop() for word, figures in values.items() if len(figures) == 1}


@lru_cache(maxsize=8)
def _number(language: str) -> re.Pattern[str]:
    """Return a pattern for words that consist of numbers, in a language."""
    both = FormatPurpose.CARDINAL, FormatPurpose.ORDINAL
    words = {word for _, text in _spelled_numbers(language, both) for word in plain(text).split()}
    # "einhundert" is also said without "ein".
    words |= {
        rest
        for word in words
        for one in words
        if len(rest := word.removeprefix(one)) >= _NUMBER_MIN
    }
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    # Possessive, so that a long word is tried in one way only.
    return re.compile(f"(?:{'|'.join(longest_first)})++" if words else r"(?!)")


def _spelled_numbers(language: str, purposes: Iterable[FormatPurpose]) -> Iterator[tuple[int, str]]:
    """Yield numbers and their words, if the language is known."""
    try:
        engine = RbnfEngine.for_language(language)
    except ValueError:
        return
    for purpose in purposes:
        for number in (*range(101), 1000):
            with suppress(ValueError, RbnfError):
                texts = engine.format_number(number, purpose=purpose).text_by_ruleset
                yield from ((number, text) for text in texts.values())
