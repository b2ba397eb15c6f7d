"""The names of a home's things and places, and what a text may have meant by them.

No text is changed here that could change what is done: words for what to do, numbers and
negations are never touched.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
import re
from typing import Final
import unicodedata

from rapidfuzz import fuzz, process
from unicode_rbnf import RbnfEngine

# Words that change what is done. What languages say by the verb's form can't be listed; it
# stands outside of names, and nothing outside of a name is changed.
_DECISIVE: Final = frozenset(
    """
    not don't dont never no without except on off open close opened closed lock unlock locked
    unlocked up down start stop left right in out enable disable arm disarm more less all none
    nicht kein keine nie ohne außer an aus auf zu ein hoch runter alle mehr weniger links rechts
    ne pas jamais sans sauf allume éteins ouvre ferme monte baisse plus moins gauche droite tout
    no nunca sin salvo enciende apaga abre cierra sube baja más menos todo
    non mai senza tranne accendi spegni apri chiudi alza abbassa più meno tutto
    niet geen nooit zonder behalve aan uit open dicht omhoog omlaag meer minder alle
    não nunca sem exceto liga desliga abre fecha sobe desce mais menos tudo
    nie bez włącz wyłącz otwórz zamknij inte aldrig utan på av öppna stäng upp ner
    """.split()  # noqa: SIM905 - a list of two hundred quoted words reads worse
)

# Of 100: how alike in spelling and sound a name and what was heard must be, alone and if
# the home understands the outcome; and how much less alike any other name.
_ALIKE: Final = 90.0
_ALIKE_IF_UNDERSTOOD: Final = 78.0
_AMBIGUOUS: Final = 7.0
_SHORTEST: Final = 4
_INFLECTION: Final = 2

# A word, with the apostrophes inside of it.
_WORD: Final = re.compile(r"\w+(?:['\N{RIGHT SINGLE QUOTATION MARK}]\w+)*")
_APOSTROPHE: Final = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}]")

# Letters that sound alike, in groups: spelling differs by language, this by ear.
_SOUNDS: Final[dict[int, int]] = str.maketrans(
    "ckqgjzsxçbpvwfdtyieaou", "kkkkkssssppffftt" + "a" * 6
)


@dataclass(frozen=True, slots=True)
class Mending:
    """What was heard, and the name that was meant."""

    heard: str
    meant: str

    def applied_to(self, text: str) -> str:
        """Return a text, in whatever form, with the name that was meant."""
        heard = r"\s+".join(re.escape(word) for word in self.heard.split())
        return re.sub(heard, lambda _: self.meant, text, count=1, flags=re.IGNORECASE)


class Names:
    """The names that a home knows, to find them and what comes near."""

    def __init__(self, names: Iterable[str]) -> None:
        """Take names as the home spells them."""
        self._spelled = {plain(name): name for name in names if plain(name)}
        self._plain = list(self._spelled)
        self._sounds = [sound(name) for name in self._plain]
        self._longest = max((len(name.split()) for name in self._plain), default=0)

    def found_in(self, text: str) -> list[tuple[int, int]]:
        """Return where names stand in a text, as ranges of its words."""
        words = plain(text).split()
        return [
            (start, end)
            for start, end in self._windows(len(words))
            if " ".join(words[start:end]) in self._spelled
        ]

    def mend(self, text: str, language: str, understood_later: bool) -> Mending | None:  # noqa: FBT001
        """Return the one thing to mend in a text; None if nothing is, or it isn't clear.

        With `understood_later` the caller drops what the home doesn't understand then, so
        that less likeness is enough.
        """
        words = [match.group() for match in _WORD.finditer(text)]
        plain_words = [plain(word) for word in words]
        known = {index for start, end in self.found_in(text) for index in range(start, end)}
        least = _ALIKE_IF_UNDERSTOOD if understood_later else _ALIKE
        best: tuple[float, Mending] | None = None
        for start, end in self._windows(len(words)):
            heard = " ".join(plain_words[start:end])
            if len(heard) < _SHORTEST or known.intersection(range(start, end)):
                continue
            if any(is_decisive(word, language) for word in plain_words[start:end]):
                continue
            likeness, name = self._nearest(heard, language)
            if name is not None and likeness >= max(least, best[0] + 0.1 if best else 0.0):
                best = likeness, Mending(_slice(text, start, end), self._spelled[name])
        return best[1] if best else None

    def _windows(self, count: int) -> Iterable[tuple[int, int]]:
        """Yield the ranges of words that can be a name, or one that was heard in pieces."""
        for length in range(min(count, self._longest + 1), 0, -1):
            for start in range(count - length + 1):
                yield start, start + length

    def _nearest(self, heard: str, language: str) -> tuple[float, str | None]:
        """Return the name that comes nearest and how near, if no other comes near it."""
        candidates = {
            name
            for name, _, _ in process.extract(
                heard, self._plain, scorer=fuzz.ratio, score_cutoff=60, limit=5
            )
        }
        candidates |= {
            self._plain[index]
            for _, _, index in process.extract(
                sound(heard), self._sounds, scorer=fuzz.ratio, score_cutoff=75, limit=5
            )
        }
        ranked = sorted(((likeness(heard, name), name) for name in candidates), reverse=True)
        if not ranked or not _may_be(heard, ranked[0][1], language):
            return 0.0, None
        if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _AMBIGUOUS:
            return 0.0, None
        return ranked[0]


def differs_only_within(
    best: str, other: str, spans: Sequence[tuple[int, int]], language: str
) -> bool:
    """Tell whether two texts differ only inside `other`'s names (ranges of its words).

    What differs must be no number, negation or other word that decides what is done, on
    either side, and the best text must have something in the name's place.
    """
    before, after = plain(best).split(), plain(other).split()
    inside = {index for start, end in spans for index in range(start, end)}
    changed = False
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        changed = True
        beside = {j1 - 1, j2} & inside
        if tag == "delete" and len(beside) < 2:  # noqa: PLR2004 - on both of its sides
            return False
        if not inside.issuperset(range(j1, j2)) or (tag == "insert" and not beside):
            return False
        if any(is_decisive(word, language) for word in before[i1:i2] + after[j1:j2]):
            return False
    return changed


def is_decisive(word: str, language: str) -> bool:
    """Tell whether a plain word is a number, a negation or says what to do."""
    return (
        any(char.isdigit() for char in word)
        or word in _DECISIVE_PLAIN
        or word in _number_words(language.partition("-")[0])
    )


def likeness(one: str, other: str) -> float:
    """Return how alike two plain texts are in spelling and sound, of 100."""
    return (fuzz.ratio(one, other) + fuzz.ratio(sound(one), sound(other))) / 2


def plain(text: str) -> str:
    """Return a text in small letters, without accents and punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(_APOSTROPHE.sub("", word) for word in _WORD.findall(letters))


def sound(text: str) -> str:
    """Return a rough spelling of how a plain text sounds: no spaces, no doubled letters."""
    letters = text.replace("ph", "f").replace("ck", "k").replace("sch", "s").replace("h", "")
    return re.sub(r"(.)\1+", r"\1", letters.replace(" ", "").translate(_SOUNDS))


def _may_be(heard: str, name: str, language: str) -> bool:
    """Tell whether a name may be put in the place of what was heard."""
    if any(is_decisive(word, language) for word in set(name.split()) - set(heard.split())):
        return False
    # A word and its plural, or its genitive, are different words: "lights" was meant.
    words, length = heard.split(), len(name.split())
    windows = (" ".join(words[i : i + length]) for i in range(len(words) - length + 1))
    return not any(_inflected(window, name) for window in windows)


def _inflected(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and len(long) - len(short) <= _INFLECTION


def _slice(text: str, start: int, end: int) -> str:
    """Return a range of a text's words as they stand in it."""
    words = list(_WORD.finditer(text))
    return text[words[start].start() : words[end - 1].end()]


@lru_cache(maxsize=8)
def _number_words(language: str) -> frozenset[str]:
    """Return the words that numbers up to a hundred are made of, in a language."""
    try:
        engine = RbnfEngine.for_language(language)
        texts = [
            text
            for number in range(101)
            for text in engine.format_number(number).text_by_ruleset.values()
        ]
    except ValueError:
        return frozenset()
    return frozenset(word for text in texts for word in plain(text.replace("-", " ")).split())


_DECISIVE_PLAIN: Final = frozenset(plain(word) for word in _DECISIVE)
