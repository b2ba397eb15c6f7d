"""The transcript of a recording: its parts, each with Azure's answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import re
from typing import Final

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import Alternative, Recognition

_LANGUAGES_WITHOUT_SPACES: Final = {"ja", "km", "lo", "my", "th", "wuu", "yue", "zh"}

# A remark in brackets, which engines write for a sound that isn't speech.
_REMARK: Final = re.compile(
    r"\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|<[^>]*>|（[^）]*）|［[^］]*］|【[^】]*】|〔[^〕]*〕"  # noqa: RUF001
)


def has_words(text: str) -> bool:
    """Return whether a text is speech: whether it has a letter or a figure outside of brackets.

    Engines write ".", "..." or "[BLANK_AUDIO]" for sound without speech.
    """
    return any(map(str.isalnum, _REMARK.sub("", text)))


def join_texts(texts: Iterable[str], language: str) -> str:
    """Return texts as one, with or without spaces between them, as the language does."""
    separator = "" if language.partition("-")[0] in _LANGUAGES_WITHOUT_SPACES else " "
    return separator.join(text for text in texts if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One answer, and its place in the recording.

    `start` and `end` are samples of the recording. `cut` says that the part ends where long
    speech was cut, not at a pause. A backup engine's answer has one alternative without a
    confidence.
    """

    start: int
    end: int
    recognition: Recognition
    cut: bool = False

    @property
    def text(self) -> str:
        """The display text of the first alternative; empty if no words were recognized."""
        text = self.recognition.text
        return text if has_words(text) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Everything recognized in one recording, in order. Each part has words.

    `missing` are the places, in samples, of parts of a file that couldn't be recognized.
    """

    parts: tuple[Part, ...]
    language: str
    missing: tuple[tuple[int, int], ...] = ()

    @property
    def text(self) -> str:
        """The display text of all parts."""
        return join_texts((part.text for part in self.parts), self.language)

    @property
    def confidence(self) -> float | None:
        """The lowest confidence of the parts, 0 to 1; None if no part has one."""
        known = [part.recognition.confidence for part in self.parts]
        return min((each for each in known if each is not None), default=None)

    @property
    def duration(self) -> float | None:
        """Seconds from the first word to the last; None without any."""
        if not self.parts:
            return None
        return (self.parts[-1].end - self.parts[0].start) / SAMPLE_RATE

    @property
    def alternatives(self) -> tuple[tuple[Alternative, ...], ...]:
        """The alternatives of each part that have words, in Azure's order."""
        return tuple(
            tuple(each for each in part.recognition.alternatives if has_words(each.display))
            for part in self.parts
        )

    def ranked(self) -> Iterator[tuple[Alternative, ...]]:
        """Yield the first alternative of each part, then the second ones, as far as they go."""
        parts = self.alternatives
        for rank in range(max(map(len, parts), default=0)):
            yield tuple(alternatives[min(rank, len(alternatives) - 1)] for alternatives in parts)
