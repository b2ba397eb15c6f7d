"""The form of the text that comes out, and the user's own corrections to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final
import unicodedata

from .azure_speech import Alternative, Profanity
from .names import LETTER, Mending

CORRECTIONS_MAX: Final = 500
"""How many corrections a recognizer may have."""

_SENTENCE_END = re.compile(r"[.!?。！？।؟۔]+$")  # noqa: RUF001 - as languages write it

# Scripts that are written without spaces have no word boundaries to keep to.
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)

_LANGUAGES_WITHOUT_SPACES: Final = {"ja", "km", "lo", "my", "th", "wuu", "yue", "zh"}


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


def join(texts: Iterable[str], language: str) -> str:
    """Put texts one behind the other, as the language does: with a space or without."""
    separator = "" if language.partition("-")[0] in _LANGUAGES_WITHOUT_SPACES else " "
    return separator.join(text for text in texts if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a recognizer words what was heard."""

    form: TextForm
    profanity: Profanity
    corrections: Corrections

    def text(
        self, parts: Iterable[Alternative], language: str, mending: Mending | None = None
    ) -> str:
        """Return the text of an utterance's parts: its form, then mending and corrections."""
        text = join((formed(part, self.form, self.profanity) for part in parts), language)
        return self.corrections.apply(mending.applied_to(text) if mending else text)


class Corrections:
    """What is heard and what is meant: replaced in one pass, the longest first.

    Capitals don't matter. Only whole words are replaced, in scripts that have words.
    """

    def __init__(self, corrections: Iterable[Mapping[str, str]]) -> None:
        """Take a list of `heard` and `meant`."""
        meant = {_composed(item["heard"]): item["meant"] for item in corrections}
        ordered = sorted(filter(None, meant), key=len, reverse=True)
        self._meant = [meant[heard] for heard in ordered]
        pattern = "|".join(f"({_whole(heard)})" for heard in ordered)
        self._pattern = re.compile(pattern, re.IGNORECASE) if ordered else None

    def apply(self, text: str) -> str:
        """Return a text with all corrections made."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._meant[(match.lastindex or 1) - 1], text)


def _composed(heard: str) -> str:
    """Return a text in single spaces, with its accents as the service writes them."""
    return unicodedata.normalize("NFC", " ".join(heard.split()))


def _whole(heard: str) -> str:
    """Return a pattern for a whole word or phrase, however it is spaced."""
    pattern = r"\s+".join(map(re.escape, heard.split()))
    before, after = is_bounded(heard[0]), is_bounded(heard[-1])
    return f"{rf'(?<!{LETTER})' if before else ''}{pattern}{rf'(?!{LETTER})' if after else ''}"


def is_bounded(char: str) -> bool:
    """Tell whether a word ends beside a character, unless a letter follows.

    It doesn't beside characters of scripts that are written without spaces.
    """
    return re.match(LETTER, char) is not None and not _WITHOUT_SPACES.match(char)
