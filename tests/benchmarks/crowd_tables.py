"""The tables of crowds: load, processor time and memory."""

from collections.abc import Iterator, Sequence
from typing import Final

from .comparison import Comparison
from .contenders import CLIENT, ENTITY, FLOOR
from .crowd import APART, LATE, MOST, TICK, Crowd
from .figures import ratio
from .link import LOOPBACK
from .table import Table, figure, milliseconds

_MIB: Final = 1024 * 1024

_MEMORY_GOAL: Final = 60 * 16_000 * 2 + _MIB
"""Bytes for one utterance: 60 s of PCM and 1 MiB."""

_WHY_LOAD: Final = (
    "The entity does more for each utterance, which adds up if a hundred utterances end within a"
    " second on one core."
)
_WHY_MEMORY: Final = (
    "The entity keeps the audio until it has been recognized, so that it can try again."
)


def table_of_load(crowds: Sequence[Crowd]) -> Table:
    """Show the delays of simultaneous speakers."""
    return Table(
        title="Load: many at once, in real time, the client on one core",
        columns=(
            "contender",
            "at once",
            "ratio",
            "growth",
            "late",
            "lost",
            "median ms",
            "p95 ms",
            "worst ms",
            "service ms",
            "lag p95 ms",
            "lag worst ms",
            "CPU %",
            "resident MiB",
        ),
        rows=list(_rows_of_load(crowds)),
        notes=(
            (
                f"ratio: the median divided by the one of '{FLOOR}' with as many at once; growth:"
                " divided by its own with 1, for which several speak one after the other."
            ),
            (
                f"late: a text more than {1000 * LATE:.0f} ms later than with 1; lost: a text that"
                " isn't what was said."
            ),
            (
                "median, p95, worst: from the last chunk of speech to the text; service: the"
                " emulator's part of the median."
            ),
            (
                f"They begin {1000 * APART:.0f} ms apart. The service takes {MOST} at once. The"
                f" others wait for a slot of the {ENTITY}, or for one of aiohttp's {MOST}"
                " connections, and then send what has piled up."
            ),
            f"lag: how late a timer of {1000 * TICK:.0f} ms was in the client's process.",
            (
                "CPU %: of the core, while all of them speak, with the benchmark's own share;"
                " resident: growth of the process at its peak, for one utterance."
            ),
        ),
    )


def _rows_of_load(crowds: Sequence[Crowd]) -> Iterator[Sequence[str]]:
    floors = {crowd.at_once: crowd.delay for crowd in crowds if crowd.plan.contender == FLOOR}
    alone = {crowd.plan.contender: crowd.delay for crowd in crowds if crowd.at_once == 1}
    for crowd in crowds:
        contender, delay, lag = crowd.plan.contender, crowd.delay, crowd.lag
        times = (
            *((delay.median, delay.p95, delay.worst) if delay else (None, None, None)),
            crowd.in_service,
            *((lag.p95, lag.worst) if lag else (None, None)),
        )
        yield (
            contender,
            str(crowd.at_once),
            figure(ratio(delay, floors.get(crowd.at_once))),
            figure(ratio(delay, alone.get(contender)), ".1f"),
            str(crowd.late),
            str(crowd.lost),
            *(milliseconds(seconds, ".1f") for seconds in times),
            f"{100 * crowd.cpu * crowd.at_once:.0f}",
            f"{crowd.memory / _MIB:.2f}",
        )


def table_of_memory(crowds: Sequence[Crowd]) -> Table:
    """Show the memory that an utterance needs."""
    return Table(
        title="Memory: for one utterance, at the peak",
        columns=("contender", "at once", "audio s", "ratio", "MiB", "goal", "lost"),
        rows=list(_rows_of_memory(crowds)),
        notes=(
            f"ratio: to '{FLOOR}'.",
            f"goal: at most 60 s of PCM and 1 MiB, which is {_MEMORY_GOAL / _MIB:.2f} MiB.",
            (
                "MiB: allocated by Python, as tracemalloc sees it, divided by the utterances at"
                " once, without the speakers' own audio."
            ),
        ),
    )


def _rows_of_memory(crowds: Sequence[Crowd]) -> Iterator[Sequence[str]]:
    floors = {_size(crowd): crowd.memory for crowd in crowds if crowd.plan.contender == FLOOR}
    for crowd in crowds:
        floor = floors.get(_size(crowd))
        goal = "met" if crowd.memory <= _MEMORY_GOAL else "missed"
        yield (
            crowd.plan.contender,
            str(crowd.at_once),
            f"{crowd.plan.seconds:g}",
            figure(crowd.memory / floor if floor else None, ".2f"),
            f"{crowd.memory / _MIB:.2f}",
            goal if crowd.plan.contender in {CLIENT, ENTITY} else "",
            str(crowd.lost),
        )


def _size(crowd: Crowd) -> tuple[int, float]:
    """Return how many speak at once, and for how long."""
    return crowd.at_once, crowd.plan.seconds


def comparisons_of_load(crowds: Sequence[Crowd]) -> Iterator[Comparison]:
    """Yield how the delay grows with the number at once."""
    for at_once in sorted({crowd.at_once for crowd in crowds} - {1}):
        yield Comparison(
            what="End of speech to text",
            where=f"{LOOPBACK.name}, {at_once} at once, p95",
            unit="ms",
            values={
                crowd.plan.contender: crowd.delay and 1000 * crowd.delay.p95
                for crowd in crowds
                if crowd.at_once == at_once
            },
            why=_WHY_LOAD,
            is_plotted=at_once == MOST,
        )


def comparisons_of_memory(crowds: Sequence[Crowd]) -> Iterator[Comparison]:
    """Yield the memory for each number at once, and each length."""
    for size in dict.fromkeys(map(_size, crowds)):
        at_once, seconds = size
        yield Comparison(
            what="Memory for an utterance",
            where=f"{seconds:g} s, {at_once} at once",
            unit="MiB",
            values={
                crowd.plan.contender: crowd.memory / _MIB
                for crowd in crowds
                if _size(crowd) == size
            },
            why=_WHY_MEMORY,
        )
