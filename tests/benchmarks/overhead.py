"""The delay that is added between the last chunk of speech and the text."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import Final

from .comparison import Comparison
from .contenders import (
    BUFFER,
    CLIENT,
    CLOUD,
    COMPARED,
    CONTENDERS,
    ENTITY,
    FLOOR,
    OPUS,
    Contender,
)
from .figures import Spread, ratio
from .link import FAR, LINKS, THIN as THIN_LINE, THIN_LINKS, Link
from .measure import Measurement, Stages, delays, measure
from .servers import emulator, linked, recorded_requests
from .speech import command
from .table import Table, figure, milliseconds

_PAUSE: Final = 60.0
_RATIO: Final = 1.10
_OPUS_RATIOS: Final = {FAR: 0.8, THIN_LINE: 0.2}
_MORE: Final = 0.002
_WHY: Final = (
    "The entity asks Home Assistant what was meant before it answers. That takes a millisecond or"
    " two on any link, and shows only where the service is next door."
)
_WHY_NARROW: Final = (
    "The entity begins to send when it hears speech, a tenth of a second into the command, because"
    " silence costs money. A line that can barely carry a voice never makes up for that. Opus as"
    " upload format does."
)
_NARROW: Final = {FAR, *THIN_LINKS}
"""Links that carry little more than the audio's 256 kbit/s, or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How a command is sent."""

    link: Link
    is_warm: bool = True
    """Whether a connection may be used again."""

    @property
    def name(self) -> str:
        """The name in a table."""
        return f"{self.link.name}, {'warm' if self.is_warm else 'cold'}"


WARM: Final = tuple(Case(link=link) for link in LINKS)
"""The connection is there: the cases with a goal."""
THIN: Final = tuple(Case(link=link) for link in THIN_LINKS)
"""On these, each command takes seconds, so there are fewer of them."""
COLD: Final = tuple(Case(link=link, is_warm=False) for link in LINKS if not link.is_direct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A contender in a case; times in seconds."""

    contender: str
    ratio: float | None
    """Its median to the floor's."""
    more: float | None
    """Its median less the floor's."""
    delay: Spread | None
    """Of the commands that were heard right; `None` if there are none."""
    cpu: float
    """Seconds of processor time for one command, the benchmark's host included."""
    wrong: int
    """Commands whose text has an error."""
    stages: Stages | None
    """The medians; `None` if none was heard right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """A case and its contenders."""

    case: Case
    rows: Sequence[Row]


async def compare(case: Case, runs: int) -> Overhead:
    """Let the contenders take turns until each has had a number of commands."""
    async with (
        emulator(pause=_PAUSE) as service,
        linked(case.link, service) as address,
        _contenders(case, address) as contenders,
    ):
        numbers = count()
        for contender in contenders.values():
            await measure(contender, command(next(numbers)))
        measured: dict[str, list[Measurement]] = {name: [] for name in contenders}
        for _ in range(runs):
            for name, contender in contenders.items():
                measured[name].append(await measure(contender, command(next(numbers))))
        requests = await recorded_requests(service)
    floor = delays(measured[FLOOR])
    return Overhead(
        case=case,
        rows=[
            _row(name, several, floor, _stages(several, requests))
            for name, several in measured.items()
        ],
    )


@asynccontextmanager
async def _contenders(case: Case, address: str) -> AsyncIterator[dict[str, Contender]]:
    async with AsyncExitStack() as stack:
        contenders = {
            name: await stack.enter_async_context(CONTENDERS[name](address))
            for name in (*COMPARED, OPUS)
        }
        for contender in contenders.values():
            if not case.is_warm and (connector := contender.session.connector):
                # Every connection that is kept is then too old for the next request.
                connector._keepalive_timeout = 0
        yield contenders


def _row(
    name: str, measured: Sequence[Measurement], floor: Spread | None, stages: Stages | None
) -> Row:
    delay = delays(measured)
    return Row(
        contender=name,
        ratio=ratio(delay, floor),
        more=delay.median - floor.median if delay and floor else None,
        delay=delay,
        cpu=median(one.cpu for one in measured),
        wrong=sum(not one.is_right for one in measured),
        stages=stages,
    )


def _stages(
    measured: Sequence[Measurement], requests: Sequence[dict[str, object]]
) -> Stages | None:
    found = [stages for one in measured if (stages := Stages.of(one, requests))]
    if not found:
        return None
    return Stages(
        to_service=median(one.to_service for one in found),
        in_service=median(one.in_service for one in found),
        from_service=median(one.from_service for one in found),
        chunks=round(median(one.chunks for one in found)),
        size=round(median(one.size for one in found)),
    )


def table(results: Sequence[Overhead]) -> Table:
    """Put the cases together."""
    return Table(
        title="Overhead: from the last chunk of speech to the text",
        columns=(
            "link, case",
            "contender",
            "ratio",
            "more ms",
            "goal",
            "median ms",
            "p95 ms",
            "up ms",
            "service ms",
            "back ms",
            "chunks",
            "kB",
            "CPU ms",
            "right",
            "wrong",
        ),
        rows=[_cells(result.case, row) for result in results for row in result.rows],
        notes=(
            (
                f"ratio, more: medians against '{FLOOR}', which sends Assist's 10 ms chunks as"
                " they come, with Expect as our client does."
            ),
            (
                f"goal, warm: client and entity at most {_RATIO:.2f} times the floor on the link,"
                f" at most {milliseconds(_MORE)} ms more on loopback."
            ),
            (
                "up: until the service has the last audio; service: the emulator's own work;"
                " back: until the text is there."
            ),
            (
                f"'{OPUS}': the entity with the upload opus. Its goal: against the floor, at most"
                " 0.8 at 300 kbit/s and 0.2 at 128; kB: at most 0.16."
            ),
            "CPU: of the client's process for one command, with the benchmark's own share.",
            (
                f"'{CLOUD}': Home Assistant Cloud's client; '{BUFFER}': collects everything, then"
                " posts it."
            ),
            "warm: a connection is open. cold: each command opens its own.",
            "Plain HTTP: the emulator's loopback address has no TLS.",
        ),
    )


def _cells(case: Case, row: Row) -> Sequence[str]:
    delay, stages = row.delay, row.stages
    return (
        case.name,
        row.contender,
        figure(row.ratio),
        milliseconds(row.more, "+.2f"),
        _goal(case, row),
        milliseconds(delay and delay.median),
        milliseconds(delay and delay.p95),
        milliseconds(stages and stages.to_service),
        milliseconds(stages and stages.in_service),
        milliseconds(stages and stages.from_service),
        str(stages.chunks) if stages else "",
        figure(stages and stages.size / 1000, ".1f"),
        milliseconds(row.cpu),
        str(delay.count if delay else 0),
        str(row.wrong),
    )


def _goal(case: Case, row: Row) -> str:
    if not case.is_warm or row.contender not in {CLIENT, ENTITY, OPUS}:
        return ""
    if row.contender == OPUS and case.link not in _OPUS_RATIOS:
        return ""
    if case.link in THIN_LINKS and row.contender != OPUS:
        return ""
    if row.ratio is None or row.more is None:
        return "missed"
    if row.contender == OPUS:
        return "met" if row.ratio <= _OPUS_RATIOS[case.link] else "missed"
    met = row.more <= _MORE if case.link.is_direct else row.ratio <= _RATIO
    return "met" if met else "missed"


def comparisons(results: Sequence[Overhead]) -> Iterator[Comparison]:
    """Yield the delays of each case."""
    for result in results:
        case = result.case
        spreads = {row.contender: row.delay for row in result.rows}
        for figure_name in ("median", "p95") if case.is_warm else ("median",):
            yield Comparison(
                what="End of speech to text",
                where=f"{case.name}, {figure_name}",
                unit="ms",
                values={
                    name: spread and 1000 * getattr(spread, figure_name)
                    for name, spread in spreads.items()
                },
                why=_WHY_NARROW if case.link in _NARROW else _WHY,
                is_plotted=case.is_warm and figure_name == "median",
            )
