"""The benchmarks on the command line: `scripts/bench --help`."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
import json
import logging
import os
from pathlib import Path
import platform
import re
import signal
import sys
from time import monotonic
from typing import Any, Final

import aiohttp

from homeassistant.const import __version__ as home_assistant_version

from . import (
    comparison,
    crowd_tables,
    failure,
    overhead,
    page,
    pauses,
    processor,
    starting,
    understood,
)
from .comparison import Comparison
from .contenders import COMPARED, ENTITY, FLOOR
from .crowd import MOST, Crowd, Plan, gather_crowds
from .finished import FinishedParts
from .overhead import Case, Overhead
from .pauses import Pauses
from .servers import CLIENT_CORE, SERVICE_CORE, pin
from .table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The parts to measure, and how often."""

    overhead: Sequence[tuple[Case, int]]
    """Each with the commands for each contender."""
    pauses: Sequence[tuple[Sequence[pauses.Case], int]]
    """Each with how often its texts are said."""
    failure: int
    """Utterances for each contender."""
    processor: int
    """Utterances for each contender, in each form."""
    load: Sequence[Plan]
    memory: Sequence[Plan]
    starting: int
    """How often everything starts."""
    understood: int
    """Commands for each setting, in each case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part[Figures]:
    """Something that is measured by itself."""

    measure: Callable[[Schedule], Awaitable[list[Figures]]]
    table: Callable[[list[Figures]], Table]
    comparisons: Callable[[list[Figures]], Iterable[Comparison]] = lambda _: ()
    """The figures that compare its contenders with those of other parts."""


@dataclass(kw_only=True)
class Results:
    """The results, part by part, and the machine."""

    machine: dict[str, object]
    figures: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def facts(self) -> str:
        """The machine and versions of the measurement."""
        return ", ".join(f"{name} {value}" for name, value in self.machine.items())

    def tables(self) -> list[Table]:
        """Return each part's table."""
        return [PARTS[name].table(figures) for name, figures in self.figures.items()]

    def comparisons(self) -> list[Comparison]:
        """Return the figures that can be compared in one table."""
        return [
            comparison
            for name, figures in self.figures.items()
            for comparison in PARTS[name].comparisons(figures)
        ]


def main() -> None:
    """Measure, and write the tables."""
    arguments = _parse_arguments()
    logging.basicConfig(level=logging.ERROR)
    pin(CLIENT_CORE)
    # Terminated, it stops its servers as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    schedule = _quick(arguments.runs or 1) if arguments.quick else _full(arguments.runs or 20)
    parts = FinishedParts(schedule, resume=arguments.resume)
    results = asyncio.run(_measure(schedule, arguments.only or PARTS, parts))
    report(results, as_markdown=arguments.markdown)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(results), indent=1) + "\n")
    if arguments.write:
        page.write(_command(arguments), results.facts, results.comparisons(), results.tables())


def report(results: Results, *, as_markdown: bool) -> None:
    """Write the machine's facts and the tables to standard output."""
    tables = [comparison.table(results.comparisons()), *results.tables()]
    texts = (table.as_markdown() if as_markdown else table.as_text() for table in tables)
    sys.stdout.write("\n".join((results.facts, "", *texts)))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure the integration side by side with a bare upload and other clients."
        " The exit status is 0 if everything ran, whatever the figures are.",
    )
    parser.add_argument("--quick", action="store_true", help="a short run, about three minutes")
    parser.add_argument(
        "--runs", type=int, help="commands for each contender; fewer where there is no goal"
    )
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="measure this part only; may be repeated"
    )
    parser.add_argument("--markdown", action="store_true", help="tables in Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="take the parts that an earlier run with the same options has finished today",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help=f"write {page.PAGE}, {page.TABLES} and {page.PLOT} too",
    )
    arguments = parser.parse_args()
    if arguments.runs is not None and arguments.runs < 1:
        parser.error("--runs must be 1 or more")
    if arguments.write and arguments.only:
        parser.error("--write needs all parts")
    return arguments


def _command(arguments: argparse.Namespace) -> str:
    """Return the command that measures the same again."""
    runs = f" --runs {arguments.runs}" if arguments.runs else ""
    return f"scripts/bench{' --quick' if arguments.quick else ''}{runs} --write"


def _quick(runs: int) -> Schedule:
    return Schedule(
        overhead=[(case, runs) for case in overhead.WARM],
        pauses=[(pauses.FEW, runs)],
        failure=runs,
        processor=runs,
        load=[Plan(contender=name, at_once=(1, 20), seconds=2) for name in (FLOOR, ENTITY)],
        memory=[Plan(contender=ENTITY, at_once=(10,), seconds=2, traces_memory=True)],
        starting=runs,
        understood=runs,
    )


def _full(runs: int) -> Schedule:
    some, few = max(1, runs // 5), max(1, runs // 10)
    return Schedule(
        overhead=[
            *((case, runs) for case in overhead.WARM),
            *((case, some) for case in (*overhead.THIN, *overhead.COLD)),
        ],
        pauses=[(pauses.CASES, few), (pauses.LINKED, max(1, few // 2))],
        failure=some,
        processor=runs,
        load=[
            Plan(contender=name, at_once=(1, 10, MOST, 3 * MOST), seconds=4, alone=3)
            for name in COMPARED
        ],
        memory=[
            *(
                Plan(contender=name, at_once=(1, 10, MOST), seconds=4, traces_memory=True)
                for name in COMPARED
            ),
            Plan(contender=ENTITY, at_once=(MOST,), seconds=60, traces_memory=True),
        ],
        starting=some,
        understood=some,
    )


async def _measure(schedule: Schedule, names: Iterable[str], finished: FinishedParts) -> Results:
    results = Results(machine=_machine())
    seconds = 0.0
    for name in names:
        _say(name)
        if (part := finished.load(name)) is None:
            began = monotonic()
            figures = await PARTS[name].measure(schedule)
            part = finished.save(name, figures, monotonic() - began)
        results.figures[name] = part.figures
        seconds += part.seconds
    results.machine["minutes taken"] = round(seconds / 60, 1)
    return results


async def _overhead(schedule: Schedule) -> list[Overhead]:
    results = []
    for case, runs in schedule.overhead:
        _say(f"  {case.name}")
        results.append(await overhead.compare(case, runs))
    return results


async def _pauses(schedule: Schedule) -> list[Pauses]:
    return [
        result for cases, runs in schedule.pauses for result in await pauses.compare(cases, runs)
    ]


async def _gather(plans: Sequence[Plan]) -> list[Crowd]:
    crowds = []
    for plan in plans:
        _say(f"  {plan.contender}, {', '.join(map(str, plan.at_once))} at once, {plan.seconds} s")
        crowds += await gather_crowds(plan)
    return crowds


PARTS: Final[Mapping[str, Part[Any]]] = {
    "overhead": Part(measure=_overhead, table=overhead.table, comparisons=overhead.comparisons),
    "pauses": Part(measure=_pauses, table=pauses.table, comparisons=pauses.comparisons),
    "failure": Part(
        measure=lambda schedule: failure.compare(schedule.failure),
        table=failure.table,
        comparisons=failure.comparisons,
    ),
    "processor": Part(
        measure=lambda schedule: processor.compare(schedule.processor),
        table=processor.table,
        comparisons=processor.comparisons,
    ),
    "load": Part(
        measure=lambda schedule: _gather(schedule.load),
        table=crowd_tables.table_of_load,
        comparisons=crowd_tables.comparisons_of_load,
    ),
    "memory": Part(
        measure=lambda schedule: _gather(schedule.memory),
        table=crowd_tables.table_of_memory,
        comparisons=crowd_tables.comparisons_of_memory,
    ),
    "starting": Part(
        measure=lambda schedule: starting.compare(schedule.starting),
        table=starting.table,
        comparisons=starting.comparisons,
    ),
    "understood": Part(
        measure=lambda schedule: understood.compare(schedule.understood),
        table=understood.table,
    ),
}
"""All parts, in the order in which they are measured and shown."""


def _machine() -> dict[str, object]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "client on core": CLIENT_CORE,
        "service on core": SERVICE_CORE,
        "load average before": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "aiohttp": aiohttp.__version__,
        "Home Assistant": home_assistant_version,
        "hass_nabucasa": version("hass-nabucasa"),
    }


def _processor() -> str:
    """Return the processor's name as the kernel has it, or its kind."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    named = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return named[1] if named else platform.machine()


def _say(text: str) -> None:
    """Report the current measurement on standard error."""
    sys.stderr.write(f"{text} …\n")


if __name__ == "__main__":
    main()
