"""Audio streams, and waiting for their effects."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from custom_components.azure_stt.azure_speech import BYTES_PER_SECOND


class AudioStream:
    """An audio stream: chunks of 10 ms as Assist sends them, faster than in real time.

    It remembers how much was read and whether it was closed. An exception among the parts
    is raised when its turn comes, an Awaitable is waited for.
    """

    def __init__(self, *parts: bytes | BaseException | Awaitable[object]) -> None:
        """Hold the audio to be sent."""
        self._parts = parts
        self.sent = 0
        self.closed = False
        self._chunks = self._generate()

    async def _generate(self) -> AsyncGenerator[bytes]:
        size = BYTES_PER_SECOND // 100
        for part in self._parts:
            if isinstance(part, BaseException):
                raise part
            if isinstance(part, Awaitable):
                await part
                continue
            for start in range(0, len(part), size):
                chunk = part[start : start + size]
                self.sent += len(chunk)
                yield chunk

    def __aiter__(self) -> AsyncGenerator[bytes]:
        """Read the chunks."""
        return self._chunks

    async def aclose(self) -> None:
        """Remember that the stream was closed."""
        self.closed = True
        await self._chunks.aclose()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for the effect of another process or task; fail after five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0.001)
