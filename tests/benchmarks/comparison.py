"""One figure of all contenders, and the table of these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .contenders import BUFFER, CLOUD, COMPARED, ENTITY, FLOOR, PEERS
from .table import Table, figure

NO_TEXT: Final = "no text"

_BEHIND: Final = 1.05
_DIGITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A figure of which less is better."""

    what: str
    where: str
    """A note on its conditions, for a table or below a title."""
    unit: str
    values: Mapping[str, float | None]
    """By contender; `None`: it had no right text. One that isn't named wasn't measured."""
    why: str = "No reason is known."
    """Why our entity may be behind another one."""
    is_plotted: bool = False

    @property
    def name(self) -> str:
        """The figure's name, and its place."""
        return f"{self.what}: {self.where}"

    def ratio(self, contender: str) -> float | None:
        """Return our entity's figure to another one's."""
        ours, other = self.values.get(ENTITY), self.values.get(contender)
        return ours / other if ours is not None and other and other > 0 else None

    def shown(self, contender: str) -> str:
        """Return a contender's figure in a few digits, or why there is none."""
        if contender not in self.values:
            return ""
        value = self.values[contender]
        return NO_TEXT if value is None else short(value)

    @property
    def behind(self) -> list[str]:
        """Those that are ahead of our entity by more than chance."""
        ours = self.values.get(ENTITY)
        return [
            name
            for name in PEERS
            if (other := self.values.get(name)) is not None
            and (ours is None or ours > _BEHIND * max(0.0, other))
        ]


def short(value: float) -> str:
    """Return a figure in three digits, without an exponent."""
    if abs(value) >= 10 ** (_DIGITS - 1):
        return f"{value:.0f}"
    return f"{value:.{_DIGITS}g}"


def table(comparisons: Sequence[Comparison]) -> Table:
    """Put them together, our entity's ratios to the others first."""
    others = (FLOOR, CLOUD, BUFFER)
    return Table(
        title="Side by side",
        columns=(
            "less is better",
            *(f"{ENTITY} / {other}" for other in others),
            *COMPARED,
        ),
        rows=[
            (
                f"{one.name} ({one.unit})",
                *(figure(one.ratio(other), ".2f") for other in others),
                *(one.shown(name) for name in COMPARED),
            )
            for one in comparisons
        ],
        notes=(
            f"'{ENTITY} / …': how much of the other one's figure ours is; below 1 ours is ahead.",
            f"'{NO_TEXT}': no answer was right. Empty: there is nothing to measure.",
        ),
    )


def setbacks(comparisons: Sequence[Comparison]) -> dict[str, list[str]]:
    """Return where our entity is behind the alternatives in use, by the reason why."""
    found: dict[str, list[str]] = {}
    for one in comparisons:
        if one.behind:
            figures = ", ".join(f"{name} {one.shown(name)}" for name in (ENTITY, *one.behind))
            found.setdefault(one.why, []).append(f"{one.name} ({one.unit}): {figures}")
    return found
