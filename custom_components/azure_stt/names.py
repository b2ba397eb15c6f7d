"""The names of a home's things and places, and what a text may have meant by them.

No text is changed here that could change what is done: words for what to do, numbers and
negations are never touched.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
import re
from typing import Final, NamedTuple
import unicodedata

from rapidfuzz import fuzz, process
from unicode_rbnf import FormatPurpose, RbnfEngine

# Words that change what is done. What languages say by the verb's form can't be listed; it
# stands outside of names, and nothing outside of a name is changed.
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

# Words of which one must not become another.
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

# What turns a word round: unlock, deactivate, downstairs, ausschalten, ontgrendel.
_TURNING: Final = tuple(
    """
    un dis de des in im ir non up down out under over
    auf ab zu ein aus an ent ver hoch runter rauf herunter ont uit aan af op dé déver
    """.split()  # noqa: SIM905 - as above
)
_STEM: Final = 3

# Of 100: how alike in spelling and sound what differs between a name and what was heard
# must be, alone and if the home understands the outcome; and how much less alike any other.
# Alone it is nearly the same: "eating" and "heating" have 96, "bedroom" and "bathroom" 75.
_ALIKE: Final = 95.0
_ALIKE_IF_UNDERSTOOD: Final = 82.0
_AMBIGUOUS: Final = 7.0
_SHORTEST: Final = 4

# A word and its plural, or its genitive, are different words: they end in so many of these.
_ENDING: Final = re.compile("[denrs]{1,2}")

# How alike a whole name must be to be looked at more closely.
_SPELLED_ALIKE: Final = 60
_SOUNDING_ALIKE: Final = 75

LETTER: Final = (
    r"[\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u109f\u1780-\u17ff]"
)
"""A pattern for what words are made of: letters, and the marks that scripts put on them."""

# A word, with an apostrophe and what little follows it: "don't", "Anna's", but not "l'ombra".
_WORD: Final = re.compile(
    rf"{LETTER}+(?:['\N{{RIGHT SINGLE QUOTATION MARK}}]{LETTER}{{1,2}}(?!{LETTER}))*"
)
_NO_LETTER: Final = re.compile(rf"(?!{LETTER}).|_", re.DOTALL)
_ACCENTS: Final = re.compile("[\u0300-\u036f]")

# What sounds alike, in groups: spelling differs by language, this by ear.
_SOFT: Final = re.compile("c(?=[eiy])")
_MUTE: Final = re.compile("(?<=[a-z][^aeiouy ])e(?= |$)")
_SOUNDS: Final[dict[int, str]] = {
    ord(letter): sound
    for sound, letters in {
        "k": "ckqgj",
        "ks": "x",
        "s": "zsç",
        "p": "bp",
        "f": "vwf",
        "t": "dt",
        "a": "yieaou",
    }.items()
    for letter in letters
}


@dataclass(frozen=True, slots=True)
class Mending:
    """What was heard, and the name that was meant."""

    heard: str
    meant: str

    def applied_to(self, text: str) -> str:
        """Return a text, in whatever form, with the name that was meant."""
        heard = r"\W+".join(re.escape(word.group()) for word in _WORD.finditer(self.heard))
        pattern = rf"(?<!{LETTER}){heard}(?!{LETTER})"
        return re.sub(pattern, lambda _: self.meant, text, count=1, flags=re.IGNORECASE)


class Names:
    """The names that a home knows, to find them and what comes near.

    Names of actions (scripts, scenes, ...) are known, but never put into a text: one may hold
    the opposite of what was said.
    """

    def __init__(self, names: Iterable[str], actions: Iterable[str] = ()) -> None:
        """Take names as the home spells them, and those of its actions."""
        self._actions = {plain(name) for name in actions}
        spelled = {plain(name): name for name in names if plain(name)}
        self._spelled = {name: spelled[name] for name in spelled if name not in self._actions}
        self._plain = list(self._spelled)
        self._sounds = [sound(name) for name in self._plain]
        known = self._actions | self._spelled.keys()
        self._longest = max((len(name.split()) for name in known), default=0)

    def found_in(self, text: str, *, actions: bool = True) -> list[tuple[int, int]]:
        """Return where names stand in a text, with or without those of actions.

        The places are ranges of the text's words.
        """
        words = plain(text).split()
        windows = [(span, " ".join(words[slice(*span)])) for span in self._windows(len(words))]
        return [
            span
            for span, name in windows
            if name in self._spelled or (actions and name in self._actions)
        ]

    def mend(self, text: str, language: str, *, understood_later: bool) -> Mending | None:
        """Return the one thing to mend in a text; None if nothing is, or it isn't clear.

        With `understood_later` the caller drops what the home doesn't understand then, so
        that less likeness is enough.
        """
        words = list(_words(text))
        known = _inside(self.found_in(text))
        least = _ALIKE_IF_UNDERSTOOD if understood_later else _ALIKE
        best: tuple[float, Mending] | None = None
        for start, end in self._windows(len(words)):
            heard = [word.plain for word in words[start:end]]
            found = text[words[start].start : words[end - 1].end]
            if sum(map(len, heard)) < _SHORTEST:
                continue
            if spelled := self._spelled.get(" ".join(heard)):
                # An agent wants the accents.
                if understood_later and _letters(found) != _letters(spelled):
                    return Mending(found, spelled)
                continue
            likeness, name = self._nearest(heard, {index - start for index in known}, language)
            if name is None or not (understood_later or name[0] == heard[0][0]):
                continue
            if likeness >= max(least, best[0] + 0.1 if best else 0.0):
                best = likeness, Mending(found, self._spelled[name])
        return best[1] if best else None

    def _windows(self, count: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges of words that can be a name, or one that was heard in pieces."""
        for length in range(min(count, self._longest + 1), 0, -1):
            for start in range(count - length + 1):
                yield start, start + length

    def _nearest(
        self, heard: Sequence[str], known: set[int], language: str
    ) -> tuple[float, str | None]:
        """Return the name that comes nearest and how near, if no other comes near it.

        What belongs to a name that the home knows stays as it was heard.
        """
        ranked = sorted(
            ((_likeness_of_difference(heard, name), name) for name in self._near(" ".join(heard))),
            reverse=True,
        )
        if not ranked or not _may_be(heard, ranked[0][1].split(), known, language):
            return 0.0, None
        if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _AMBIGUOUS:
            return 0.0, None
        return ranked[0]

    def _near(self, heard: str) -> set[str]:
        """Return the names that are worth a closer look."""
        spelled = process.extract(
            heard, self._plain, scorer=fuzz.ratio, score_cutoff=_SPELLED_ALIKE, limit=5
        )
        sounding = process.extract(
            sound(heard), self._sounds, scorer=fuzz.ratio, score_cutoff=_SOUNDING_ALIKE, limit=5
        )
        return {name for name, _, _ in spelled} | {self._plain[index] for _, _, index in sounding}


def differs_only_within(
    best: str,
    other: str,
    known: Sequence[tuple[int, int]],
    spans: Sequence[tuple[int, int]],
    language: str,
) -> bool:
    """Tell whether two texts differ only inside `other`'s names, at `spans` (of its words).

    What differs must be no number, negation or other word that decides what is done, on
    either side; the best text must have something in the name's place, and it must not be
    part of a name that stands there, at `known`.
    """
    before, after = plain(best).split(), plain(other).split()
    heard, inside = _inside(known), _inside(spans)
    changed = False
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        changed = True
        beside = {j1 - 1, j2} & inside
        if tag == "delete" and len(beside) < 2:  # noqa: PLR2004 - on both of its sides
            return False
        if not inside.issuperset(range(j1, j2)):
            return False
        if tag == "insert" and (not beside or heard & {i1 - 1, i1}):
            return False
        if heard.intersection(range(i1, i2)) or _decides(before[i1:i2], after[j1:j2], language):
            return False
    return changed


def is_decisive(word: str, language: str) -> bool:
    """Tell whether a plain word is a number, a negation or says what to do."""
    return (
        any(char.isdigit() for char in word)
        or word in _DECISIVE_PLAIN
        or _number(language.partition("-")[0]).fullmatch(word) is not None
    )


def load_numbers(language: str) -> None:
    """Load a language's words for numbers, which takes a moment the first time."""
    _number(language.partition("-")[0])


def likeness(one: str, other: str) -> float:
    """Return how alike two plain texts are in spelling and sound, of 100."""
    return (fuzz.ratio(one, other) + fuzz.ratio(sound(one), sound(other))) / 2


def plain(text: str) -> str:
    """Return a text in small letters, without accents and punctuation."""
    return " ".join(word.plain for word in _words(text))


def sound(text: str) -> str:
    """Return a rough spelling of how a plain text sounds: no spaces, no doubled letters."""
    letters = _SOFT.sub("s", text.replace("ph", "f").replace("ck", "k").replace("sch", "s"))
    letters = _MUTE.sub("", letters).replace("th", "\N{GREEK SMALL LETTER THETA}").replace("h", "")
    return re.sub(r"(.)\1+", r"\1", letters.replace(" ", "").translate(_SOUNDS))


class _Word(NamedTuple):
    """A word in plain form, and where it stands in its text."""

    plain: str
    start: int
    end: int


def _words(text: str) -> Iterator[_Word]:
    for match in _WORD.finditer(text):
        letters = unicodedata.normalize("NFKD", match.group()).casefold()
        letters = _ACCENTS.sub("", unicodedata.normalize("NFKD", letters))
        if letters := _NO_LETTER.sub("", letters):
            yield _Word(letters, *match.span())


def _letters(text: str) -> list[str]:
    """Return a text's words with their accents."""
    return _WORD.findall(unicodedata.normalize("NFC", text.casefold()))


def _inside(spans: Iterable[tuple[int, int]]) -> set[int]:
    return {index for start, end in spans for index in range(start, end)}


def _difference(one: Sequence[str], other: Sequence[str]) -> tuple[range, range]:
    """Return where two lists of words differ, without what they begin and end with alike."""
    shorter = min(len(one), len(other))
    start = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if one[-1 - i] != other[-1 - i]), rest)
    return range(start, len(one) - end), range(start, len(other) - end)


def _likeness_of_difference(heard: Sequence[str], name: str) -> float:
    """Return how alike a name and what was heard are, but for the words that are the same."""
    words = name.split()
    one, other = _difference(heard, words)
    return likeness(
        " ".join(heard[one.start : one.stop]), " ".join(words[other.start : other.stop])
    )


def _may_be(heard: Sequence[str], name: Sequence[str], known: set[int], language: str) -> bool:
    """Tell whether a name may be put in the place of what was heard."""
    one, other = _difference(heard, name)
    if not one or not other or known.intersection(one):
        return False
    if _decides(heard[one.start : one.stop], name[other.start : other.stop], language):
        return False
    if _swallows(heard, " ".join(name)):
        return False
    length = len(name)
    windows = (" ".join(heard[i : i + length]) for i in range(len(heard) - length + 1))
    return not any(_inflected(window, " ".join(name)) for window in windows)


def _swallows(heard: Sequence[str], name: str) -> bool:
    """Tell whether the first or last word that was heard is none of the name's.

    It may have been what is to be done: "Spe" for "Spegni", which turns off.
    """
    whole = likeness(" ".join(heard), name)
    return any(likeness(" ".join(rest), name) >= whole for rest in (heard[1:], heard[:-1]) if rest)


def _decides(before: Sequence[str], after: Sequence[str], language: str) -> bool:
    """Tell whether it matters for what is done which of two different wordings stands."""
    return (
        any(is_decisive(word, language) for word in (*before, *after))
        or not (_OPPOSED_PLAIN.isdisjoint(before) or _OPPOSED_PLAIN.isdisjoint(after))
        or any(_stems(one) & _stems(other) for one in before for other in after if one != other)
    )


def _stems(word: str) -> set[str]:
    """Return a word with and without what may turn it round."""
    return {word} | {
        word.removeprefix(prefix)
        for prefix in _TURNING_PLAIN
        if word.startswith(prefix) and len(word) - len(prefix) >= _STEM
    }


def _inflected(one: str, other: str) -> bool:
    """Tell whether two wordings differ in their ending only."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and _ENDING.fullmatch(long, len(short)) is not None


@lru_cache(maxsize=8)
def _number(language: str) -> re.Pattern[str]:
    """Return a pattern for words that are made of nothing but numbers, in a language."""
    words = {word for text in _numbers(language) for word in plain(text).split()}
    # "einhundert" is also said without "ein".
    words |= {
        rest for word in words for one in words if len(rest := word.removeprefix(one)) >= _SHORTEST
    }
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    # Possessive: what a word is made of is looked for in one way only, so it takes no time.
    return re.compile(f"(?:{'|'.join(longest_first)})++" if words else r"(?!)")


def _numbers(language: str) -> Iterator[str]:
    """Yield numbers in words, as far as they are known in a language."""
    try:
        engine = RbnfEngine.for_language(language)
    except ValueError:
        return
    for purpose in (FormatPurpose.CARDINAL, FormatPurpose.ORDINAL):
        for number in (*range(101), 1000):
            with suppress(ValueError):
                yield from engine.format_number(number, purpose=purpose).text_by_ruleset.values()


_DECISIVE_PLAIN: Final = frozenset(plain(word) for word in _DECISIVE)
_OPPOSED_PLAIN: Final = frozenset(plain(word) for word in _OPPOSED)
_TURNING_PLAIN: Final = tuple(plain(prefix) for prefix in _TURNING)
