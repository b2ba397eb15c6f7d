"""A name and the words that were heard: how they differ, and how one replaces the other.

Words to compare are in plain form.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import re
from typing import Final

from .phonetics import likeness
from .words import LETTER, WORD

# The endings by which a word differs from its plural or genitive, which is another word.
_ENDING: Final = re.compile("[denrs]{1,2}")


@dataclass(frozen=True, slots=True)
class NameCorrection:
    """A name in place of the words that were heard."""

    heard: str
    meant: str

    def applied_to(self, text: str) -> str:
        """Return a text, in any form, with the name that was meant."""
        heard = r"\W+".join(re.escape(word.group()) for word in WORD.finditer(self.heard))
        pattern = rf"(?<!{LETTER}){heard}(?!{LETTER})"
        return re.sub(pattern, lambda _: self.meant, text, count=1, flags=re.IGNORECASE)


def inside_of(spans: Iterable[tuple[int, int]]) -> set[int]:
    """Return the indexes of all words in some ranges."""
    return {index for start, end in spans for index in range(start, end)}


def difference(one: Sequence[str], other: Sequence[str]) -> tuple[range, range]:
    """Return where two lists of words differ, without their common beginning and end."""
    shorter = min(len(one), len(other))
    start = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if one[-1 - i] != other[-1 - i]), rest)
    return range(start, len(one) - end), range(start, len(other) - end)


def likeness_of_difference(heard: Sequence[str], name: str) -> float:
    """Return the likeness of a name and the words heard, without the words they share."""
    words = name.split()
    one, other = difference(heard, words)
    return likeness(
        " ".join(heard[one.start : one.stop]), " ".join(words[other.start : other.stop])
    )


def swallows(heard: Sequence[str], name: str) -> bool:
    """Return whether the first or last word heard doesn't belong to the name.

    It may have been the action: "Spe" for "Spegni", which turns off.
    """
    whole = likeness(" ".join(heard), name)
    return any(likeness(" ".join(rest), name) >= whole for rest in (heard[1:], heard[:-1]) if rest)


def inflected(one: str, other: str) -> bool:
    """Return whether two wordings differ in their ending only."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and _ENDING.fullmatch(long, len(short)) is not None
