"""The speech model: its interface, its results, and one that follows a test's script."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, override

TICKS_PER_SECOND: Final = 10_000_000
"""The service counts time in ticks of 100 ns."""
SAMPLE_RATE: Final = 16_000
"""Samples a second of the audio that speech models get."""
SAMPLE_WIDTH: Final = 2
"""Bytes of one sample."""
BYTES_PER_SECOND: Final = SAMPLE_RATE * SAMPLE_WIDTH
TICKS_PER_SAMPLE: Final = TICKS_PER_SECOND // SAMPLE_RATE


class RecognitionStatus(StrEnum):
    """How a recognition ended.

    The first five are on Microsoft's page; the others are known to Microsoft's JavaScript SDK.
    """

    SUCCESS = "Success"
    NO_MATCH = "NoMatch"
    INITIAL_SILENCE_TIMEOUT = "InitialSilenceTimeout"
    BABBLE_TIMEOUT = "BabbleTimeout"
    ERROR = "Error"
    END_OF_DICTATION = "EndOfDictation"
    TOO_MANY_REQUESTS = "TooManyRequests"
    BAD_REQUEST = "BadRequest"
    FORBIDDEN = "Forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word and its time, in ticks from the start of the audio that the model was given."""

    text: str
    offset: int
    duration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One way to understand an utterance."""

    text: str
    """As it is displayed: with capitals, punctuation and digits."""
    lexical: str | None = None
    """As it was spoken ("five" for "5"); `None` if nothing but capitals and points differ."""
    confidence: float = 0.95
    """From 0 to 1."""
    words: Sequence[Word] = ()
    """The words in their order; empty if the model doesn't know their times."""


type Heard = Sequence[Alternative] | RecognitionStatus
"""The alternatives (none: speech without words), or a status other than success."""


class SpeechModel(Protocol):
    """Something that recognizes speech."""

    async def recognize(self, audio: bytes, language: str) -> Heard:
        """Recognize one utterance.

        The audio is 16 kHz 16-bit mono PCM, with a little of the quiet around the speech.
        """
        ...

    def after_codec(self) -> SpeechModel:
        """Return a speech model for sound that was Opus; most hear no difference."""
        return self

    def expecting(self, phrases: Sequence[str]) -> SpeechModel:  # noqa: ARG002  # most can't
        """Return a model that expects phrases, the likeliest first; itself if it can't."""
        return self


type Line = str | Alternative | Heard
"""One line of a script; a plain text stands for the alternative of that text."""


class ScriptedModel(SpeechModel):
    """A speech model that returns its script, for any sound.

    The script is either lines, one for each utterance, after which nothing is recognized any
    more; or a function of the audio and the language.
    """

    def __init__(self, script: Iterable[Line] | Callable[[bytes, str], Line]) -> None:
        """Take the script."""
        self._next: Callable[[bytes, str], Line]
        if callable(script):
            self._next = script
        else:
            lines = iter(script)
            self._next = lambda _audio, _language: next(lines, ())

    @override
    async def recognize(self, audio: bytes, language: str) -> Heard:
        line = self._next(audio, language)
        if isinstance(line, RecognitionStatus):
            return line
        if isinstance(line, str):
            line = Alternative(text=line)
        return [line] if isinstance(line, Alternative) else line
