"""The cost of a connection that is lost at the very end of an utterance."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from typing import Final

from tests.emulator import Moment

from .comparison import Comparison
from .contenders import BUFFER, BUFFER_TWICE, CLOUD, CONTENDERS, ENTITY
from .figures import Spread, ratio
from .link import SLOW
from .measure import Measurement, delays, measure
from .servers import emulator, linked, recorded_requests, secured, strike
from .speech import CHUNK, speech_of
from .table import Table, figure, milliseconds

ONE_UPLOAD: Final = "one upload"
"""The floor: all of it posted at once without any failure, on a connection that is there."""

ANEW: Final = "one upload, anew"
"""The same on a separate connection, as after a reset."""

NAMES: Final = (ONE_UPLOAD, ANEW, ENTITY, CLOUD, BUFFER, BUFFER_TWICE)
"""The contenders, in the order of their turns."""

_FLAWLESS: Final = {ONE_UPLOAD, ANEW}

ROUND_TRIP: Final = 2 * SLOW.delay
SECONDS: Final = 3.0

_ROUND_TRIPS: Final = 2
_PAUSE: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A contender whose connection is lost. Times in seconds."""

    contender: str
    over_tls: bool
    delay: Spread | None
    """Of the utterances that were heard right; `None` if there are none."""
    more: float | None
    """Its median less the floor's."""
    ratio: float | None
    """Its median to the floor's."""
    requests: float
    """Requests for one utterance."""
    wrong: int

    @property
    def meets_goal(self) -> bool:
        """Whether it takes at most two round trips more than one upload."""
        return not self.wrong and self.more is not None and self.more <= _ROUND_TRIPS * ROUND_TRIP


async def compare(runs: int) -> list[Failure]:
    """Let the contenders take turns until each has lost a number of connections, then over TLS."""
    return [failure for tls in (False, True) for failure in await _compare(runs, over_tls=tls)]


async def _compare(runs: int, *, over_tls: bool) -> list[Failure]:
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(emulator(pause=_PAUSE))
        front = await stack.enter_async_context(secured(service)) if over_tls else service
        address = await stack.enter_async_context(linked(SLOW, front))
        contenders = {
            name: await stack.enter_async_context(
                CONTENDERS[BUFFER if name in _FLAWLESS else name](address)
            )
            for name in NAMES
        }
        if connector := contenders[ANEW].session.connector:
            connector._keepalive_timeout = 0
        numbers = count()
        measured: dict[str, list[Measurement]] = {name: [] for name in NAMES}
        requests = dict.fromkeys(NAMES, 0)
        for run in range(runs + 1):
            for name, contender in contenders.items():
                utterance = speech_of(SECONDS, next(numbers))
                if name not in _FLAWLESS:
                    # A little less than the speech: some send no header before it.
                    size = len(utterance.speech) - CHUNK
                    await strike(service, at=Moment.DURING_BODY, after_bytes=size, reset=True)
                before = len(await recorded_requests(service))
                one = await measure(contender, utterance)
                if run:  # the first one is to warm up
                    measured[name].append(one)
                    requests[name] += len(await recorded_requests(service)) - before
    floor = delays(measured[ONE_UPLOAD])
    return [
        _failure(name, measured[name], floor, requests[name], over_tls=over_tls) for name in NAMES
    ]


def _failure(
    name: str,
    measured: Sequence[Measurement],
    floor: Spread | None,
    requests: int,
    *,
    over_tls: bool,
) -> Failure:
    delay = delays(measured)
    return Failure(
        contender=name,
        over_tls=over_tls,
        delay=delay,
        more=delay.median - floor.median if delay and floor else None,
        ratio=ratio(delay, floor),
        requests=requests / len(measured),
        wrong=sum(not one.is_right for one in measured),
    )


def table(failures: Sequence[Failure]) -> Table:
    """Put the contenders together."""
    return Table(
        title=f"Failure: the connection is reset at the last chunk of {SECONDS:g} s of speech",
        columns=(
            "link, contender",
            "ratio",
            "more ms",
            "round trips more",
            "goal",
            "median ms",
            "p95 ms",
            "requests",
            "right",
            "wrong",
        ),
        rows=[_cells(failure) for failure in failures],
        notes=(
            (
                f"ratio, more: medians against '{ONE_UPLOAD}': all of the audio posted at once on"
                " an open connection, without Expect and without any failure."
                f" '{ANEW}': on a new connection."
            ),
            (
                f"goal: every text right, and at most {_ROUND_TRIPS} round trips"
                f" ({1000 * _ROUND_TRIPS * ROUND_TRIP:.0f} ms) more than one upload."
            ),
            "median, p95: from the last chunk of speech to the text, of texts that are right.",
            (
                f"'{BUFFER_TWICE}' posts the collected audio a second time, at once;"
                f" '{CLOUD}' and '{BUFFER}' don't try again."
            ),
            "With TLS each new connection costs a round trip more.",
        ),
    )


def _cells(failure: Failure) -> Sequence[str]:
    delay, more = failure.delay, failure.more
    return (
        f"{SLOW.name}, {'TLS, ' * failure.over_tls}{failure.contender}",
        figure(failure.ratio),
        milliseconds(more, "+.1f"),
        figure(more and more / ROUND_TRIP, "+.2f"),
        ("met" if failure.meets_goal else "missed") if failure.contender == ENTITY else "",
        milliseconds(delay and delay.median, ".1f"),
        milliseconds(delay and delay.p95, ".1f"),
        f"{failure.requests:.1f}",
        str(delay.count if delay else 0),
        str(failure.wrong),
    )


def comparisons(failures: Sequence[Failure]) -> Iterator[Comparison]:
    """Yield the delays after a failure."""
    for over_tls in (False, True):
        if values := {
            failure.contender: failure.delay and 1000 * failure.delay.median
            for failure in failures
            if failure.over_tls is over_tls
        }:
            yield Comparison(
                what="End of speech to text",
                where=f"{SLOW.name}, {'TLS, ' * over_tls}connection reset at the end, median",
                unit="ms",
                values=values,
                is_plotted=not over_tls,
            )
