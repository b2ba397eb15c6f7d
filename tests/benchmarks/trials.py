"""Trials: a spoken command, the actions for its text, and the figures of many."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from .awkward_home import Command

STAGES: Final = 3
"""The text as it was recognized, the selected one, and the one after a second opinion."""

_OPPOSITES: Final = (
    {"turn_on", "turn_off"},
    {"open_cover", "close_cover"},
    {"lock", "unlock"},
    {"start", "return_to_base"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A service that was called for an entity."""

    service: str
    entity_id: str
    values: tuple[tuple[str, str], ...] = ()

    def reverses(self, other: Action) -> bool:
        """Tell whether it does the opposite of another action, to the same thing."""
        return self.entity_id == other.entity_id and {self.service, other.service} in _OPPOSITES


type Deeds = frozenset[Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A spoken command, and the action for its text at each stage."""

    command: Command
    wanted: Deeds
    texts: tuple[str, str, str]
    """At each stage."""
    asked_again: float
    """Seconds of sound that a second opinion was asked about."""
    deeds: tuple[Deeds, Deeds, Deeds]
    misheard_name: bool
    """Whether all that the model got wrong is the name."""

    def right(self, stage: int) -> bool:
        """Return whether exactly the intended action was carried out."""
        return self.deeds[stage] == self.wanted

    @property
    def spoiled(self) -> bool:
        """Whether a right text became wrong in the end."""
        return self.right(0) and not self.right(-1)

    @property
    def led_astray(self) -> bool:
        """Whether something is done that wasn't wanted, and that the first text hadn't done."""
        return bool(self.deeds[-1] - self.wanted - self.deeds[0])

    @property
    def reversed(self) -> bool:
        """Whether the opposite is done, which the first alternative hadn't done."""
        return any(
            done.reverses(wanted)
            for done in self.deeds[-1] - self.deeds[0]
            for wanted in self.wanted
        )


@dataclass(kw_only=True)
class Tally:
    """The outcome of all commands under one condition."""

    condition: str
    trials: list[Trial] = field(default_factory=list)

    def right(self) -> list[int]:
        """Return how many were right at each stage."""
        return [sum(trial.right(stage) for trial in self.trials) for stage in range(STAGES)]

    def repaired_names(self) -> str:
        """Return how many were repaired of those in which only the name was misheard."""
        return _repaired(
            [trial for trial in self.trials if trial.misheard_name and not trial.right(0)]
        )

    def harmed(self) -> int:
        """Return how many are worse in the end than the first text had been."""
        return sum(trial.spoiled or trial.led_astray for trial in self.trials)

    def row(self) -> list[str]:
        """Return the figures, for a table."""
        failed = [trial for trial in self.trials if not trial.right(0)]
        return [
            self.condition,
            str(len(self.trials)),
            *map(str, self.right()),
            str(sum(trial.asked_again > 0 for trial in self.trials)),
            f"{sum(trial.asked_again for trial in self.trials):.0f}",
            _repaired(failed),
            self.repaired_names(),
            str(sum(trial.spoiled for trial in self.trials)),
            str(sum(trial.led_astray for trial in self.trials)),
            str(sum(trial.reversed for trial in self.trials)),
        ]


def _repaired(failed: Sequence[Trial]) -> str:
    return f"{sum(trial.right(-1) for trial in failed)} of {len(failed)}"


COLUMNS: Final = (
    "condition",
    "commands",
    "first right",
    "selected right",
    "second opinion",
    "asked again",
    "its seconds",
    "repaired",
    "name alone",
    "made wrong",
    "led astray",
    "reversed",
)


NOTES: Final = (
    "right: just what the written command does was done.",
    "repaired: of what the first alternative got wrong; name alone: in the name only.",
    "made wrong: what was right before.",
    "led astray: something unwanted is done that the first alternative hadn't done.",
    "reversed: and it is the opposite of what is wanted.",
    "its seconds: those that the second opinion is billed for.",
)
