"""Waiting for a condition that another task brings about."""

import asyncio
from collections.abc import Callable


class Waiters:
    """Tasks that each wait for a condition. Every change must wake them."""

    def __init__(self) -> None:
        """Initialize without waiters."""
        self._waiting: dict[asyncio.Future[None], Callable[[], bool]] = {}

    async def until(self, ready: Callable[[], bool]) -> None:
        """Wait until a condition is true."""
        if ready():
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = ready
        try:
            await future
        finally:
            del self._waiting[future]

    def wake(self) -> None:
        """Wake those whose condition is true."""
        for future, ready in self._waiting.items():
            if not future.done() and ready():
                future.set_result(None)
