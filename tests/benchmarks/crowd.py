"""Many utterances at once: what they need, and whether one is late or lost.

The crowd speaks to a client in a process of its own, which is this module.
"""

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
import gc
import json
import logging
from pathlib import Path
import re
import sys
from time import process_time
import tracemalloc
from typing import Any, Final, Self

from .contenders import CONTENDERS, NO_ONE, Contender
from .figures import Spread
from .measure import Measurement, Stages, measure
from .servers import CLIENT_CORE, emulator, pin, recorded_requests
from .speech import Utterance, speech_of
from .table import Table

LATE: Final = 0.05
"""Seconds more than alone after which a text counts as late."""

MEMORY_GOAL: Final = 60 * 16_000 * 2 + 1024 * 1024
"""Bytes for one utterance: 60 s of PCM and 1 MiB."""

_ALONE_SECONDS: Final = 3.0
_APART: Final = 0.02  # seconds between the beginnings: people don't speak in chorus
_TICK: Final = 0.01
_PAUSE: Final = 60.0
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who speaks to whom, how many at once, and for how long."""

    contender: str
    utterances: int
    seconds: float
    alone: int = 1
    """How many speak one by one before, for three seconds each."""
    traces_memory: bool = False
    """Whether Python's memory is followed, which costs much processor time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What became of a plan. Times in seconds, memory in bytes."""

    plan: Plan
    alone: Spread | None
    """Delays of those who spoke one by one, from the last chunk of speech to the text."""
    together: Spread | None
    """Delays of the crowd. Only of texts that were right, both; `None` without any."""
    late: int
    lost: int
    """Those whose text isn't what was said."""
    in_service: float | None
    """The emulator's own work within a delay of the crowd, median."""
    lag: Spread | None
    """How late the event loop's timer was, every 10 ms."""
    cpu: float
    """Processor time for a second of audio of one utterance."""
    resident: float
    """What the process grew by, at its peak, for one utterance."""
    traced: float | None
    """What Python allocated, at its peak, for one utterance."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what the process wrote."""
        fields: dict[str, Any] = json.loads(text)
        spreads = {
            name: Spread(**fields[name])
            for name in ("alone", "together", "lag")
            if fields[name] is not None
        }
        return cls(**{**fields, **spreads, "plan": Plan(**fields["plan"])})


async def gather_crowd(plan: Plan) -> Crowd:
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
    return Crowd.from_json(output.decode())


async def _run(plan: Plan, address: str) -> Crowd:
    """Let some speak alone and then all together."""
    async with CONTENDERS[plan.contender](address) as contender:
        if plan.traces_memory:
            tracemalloc.start()
        alone = [
            await measure(contender, speech_of(_ALONE_SECONDS, plan.utterances + number))
            for number in range(plan.alone)
        ]
        speeches = [speech_of(plan.seconds, number) for number in range(plan.utterances)]
        gc.collect()
        _reset_peaks()
        before, traced_before = _status("VmRSS"), tracemalloc.get_traced_memory()[0]
        cpu = process_time()
        with _lags() as lags:
            together = await asyncio.gather(
                *(
                    _speak_later(contender, speech, number * _APART)
                    for number, speech in enumerate(speeches)
                )
            )
        cpu = process_time() - cpu
        resident, traced = _status("VmHWM"), tracemalloc.get_traced_memory()[1]
    requests = await recorded_requests(address)
    stages = [found for one in together if (found := Stages.of(one, requests))]
    in_service = Spread.of([one.in_service for one in stages])
    alone_spread = _delay(alone)
    late_from = alone_spread.median + LATE if alone_spread else LATE
    return Crowd(
        plan=plan,
        alone=alone_spread,
        together=_delay(together),
        late=sum(one.is_right and one.delay > late_from for one in together),
        lost=sum(not one.is_right for one in together),
        in_service=in_service.median if in_service else None,
        lag=Spread.of(lags),
        cpu=cpu / (plan.utterances * plan.seconds),
        resident=(resident - before) / plan.utterances,
        traced=(traced - traced_before) / plan.utterances if plan.traces_memory else None,
    )


def _delay(measured: Sequence[Measurement]) -> Spread | None:
    return Spread.of([one.delay for one in measured if one.is_right])


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
            due = loop.time() + _TICK
            await asyncio.sleep(_TICK)
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


def _status(name: str) -> int:
    """Return a size of this process that the kernel gives, in bytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return 1024 * int(found[1])


def table_of_load(crowds: Sequence[Crowd]) -> Table:
    """Show how those fare who speak at the same time."""
    return Table(
        title="Load: many at once, in real time, the client on one core",
        columns=(
            "contender",
            "at once",
            "audio s",
            "late",
            "lost",
            "median ms",
            "p95 ms",
            "worst ms",
            "alone ms",
            "service ms",
            "lag p95 ms",
            "lag worst ms",
            "CPU s per audio s",
            "CPU %",
        ),
        rows=[_cells_of_load(crowd) for crowd in crowds],
        notes=(
            (
                f"late: a text more than {1000 * LATE:.0f} ms later than alone; lost: a text that"
                " isn't what was said."
            ),
            (
                "median, p95, worst: from the last chunk of speech to the text, of the crowd;"
                " alone: the median of one by one; service: the emulator's part of the median."
            ),
            f"lag: how late a timer of {1000 * _TICK:.0f} ms was in the client's process.",
            f"CPU: of the client's process. '{NO_ONE}' is the benchmark's own host, part of all.",
            "CPU %: of the core, with all of them speaking.",
        ),
    )


def _cells_of_load(crowd: Crowd) -> Sequence[str]:
    plan = crowd.plan
    answers = plan.contender != NO_ONE
    return (
        plan.contender,
        str(plan.utterances),
        f"{plan.seconds:g}",
        str(crowd.late) if answers else "",
        str(crowd.lost) if answers else "",
        *_cells_of_spread(crowd.together),
        _cells_of_spread(crowd.alone)[0],
        "" if crowd.in_service is None else f"{1000 * crowd.in_service:.1f}",
        *_cells_of_spread(crowd.lag)[1:],
        f"{crowd.cpu:.5f}",
        f"{100 * crowd.cpu * plan.utterances:.0f}",
    )


def _cells_of_spread(spread: Spread | None) -> Sequence[str]:
    """Return the median, the 95th percentile and the worst in milliseconds."""
    if spread is None:
        return ("", "", "")
    return [f"{1000 * seconds:.1f}" for seconds in (spread.median, spread.p95, spread.worst)]


def table_of_memory(crowds: Sequence[Crowd]) -> Table:
    """Show what an utterance needs."""
    return Table(
        title="Memory: for one utterance, at the peak",
        columns=(
            "contender",
            "at once",
            "audio s",
            "allocated MiB",
            "resident MiB",
            "goal",
            "lost",
        ),
        rows=[_cells_of_memory(crowd) for crowd in crowds],
        notes=(
            f"goal: at most 60 s of PCM and 1 MiB, which is {MEMORY_GOAL / _MIB:.2f} MiB.",
            (
                "allocated: by Python, as tracemalloc sees it; resident: what the process grew by,"
                " tracemalloc's own records included where it runs. Both divided by the utterances"
                " at once; the audio that is said isn't in it."
            ),
        ),
    )


def _cells_of_memory(crowd: Crowd) -> Sequence[str]:
    plan = crowd.plan
    measured = crowd.resident if crowd.traced is None else crowd.traced
    return (
        plan.contender,
        str(plan.utterances),
        f"{plan.seconds:g}",
        "" if crowd.traced is None else f"{crowd.traced / _MIB:.2f}",
        f"{crowd.resident / _MIB:.2f}",
        "met" if measured <= MEMORY_GOAL else "missed",
        str(crowd.lost),
    )


def main() -> None:
    """Run the plan of the second argument against the address of the first; write the crowd."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("address")
    parser.add_argument("plan")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    pin(CLIENT_CORE)
    crowd = asyncio.run(_run(Plan(**json.loads(arguments.plan)), arguments.address))
    sys.stdout.write(json.dumps(asdict(crowd)))


if __name__ == "__main__":
    main()
