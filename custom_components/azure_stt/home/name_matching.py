"""The names of a home, and the one that a misheard text may mean.

A correction never changes what a text does: decisive words, numbers and negations stay.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
import re
from typing import Final

from rapidfuzz import fuzz, process

from .decisive_words import decides
from .phonetics import likeness, sound
from .words import LETTER, WORD, plain, spelled_words, words_of

# Likeness in spelling and sound, of 100, that the differing words of a name and a text need:
# on its own, and if the home understands the outcome. Any other name must be less alike by
# _AMBIGUOUS. "eating" and "heating" have 96, "bedroom" and "bathroom" 75.
_ALIKE: Final = 95.0
_ALIKE_IF_UNDERSTOOD: Final = 82.0
_AMBIGUOUS: Final = 7.0
_SHORTEST: Final = 4

# The endings by which a word differs from its plural or genitive, which is another word.
_ENDING: Final = re.compile("[denrs]{1,2}")

# Likeness that a whole name needs for a closer look.
_SPELLED_ALIKE: Final = 60
_SOUNDING_ALIKE: Final = 75


@dataclass(frozen=True, slots=True)
class NameCorrection:
    """A name in place of the words that were heard."""

    heard: str
    meant: str

    def applied_to(self, text: str) -> str:
        """Return a text, in whatever form, with the name that was meant."""
        heard = r"\W+".join(re.escape(word.group()) for word in WORD.finditer(self.heard))
        pattern = rf"(?<!{LETTER}){heard}(?!{LETTER})"
        return re.sub(pattern, lambda _: self.meant, text, count=1, flags=re.IGNORECASE)


class Names:
    """The names of a home, to find them and similar ones in a text.

    Names of actions (scripts, scenes, ...) are known, but never put into a text: one may hold
    the opposite of what was said.
    """

    def __init__(self, names: Iterable[str], actions: Iterable[str] = ()) -> None:
        """Initialize with names as the home spells them, and those of its actions."""
        self._actions = {plain(name) for name in actions}
        spelled = {plain(name): name for name in names if plain(name)}
        self._spelled = {name: spelled[name] for name in spelled if name not in self._actions}
        self._plain = list(self._spelled)
        self._sounds = [sound(name) for name in self._plain]
        known = self._actions | self._spelled.keys()
        self._longest = max((len(name.split()) for name in known), default=0)

    def found_in(self, text: str, *, actions: bool = True) -> list[tuple[int, int]]:
        """Return the places of names in a text, with or without those of actions.

        Places are ranges of the text's words.
        """
        words = plain(text).split()
        windows = [(span, " ".join(words[slice(*span)])) for span in self._windows(len(words))]
        return [
            span
            for span, name in windows
            if name in self._spelled or (actions and name in self._actions)
        ]

    def correct(self, text: str, language: str, *, understood_later: bool) -> NameCorrection | None:
        """Return the correction of one name in a text; None without any, or a clear one.

        With `understood_later`, less likeness is enough, because the caller drops a
        correction that the home doesn't understand.
        """
        words = list(words_of(text))
        known = _inside(self.found_in(text))
        least = _ALIKE_IF_UNDERSTOOD if understood_later else _ALIKE
        best: tuple[float, NameCorrection] | None = None
        for start, end in self._windows(len(words)):
            heard = [word.plain for word in words[start:end]]
            found = text[words[start].start : words[end - 1].end]
            if sum(map(len, heard)) < _SHORTEST:
                continue
            if spelled := self._spelled.get(" ".join(heard)):
                # Home Assistant's agent expects the accents.
                if understood_later and spelled_words(found) != spelled_words(spelled):
                    return NameCorrection(found, spelled)
                continue
            likeness, name = self._nearest(heard, {index - start for index in known}, language)
            if name is None or not (understood_later or name[0] == heard[0][0]):
                continue
            if likeness >= max(least, best[0] + 0.1 if best else 0.0):
                best = likeness, NameCorrection(found, self._spelled[name])
        return best[1] if best else None

    def _windows(self, count: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges of words that can be a name, or a name heard as one word more."""
        for length in range(min(count, self._longest + 1), 0, -1):
            for start in range(count - length + 1):
                yield start, start + length

    def _nearest(
        self, heard: Sequence[str], known: set[int], language: str
    ) -> tuple[float, str | None]:
        """Return the nearest name and its likeness, unless another one is as near.

        Words that belong to a known name stay as they are.
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
        """Return the names that deserve a closer look."""
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
    """Return whether two texts differ only inside `other`'s names, at `spans` (of its words).

    The differing words must not be decisive on either side. `best` must have other words in
    the name's place, which aren't part of a known name, at `known`.
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
        if heard.intersection(range(i1, i2)) or decides(before[i1:i2], after[j1:j2], language):
            return False
    return changed


def _inside(spans: Iterable[tuple[int, int]]) -> set[int]:
    return {index for start, end in spans for index in range(start, end)}


def _difference(one: Sequence[str], other: Sequence[str]) -> tuple[range, range]:
    """Return where two lists of words differ, without their common beginning and end."""
    shorter = min(len(one), len(other))
    start = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if one[-1 - i] != other[-1 - i]), rest)
    return range(start, len(one) - end), range(start, len(other) - end)


def _likeness_of_difference(heard: Sequence[str], name: str) -> float:
    """Return the likeness of a name and the words heard, without the words they share."""
    words = name.split()
    one, other = _difference(heard, words)
    return likeness(
        " ".join(heard[one.start : one.stop]), " ".join(words[other.start : other.stop])
    )


def _may_be(heard: Sequence[str], name: Sequence[str], known: set[int], language: str) -> bool:
    """Return whether a name may replace the words heard."""
    one, other = _difference(heard, name)
    if not one or not other or known.intersection(one):
        return False
    if decides(heard[one.start : one.stop], name[other.start : other.stop], language):
        return False
    if _swallows(heard, " ".join(name)):
        return False
    length = len(name)
    windows = (" ".join(heard[i : i + length]) for i in range(len(heard) - length + 1))
    return not any(_inflected(window, " ".join(name)) for window in windows)


def _swallows(heard: Sequence[str], name: str) -> bool:
    """Return whether the first or last word heard doesn't belong to the name.

    It may have been the action: "Spe" for "Spegni", which turns off.
    """
    whole = likeness(" ".join(heard), name)
    return any(likeness(" ".join(rest), name) >= whole for rest in (heard[1:], heard[:-1]) if rest)


def _inflected(one: str, other: str) -> bool:
    """Return whether two wordings differ in their ending only."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and _ENDING.fullmatch(long, len(short)) is not None
