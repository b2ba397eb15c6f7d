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
        self._contended = asyncio.Event()
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

    async def contended(self) -> None:
        """Wait until a request of live voice waits for a slot."""
        await self._contended.wait()

    async def _acquire(self, *, background: bool) -> None:
        if self.free:
            self.free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (background, next(self._order), turn))
        self._note_contention()
        try:
            await turn
        except asyncio.CancelledError:
            # The turn may have come in the very moment of the cancellation.
            if not turn.cancelled():
                self._release()
            raise
        finally:
            self._note_contention()

    def _note_contention(self) -> None:
        """Tell the holders whether live voice waits."""
        if any(not background and not turn.done() for background, _, turn in self._waiting):
            self._contended.set()
        else:
            self._contended.clear()

    def _release(self) -> None:
        """Give the slot to the next request that still waits."""
        while self._waiting:
            *_, turn = heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
