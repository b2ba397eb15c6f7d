"""A time limit that changes often."""

import asyncio
from collections.abc import Callable
from time import monotonic
from unittest.mock import patch

import pytest

from custom_components.azure_stt.azure_speech import TimeLimit

SHORTEST = 0.05

# Seconds that a busy machine may need, and that no limit below has.
PATIENCE = 5


class Limit:
    """A limit that tests move, and the block that it cancels."""

    def __init__(self, shortest: float = SHORTEST) -> None:
        """Initialize without a limit."""
        self.due: float | None = None
        self.asked = 0
        self.limit = TimeLimit(self._asked, shortest)

    def _asked(self) -> float | None:
        self.asked += 1
        return self.due

    async def run(self, block: Callable[[], object] = lambda: None) -> float:
        """Run a block, then wait for the limit; return the seconds that took."""
        began = monotonic()
        try:
            async with asyncio.timeout(PATIENCE), self.limit:
                block()
                await asyncio.Event().wait()
        except TimeoutError:
            assert self.limit.expired()
        return monotonic() - began


@pytest.fixture
async def limit() -> Limit:
    """Give a limit that tests can move."""
    return Limit()


@pytest.mark.parametrize("seconds", [SHORTEST, 3 * SHORTEST, 3.5 * SHORTEST])
async def test_limit_ends_the_block(limit: Limit, seconds: float) -> None:
    """A limit that has come is a TimeoutError, and not before."""
    limit.due = monotonic() + seconds
    assert await limit.run() >= seconds - 0.01


async def test_limit_is_waited_for_no_longer() -> None:
    """It ends when it's due, not when it would be asked the next time."""
    limit = Limit(shortest=60)
    limit.due = monotonic() + SHORTEST
    assert await limit.run() < PATIENCE


@pytest.mark.parametrize("before", [SHORTEST, 60])
async def test_limit_is_moved(limit: Limit, before: float) -> None:
    """The last time counts. There was another one before, and then none."""

    def move() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.03, setattr, limit, "due", None)
        loop.call_later(0.12, lambda: setattr(limit, "due", monotonic() + SHORTEST))

    limit.due = monotonic() + before
    assert await limit.run(move) >= 0.12 + SHORTEST - 0.01


async def test_moving_it_takes_no_timer(limit: Limit) -> None:
    """A limit that follows a voice isn't asked more often than it says, and leaves no timer."""
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    original = loop.call_later

    def call_later(delay: float, look: Callable[[], None]) -> asyncio.TimerHandle:
        timers.append(original(delay, look))
        return timers[-1]

    with patch.object(loop, "call_later", call_later):
        async with limit.limit:
            for _ in range(100):
                limit.due = monotonic() + 60
                limit.due = None
    assert limit.asked == 1
    [timer] = timers
    assert timer.cancelled()
    assert not limit.limit.expired()
