"""One figure of all contenders, and the table of these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from .contenders import BUFFER, CLOUD, COMPARED, ENTITY, FLOOR, OPUS, PEERS
from .table import Table, figure

NO_TEXT: Final = "no text"

_BEHIND: Final = 1.05
_LABELS: Final = {
    ENTITY: "this integration",
    OPUS: "with Opus",
    CLOUD: "Home Assistant Cloud",
    BUFFER: "upload after recording",
    FLOOR: "bare upload",
}
"""The contenders that a page shows, with names that everybody understands."""
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

    @property
    def setback(self) -> float:
        """Our entity's figure to the best one; infinite if that is nothing, or ours no text."""
        ours = self.values.get(ENTITY)
        others = [other for name in PEERS if (other := self.values.get(name)) is not None]
        return inf if ours is None or min(others) <= 0 else ours / min(others)

    @property
    def line(self) -> str:
        """Our entity's figure and those that are ahead of it."""
        figures = ", ".join(f"{name} {self.shown(name)}" for name in (ENTITY, *self.behind))
        return f"{self.name} ({self.unit}): {figures}"


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
            f"'{ENTITY} / …': the entity's figure divided by the other one; below 1 it's ahead.",
            f"'{NO_TEXT}': no answer was right. Empty: not measured.",
        ),
    )


def glance(comparisons: Sequence[Comparison]) -> Table:
    """Put the figures that are plotted together, our entity's first."""
    shown = [one for one in comparisons if one.is_plotted]
    return Table(
        title="At a glance",
        columns=("less is better", *(f"{label} ({name})" for name, label in _LABELS.items())),
        rows=[
            (f"{one.name} ({one.unit})", *(one.shown(name) for name in _LABELS)) for one in shown
        ],
        notes=(f"'{NO_TEXT}': no answer was right. Empty: not measured.",),
    )


def setbacks(comparisons: Sequence[Comparison]) -> dict[str, Comparison]:
    """Return the worst figure in which our entity is behind, for each reason."""
    found: dict[str, Comparison] = {}
    for one in comparisons:
        if one.behind and (one.why not in found or one.setback > found[one.why].setback):
            found[one.why] = one
    return found
