"""Many utterances at once: their costs, and whether one is late or lost.

The crowd speaks to a client in a process of its own, which is this module.
"""

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
import gc
from itertools import batched
import json
import logging
import math
from pathlib import Path
import re
from statistics import median
import sys
from time import process_time
import tracemalloc
from typing import Any, Final, Self

from custom_components.azure_stt.const import Tier
from custom_components.azure_stt.resource.resource import CONCURRENCY

from .contenders import CONTENDERS, Contender
from .figures import Spread
from .measure import Measurement, Stages, delays, measure
from .servers import CLIENT_CORE, emulator, pin, recorded_requests
from .speech import Utterance, speech_of

MOST: Final = CONCURRENCY[Tier.S0]
"""Utterances at once that Azure's paid tier takes."""

LATE: Final = 0.05
"""Seconds more than alone after which a text counts as late."""

TICK: Final = 0.01
"""Seconds between two looks at how late the event loop is."""

APART: Final = 0.01
"""Seconds between the beginnings: people don't speak in chorus."""

_WARM_UP: Final = 1.0  # seconds of speech
_PAUSE: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The contender, the sizes of its crowds, and the duration."""

    contender: str
    at_once: Sequence[int]
    """How many in each crowd; one crowd after the other, the smallest first."""
    seconds: float
    alone: int = 1
    """The number of utterances of a single speaker."""
    traces_memory: bool = False
    """Whether Python's memory is followed, which costs much processor time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """The outcome of one of a plan's crowds. Times in seconds, memory in bytes."""

    plan: Plan
    at_once: int
    delay: Spread | None
    """From the last chunk of speech to the text, of texts that were right; `None` without any."""
    late: int
    """Those later than a single speaker."""
    lost: int
    """Those whose text has an error."""
    in_service: float | None
    """The emulator's own work within a delay, median."""
    lag: Spread | None
    """How late the event loop's timer was, every 10 ms."""
    cpu: float
    """Processor time for a second of audio of one utterance."""
    memory: float
    """The peak allocation for one utterance: by Python, or otherwise by the process."""

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """Read the process's output."""
        spreads = {
            name: Spread(**fields[name]) for name in ("delay", "lag") if fields[name] is not None
        }
        return cls(**{**fields, **spreads, "plan": Plan(**fields["plan"])})


async def gather_crowds(plan: Plan) -> list[Crowd]:
    """Run a plan in a process of its own, against an emulator of its own."""
    async with emulator(pause=_PAUSE) as address:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            address,
            json.dumps(asdict(plan)),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    if process.returncode:
        msg = f"The crowd failed: {plan}"
        raise RuntimeError(msg)
    return [Crowd.from_json(fields) for fields in json.loads(output)]


async def _run(plan: Plan, address: str) -> list[Crowd]:
    """Gather one crowd after the other."""
    async with CONTENDERS[plan.contender](address) as contender:
        if plan.traces_memory:
            tracemalloc.start()
        await measure(contender, speech_of(_WARM_UP, 0))
        crowds: list[Crowd] = []
        for at_once in plan.at_once:
            alone = crowds[0].delay if crowds else None
            crowds.append(await _gather(contender, plan, at_once, address, alone))
    return crowds


async def _gather(
    contender: Contender, plan: Plan, at_once: int, address: str, alone: Spread | None
) -> Crowd:
    """Let all of a crowd speak together."""
    rounds = plan.alone if at_once == 1 else 1
    speeches = [speech_of(plan.seconds, number) for number in range(rounds * at_once)]
    gc.collect()
    _reset_peaks()
    memory, cpu = _memory(plan), process_time()
    measured: list[Measurement] = []
    with _lags() as lags:
        for group in batched(speeches, at_once, strict=True):
            measured += await _speak_together(contender, group)
    cpu, memory = process_time() - cpu, _peak(plan) - memory
    requests = (await recorded_requests(address))[-len(measured) :]
    stages = [found for one in measured if (found := Stages.of(one, requests))]
    late_from = LATE + (alone.median if alone else math.inf)
    return Crowd(
        plan=plan,
        at_once=at_once,
        delay=delays(measured),
        late=sum(one.is_right and one.delay > late_from for one in measured),
        lost=sum(not one.is_right for one in measured),
        in_service=median(one.in_service for one in stages) if stages else None,
        lag=Spread.of(lags),
        cpu=cpu / (len(measured) * plan.seconds),
        memory=memory / at_once,
    )


async def _speak_together(contender: Contender, speeches: Sequence[Utterance]) -> list[Measurement]:
    speaking = (
        _speak_later(contender, speech, number * APART) for number, speech in enumerate(speeches)
    )
    return await asyncio.gather(*speaking)


async def _speak_later(contender: Contender, speech: Utterance, delay: float) -> Measurement:
    await asyncio.sleep(delay)
    return await measure(contender, speech)


@contextmanager
def _lags() -> Iterator[list[float]]:
    """Collect how late the event loop is while the block runs."""
    loop = asyncio.get_running_loop()
    lags: list[float] = []

    async def tick() -> None:
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            lags.append(max(0.0, loop.time() - due))

    ticking = asyncio.create_task(tick())
    try:
        yield lags
    finally:
        ticking.cancel()


def _reset_peaks() -> None:
    """Forget the peaks up to now, Python's and the kernel's."""
    tracemalloc.reset_peak()
    # https://docs.kernel.org/filesystems/proc.html: 5 resets the peak resident size.
    Path("/proc/self/clear_refs").write_text("5")


def _memory(plan: Plan) -> int:
    """Return the allocated memory, as Python counts it if that is traced."""
    return tracemalloc.get_traced_memory()[0] if plan.traces_memory else _status("VmRSS")


def _peak(plan: Plan) -> int:
    """Return the same at its peak."""
    return tracemalloc.get_traced_memory()[1] if plan.traces_memory else _status("VmHWM")


def _status(name: str) -> int:
    """Return a size of this process that the kernel gives, in bytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return 1024 * int(found[1])


def main() -> None:
    """Run the plan of the second argument against the address of the first; write the crowds."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("address")
    parser.add_argument("plan")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    pin(CLIENT_CORE)
    crowds = asyncio.run(_run(Plan(**json.loads(arguments.plan)), arguments.address))
    sys.stdout.write(json.dumps([asdict(crowd) for crowd in crowds]))


if __name__ == "__main__":
    main()
