"""The queue of a resource's requests: as many at once as its tier takes, live voice first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count


class RequestQueue:
    """A queue for a number of slots. Background requests let the others go first."""

    def __init__(self, number: int) -> None:
        """Initialize with all slots free."""
        self.free = number
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = count()

    @asynccontextmanager
    async def turn(self, *, background: bool = False) -> AsyncIterator[None]:
        """Hold a slot while the block runs, as soon as one is free."""
        await self._acquire(background=background)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, *, background: bool) -> None:
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
                self._release()
            raise

    def _release(self) -> None:
        """Give the slot to the next request that still waits."""
        while self._waiting:
            *_, turn = heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
