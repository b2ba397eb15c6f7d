"""An audio source that shows when it stalls, as with a microphone that is muted in mid-sentence."""

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Self

from ..azure_speech import AudioSource


class WatchedSource:
    """An audio source and the reader that it gave last.

    Calling it gives the audio from its beginning, as calling the source itself does.
    """

    def __init__(self, audio: AudioSource, may_go_on: asyncio.Event | None = None) -> None:
        """Initialize with the source itself, and an event that each block waits for."""
        self._audio = audio
        self._may_go_on = may_go_on
        self._reader: AsyncIterator[bytes] | None = None
        self._waiting_since: float | None = None
        self._ended_at: float | None = None
        self.on_end: Callable[[], object] | None = None
        """Called when a request has had everything."""

    def __call__(self) -> Self:
        """Return the audio from its beginning."""
        self._reader = aiter(self._audio())
        self._ended_at = None
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        assert self._reader is not None  # noqa: S101 - for the type checker
        if self._may_go_on:
            await self._may_go_on.wait()
        self._waiting_since = monotonic()
        try:
            return await anext(self._reader)
        except StopAsyncIteration:
            self._ended_at = monotonic()
            if self.on_end:
                self.on_end()
            raise
        finally:
            self._waiting_since = None

    @property
    def stalled_for(self) -> float:
        """Seconds for which a request has had nothing to send."""
        if self._waiting_since is None:
            return 0.0
        return monotonic() - self._waiting_since

    @property
    def ended_for(self) -> float:
        """Seconds since a request had everything; 0 before that."""
        if self._ended_at is None:
            return 0.0
        return monotonic() - self._ended_at

    async def more(self) -> None:
        """Wait until the audio goes on or ends. Raises the source's own error."""
        if self._reader is not None:
            await anext(self._reader, None)
