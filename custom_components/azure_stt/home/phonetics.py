"""How alike words sound."""

import re
from typing import Final

from rapidfuzz import fuzz

# Letters that sound alike, in groups.
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


def likeness(one: str, other: str) -> float:
    """Return how alike two plain texts are in spelling and sound, of 100."""
    return (fuzz.ratio(one, other) + fuzz.ratio(sound(one), sound(other))) / 2


def sound(text: str) -> str:
    """Return a rough spelling of how a plain text sounds: no spaces, no doubled letters."""
    letters = _SOFT.sub("s", text.replace("ph", "f").replace("ck", "k").replace("sch", "s"))
    letters = _MUTE.sub("", letters).replace("th", "\N{GREEK SMALL LETTER THETA}").replace("h", "")
    return re.sub(r"(.)\1+", r"\1", letters.replace(" ", "").translate(_SOUNDS))
