"""The house in which the soak takes place, and its figures."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import ctypes
from dataclasses import dataclass, field, replace
import gc
from pathlib import Path
from random import Random
import re
import tracemalloc
from typing import Any, Final, override
from unittest.mock import patch

from aiohttp import ClientResponse, web_protocol

from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.recognition import recording
from custom_components.azure_stt.recognition.recording import Recording
from custom_components.azure_stt.resource import uploads
from custom_components.azure_stt.resource.client_factory import async_get_session
from tests.benchmarks import home
from tests.emulator import SERVICE_KINDS, AudioType, Emulator, Endpoint, Fault, Moment
from tests.emulator.faults import BARE_401, PASSING_400
from tests.support.home import (
    BACKUP_ENGINE_ID,
    ENTITY_ID,
    BackupEngine,
    metadata,
    second_emulator,
    set_up_resource,
)

from .people import BrokenStreamError, Kind, Microphone, Utterance

_AT_ONCE: Final = 16
_IDLE_LIMIT: Final = 4.0  # longer than a busy machine ever makes a stream wait
_OPUS_RESTS: Final = 0.2
_RELOAD_EVERY: Final = 1.5
_LEVEL: Final = 1024 * 1024  # bytes that the memory may grow by

_FAULTS: Final = [
    *(Fault(status=status) for status in (403, 404, 408, 429, 500, 503)),
    *(Fault(status=500, at=moment) for moment in (Moment.DURING_BODY, Moment.AFTER_BODY)),
    *(Fault(reset=True, at=moment) for moment in Moment),
    Fault(reset=True, times=6),
    Fault(status=200, body="<html>Log in</html>"),
    Fault(status=429, headers={"Retry-After": "0.3"}),
    Fault(status=503, headers={"Retry-After": "86400"}),
    Fault(status=429, body='{"error": {"code": "429", "message": "Quota exceeded."}}'),
    BARE_401,
    replace(BARE_401, times=3),
    PASSING_400,
    Fault(status=302, headers={"Location": "https://elsewhere.example.com/"}),
    Fault(status=403, body='{"error": {"message": "Access denied due to Virtual Network rules."}}'),
    Fault(withhold_continue=True),
    Fault(at=Moment.AFTER_BODY, delay=1.0),
    Fault(at=Moment.DURING_ANSWER, bytes_per_second=400),
    Fault(where=Endpoint.TOKEN, reset=True),
    Fault(where=Endpoint.TOKEN, status=500),
]


@dataclass(kw_only=True)
class Figures:
    """The utterances, the texts, and the leftovers."""

    said: Counter[Kind] = field(default_factory=Counter)
    paced: int = 0
    heard: int = 0
    lost: list[tuple[str, str | None]] = field(default_factory=list)
    reloads: int = 0
    requests: int = 0
    opus: int = 0
    """Those of the requests that went up as Opus."""
    left: dict[str, int] = field(default_factory=dict)
    allocated: list[int] = field(default_factory=list)
    """Bytes after a quarter of the time, and at the end."""
    resident: list[int] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing is lost or left, and the memory is level."""
        grown = self.allocated[-1] - self.allocated[0]
        return not self.lost and not any(self.left.values()) and grown < _LEVEL

    @override
    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.said.items()))
        quarter, end = (f"{size / 2**20:.1f}" for size in self.allocated)
        resident = [f"{size / 2**20:.0f}" for size in self.resident]
        lines = [
            f"utterances   {self.said.total()} ({kinds}; {self.paced} in real time)",
            f"as expected  {self.heard}, lost {len(self.lost)} {self.lost[:5] or ''}",
            f"requests     {self.requests} ({self.opus} as Opus), reloads {self.reloads}",
            f"left         {', '.join(f'{count} {name}' for name, count in self.left.items())}",
            f"memory       {quarter} MiB at a quarter, {end} MiB at the end",
            f"resident     {resident[0]} MiB at a quarter, {resident[1]} MiB at the end",
            "good" if self.good else "NOT GOOD",
        ]
        return "\n".join(lines)


@dataclass(kw_only=True)
class House:
    """A home with two resources and another engine, and people who speak to it."""

    hass: HomeAssistant
    emulators: list[Emulator]
    entries: list[MockConfigEntry]
    random: Random
    upload: str
    figures: Figures = field(default_factory=Figures)
    number: int = 0

    @classmethod
    @asynccontextmanager
    async def built(cls, seed: int, kind: str, upload: str) -> AsyncIterator[House]:
        """Set up the home, with one of the four kinds of service and an upload."""
        async with (
            home.home_assistant() as hass,
            Emulator() as first,
            second_emulator() as second,
        ):
            assert await async_setup_component(hass, "stt", {})
            await hass.data[DATA_COMPONENT].async_add_entities([BackupEngine(keeps=False)])
            other = await set_up_resource(hass, second)
            recognizer = {
                "second_entry": other.entry_id,
                "fallback_entity": BACKUP_ENGINE_ID,
                "upload": upload,
            }
            entry = await set_up_resource(hass, first, recognizer)
            emulators = [first, second]
            for emulator in emulators:
                emulator.keep_audio = 0
                emulator.answers, emulator.pause = SERVICE_KINDS[kind]
            yield cls(
                hass=hass,
                emulators=emulators,
                entries=[entry, other],
                random=Random(seed),  # noqa: S311
                upload=upload,
            )

    async def live(self, seconds: float) -> None:
        """Let people speak for so long, all at once, and reload the entries meanwhile."""
        until = asyncio.get_running_loop().time() + seconds
        reloading = asyncio.create_task(self._reload())
        try:
            await asyncio.gather(*(self._speak_until(until) for _ in range(_AT_ONCE)))
        finally:
            reloading.cancel()
            await asyncio.wait([reloading])

    async def _reload(self) -> None:
        while True:
            await asyncio.sleep(_RELOAD_EVERY)
            for entry in self.entries:
                await asyncio.shield(self.hass.config_entries.async_reload(entry.entry_id))
            self.figures.reloads += 1

    async def _speak_until(self, until: float) -> None:
        now = asyncio.get_running_loop().time
        while now() < until:
            self.number += 1
            utterance = Utterance.draw(self.random, self.number)
            self.figures.said[utterance.kind] += 1
            self.figures.paced += utterance.paced
            if utterance.kind is Kind.CANCELLED:
                await self._cancel(utterance)
            else:
                await self._speak(utterance)
            if self.number % 100 == 0:
                self._forget_requests()

    async def _speak(self, utterance: Utterance) -> None:
        if utterance.kind is Kind.FAULTY:
            self.random.choice(self.emulators).faults.append(self._fault())
        try:
            text = await self._recognize(utterance)
        except BrokenStreamError:
            text = utterance.text if utterance.kind is Kind.BROKEN else None
        if text == utterance.text:
            self.figures.heard += 1
        else:
            self.figures.lost.append((utterance.text, text))

    def _fault(self) -> Fault:
        fault = self.random.choice(_FAULTS)
        # Of Opus, that is mostly in the middle of a page.
        after = self.random.randint(0, 30_000 if self.upload == "wav" else 4_000)
        return replace(fault, after_bytes=after) if fault.at is Moment.DURING_BODY else fault

    async def _cancel(self, utterance: Utterance) -> None:
        call = asyncio.create_task(self._recognize(utterance))
        await asyncio.wait([call], timeout=self.random.choice([0.0, 0.003, 0.01, 0.1, 0.5]))
        call.cancel()
        await asyncio.wait([call])

    async def _recognize(self, utterance: Utterance) -> str | None:
        while (entity := self.hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # while the entry is reloaded
        result = await entity.internal_async_process_audio_stream(metadata(), Microphone(utterance))
        return result.text

    def _forget_requests(self) -> None:
        for emulator in self.emulators:
            requests = emulator.requests_for(Endpoint.RECOGNITION)
            self.figures.requests += len(requests)
            self.figures.opus += sum(
                request.headers.get("Content-Type") == AudioType.OGG for request in requests
            )
            emulator.requests.clear()

    async def settle(self) -> None:
        """Let ending tasks end, and measure the memory."""
        for emulator in self.emulators:
            emulator.faults.clear()
        # An entry's own check after a reload is no utterance's.
        checks = [task for task in asyncio.all_tasks() if task.get_name().endswith(" check")]
        await asyncio.gather(*checks)
        await asyncio.sleep(0.5)
        self._forget_requests()
        gc.collect()
        _give_back()
        self.figures.allocated.append(tracemalloc.get_traced_memory()[0])
        self.figures.resident.append(_resident())

    def count_what_is_left(self, before: set[asyncio.Task[Any]]) -> None:
        """Count the objects that should have gone."""
        connector = async_get_session(self.hass).connector
        assert connector is not None
        alive = Counter(
            kind
            for item in gc.get_objects()
            for kind in (Recording, ClientResponse)
            if type(item) is kind
        )
        self.figures.left |= {
            "tasks": sum(not _is_elsewhere(task) for task in asyncio.all_tasks() - before),
            "connections in use": len(connector._acquired),
            "responses": alive[ClientResponse],
            "recordings": alive[Recording],
            "open audio streams": len(Microphone.open),
        }


async def soak(seconds: float, seed: int, kind: str = "early", upload: str = "wav") -> Figures:
    """Let people speak for some seconds to one of the four kinds of service."""
    sockets = _sockets()
    tracemalloc.start()
    with (
        patch.object(recording, "IDLE_LIMIT", _IDLE_LIMIT),
        patch.object(uploads, "RESTS", _OPUS_RESTS),
    ):
        async with House.built(seed, kind, upload) as house:
            before = asyncio.all_tasks()
            await house.live(seconds / 4)
            await house.settle()
            await house.live(seconds * 3 / 4)
            await house.settle()
            house.count_what_is_left(before)
    await asyncio.sleep(0.1)
    house.figures.left["sockets"] = _sockets() - sockets
    return house.figures


def _is_elsewhere(task: asyncio.Task[Any]) -> bool:
    """Tell whether a task is the emulator's, or a probe of the entry's."""
    code = getattr(task.get_coro(), "cr_code", None)
    is_server = code is not None and Path(code.co_filename) == Path(web_protocol.__file__)
    return is_server or task.get_name().endswith(" probe")


def _sockets() -> int:
    """Count this process's open sockets."""
    files = Path("/proc/self/fd").iterdir()
    return sum(_points_to(file).startswith("socket:") for file in files)


def _points_to(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""


def _give_back() -> None:
    """Let the C library return free memory, because its heap is full of holes by then."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def _resident() -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return 1024 * int(found[1])
