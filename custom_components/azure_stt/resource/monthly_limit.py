"""The monthly limit: how many hours of audio the user lets a resource be sent."""

from math import inf, isinf
from typing import Final

from ..recognition.policy import LimitReachedError
from .usage import Usage

_SECONDS_PER_HOUR: Final = 3600


class MonthlyLimit:
    """A limit for the audio of each month, to both services, as the meters count it.

    The user can lift it for the current month; another limit that is set after that counts.
    """

    def __init__(self, usage: Usage, hours: float | None) -> None:
        """Initialize with the limit in hours; None for no limit."""
        self.hours: Final = hours
        self._usage = usage

    def seconds_left(self) -> float:
        """Return the seconds of audio that are left this month; infinite if nothing limits it."""
        self._usage.turn_over()
        if self.hours is None or self._usage.lifted_limit == self.hours:
            return inf
        return max(0.0, (self.hours - self._usage.hours_month) * _SECONDS_PER_HOUR)

    def share(self) -> float:
        """Return the used share of the limit, from 0 to 1; 0 if nothing limits the audio."""
        left = self.seconds_left()
        if self.hours is None or isinf(left):
            return 0.0
        return 1 - left / (self.hours * _SECONDS_PER_HOUR)

    def has_room(self, seconds: float) -> bool:
        """Return whether the limit isn't reached and leaves at least these seconds of audio."""
        left = self.seconds_left()
        return left > 0 and seconds <= left

    def raise_if_reached(self) -> None:
        """Raise LimitReachedError from the limit on."""
        if self.hours is not None and not self.seconds_left():
            raise LimitReachedError(self.hours)
