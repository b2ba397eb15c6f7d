"""The format of the text that goes out, and the user's corrections to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final
import unicodedata

from ..azure_speech import Alternative, Profanity
from ..recognition.transcript import has_words, join_texts
from .name_matching import NameCorrection
from .words import LETTER, is_bounded

CORRECTIONS_MAX: Final = 500
"""Corrections that a recognizer may have."""

_SENTENCE_END: Final = re.compile(r"[.!?。！？।؟۔]+$")  # noqa: RUF001 - as languages write it


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
    plain = _SENTENCE_END.sub("", display)
    if form is TextForm.NO_FINAL_PUNCTUATION:
        return plain
    if profanity is not Profanity.RAW:
        return alternative.masked_itn or plain
    return (alternative.lexical if form is TextForm.LEXICAL else alternative.itn) or plain


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFormat:
    """How a recognizer formats the text."""

    form: TextForm
    profanity: Profanity
    corrections: Corrections

    def text(
        self,
        alternatives: Iterable[Alternative],
        language: str,
        correction: NameCorrection | None = None,
    ) -> str:
        """Return the text of one alternative of each part; empty if no words are left.

        The corrected name comes after the form, and the user's corrections come last.
        """
        formed = (format_text(each, self.form, self.profanity) for each in alternatives)
        text = join_texts(formed, language)
        text = self.corrections.apply(correction.applied_to(text) if correction else text)
        return text if has_words(text) else ""


class Corrections:
    """The user's replacements, made in one pass, the longest first.

    Case doesn't matter. In scripts that have words, only whole words are replaced.
    """

    def __init__(self, corrections: Iterable[Mapping[str, str]]) -> None:
        """Initialize with a list of `heard` and `meant`."""
        meant = {_composed(item["heard"]): item["meant"] for item in corrections}
        ordered = sorted(filter(None, meant), key=len, reverse=True)
        self._meant = [meant[heard] for heard in ordered]
        pattern = "|".join(f"({_whole(heard)})" for heard in ordered)
        self._pattern = re.compile(pattern, re.IGNORECASE) if ordered else None

    def apply(self, text: str) -> str:
        """Return a text with all replacements made."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._meant[(match.lastindex or 1) - 1], text)


def _composed(heard: str) -> str:
    """Return a text with single spaces, and with accents as Azure writes them."""
    return unicodedata.normalize("NFC", " ".join(heard.split()))


def _whole(heard: str) -> str:
    """Return a pattern for a whole word or phrase, however it is spaced."""
    pattern = r"\s+".join(map(re.escape, heard.split()))
    before, after = is_bounded(heard[0]), is_bounded(heard[-1])
    return f"{rf'(?<!{LETTER})' if before else ''}{pattern}{rf'(?!{LETTER})' if after else ''}"
