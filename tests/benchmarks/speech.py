"""Utterances, and a source that hands them over as Assist does."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import cycle
from time import monotonic
from typing import Final

from custom_components.azure_stt.audio.pcm import PcmFormat
from tests.emulator import BYTES_PER_SECOND, silence, speak
from tests.support.sounds import converted_audio, header, ogg

CHUNK: Final = BYTES_PER_SECOND // 100
"""Bytes of the 10 ms chunks that Assist gives to an engine."""

_BURSTS: Final = (3, 4)
_BETWEEN_WORDS: Final = 120  # milliseconds
_LEVEL: Final = -36.0  # decibels of full scale: what is louder is clipped in another form
_STEREO: Final = PcmFormat(rate=44_100, bits=16, channels=2)


class Form(StrEnum):
    """A form in which the audio is handed over."""

    PCM = "16 kHz PCM"
    """Without a header, as Assist does."""
    STEREO = "44.1 kHz stereo"
    """With the header of a WAV file."""
    OPUS = "OGG/Opus"


_ENCODERS: Final[dict[Form, Callable[[bytes], bytes]]] = {
    Form.STEREO: lambda pcm: header(_STEREO) + converted_audio(pcm, _STEREO),
    Form.OPUS: ogg,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A text as sound: 16 kHz 16-bit mono PCM, and the silence that follows it."""

    text: str
    speech: bytes = field(repr=False)
    """In whole chunks; the last one is loud."""
    quiet_after: float = 0.0
    """Seconds of quiet before the stream ends."""
    file: bytes = field(default=b"", repr=False)
    """The same in another form, if it's sent so; nothing is sent after it then."""

    @property
    def seconds(self) -> float:
        """The length of the speech."""
        return len(self.speech) / BYTES_PER_SECOND


def command(number: int, *, quiet_after: float = 0.0) -> Utterance:
    """Return a short command, about a second long; its number tells it from the others."""
    text = f"Turn on kitchen light {number:04}"
    return Utterance(text=text, speech=speak(text, pause_ms=120), quiet_after=quiet_after)


def speech_of(seconds: float, number: int, form: Form = Form.PCM) -> Utterance:
    """Return words without a pause between them, after a short quiet, up to a length.

    A number tells them from others. A pause would be the end of speech, and silence isn't sent.
    """
    one, two = (len(_spoken(["light"] * count)) for count in (1, 2))
    length = round(seconds * BYTES_PER_SECOND)
    words = [f"no{number:04}"]
    words += ["light"] * ((length - len(_spoken(words))) // (two - one))
    speech = _spoken(words)
    speech = bytes(length - len(speech)) + speech
    file = b"" if form == Form.PCM else _ENCODERS[form](speech)
    return Utterance(text=" ".join(words), speech=speech, file=file)


def _spoken(words: Sequence[str]) -> bytes:
    return speak(" ".join(words), pause_ms=_BETWEEN_WORDS, level=_LEVEL)


class Microphone:
    """Hands over an utterance in 10 ms chunks, in bursts of three and four, in real time.

    It doesn't wait for the one who listens: what isn't taken yet is kept in a queue, as
    Assist's pipeline keeps it.
    """

    def __init__(self, utterance: Utterance) -> None:
        """Have something to say."""
        audio = utterance.speech + silence(utterance.quiet_after)
        self._audio = utterance.file or audio
        self._chunks = len(audio) // CHUNK
        self._chunks_of_speech = len(utterance.speech) // CHUNK
        self._queue = asyncio.Queue[bytes | None]()
        self.spoken_at = 0.0
        """When the last chunk of speech was handed over, as `time.monotonic` says."""

    async def speak(self) -> None:
        """Say it once."""
        began = asyncio.get_running_loop().time()
        position = 0
        for burst in cycle(_BURSTS):
            end = min(position + burst, self._chunks)
            await _sleep_until(began + end * CHUNK / BYTES_PER_SECOND)
            for number in range(position, end):
                self._queue.put_nowait(self._chunk(number))
            if position < self._chunks_of_speech <= end:
                self.spoken_at = monotonic()
            position = end
            if position == self._chunks:
                break
        self._queue.put_nowait(None)

    def _chunk(self, number: int) -> bytes:
        """Return a chunk: of any form, each has the same share."""
        start, end = (len(self._audio) * edge // self._chunks for edge in (number, number + 1))
        return self._audio[start:end]

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yield the audio that was handed over."""
        while (chunk := await self._queue.get()) is not None:
            yield chunk


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(moment - asyncio.get_running_loop().time())
