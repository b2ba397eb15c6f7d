"""What is added to the time from the last chunk of speech to the text."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import Final

from .contenders import BUFFER, CLIENT, CLOUD, CONTENDERS, ENTITY, FLOOR, Contender
from .figures import Spread
from .link import LINKS, Link
from .measure import Measurement, Stages, measure
from .servers import emulator, linked, recorded_requests
from .speech import Utterance, command
from .table import Table

NAMES: Final = (FLOOR, "bare, no Expect", CLIENT, ENTITY, CLOUD, BUFFER)
"""The contenders, in the order of their turns."""

_LONG_PAUSE: Final = 60.0
_SHORT_PAUSE: Final = 0.5
_QUIET_AFTER: Final = 1.35  # what Assist's detector lets pass before it ends the stream
_RATIO: Final = 1.10
_MORE: Final = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How a command is sent and answered."""

    name: str
    link: Link
    is_warm: bool = True
    """Whether a connection may be used again."""
    pause: float = _LONG_PAUSE
    """Seconds of quiet after which the service answers."""
    quiet_after: float = 0.0
    """Seconds of quiet that the host sends after the speech."""

    def command(self, number: int) -> Utterance:
        """Return something to say."""
        return command(number, quiet_after=self.quiet_after)


WARM: Final = tuple(Case(name="warm", link=link) for link in LINKS)
"""The stream ends with the speech, the connection is there: the cases with a goal."""
OTHERS: Final = tuple(
    case
    for link in LINKS
    for case in (
        Case(name="cold", link=link, is_warm=False),
        Case(name="at the pause", link=link, pause=_SHORT_PAUSE, quiet_after=_QUIET_AFTER),
    )
)


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
    """Commands whose text isn't what was said."""
    stages: Stages | None
    """The medians; `None` where the service answers before the stream ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """A case and its contenders."""

    case: Case
    rows: Sequence[Row]


async def compare(case: Case, runs: int) -> Overhead:
    """Let the contenders take turns until each has had so many commands."""
    async with (
        emulator(pause=case.pause) as service,
        linked(case.link, service) as address,
        _contenders(case, address) as contenders,
    ):
        numbers = count()
        for contender in contenders.values():
            await measure(contender, case.command(next(numbers)))
        measured: dict[str, list[Measurement]] = {name: [] for name in contenders}
        for _ in range(runs):
            for name, contender in contenders.items():
                measured[name].append(await measure(contender, case.command(next(numbers))))
        requests = await recorded_requests(service)
    floor = _delay(measured[FLOOR])
    staged = not case.quiet_after
    return Overhead(
        case=case,
        rows=[
            _row(name, several, floor, _stages(several, requests) if staged else None)
            for name, several in measured.items()
        ],
    )


@asynccontextmanager
async def _contenders(case: Case, address: str) -> AsyncIterator[dict[str, Contender]]:
    async with AsyncExitStack() as stack:
        contenders = {
            name: await stack.enter_async_context(CONTENDERS[name](address)) for name in NAMES
        }
        for contender in contenders.values():
            if not case.is_warm and (connector := contender.session.connector):
                # Every connection that is kept is then too old for the next request.
                connector._keepalive_timeout = 0
        yield contenders


def _delay(measured: Sequence[Measurement]) -> Spread | None:
    return Spread.of([one.delay for one in measured if one.is_right])


def _row(
    name: str, measured: Sequence[Measurement], floor: Spread | None, stages: Stages | None
) -> Row:
    delay = _delay(measured)
    return Row(
        contender=name,
        ratio=delay.median / floor.median if delay and floor else None,
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
            "CPU ms",
            "right",
            "wrong",
        ),
        rows=[_cells(result.case, row) for result in results for row in result.rows],
        notes=(
            (
                f"ratio, more: medians against '{FLOOR}', which sends the host's 10 ms chunks as"
                " they come, with Expect as our client does."
            ),
            (
                f"goal, warm: client and entity at most {_RATIO:.2f} times the floor on the link,"
                f" at most {_milliseconds(_MORE)} ms more on loopback."
            ),
            (
                "up: until the service has the last audio; service: the emulator's own work;"
                " back: until the text is there."
            ),
            "CPU: of the client's process for one command, the benchmark's own host included.",
            (
                f"'{CLOUD}': Home Assistant Cloud's client; '{BUFFER}': collects everything, then"
                " posts it."
            ),
            (
                "cold: each command opens its own connection. at the pause: the service answers"
                f" after {_SHORT_PAUSE} s of quiet while the host goes on for {_QUIET_AFTER} s, and"
                " closes the connection. The client takes that answer; the entity waits for the"
                " stream's end unless the home understands a whole command."
            ),
            "Plain HTTP: the emulator's loopback address has no TLS.",
        ),
    )


def _cells(case: Case, row: Row) -> Sequence[str]:
    stages = row.stages
    return (
        f"{case.link.name}, {case.name}",
        row.contender,
        "" if row.ratio is None else f"{row.ratio:.3f}",
        "" if row.more is None else f"{1000 * row.more:+.2f}",
        _goal(case, row),
        _milliseconds(row.delay.median) if row.delay else "",
        _milliseconds(row.delay.p95) if row.delay else "",
        _milliseconds(stages.to_service) if stages else "",
        _milliseconds(stages.in_service) if stages else "",
        _milliseconds(stages.from_service) if stages else "",
        str(stages.chunks) if stages else "",
        _milliseconds(row.cpu),
        str(row.delay.count if row.delay else 0),
        str(row.wrong),
    )


def _goal(case: Case, row: Row) -> str:
    if case not in WARM or row.contender not in {CLIENT, ENTITY}:
        return ""
    if row.ratio is None or row.more is None:
        return "missed"
    met = row.more <= _MORE if case.link.is_direct else row.ratio <= _RATIO
    return "met" if met else "missed"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.2f}"
