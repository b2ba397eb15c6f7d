"""The kind of service that a resource turns out to be.

Microsoft doesn't document whether its service answers while audio still comes, or after how long
a pause its answer ends. So each answer is looked at.
"""

from dataclasses import dataclass
from typing import Final

from ..audio.pcm import SAMPLE_RATE

# Pauses that are as long as this, measured or as the service measures them, are the same.
_ACCURACY: Final = SAMPLE_RATE // 10

# Shorter gaps are those between words: an answer that seems to end at one has an inexact end. If
# a service did end there, each answer would still be continued from its end.
_SHORTEST_END: Final = SAMPLE_RATE // 2


@dataclass(slots=True)
class ServiceKind:
    """The behavior of a resource, as its answers show it. Pauses are samples at 16 kHz."""

    answers_early: bool | None = None
    """Whether it answers at a short pause, while audio still comes; None until that is known."""
    covered_pause: int = 0
    """The longest pause inside an answer."""
    ending_pause: int | None = None
    """The shortest pause after which an answer lacks the rest; None if none does."""

    @property
    def is_known(self) -> bool:
        """Whether an answer has shown anything about pauses."""
        return self.covered_pause > 0 or self.ending_pause is not None

    def covers(self, pause: int) -> bool | None:
        """Return whether an answer goes on after a pause; None if that isn't known."""
        if self.ending_pause is not None and pause > self.ending_pause - _ACCURACY:
            return False
        return True if pause < self.covered_pause + _ACCURACY else None

    def note_covered(self, pause: int) -> None:
        """Note the longest pause inside an answer."""
        self.covered_pause = max(self.covered_pause, pause)

    def note_end(self, pause: int) -> None:
        """Note a pause after which an answer lacks the rest."""
        pause = max(pause, _SHORTEST_END)
        self.ending_pause = min(self.ending_pause or pause, pause)
