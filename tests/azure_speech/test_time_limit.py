"""A time limit that is moved often."""

import asyncio
from collections.abc import Callable
from unittest.mock import patch

import pytest

from custom_components.azure_stt.azure_speech import TimeLimit


async def _run(limit: TimeLimit, *moves: float | None, then: float | None = None) -> None:
    """Move a limit to some seconds from now, and wait; again after a moment, if there's `then`."""
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(2), limit:
        for seconds in moves:
            limit.when = None if seconds is None else now() + seconds
        if then is not None:
            await asyncio.sleep(0.05)
            assert not limit.expired()
            limit.when = now() + then
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    "moves", [(0.02,), (60, 0.02), (0.01, None, 0.02)], ids=["set", "earlier", "again"]
)
async def test_limit_ends_the_block(moves: tuple[float | None, ...]) -> None:
    """A limit that has come is a TimeoutError, whatever the limit was before."""
    limit = TimeLimit()
    with pytest.raises(TimeoutError):
        await _run(limit, *moves)
    assert limit.expired()


async def test_later_limit_counts_from_its_own_time() -> None:
    """A limit that was moved on doesn't come at the time that it had before, but it comes."""
    now = asyncio.get_running_loop().time
    limit = TimeLimit()
    due = now() + 0.1
    with pytest.raises(TimeoutError):
        await _run(limit, 0.02, 0.1)
    assert limit.expired()
    assert now() >= due


async def test_lifted_limit_can_be_set_again() -> None:
    """Without a limit the block may take its time; a new one counts."""
    now = asyncio.get_running_loop().time
    limit = TimeLimit()
    due = now() + 0.07
    with pytest.raises(TimeoutError):
        await _run(limit, 0.02, None, then=0.02)
    assert limit.expired()
    assert now() >= due


async def test_moving_on_sets_no_timer() -> None:
    """A limit that follows a voice sets one timer, and leaves none behind."""
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    original = loop.call_at

    def call_at(when: float, look: Callable[[], None]) -> asyncio.TimerHandle:
        timers.append(original(when, look))
        return timers[-1]

    with patch.object(loop, "call_at", call_at):
        async with TimeLimit() as limit:
            for seconds in range(100):
                limit.when = loop.time() + 60 + seconds
                limit.when = None
            limit.when = loop.time() + 200
    [timer] = timers
    assert timer.cancelled()
