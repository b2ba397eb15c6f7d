"""A time limit that is moved often."""

import asyncio
from types import TracebackType
from typing import Self


class TimeLimit:
    """Cancels the block like `asyncio.timeout`, which sets a timer each time it's moved.

    This one's `when` is moved, a time of the event loop's clock or None for never. One timer looks
    at it when the time that it was set for has come: a limit that follows each 10 ms of a voice
    sets a timer every few seconds.
    """

    def __init__(self) -> None:
        """Initialize without a limit."""
        self._timeout = asyncio.timeout(None)
        self._when: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
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

    @property
    def when(self) -> float | None:
        """When the block ends."""
        return self._when

    @when.setter
    def when(self, when: float | None) -> None:
        self._when = when
        if when is not None and (self._timer is None or when < self._timer.when()):
            self._set_timer(when)

    def expired(self) -> bool:
        """Return whether the block was cancelled."""
        return self._timeout.expired()

    def _set_timer(self, when: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._look)

    def _look(self) -> None:
        """Cancel the block if it's time; otherwise look again when that may be."""
        self._timer = None
        if self._when is None or self._timeout.expired():
            return
        if asyncio.get_running_loop().time() < self._when:
            self._set_timer(self._when)
        else:
            self._timeout.reschedule(self._when)
