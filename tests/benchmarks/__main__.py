"""The benchmarks on the command line: `scripts/bench --help`."""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
import json
import logging
import os
from pathlib import Path
import platform
import signal
import sys
from typing import Final

import aiohttp

from homeassistant.const import __version__ as home_assistant_version

from . import crowd, failure, overhead, pauses, understood
from .contenders import CLIENT, ENTITY, FLOOR, NO_ONE
from .crowd import Crowd, Plan
from .failure import Failure
from .overhead import Case, Overhead
from .pauses import Pauses
from .servers import CLIENT_CORE, SERVICE_CORE, pin
from .table import Table
from .understood import Understood

PARTS: Final = ("overhead", "load", "memory", "pauses", "failure", "understood")

MOST: Final = 100
"""Utterances at once: what Azure's paid tier takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What is measured."""

    cases: Sequence[tuple[Case, int]]
    """Each with the commands for each contender."""
    load: Sequence[Plan]
    memory: Sequence[Plan]
    pauses: tuple[Sequence[pauses.Case], int]
    """How often each text is said."""
    failure: int
    """Utterances for each contender."""
    understood: int
    """Commands for each setting, in each case."""


@dataclass(kw_only=True)
class Results:
    """What was measured, and on what."""

    machine: dict[str, str | int]
    overhead: list[Overhead] = field(default_factory=list)
    load: list[Crowd] = field(default_factory=list)
    memory: list[Crowd] = field(default_factory=list)
    pauses: list[Pauses] = field(default_factory=list)
    failure: list[Failure] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)

    def tables(self) -> list[Table]:
        """Return the tables of what there is."""
        makers: list[tuple[Sequence[object], Callable[[], Table]]] = [
            (self.overhead, lambda: overhead.table(self.overhead)),
            (self.load, lambda: crowd.table_of_load(self.load)),
            (self.memory, lambda: crowd.table_of_memory(self.memory)),
            (self.pauses, lambda: pauses.table(self.pauses)),
            (self.failure, lambda: failure.table(self.failure)),
            (self.understood, lambda: understood.table(self.understood)),
        ]
        return [make() for measured, make in makers if measured]


def main() -> None:
    """Measure, and write the tables."""
    arguments = _parse_arguments()
    logging.basicConfig(level=logging.ERROR)
    pin(CLIENT_CORE)
    # Terminated, it stops its servers as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = asyncio.run(_measure(_programme(arguments), arguments.only or PARTS))
    report(results, as_markdown=arguments.markdown)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(results), indent=1) + "\n")


def report(results: Results, *, as_markdown: bool) -> None:
    """Write the machine's facts and the tables to standard output."""
    facts = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    tables = (table.as_markdown() if as_markdown else table.as_text() for table in results.tables())
    sys.stdout.write("\n".join((facts, "", *tables)))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure the integration side by side with its floor. It reports; it judges"
        " nothing: the exit status is 0 when all ran through.",
    )
    parser.add_argument("--quick", action="store_true", help="a short run, about three minutes")
    parser.add_argument(
        "--runs", type=int, help="commands for each contender; a third of it where there is no goal"
    )
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    parser.add_argument("--markdown", action="store_true", help="tables in Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    arguments = parser.parse_args()
    if arguments.runs is not None and arguments.runs < 1:
        parser.error("--runs must be 1 or more")
    return arguments


def _programme(arguments: argparse.Namespace) -> Programme:
    if arguments.quick:
        return Programme(
            cases=[(case, arguments.runs or 2) for case in overhead.WARM],
            load=[Plan(contender=ENTITY, utterances=20, seconds=3)],
            memory=[Plan(contender=ENTITY, utterances=10, seconds=3, traces_memory=True)],
            pauses=(pauses.FEW, arguments.runs or 1),
            failure=arguments.runs or 1,
            understood=arguments.runs or 4,
        )
    runs = arguments.runs or 30
    return Programme(
        cases=[
            *((case, runs) for case in overhead.WARM),
            *((case, max(1, runs // 3)) for case in overhead.OTHERS),
        ],
        load=[
            Plan(contender=name, utterances=MOST, seconds=10, alone=5)
            for name in (NO_ONE, FLOOR, CLIENT, ENTITY)
        ],
        memory=[
            Plan(contender=ENTITY, utterances=count, seconds=seconds, traces_memory=traces)
            for seconds in (10, 60)
            for count in (1, 10, MOST)
            for traces in ((True, False) if count == MOST else (True,))
        ],
        pauses=(pauses.CASES, max(1, runs // 6)),
        failure=max(1, runs // 3),
        understood=runs,
    )


async def _measure(programme: Programme, parts: Sequence[str]) -> Results:
    results = Results(machine=_machine())
    if "overhead" in parts:
        for case, runs in programme.cases:
            _say(f"{case.link.name}, {case.name}")
            results.overhead.append(await overhead.compare(case, runs))
    for name, plans, crowds in (
        ("load", programme.load, results.load),
        ("memory", programme.memory, results.memory),
    ):
        for plan in plans if name in parts else ():
            _say(f"{name}: {plan.contender}, {plan.utterances} at once, {plan.seconds:g} s")
            crowds.append(await crowd.gather_crowd(plan))
    if "pauses" in parts:
        _say("pauses")
        results.pauses += await pauses.compare(*programme.pauses)
    if "failure" in parts:
        _say("failure")
        results.failure += await failure.compare(programme.failure)
    if "understood" in parts:
        _say("understood")
        results.understood += await understood.compare(programme.understood)
    return results


def _machine() -> dict[str, str | int]:
    return {
        "Python": platform.python_version(),
        "aiohttp": aiohttp.__version__,
        "Home Assistant": home_assistant_version,
        "processor cores": os.cpu_count() or 1,
        "client on core": CLIENT_CORE,
        "service on core": SERVICE_CORE,
    }


def _say(text: str) -> None:
    """Tell on standard error what is measured now."""
    sys.stderr.write(f"{text} …\n")


if __name__ == "__main__":
    main()
