"""The cost of finding out whether the home understands: up to the end of the intent stage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import median
from typing import Any, Final

from custom_components.azure_stt.resource.client_factory import async_get_session

from .assist import Assist
from .contenders import Contender
from .figures import Spread, ratio
from .home import add_recognizer
from .measure import Measurement, delays, measure
from .servers import emulator
from .speech import command
from .table import Table, figure, milliseconds

OFF: Final = "off"
ON: Final = "on"
ONE_OPINION: Final = "on, no second opinion"
SETTINGS: Final[dict[str, dict[str, Any]]] = {
    OFF: {"home_aware": False, "patience": "to_the_end"},
    ON: {"home_aware": True, "patience": "automatic"},
    ONE_OPINION: {"home_aware": True, "patience": "automatic", "second_opinion": False},
}
"""The recognizer's options, in the order of their turns."""

_LIGHTS: Final = 1000
_PAUSE: Final = 0.5
_WARM_UP: Final = 3
_MORE: Final = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How a stream ends."""

    name: str
    quiet_after: float
    """Seconds of quiet after the speech."""


CASES: Final = (
    Case(name="ends with the speech", quiet_after=0.0),
    # The answer comes at the pause, and the check of it while the stream goes on.
    Case(name="ends 0.7 s later", quiet_after=0.7),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A setting in a case. Times in seconds."""

    case: Case
    setting: str
    delay: Spread | None
    """Of the commands that were heard right and done; `None` if there are none."""
    more: float | None
    """Its median less the one without the check."""
    ratio: float | None
    cpu: float
    """Processor time of a command, median; the benchmark's host included."""
    wrong: int

    @property
    def meets_goal(self) -> bool:
        """Whether the check costs next to nothing."""
        return not self.wrong and self.more is not None and self.more <= _MORE


async def compare(runs: int) -> list[Understood]:
    """Let the settings take turns until each has had a number of commands, all of them new."""
    commands = len(SETTINGS) * (_WARM_UP + len(CASES) * runs)
    lights = [f"Kitchen light {number:04}" for number in range(max(_LIGHTS, commands))]
    async with emulator(pause=_PAUSE) as address, Assist.open(lights) as assist:
        contenders = {
            name: await _contender(assist, address, options) for name, options in SETTINGS.items()
        }
        numbers = count()
        for _ in range(_WARM_UP):
            for contender in contenders.values():
                await measure(contender, command(next(numbers)))
        return [row for case in CASES for row in await _compare(case, contenders, numbers, runs)]


async def _contender(assist: Assist, address: str, options: dict[str, Any]) -> Contender:
    engine = await add_recognizer(assist.hass, address, options)
    pipeline = await assist.add_pipeline(engine)
    return Contender(recognize=partial(assist.do, pipeline), session=async_get_session(assist.hass))


async def _compare(
    case: Case, contenders: dict[str, Contender], numbers: Iterator[int], runs: int
) -> list[Understood]:
    measured: dict[str, list[Measurement]] = {name: [] for name in contenders}
    for run in range(runs):
        # Each is the first one every other time.
        for name, contender in sorted(contenders.items(), reverse=run % 2 == 1):
            utterance = command(next(numbers), quiet_after=case.quiet_after)
            measured[name].append(await measure(contender, utterance))
    without = delays(measured[OFF])
    return [_row(case, name, several, without) for name, several in measured.items()]


def _row(
    case: Case, setting: str, measured: Sequence[Measurement], without: Spread | None
) -> Understood:
    delay = delays(measured)
    return Understood(
        case=case,
        setting=setting,
        delay=delay,
        more=delay.median - without.median if delay and without else None,
        ratio=ratio(delay, without),
        cpu=median(one.cpu for one in measured),
        wrong=sum(not one.is_right for one in measured),
    )


def table(rows: Sequence[Understood]) -> Table:
    """Put the cases together."""
    return Table(
        title="Understood: from the last chunk of speech to the end of the intent stage",
        columns=(
            "stream, check",
            "ratio",
            "more ms",
            "goal",
            "median ms",
            "p95 ms",
            "CPU ms",
            "right",
            "wrong",
        ),
        rows=[_cells(row) for row in rows],
        notes=(
            f"ratio, more: medians against the check '{OFF}'.",
            (
                f"goal: every text right, and at most {1000 * _MORE:.0f} ms more. on: names are"
                " matched, and patience is 'automatic'; off: neither, and it's 'to the end'. A"
                " second opinion is asked for only if a text isn't understood."
            ),
            (
                f"Assist's pipeline without its detector, Home Assistant's own agent, at least"
                f" {_LIGHTS} exposed lights; each command is new, so that no cache knows it."
            ),
            (
                f"The service answers after {_PAUSE} s of quiet or at the stream's end; right: the"
                " text is what was said, and the agent has done it."
            ),
            "CPU: of the client's process for one command, with the benchmark's own share.",
        ),
    )


def _cells(row: Understood) -> Sequence[str]:
    delay = row.delay
    return (
        f"{row.case.name}, {row.setting}",
        figure(row.ratio),
        milliseconds(row.more, "+.2f"),
        "" if row.setting == OFF else "met" if row.meets_goal else "missed",
        milliseconds(delay and delay.median),
        milliseconds(delay and delay.p95),
        milliseconds(row.cpu),
        str(delay.count if delay else 0),
        str(row.wrong),
    )
