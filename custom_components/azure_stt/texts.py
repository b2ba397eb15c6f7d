"""The form of the text that comes out, and the user's own corrections to it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
import re
from typing import Final

from .azure_speech import Alternative, Profanity

CORRECTIONS_MAX: Final = 500
"""How many corrections a recognizer may have."""

_SENTENCE_END = re.compile(r"[.!?。！？।؟۔]+$")  # noqa: RUF001 - as languages write it

# Scripts that are written without spaces have no word boundaries to keep to.
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)


class TextForm(StrEnum):
    """Which of the service's forms of a text is given on."""

    DISPLAY = "display"
    """With capitals, punctuation and figures."""
    NO_FINAL_PUNCTUATION = "no_final_punctuation"
    LEXICAL = "lexical"
    """As it was spoken: small letters, numbers as words."""
    ITN = "itn"
    """Small letters, numbers as figures."""


def formed(alternative: Alternative, form: TextForm, profanity: Profanity) -> str:
    """Return an alternative's text in a form.

    The service masks profanity only in `display` and `masked_itn`. So with profanity masked
    or removed the latter stands in for the other two forms. A form that is missing, as in
    simple answers, is made of the displayed text.
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


class Corrections:
    """What is heard and what is meant: replaced in one pass, the longest first.

    Capitals don't matter. Only whole words are replaced, in scripts that have words.
    """

    def __init__(self, corrections: Iterable[Mapping[str, str]]) -> None:
        """Take a list of `heard` and `meant`."""
        ordered = sorted(corrections, key=lambda item: len(item["heard"]), reverse=True)
        self._meant = [item["meant"] for item in ordered]
        pattern = "|".join(f"({_whole(item['heard'].strip())})" for item in ordered)
        self._pattern = re.compile(pattern, re.IGNORECASE) if ordered else None

    def apply(self, text: str) -> str:
        """Return a text with all corrections made."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._meant[(match.lastindex or 1) - 1], text)


def _whole(heard: str) -> str:
    """Return a pattern for a whole word or phrase, however it is spaced."""
    pattern = r"\s+".join(re.escape(word) for word in heard.split())
    before = "" if _WITHOUT_SPACES.match(heard[0]) or not heard[0].isalnum() else r"(?<!\w)"
    after = "" if _WITHOUT_SPACES.match(heard[-1]) or not heard[-1].isalnum() else r"(?!\w)"
    return f"{before}{pattern}{after}"
