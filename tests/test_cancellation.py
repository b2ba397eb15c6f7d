"""An utterance that is cancelled, at any point, leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Generator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from aiohttp import web_protocol
import pytest

from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.const import Tier
from custom_components.azure_stt.recognition import retry
from custom_components.azure_stt.resource.client_factory import async_get_session
from custom_components.azure_stt.resource.request_queue import RequestQueue
from custom_components.azure_stt.resource.resource import CONCURRENCY, Resource
from tests.emulator import Emulator, Fault, Moment, silence, speak
from tests.support.home import (
    BACKUP_ENGINE_ID,
    ENTITY_ID,
    add_backup_engine,
    metadata,
    second_emulator,
    set_up_resource,
)
from tests.support.streams import AudioStream, eventually

SENTENCE: Final = "Turn on the light"
SPOKEN: Final = speak(SENTENCE)
RESET: Final = Fault(reset=True, at=Moment.AFTER_BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way that an utterance takes to its text."""

    faults: Sequence[Fault] = ()
    second_faults: Sequence[Fault] = ()
    parts: Sequence[bytes] = (SPOKEN[:8000], SPOKEN[8000:])
    text: str = SENTENCE
    new_token: bool = False


WAYS: Final = {
    "straight": Way(),
    "new token": Way(new_token=True),
    "retry": Way(faults=[RESET]),
    "continuation": Way(
        parts=[SPOKEN, silence(0.6), speak("in five minutes"), silence(0.1)],
        text=f"{SENTENCE} in five minutes",
    ),
    "second resource": Way(faults=[replace(RESET, times=None)]),
    "backup engine": Way(
        faults=[replace(RESET, times=None)], second_faults=[Fault(status=403, times=None)]
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A home in which an utterance can take any way."""

    hass: HomeAssistant
    emulator: Emulator
    second: Emulator
    resources: Sequence[Resource]

    async def recognize(self, stream: AudioStream) -> str | None:
        """Return the text of a stream."""
        entity = self.hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
        assert entity is not None
        return (await entity.internal_async_process_audio_stream(metadata(), stream)).text

    def prepare(self, way: Way) -> None:
        """Set up the conditions of a way."""
        self.emulator.faults[:] = way.faults
        self.second.faults[:] = way.second_faults
        for resource in self.resources:
            resource.health.async_note_success()
            if way.new_token:
                resource.client.credential._token = None

    def held(self) -> list[object]:
        """Return the resources that an utterance holds: connections, slots, locks."""
        connector = async_get_session(self.hass).connector
        assert connector is not None
        return [
            *connector._acquired,
            *(resource for resource in self.resources if _taken(resource)),
        ]


def _taken(resource: Resource) -> bool:
    """Tell whether a slot, or the token's lock, is taken."""
    return resource._queue.free < CONCURRENCY[Tier.S0] or resource.client.credential._lock.locked()


def running(before: set[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Return the tasks since then, without the emulator's and Home Assistant's own."""
    return [task for task in asyncio.all_tasks() - before if not _belongs_elsewhere(task)]


def _belongs_elsewhere(task: asyncio.Task[Any]) -> bool:
    coroutine = task.get_coro()
    code = getattr(coroutine, "cr_code", None)
    return (
        code is None
        or Path(code.co_filename) == Path(web_protocol.__file__)
        or task.get_name().endswith(" probe")
    )


@pytest.fixture
async def house(
    hass: HomeAssistant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """Set up two resources and another engine."""
    monkeypatch.setattr(retry, "_BACKOFF", (0.0, 0.001, 99.0))
    assert await async_setup_component(hass, "stt", {})
    await add_backup_engine(hass)
    async with second_emulator() as second:
        other = await set_up_resource(hass, second)
        entry = await set_up_resource(
            hass, emulator, {"second_entry": other.entry_id, "fallback_entity": BACKUP_ENGINE_ID}
        )
        yield House(
            hass=hass,
            emulator=emulator,
            second=second,
            resources=[entry.runtime_data, other.runtime_data],
        )


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_cancelled_anywhere(house: House, way: Way) -> None:
    """Cancelled after any step of the loop, it holds no task, connection, slot or stream."""
    assert await house.recognize(AudioStream(SPOKEN)) == SENTENCE
    before = asyncio.all_tasks()
    for steps in count():
        house.prepare(way)
        stream = AudioStream(*_with_breaths(way.parts))
        call = asyncio.create_task(house.recognize(stream))
        for _ in range(steps):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        assert stream.closed or steps == 0
        await eventually(lambda: not running(before) and not house.held())
        if not call.cancelled():
            break
        if steps % 8 == 0:
            house.prepare(Way())
            assert await house.recognize(AudioStream(SPOKEN)) == SENTENCE
    assert call.result() == way.text
    assert steps > 15


def _with_breaths(parts: Sequence[bytes]) -> list[bytes | Awaitable[object]]:
    """Put a breath behind each part."""
    return [piece for part in parts for piece in (part, _Breath())]


class _Breath:
    """A moment in which the stream has nothing."""

    def __await__(self) -> Generator[Any]:
        return asyncio.sleep(0.001).__await__()


async def test_cancelled_while_it_queues(house: House) -> None:
    """A cancelled wait for a slot gives up the place."""
    resource = house.resources[0]
    resource._queue = RequestQueue(1)
    forever: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    first = asyncio.create_task(house.recognize(AudioStream(SPOKEN, forever)))
    await eventually(lambda: resource._queue.free == 0)
    second = asyncio.create_task(house.recognize(AudioStream(SPOKEN)))
    third = asyncio.create_task(house.recognize(AudioStream(speak("Turn it off"))))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.wait([second])
    assert second.cancelled()
    forever.set_result(None)
    assert (await first, await third) == (SENTENCE, "Turn it off")
    assert resource._queue.free == 1
