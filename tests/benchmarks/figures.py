"""Statistics of many measurements."""

from collections.abc import Sequence
from dataclasses import dataclass
import math
from statistics import median
from typing import Self, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The middle and the bad end of some measurements, in their unit."""

    median: float
    p95: float
    worst: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self | None:
        """Sum up the values; `None` if there are none."""
        if not values:
            return None
        return cls(
            median=median(values),
            p95=percentile(values, 0.95),
            worst=max(values),
            count=len(values),
        )


def ratio(one: Spread | None, other: Spread | None) -> float | None:
    """Return a median to another one, if there are both."""
    return one.median / other.median if one and other else None


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of the values doesn't exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
