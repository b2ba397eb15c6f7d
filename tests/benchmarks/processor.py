"""The processor time for a second of audio, in each format that a satellite may send."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import Final

from .comparison import Comparison
from .contenders import CLOUD, COMPARED, CONTENDERS, ENTITY, FLOOR, NO_ONE
from .measure import Measurement, measure
from .servers import emulator
from .speech import Form, speech_of
from .table import Table, figure, milliseconds

_TURNS: Final = (
    *((name, Form.PCM) for name in (NO_ONE, *COMPARED)),
    *((ENTITY, form) for form in Form if form != Form.PCM),
)
"""The contenders and their audio, in the order of the turns."""

_SECONDS: Final = 2.0
_PAUSE: Final = 60.0
_WHY: Final = (
    "The audio goes through a recording before it's sent, so that it can be sent again. That's one"
    " more step for each chunk."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A contender's cost for audio of a form."""

    contender: str
    form: Form
    cpu: float
    """Seconds for a second of audio, median, without the host's."""
    ratio: float
    """That to the floor's."""
    wrong: int


async def compare(runs: int) -> list[Cost]:
    """Let the contenders take turns until each has had a number of utterances of each form."""
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(emulator(pause=_PAUSE))
        contenders = {
            name: await stack.enter_async_context(CONTENDERS[name](address))
            for name in (NO_ONE, *COMPARED)
        }
        numbers = count()
        measured: dict[tuple[str, Form], list[Measurement]] = {turn: [] for turn in _TURNS}
        for run in range(runs + 1):
            for name, form in _TURNS:
                utterance = speech_of(_SECONDS, next(numbers), form)
                one = await measure(contenders[name], utterance)
                if run:  # the first one is to warm up
                    measured[name, form].append(one)
    return list(_costs(measured))


def _costs(measured: dict[tuple[str, Form], list[Measurement]]) -> Iterator[Cost]:
    cpu = {turn: median(one.cpu for one in several) for turn, several in measured.items()}
    host = cpu.pop((NO_ONE, Form.PCM))
    floor = cpu[FLOOR, Form.PCM] - host
    for (name, form), seconds in cpu.items():
        yield Cost(
            contender=name,
            form=form,
            cpu=(seconds - host) / _SECONDS,
            ratio=(seconds - host) / floor,
            wrong=sum(not one.is_right for one in measured[name, form]),
        )


def table(costs: Sequence[Cost]) -> Table:
    """Put the contenders together."""
    return Table(
        title="Processor: for a second of audio",
        columns=("contender, form", "ratio", "CPU ms", "wrong"),
        rows=[
            (
                f"{cost.contender}, {cost.form}",
                figure(cost.ratio, ".2f"),
                milliseconds(cost.cpu),
                str(cost.wrong),
            )
            for cost in costs
        ],
        notes=(
            f"ratio: to '{FLOOR}', which is given 16 kHz PCM.",
            (
                "CPU: of the client's process, median, without the benchmark's own share; one"
                " utterance at a time."
            ),
            (
                "The entity converts all formats to 16 kHz PCM. The others leave that to their"
                f" caller; '{CLOUD}' passes on OGG/Opus as it is, which isn't measured, because the"
                " emulator can't decode it."
            ),
        ),
    )


def comparisons(costs: Sequence[Cost]) -> Iterator[Comparison]:
    """Yield the processor time for each form."""
    for form in Form:
        if values := {cost.contender: 1000 * cost.cpu for cost in costs if cost.form == form}:
            yield Comparison(
                what="Processor time for a second of audio",
                where=form,
                unit="ms",
                values=values,
                why=_WHY,
                is_plotted=form == Form.PCM,
            )
