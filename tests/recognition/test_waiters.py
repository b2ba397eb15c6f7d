"""Waiting: for a number, or for any change."""

import asyncio
from math import inf

import pytest

from custom_components.azure_stt.recognition.waiters import Waiters


async def _woken(waiters: Waiters, tasks: list[asyncio.Task[None]], number: float) -> list[bool]:
    """Tell of a change, and return which tasks have been woken."""
    waiters.wake(number)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return [task.done() for task in tasks]


@pytest.fixture
async def tasks(waiters: Waiters) -> list[asyncio.Task[None]]:
    """Give tasks that wait for the numbers 10 and 20, and for any other change."""
    tasks = [asyncio.create_task(waiters.change(least)) for least in (10, 20, inf)]
    await asyncio.sleep(0)
    return tasks


@pytest.fixture
def waiters() -> Waiters:
    """Give waiters."""
    return Waiters()


async def test_a_number_wakes_those_who_wait_for_it(
    waiters: Waiters, tasks: list[asyncio.Task[None]]
) -> None:
    """The others wait on, and are woken when it's their turn."""
    assert await _woken(waiters, tasks, 9) == [False, False, False]
    assert await _woken(waiters, tasks, 10) == [True, False, False]
    assert await _woken(waiters, tasks, 19) == [True, False, False]
    assert await _woken(waiters, tasks, 20) == [True, True, False]
    assert await _woken(waiters, tasks, inf) == [True, True, True]


async def test_any_other_change_wakes_all(
    waiters: Waiters, tasks: list[asyncio.Task[None]]
) -> None:
    """Whether it's theirs, they see themselves."""
    waiters.wake()
    await asyncio.wait(tasks, timeout=1)
    assert all(task.done() for task in tasks)


async def test_the_one_who_came_last_may_be_the_first(
    waiters: Waiters, tasks: list[asyncio.Task[None]]
) -> None:
    """A task that waits for less than those before it is woken before them."""
    tasks.append(asyncio.create_task(waiters.change(5)))
    await asyncio.sleep(0)
    assert await _woken(waiters, tasks, 5) == [False, False, False, True]
    assert all(await _woken(waiters, tasks, inf))
