"""What is said, and a host that hands it over as Assist does."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import cycle
from time import monotonic
from typing import Final

from tests.emulator import BYTES_PER_SECOND, silence, speak

CHUNK: Final = BYTES_PER_SECOND // 100
"""Bytes of the 10 ms chunks that Assist gives to an engine."""

_BURSTS: Final = (3, 4)
_WORDS_APART: Final = 2500  # milliseconds, in speech of a given length


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A text as sound: 16 kHz 16-bit mono PCM, and what the host sends after it."""

    text: str
    speech: bytes = field(repr=False)
    """In whole chunks; the last one is loud."""
    quiet_after: float = 0.0
    """Seconds of quiet before the host ends its stream."""

    @property
    def seconds(self) -> float:
        """The length of the speech."""
        return len(self.speech) / BYTES_PER_SECOND


def command(number: int, *, quiet_after: float = 0.0) -> Utterance:
    """Return a short command, about a second long; its number tells it from the others."""
    text = f"Turn on kitchen light {number:04}"
    return Utterance(text=text, speech=speak(text, pause_ms=120), quiet_after=quiet_after)


def speech_of(seconds: float, number: int) -> Utterance:
    """Return words in long pauses, with quiet before them up to the length that is wanted."""
    count = int(seconds * 1000 / (_WORDS_APART + 200))
    text = " ".join([f"no{number:04}", *["and"] * count])
    speech = speak(text, pause_ms=_WORDS_APART)
    return Utterance(text=text, speech=silence(seconds - len(speech) / BYTES_PER_SECOND) + speech)


class Host:
    """Hands over an utterance in 10 ms chunks, in bursts of three and four, in real time.

    It doesn't wait for the one who listens: what isn't taken yet is kept in a queue, as
    Assist's pipeline keeps it.
    """

    def __init__(self, utterance: Utterance) -> None:
        """Have something to say."""
        self._utterance = utterance
        self._queue = asyncio.Queue[bytes | None]()
        self.spoken_at = 0.0
        """When the last chunk of speech was handed over, as `time.monotonic` says."""

    async def speak(self) -> None:
        """Say it once."""
        speech = self._utterance.speech
        audio = speech + silence(self._utterance.quiet_after)
        began = asyncio.get_running_loop().time()
        position = 0
        for burst in cycle(_BURSTS):
            end = min(position + burst * CHUNK, len(audio))
            await _sleep_until(began + end / BYTES_PER_SECOND)
            for start in range(position, end, CHUNK):
                self._queue.put_nowait(audio[start : start + CHUNK])
            if position < len(speech) <= end:
                self.spoken_at = monotonic()
            position = end
            if position == len(audio):
                break
        self._queue.put_nowait(None)

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yield what was handed over."""
        while (chunk := await self._queue.get()) is not None:
            yield chunk


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(moment - asyncio.get_running_loop().time())
