"""The emulator and the relay of a link, each in a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
import os
from pathlib import Path
import re
import sys
from typing import Any, Final

from aiohttp import ClientSession
from yarl import URL

from tests.emulator import SERVICE_KINDS
from tests.emulator.profile import Answers

from .certificates import SERVER
from .link import Link

_ADDRESS: Final = re.compile(r"https?://127\.0\.0\.1:\d+")
_PYTHONS: Final = {
    speech_model: str(Path(f".dev/{environment}/bin/python").absolute())
    for speech_model, environment in (("whisper", "emulator"), ("multilingual", "multilingual"))
}
_INSTANT: Final = ("--port=0", "--answers=early", "--latency=0", "--fast-latency=0")
_CORES: Final = sorted(os.sched_getaffinity(0))

CLIENT_CORE: Final = _CORES[0]
"""The processor core of the measured process."""
SERVICE_CORE: Final = _CORES[-1]
"""The core of the emulator and the link; the same one if there is only one."""


def pin(core: int, process: int = 0) -> None:
    """Keep a process, or this one, on one core."""
    os.sched_setaffinity(process, {core})


@asynccontextmanager
async def emulator(*, pause: float) -> AsyncIterator[str]:
    """Run an emulator that answers early and at once, after a pause (seconds); give its address."""
    options = (*_INSTANT, "--model=spoken", f"--pause={pause}", "--initial-silence=60")
    async with _serving("tests.emulator", options) as address:
        yield address


@asynccontextmanager
async def whisper(speech_model: str, kind: str | None = None) -> AsyncIterator[str]:
    """Run an emulator with a real speech model, which expects no words; give its address.

    Without a kind of service nothing is timed: it answers early, after two seconds of quiet, and
    takes all cores.
    """
    answers, pause = SERVICE_KINDS[kind] if kind else (Answers.EARLY, 2.0)
    options = (
        "--port=0",
        f"--answers={answers}",
        "--latency=0",
        "--fast-latency=0",
        f"--model={speech_model}",
        f"--pause={pause}",
        "--initial-silence=30",
    )
    python, core = _PYTHONS[speech_model], SERVICE_CORE if kind else None
    async with _serving("tests.emulator", options, python=python, core=core) as address:
        yield address


@asynccontextmanager
async def linked(link: Link, address: str) -> AsyncIterator[str]:
    """Put a link before an address; give the address to use instead."""
    if link.is_direct:
        yield address
        return
    rates = ((f"--{way}", rate) for way in ("up", "down") if (rate := getattr(link, way)))
    options = [f"--delay={link.delay}", *(f"{way}={rate}" for way, rate in rates)]
    service = URL(address)
    async with _serving("tests.benchmarks.link", [str(service.port), *options]) as relay:
        yield str(URL(relay).with_scheme(service.scheme))


@asynccontextmanager
async def secured(address: str) -> AsyncIterator[str]:
    """Put TLS before an address; give the address to use instead."""
    options = [str(URL(address).port), f"--certificate={SERVER}"]
    async with _serving("tests.benchmarks.link", options) as relay:
        yield relay


async def recorded_requests(address: str) -> list[dict[str, Any]]:
    """Return the requests that an emulator remembers, from the oldest to the newest."""
    async with ClientSession() as session, session.get(f"{address}/emulator/requests") as response:
        requests: list[dict[str, Any]] = await response.json()
        return requests


async def strike(address: str, **fault: object) -> None:
    """Let a fault strike an emulator's next request; its fields are those of `Fault`."""
    async with (
        ClientSession(raise_for_status=True) as session,
        session.post(f"{address}/emulator/faults", json=fault),
    ):
        pass


@asynccontextmanager
async def _serving(
    module: str,
    options: Iterable[str],
    *,
    python: str = sys.executable,
    core: int | None = SERVICE_CORE,
) -> AsyncIterator[str]:
    """Run a server that writes its address to standard output, on one core or all; give that."""
    process = await asyncio.create_subprocess_exec(
        python, "-m", module, *options, stdout=asyncio.subprocess.PIPE
    )
    try:
        if core is not None:
            pin(core, process.pid)
        yield await _address(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout
    said = ""
    while line := (await process.stdout.readline()).decode():
        if found := _ADDRESS.search(line):
            return found[0]
        said += line
    msg = f"The server did not start: {said}"
    raise RuntimeError(msg)
