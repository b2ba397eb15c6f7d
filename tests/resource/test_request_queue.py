"""The queue for a resource's slots: in order, live voice first, and never one lost."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.azure_stt.resource.request_queue import RequestQueue


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


@dataclass(kw_only=True)
class Office:
    """Visitors of the slots, and the present holders."""

    slots: RequestQueue
    inside: set[int] = field(default_factory=set)
    entered: list[int] = field(default_factory=list)
    """In their order."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    ends: list[asyncio.Event] = field(default_factory=list)

    def visit(self, *, background: bool = False) -> int:
        """Let a visitor come; return their number."""
        number = len(self.tasks)
        self.ends.append(asyncio.Event())
        self.tasks.append(asyncio.create_task(self._visit(number, background=background)))
        return number

    async def _visit(self, number: int, *, background: bool) -> None:
        async with self.slots.turn(background=background):
            self.entered.append(number)
            self.inside.add(number)
            try:
                await self.ends[number].wait()
            finally:
                self.inside.remove(number)

    def waiting(self) -> list[int]:
        """Return the waiting visitors."""
        return [
            number
            for number, task in enumerate(self.tasks)
            if not task.done() and number not in self.inside
        ]

    async def leave(self) -> None:
        """Let all go, one after the other."""
        while self.inside:
            self.ends[min(self.inside)].set()
            await settle()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def settle() -> None:
    """Let all tasks go on as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_as_many_as_there_are() -> None:
    """Everybody enters at once while there is room, and no more than that."""
    office = Office(slots=RequestQueue(3))
    for _ in range(5):
        office.visit()
    await settle()
    assert office.inside == {0, 1, 2}
    assert office.slots.free == 0
    await office.leave()
    assert office.slots.free == 3


async def test_first_come_first_served() -> None:
    """Waiters enter in their order."""
    office = Office(slots=RequestQueue(1))
    for _ in range(5):
        office.visit()
        await settle()
    await office.leave()
    assert office.entered == [0, 1, 2, 3, 4]


async def test_live_voice_first() -> None:
    """Background requests let all others pass, and keep their own order."""
    office = Office(slots=RequestQueue(1))
    for background in (True, True, True, False, True, False):
        office.visit(background=background)
        await settle()
    assert office.inside == {0}
    await office.leave()
    assert office.entered == [0, 3, 5, 1, 2, 4]


async def test_background_takes_free_slots() -> None:
    """A background request doesn't wait for a voice that may come."""
    office = Office(slots=RequestQueue(2))
    office.visit(background=True)
    office.visit(background=True)
    await settle()
    assert office.inside == {0, 1}
    await office.leave()


async def test_error_gives_the_slot_back() -> None:
    """However a holder ends, the next one enters."""
    slots = RequestQueue(1)

    async def fail() -> None:
        async with slots.turn():
            assert slots.free == 0
            raise NotImplementedError

    with pytest.raises(NotImplementedError):
        await fail()
    assert slots.free == 1


async def test_cancelled_while_waiting() -> None:
    """A cancelled waiter loses its place, and no other does."""
    office = Office(slots=RequestQueue(1))
    for _ in range(4):
        office.visit()
    await settle()
    office.tasks[1].cancel()
    await settle()
    office.tasks[3].cancel()
    await office.leave()
    assert office.entered == [0, 2]
    assert office.slots.free == 1


async def test_all_that_wait_are_cancelled() -> None:
    """After all waiters are cancelled, the slot is free for the next."""
    office = Office(slots=RequestQueue(1))
    for _ in range(3):
        office.visit()
    await settle()
    office.tasks[1].cancel()
    office.tasks[2].cancel()
    office.ends[0].set()
    await settle()
    assert office.slots.free == 1
    late = office.visit()
    await settle()
    assert office.inside == {late}
    await office.leave()


@pytest.mark.parametrize("others", [0, 1])
async def test_cancelled_in_the_moment_of_the_turn(others: int) -> None:
    """A waiter that is cancelled just as its turn has come passes it on."""
    slots = RequestQueue(1)
    office = Office(slots=slots)
    async with slots.turn():
        for _ in range(1 + others):
            office.visit()
        await settle()
    # The turn is given now, and its owner doesn't run before the cancellation.
    assert slots.free == 0
    office.tasks[0].cancel()
    await settle()
    assert office.tasks[0].cancelled()
    assert office.inside == set(range(1, 1 + others))
    await office.leave()
    assert slots.free == 1


@pytest.mark.parametrize("moment", range(4))
async def test_cancelled_holder(moment: int) -> None:
    """A holder that is cancelled, however soon, lets the next one in."""
    office = Office(slots=RequestQueue(1))
    office.visit()
    office.visit(background=True)
    for _ in range(moment):
        await asyncio.sleep(0)
    office.tasks[0].cancel()
    await settle()
    assert office.inside == {1}
    await office.leave()
    assert office.slots.free == 1


@pytest.mark.parametrize("ends", ["enters", "gives up"])
async def test_holders_know_that_live_voice_waits(ends: str) -> None:
    """As long as it waits, and no longer; a background request isn't told."""
    office = Office(slots=RequestQueue(1))
    office.visit()
    office.visit(background=True)
    told = asyncio.create_task(office.slots.contended())
    await settle()
    assert not told.done()
    live = office.visit()
    await settle()
    assert told.done()
    if ends == "enters":
        office.ends[0].set()
    else:
        office.tasks[live].cancel()
    await settle()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await office.slots.contended()
    await office.leave()


STEPS = st.one_of(
    st.sampled_from(["live", "background", "settle", "breathe"]),
    st.tuples(st.sampled_from(["end", "cancel"]), st.integers(0, 30)),
)


@given(number=st.integers(1, 4), steps=st.lists(STEPS, max_size=60))
@settings(deadline=None, max_examples=300)
async def test_slots_are_neither_lost_nor_exceeded(
    number: int, steps: list[str | tuple[str, int]]
) -> None:
    """In any order of arrivals, departures and cancellations each slot has at most one holder."""
    office = Office(slots=RequestQueue(number))
    for step in steps:
        match step:
            case "live" | "background":
                office.visit(background=step == "background")
            case "settle":
                await settle()
                assert not (office.slots.free and office.waiting())
                assert office.slots.free + len(office.inside) == number
            case "breathe":
                await asyncio.sleep(0)
            case ("end", int(which)) if which < len(office.ends):
                office.ends[which].set()
            case ("cancel", int(which)) if which < len(office.tasks):
                office.tasks[which].cancel()
        assert office.slots.free >= 0
        assert office.slots.free + len(office.inside) <= number
    await settle()
    await office.leave()
    assert not office.waiting()
    assert office.slots.free == number
