"""An engine for sound that nobody waits beside."""

from collections.abc import AsyncIterable
from typing import Self

from .azure_speech import BYTES_PER_SECOND, AudioSource, Recognition, RecognitionOptions
from .resource import Resource


class BackgroundEngine:
    """A resource that lets live voice go first; it counts what it sends."""

    def __init__(self, resource: Resource) -> None:
        """Begin without having sent anything."""
        self._resource = resource
        self._sent = 0

    @property
    def down(self) -> bool:
        """Whether the resource can't be reached, as far as is known."""
        return self._resource.down

    @property
    def seconds_sent(self) -> float:
        """Seconds of audio that were sent, each time that they were."""
        return self._sent / BYTES_PER_SECOND

    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        """Recognise the first utterance when no live voice waits; raises a SpeechError."""
        return await self._resource.recognize(
            lambda: _Counted(audio(), self), options, background=True
        )

    def count(self, size: int) -> None:
        """Count bytes of audio."""
        self._sent += size


class _Counted:
    """Counts the audio that it passes on; a class, because nobody has to close it."""

    def __init__(self, audio: AsyncIterable[bytes], engine: BackgroundEngine) -> None:
        self._audio = aiter(audio)
        self._engine = engine

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        block = await anext(self._audio)
        self._engine.count(len(block))
        return block
