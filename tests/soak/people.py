"""The speakers: their words, their manner, and the texts that they expect."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final, Self

from tests.emulator import BYTES_PER_SECOND, silence, speak

_CHUNK: Final = BYTES_PER_SECOND // 100
_BURST: Final = 3  # chunks at once, as Assist gives them


class Kind(StrEnum):
    """The fate of an utterance."""

    PLAIN = "plain"
    FAULTY = "faulty"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    BROKEN = "broken"
    SILENT = "silent"


_WEIGHTS: Final = {
    Kind.PLAIN: 59,
    Kind.FAULTY: 20,
    Kind.CANCELLED: 10,
    Kind.CLOSED: 3,
    Kind.BROKEN: 3,
    Kind.SILENT: 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A person's utterance."""

    kind: Kind
    text: str
    audio: bytes
    paced: bool
    """Whether it comes in real time."""

    @classmethod
    def draw(cls, random: Random, number: int) -> Self:
        """Think of something to say: numbers, with or without a pause."""
        (kind,) = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        first, second = (
            " ".join(str(100 * number + place) for place in range(random.randint(1, 4)))
            for _ in range(2)
        )
        audio = silence(random.choice([0.0, 0.1, 0.5])) + speak(first)
        text = first
        if random.random() < 0.3:
            audio += silence(random.choice([0.3, 0.6, 0.9])) + speak(second)
            text += f" {second}"
        if kind is Kind.SILENT:
            audio, text = silence(0.5), ""
        return cls(
            kind=kind,
            text="" if kind is Kind.CLOSED else text,
            audio=audio + silence(random.choice([0.0, 0.2, 1.35])),
            paced=random.random() < 0.3,
        )


class BrokenStreamError(Exception):
    """The error of an audio stream that breaks."""


class Microphone:
    """An audio stream, which knows whether it was closed."""

    open: Final[set[Microphone]] = set()
    """Those that were begun and not let go."""

    def __init__(self, utterance: Utterance) -> None:
        """Prepare the stream."""
        self._utterance = utterance
        self._chunks = self._generate()

    async def _generate(self) -> AsyncIterator[bytes]:
        self.open.add(self)
        audio = self._utterance.audio
        step = _BURST * _CHUNK
        for burst in range(0, len(audio), step):
            for start in range(burst, min(burst + step, len(audio)), _CHUNK):
                yield audio[start : start + _CHUNK]
            await asyncio.sleep(step / BYTES_PER_SECOND if self._utterance.paced else 0)
        if self._utterance.kind is Kind.CLOSED:
            await asyncio.Event().wait()
        if self._utterance.kind is Kind.BROKEN:
            raise BrokenStreamError
        self.open.discard(self)

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Read the chunks."""
        return self._chunks

    async def aclose(self) -> None:
        """Let go."""
        self.open.discard(self)
