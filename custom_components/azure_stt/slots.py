"""Requests at once: as many as the service takes, and live voice first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count


class Slots:
    """A queue for a number of slots; what runs in the background lets the others pass."""

    def __init__(self, number: int) -> None:
        """Begin with all of them free."""
        self.free = number
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = count()

    @asynccontextmanager
    async def slot(self, *, background: bool = False) -> AsyncIterator[None]:
        """Hold a slot, as soon as there is one."""
        await self._take(background=background)
        try:
            yield
        finally:
            self._give_back()

    async def _take(self, *, background: bool) -> None:
        if self.free:
            self.free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (background, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            # The turn may have come in the very moment of the cancellation.
            if not turn.cancelled():
                self._give_back()
            raise

    def _give_back(self) -> None:
        """Let the next one in, unless nobody waits any more."""
        while self._waiting:
            *_, turn = heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
