"""The format of the text that goes out, and the user's corrections to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final
import unicodedata

from ..azure_speech import Alternative, Profanity
from ..recognition.transcript import has_words, join_texts
from .words import (
    APOSTROPHES,
    LETTER,
    MARKS,
    is_bounded,
    plain,
    without_final_marks,
    without_marks,
)

_MARK: Final = f"[{re.escape(MARKS)}]"

# The separators between two words: spaces, marks and hyphens, but no decimal point or minus sign.
_GAP: Final = rf"(?:\s|(?:{_MARK}|[-\u2010\u2011])(?!\d))+"
_APOSTROPHE: Final = re.compile(f"[{APOSTROPHES}]")


class TextForm(StrEnum):
    """The form of the text, of those that Azure gives."""

    DISPLAY = "display"
    """With capitals, punctuation and digits."""
    NO_FINAL_PUNCTUATION = "no_final_punctuation"
    LEXICAL = "lexical"
    """Lowercase, numbers as words."""
    ITN = "itn"
    """Lowercase, numbers as digits."""


def format_text(alternative: Alternative, form: TextForm, profanity: Profanity) -> str:
    """Return an alternative's text in a form.

    Azure masks profanity only in `display` and `masked_itn`. So with profanity masked or
    removed, the latter replaces the other two forms. A missing form, as in simple answers, is
    made from the display text.
    """
    display = alternative.display
    if form is TextForm.DISPLAY:
        return display
    plain = without_final_marks(display)
    if form is TextForm.NO_FINAL_PUNCTUATION:
        return plain
    if profanity is not Profanity.RAW:
        return _lowercase(alternative.masked_itn or plain)
    return (alternative.lexical if form is TextForm.LEXICAL else alternative.itn) or _lowercase(
        plain
    )


def _lowercase(text: str) -> str:
    """Return a text as the lexical forms are. Azure's masked one has capitals and punctuation."""
    return without_final_marks(without_marks(text)).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFormat:
    """How a recognizer formats the text."""

    form: TextForm
    profanity: Profanity
    corrections: Corrections

    def formed(self, alternatives: Iterable[Alternative], language: str) -> str:
        """Return the text of one alternative of each part in the form; empty without words."""
        formed = (format_text(each, self.form, self.profanity) for each in alternatives)
        return _worded(join_texts(formed, language))

    def text(self, alternatives: Iterable[Alternative], language: str) -> str:
        """Return the text in the form with the user's corrections; empty if no words are left."""
        return _worded(self.corrections.apply(self.formed(alternatives, language)))


def _worded(text: str) -> str:
    return text if has_words(text) else ""


class Corrections:
    """The user's replacements, made in one pass, the longest first.

    Case doesn't matter, and between the words may be any spaces and punctuation. In scripts
    that have words, only whole words are replaced. A replacement by nothing takes a separator
    with it.
    """

    def __init__(self, corrections: Iterable[Mapping[str, str]]) -> None:
        """Initialize with a list of `heard` and `meant`, which may be empty or missing."""
        meant = {_composed(item["heard"]): item.get("meant", "") for item in corrections}
        ordered = sorted(filter(None, meant), key=len, reverse=True)
        self._meant = [meant[heard] if meant[heard].strip() else "" for heard in ordered]
        pattern = "|".join(
            f"({_whole(heard) if meant else _with_separator(_whole(heard))})"
            for heard, meant in zip(ordered, self._meant, strict=True)
        )
        self._pattern = re.compile(pattern, re.IGNORECASE) if ordered else None

    def apply(self, text: str) -> str:
        """Return a text with all replacements made."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._meant[(match.lastindex or 1) - 1], text)

    def kept(self, before: str, after: str) -> bool:
        """Return whether words of the user's are still in a text after a change."""
        return all(
            plain(meant) in plain(after) for meant in self._meant if plain(meant) in plain(before)
        )


def _composed(heard: str) -> str:
    """Return a text with single spaces, and with accents as Azure writes them."""
    return unicodedata.normalize("NFC", " ".join(heard.split()))


def _whole(heard: str) -> str:
    """Return a pattern for a whole word or phrase.

    Marks around the phrase belong to it if they are in the text, too.
    """
    words = [bare for word in heard.split() if (bare := _bare(word))]
    if not words:
        return r"\s+".join(map(re.escape, heard.split()))
    before = rf"(?<!{LETTER})" if is_bounded(words[0][0]) else ""
    after = rf"(?!{LETTER})" if is_bounded(words[-1][-1]) else ""
    opening = rf"(?:{_MARK}+\s*)?" if heard[0] in MARKS and heard[0] != words[0][0] else ""
    closing = rf"(?:\s*{_MARK}+)?" if heard[-1] in MARKS else ""
    pattern = _GAP.join(_APOSTROPHE.sub(f"[{APOSTROPHES}]", re.escape(word)) for word in words)
    return f"{opening}{before}{pattern}{after}{closing}"


def _bare(word: str) -> str:
    """Return a word without the marks at its edges, which are a gap's: ".5" isn't 5."""
    bare = word.strip(MARKS)
    return word.rstrip(MARKS) if bare[:1].isdecimal() else bare


def _with_separator(whole: str) -> str:
    """Return a pattern for words and the gap after them, or at the text's end before them."""
    more = rf"(?s:.*){LETTER}"
    return rf"{whole}{_GAP}(?={more})|{_GAP}{whole}(?!{more})|{whole}"
