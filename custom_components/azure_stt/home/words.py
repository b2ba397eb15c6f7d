"""Words: how a text is cut into them, in any script, and their plain form."""

from collections.abc import Iterator
import re
from typing import Final, NamedTuple
import unicodedata

LETTER: Final = (
    r"[\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u109f\u1780-\u17ff]"
)
"""A pattern for the letters of words, and for the marks that scripts put on them."""

# Punctuation by its category that is spoken, or belongs to a word: percent and the like, masked
# letters, hyphens, and the abbreviations of Hebrew and Thai.
_NO_MARKS: Final = frozenset(
    "%&#*@/\\\"'\u2030\u2031\u2020\u2021\u00a7\u00b6\u2032\u2033\u066a-\u2010\u2011\u05f3\u05f4\u0e2f"
)

MARKS: Final = "".join(
    char
    for char in map(chr, range(0x10000))
    if unicodedata.category(char) in ("Po", "Pd")
    and unicodedata.normalize("NFKC", char) not in _NO_MARKS
)
"""The punctuation between and around words, of any script, which isn't spoken.

It is chosen by its category, because a list always lacks some. Brackets and quotes aren't in it.
"""

APOSTROPHES: Final = "'\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}"
"""The apostrophes, which are one letter however they're written."""

_SPACES: Final = "".join(filter(str.isspace, map(chr, range(0x10000))))
_MARK_RUN: Final = re.compile(rf"[{re.escape(MARKS.replace('.', ''))}]+")

# Spanish's opening marks of a sentence whose closing one is gone.
_OPENING: Final = re.compile(r"[¿¡]+(?=[^?!]*\Z)")

# A word, with an apostrophe and at most two letters behind it: "don't", "Anna's", but not
# "l'ombra".
WORD: Final = re.compile(
    rf"{LETTER}+(?:['\N{{RIGHT SINGLE QUOTATION MARK}}]{LETTER}{{1,2}}(?!{LETTER}))*"
)
_NO_LETTER: Final = re.compile(rf"(?!{LETTER}).|_", re.DOTALL)
_ACCENTS: Final = re.compile("[\u0300-\u036f]")

# Scripts that are written without spaces have no word boundaries.
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)


class Word(NamedTuple):
    """A word in plain form, and its place in the text."""

    plain: str
    start: int
    end: int


def words_of(text: str) -> Iterator[Word]:
    """Yield the words of a text."""
    for match in WORD.finditer(text):
        letters = unicodedata.normalize("NFKD", match.group()).casefold()
        letters = _ACCENTS.sub("", unicodedata.normalize("NFKD", letters))
        if letters := _NO_LETTER.sub("", letters):
            yield Word(letters, *match.span())


def spelled_words(text: str) -> list[str]:
    """Return a text's words with their accents."""
    return WORD.findall(unicodedata.normalize("NFC", text.casefold()))


def plain(text: str) -> str:
    """Return a text in small letters, without accents and punctuation."""
    return " ".join(word.plain for word in words_of(text))


def is_bounded(char: str) -> bool:
    """Return whether a word can end at a character, if no letter follows.

    It can't in scripts that are written without spaces.
    """
    return re.match(LETTER, char) is not None and not _WITHOUT_SPACES.match(char)


def without_final_marks(text: str) -> str:
    """Return a text without the punctuation of its end, nor the opening marks that belong to it."""
    stripped = text.rstrip(MARKS + _SPACES)
    return stripped if stripped == text else _OPENING.sub("", stripped)


def without_marks(text: str) -> str:
    """Return a text without punctuation, except full stops and marks inside words ("7:30").

    A full stop may belong to an abbreviation ("A.C."). In scripts that are written without
    spaces, marks go from between letters, too.
    """

    def inside(match: re.Match[str]) -> str:
        start, end = match.span()
        joins = start > 0 and end < len(text)
        return match[0] if joins and is_bounded(text[start - 1]) and is_bounded(text[end]) else ""

    return _MARK_RUN.sub(inside, text)


def has_spaces(word: str) -> bool:
    """Return whether a word is written in a script that puts spaces between words."""
    return _WITHOUT_SPACES.search(word) is None
