"""Waiting for a change that another task makes."""

import asyncio
from math import inf
from typing import Final


class Waiters:
    """Tasks that wait for a change, and look themselves whether it's theirs."""

    def __init__(self) -> None:
        """Initialize without waiters."""
        self._waiting: Final = dict[asyncio.Future[None], float]()
        self._least = inf

    async def change(self, least: float = -inf) -> None:
        """Wait for a change of a number to at least that much, or for any other change."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = least
        self._least = min(self._least, least)
        try:
            await future
        finally:
            del self._waiting[future]

    def wake(self, number: float = inf) -> None:
        """Wake the tasks whose number has been reached, or all of them without a number."""
        if number < self._least:
            return
        self._least = inf
        for future, least in self._waiting.items():
            if future.done():
                continue
            if least <= number:
                future.set_result(None)
            else:
                self._least = min(self._least, least)
