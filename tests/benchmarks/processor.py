"""The processor time for a second of audio and for an utterance, in each format of a satellite.

The same words are said for a short and for a long time: the difference is that of the audio, and
the rest belongs to the utterance.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import Final

from .comparison import Comparison
from .contenders import (
    CLOUD,
    COMPARED,
    CONTENDERS,
    DETECTOR,
    ENTITY,
    FLOOR,
    NAMES_OFF,
    NO_ONE,
    RECORDING,
)
from .measure import Measurement, measure
from .servers import emulator
from .speech import Form, speech_of
from .table import Table, figure, milliseconds

_TURNS: Final = (
    *((name, Form.PCM) for name in (NO_ONE, *COMPARED, NAMES_OFF, RECORDING, DETECTOR)),
    *((ENTITY, form) for form in Form if form != Form.PCM),
)
"""The contenders and their audio, in the order of the turns."""

type _Turn = tuple[str, Form]

_LENGTHS: Final = (1.0, 4.0)
"""Seconds of a short and of a long utterance."""

_PAUSE: Final = 60.0
_WHY: Final = (
    "The audio goes through a recording before it's sent, so that it can be sent again. That's one"
    " more step for each chunk."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A contender's processor time for audio of a form, without the host's, in seconds."""

    contender: str
    form: Form
    second: float
    """For a second of audio."""
    utterance: float
    """For an utterance, besides its audio."""
    ratio: float
    """Of a second of audio to the floor's."""
    wrong: int


async def compare(runs: int) -> list[Cost]:
    """Let the contenders take turns until each has had a number of utterances of each form."""
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(emulator(pause=_PAUSE))
        contenders = {
            name: await stack.enter_async_context(CONTENDERS[name](address))
            for name in dict.fromkeys(name for name, _ in _TURNS)
        }
        numbers = count()
        measured: dict[_Turn, list[list[tuple[float, Measurement]]]] = {
            turn: [[] for _ in _LENGTHS] for turn in _TURNS
        }
        for run in range(runs + 1):
            for length, seconds in enumerate(_LENGTHS):
                for name, form in _TURNS:
                    utterance = speech_of(seconds, next(numbers), form)
                    one = await measure(contenders[name], utterance)
                    if run:  # the first one is to warm up
                        measured[name, form][length].append((utterance.seconds, one))
    return list(_costs(measured))


def _costs(
    measured: Mapping[_Turn, Sequence[Sequence[tuple[float, Measurement]]]],
) -> Iterator[Cost]:
    lines = {turn: _line(lengths) for turn, lengths in measured.items()}
    host = lines.pop((NO_ONE, Form.PCM))
    floor = lines[FLOOR, Form.PCM][0] - host[0]
    for (name, form), (second, utterance) in lines.items():
        yield Cost(
            contender=name,
            form=form,
            second=second - host[0],
            utterance=utterance - host[1],
            ratio=(second - host[0]) / floor,
            wrong=sum(
                not one.is_right and name not in (RECORDING, DETECTOR)
                for length in measured[name, form]
                for _, one in length
            ),
        )


def _line(lengths: Sequence[Sequence[tuple[float, Measurement]]]) -> tuple[float, float]:
    """Return the processor time for a second of audio, and for an utterance without any."""
    (short, least), (long, most) = (
        (median(seconds for seconds, _ in length), median(one.cpu for _, one in length))
        for length in lengths
    )
    slope = (most - least) / (long - short)
    return slope, least - slope * short


def table(costs: Sequence[Cost]) -> Table:
    """Put the contenders together."""
    return Table(
        title="Processor: for a second of audio, and for an utterance",
        columns=("contender, form", "ratio", "CPU ms, second", "CPU ms, utterance", "wrong"),
        rows=[
            (
                f"{cost.contender}, {cost.form}",
                figure(cost.ratio, ".2f"),
                milliseconds(cost.second),
                milliseconds(cost.utterance),
                str(cost.wrong),
            )
            for cost in costs
        ],
        notes=(
            f"ratio: of a second, to '{FLOOR}', which is given 16 kHz PCM.",
            (
                "CPU: of the client's process, median, less what the benchmark's own host takes;"
                " one speaks at a time. A short and a long utterance tell the second of audio"
                " from the rest."
            ),
            (
                f"'{RECORDING}' sends nothing. What '{DETECTOR}' takes more is the part of the"
                " end-of-speech detector in the entity's time."
            ),
            (
                "The words aren't a command, so the entity looks for misheard names in all of"
                f" them; '{NAMES_OFF}' doesn't."
            ),
            (
                "The entity makes 16 kHz PCM of whatever comes. For the others the host has to do"
                f" it; '{CLOUD}' passes OGG/Opus on as it is, which the emulator can't hear, so"
                " that isn't measured."
            ),
        ),
    )


def comparisons(costs: Sequence[Cost]) -> Iterator[Comparison]:
    """Yield the processor time for each form."""
    for form in Form:
        if values := {cost.contender: 1000 * cost.second for cost in costs if cost.form == form}:
            yield Comparison(
                what="Processor time for a second of audio",
                where=form,
                unit="ms",
                values=values,
                why=_WHY,
                is_plotted=form == Form.PCM,
            )
