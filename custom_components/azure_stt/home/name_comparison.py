"""Compares the words of a name with the words that were heard, all in plain form."""

from collections.abc import Sequence
import re
from typing import Final

from .phonetics import likeness

# The endings by which a word differs from its plural or genitive, which is another word.
_ENDING: Final = re.compile("[denrs]{1,2}")


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
