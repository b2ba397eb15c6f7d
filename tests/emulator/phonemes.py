"""The sounds of a word, as plain as they can be: a letter is a phoneme.

Azure knows how words sound; the emulator only has their shape in the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Any, Final

_IPA: Final = {
    "a": "æ",
    "c": "k",
    "e": "ɛ",
    "i": "\u026a",
    "j": "dʒ",
    "o": "\u0251",
    "q": "k",
    "u": "ʌ",
}
_SYLLABLES: Final = re.compile(r"[^aeiouy]*[aeiouy]+(?:[^aeiouy]+$)?")


class PhonemeAlphabet(StrEnum):
    """How phonemes are written. [rec] The names; [doc] SAPI is the default."""

    SAPI = "SAPI"
    IPA = "IPA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """Writes words as phonemes and syllables. [rec] The shape is REST's flat one."""

    alphabet: PhonemeAlphabet
    best: int
    """How many likely phonemes are named for each one."""

    def as_json(self, word: str, offset: int, duration: int, score: float) -> dict[str, Any]:
        """Return the `Syllables` and `Phonemes` of a word, which share its time and score."""
        step = duration // max(1, len(word))

        def part(name: str, text: str, start: int, length: int) -> dict[str, Any]:
            time = {"Offset": offset + start * step, "Duration": length * step}
            return {name: self._write(text), "AccuracyScore": score, **time}

        syllables = [
            part("Syllable", match[0], match.start(), len(match[0])) | {"Grapheme": match[0]}
            for match in _SYLLABLES.finditer(word)
        ]
        phonemes = [
            part("Phoneme", letter, index, 1) | self._likely(letter, score)
            for index, letter in enumerate(word)
        ]
        return {"Syllables": syllables, "Phonemes": phonemes}

    def _write(self, letters: str) -> str:
        if self.alphabet is PhonemeAlphabet.SAPI:
            return letters
        return "".join(_IPA.get(letter, letter) for letter in letters)

    def _likely(self, letter: str, score: float) -> dict[str, Sequence[dict[str, Any]]]:
        if not self.best:
            return {}
        others = [other for other in "aeioutnsrl" if other != letter]
        likely = [letter, *others][: self.best]
        return {
            "NBestPhonemes": [
                {"Phoneme": self._write(name), "Score": round(score / rank, 1)}
                for rank, name in enumerate(likely, 1)
            ]
        }
