"""The parts of the benchmarks that are finished, kept in case that a later one fails."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
import pickle
from typing import Any, Final

FOLDER: Final = Path(".dev/bench/finished")


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedPart:
    """A part's figures, and how many seconds they took."""

    figures: list[Any]
    seconds: float


class FinishedParts:
    """The finished parts of a day, each with the schedule that it was measured by."""

    def __init__(self, schedule: object, *, resume: bool) -> None:
        """Initialize with a schedule. Unless it's resumed, nothing is taken from before."""
        self._key = f"{datetime.now(UTC).date()} {schedule}"
        self._resume = resume

    def load(self, name: str) -> FinishedPart | None:
        """Return a part that is finished, if it may be taken."""
        path = FOLDER / name
        if not self._resume or not path.exists():
            return None
        # It was written below, on this machine.
        key, part = pickle.loads(path.read_bytes())  # noqa: S301
        return part if key == self._key else None

    def save(self, name: str, figures: list[Any], seconds: float) -> FinishedPart:
        """Keep a part, and return it."""
        part = FinishedPart(figures=figures, seconds=seconds)
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_bytes(pickle.dumps((self._key, part)))
        return part
