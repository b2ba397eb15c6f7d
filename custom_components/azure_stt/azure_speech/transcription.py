"""Fast transcription's request and answer: the recording, the options, the whole text.

https://learn.microsoft.com/rest/api/speechtotext/transcriptions/transcribe
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
import json
import re
from typing import Final, Self

from .answer import Alternative, Recognition, RecognitionStatus, Word
from .fields import mappings, number, seconds, text
from .request import Profanity
from .wav import BYTES_PER_SECOND, wav_header

PHRASES_MAX: Final = 500
"""Phrases that Microsoft advises a list to have at most.

https://learn.microsoft.com/azure/ai-services/speech-service/improve-accuracy-phrase-list
"""

# Spoken names aren't longer.
_PHRASE_MAX_LENGTH: Final = 100

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_MILLISECONDS: Final = 1000
_PHRASES_MAX: Final = 20_000
_WORDS_MAX: Final = 100_000
_TEXT_MAX: Final = 1_000_000

_PROFANITY: Final = {
    Profanity.MASKED: "Masked",
    Profanity.REMOVED: "Removed",
    Profanity.RAW: "None",
}


class FileFormat(Enum):
    """The formats that fast transcription takes, by their usual file name extension."""

    WAV = "wav"
    MP3 = "mp3"
    OGG = "ogg"
    FLAC = "flac"
    WMA = "wma"
    AAC = "aac"
    AMR = "amr"
    WEBM = "webm"
    SPEEX = "spx"

    @property
    def content_type(self) -> str:
        """The format's media type."""
        return _CONTENT_TYPES[self]


_CONTENT_TYPES: Final = {
    FileFormat.WAV: "audio/wav",
    FileFormat.MP3: "audio/mpeg",
    FileFormat.OGG: "audio/ogg",
    FileFormat.FLAC: "audio/flac",
    FileFormat.WMA: "audio/x-ms-wma",
    FileFormat.AAC: "audio/aac",
    FileFormat.AMR: "audio/amr",
    FileFormat.WEBM: "audio/webm",
    FileFormat.SPEEX: "audio/ogg",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFile:
    """A recording that can be read any number of times.

    `open` gives its bytes from the beginning. `size` is their number, None if it isn't known
    before the end; `bytes_per_second` is about how many of them a second of sound has.
    """

    format: FileFormat
    open: Callable[[], AsyncIterable[bytes]] = field(repr=False)
    size: int | None = None
    bytes_per_second: float | None = None

    @classmethod
    def from_pcm(cls, *pcm: bytes) -> Self:
        """Return a WAV file of 16 kHz 16-bit mono PCM, in any number of pieces."""
        header = wav_header(sum(map(len, pcm)))
        pieces = (header, *pcm)
        return cls(
            format=FileFormat.WAV,
            open=lambda: _Pieces(pieces),
            size=sum(map(len, pieces)),
            bytes_per_second=BYTES_PER_SECOND,
        )


class _Pieces:
    """Gives pieces one by one. Not a generator, which aiohttp would drop unfinished."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = iter(pieces)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionOptions:
    """One transcription's options.

    `language` is a locale such as en-US. `phrases` are expected in the recording; those that
    can't be spoken are left out, and all beyond PHRASES_MAX. `bias` is their weight, 0.0-2.0.
    """

    language: str
    phrases: Sequence[str] = field(default=(), repr=False)
    bias: float | None = None
    profanity: Profanity = Profanity.MASKED

    def definition(self) -> str:
        """Return the form's field `definition`: JSON in ASCII, on one line."""
        definition: dict[str, object] = {
            "locales": [self.language],
            "profanityFilterMode": _PROFANITY[self.profanity],
        }
        if phrases := self._spoken_phrases():
            phrase_list: dict[str, object] = {"phrases": phrases}
            if self.bias is not None:
                phrase_list["biasingWeight"] = self.bias
            definition["phraseList"] = phrase_list
        return json.dumps(definition)

    def _spoken_phrases(self) -> list[str]:
        """Return the phrases on one line each, without those of marks only and repeated ones."""
        lines = (" ".join(_CONTROLS.sub(" ", text(phrase)).split()) for phrase in self.phrases)
        spoken = {
            line.casefold(): line
            for line in lines
            if len(line) <= _PHRASE_MAX_LENGTH and any(map(str.isalnum, line))
        }
        return list(spoken.values())[:PHRASES_MAX]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """All that is said in a recording.

    `duration` is the recording's in seconds. Each phrase is a recognition of its own, with one
    alternative in display form and with words, whose places are those in the recording.
    """

    text: str = field(repr=False)
    phrases: tuple[Recognition, ...] = ()
    duration: float | None = None
    connection_id: str | None = None

    @property
    def words(self) -> tuple[Word, ...]:
        """All words, in their order."""
        return tuple(word for phrase in self.phrases for word in phrase.alternatives[0].words)

    @property
    def confidence(self) -> float | None:
        """The least confidence of a phrase, 0-1; None if none has one."""
        return min(
            (phrase.confidence for phrase in self.phrases if phrase.confidence is not None),
            default=None,
        )

    @classmethod
    def from_answer(cls, answer: Mapping[str, object], connection_id: str | None = None) -> Self:
        """Read an answer."""
        words_left = _WORDS_MAX
        phrases = []
        for item in mappings(answer.get("phrases"), _PHRASES_MAX):
            phrase = _phrase(item, words_left, connection_id)
            if phrase.text:
                words_left -= len(phrase.alternatives[0].words)
                phrases.append(phrase)
        combined = (
            text(item.get("text"), _TEXT_MAX) for item in mappings(answer.get("combinedPhrases"), 1)
        )
        return cls(
            text=next(combined, "") or " ".join(phrase.text for phrase in phrases),
            phrases=tuple(phrases),
            duration=seconds(answer.get("durationMilliseconds"), _MILLISECONDS),
            connection_id=connection_id,
        )


def _phrase(item: Mapping[str, object], words_max: int, connection_id: str | None) -> Recognition:
    alternative = Alternative(
        display=text(item.get("text")),
        confidence=number(item.get("confidence")),
        words=tuple(_word(word) for word in mappings(item.get("words"), words_max)),
    )
    return Recognition(
        status=RecognitionStatus.SUCCESS,
        alternatives=(alternative,),
        offset=seconds(item.get("offsetMilliseconds"), _MILLISECONDS),
        duration=seconds(item.get("durationMilliseconds"), _MILLISECONDS),
        language=text(item.get("locale")) or None,
        connection_id=connection_id,
    )


def _word(item: Mapping[str, object]) -> Word:
    return Word(
        text=text(item.get("text")),
        offset=seconds(item.get("offsetMilliseconds"), _MILLISECONDS),
        duration=seconds(item.get("durationMilliseconds"), _MILLISECONDS),
    )
