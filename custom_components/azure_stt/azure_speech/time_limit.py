"""A time limit that changes often."""

import asyncio
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self


class TimeLimit:
    """Cancels the block like `asyncio.timeout`, which sets a timer each time it's moved.

    This one asks when the time has come: a limit that follows each 10 ms of a voice takes one timer
    every few seconds, and no call in between.
    """

    def __init__(self, due: Callable[[], float | None], shortest: float) -> None:
        """Initialize with the function to ask.

        `due` returns a time of `time.monotonic`, None for never. It's asked every `shortest`
        seconds at least, so no limit may be shorter when it begins.
        """
        self._due = due
        self._shortest = shortest
        self._timeout = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._look()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._timer:
            self._timer.cancel()
        await self._timeout.__aexit__(exc_type, exc, traceback)

    def expired(self) -> bool:
        """Return whether the block was cancelled."""
        return self._timeout.expired()

    def _look(self) -> None:
        """Cancel the block if it's time; otherwise look again when that may be."""
        loop = asyncio.get_running_loop()
        due = self._due()
        left = self._shortest if due is None else min(due - monotonic(), self._shortest)
        if left > 0:
            self._timer = loop.call_later(left, self._look)
        else:
            self._timeout.reschedule(loop.time())
