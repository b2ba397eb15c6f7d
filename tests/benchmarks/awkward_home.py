"""The parts of a home with awkward names, in any language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something in the home, exposed to Assist."""

    domain: str
    name: str
    article: str
    """The words that people say before the name, with their space."""
    area: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as it is meant, and whether thresholds were set with its name."""

    text: str
    name: str
    tuned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AwkwardHome:
    """A home, and its commands."""

    language: str
    """As Assist names it."""
    locale: str
    """As the Speech service names it."""
    percent: str
    voices: tuple[str, ...]
    areas: tuple[str, ...]
    floors: Mapping[str, tuple[str, ...]]
    """The floors, and the areas on each."""
    things: tuple[Thing, ...]
    tuned: bool
    """Whether every other name was for setting thresholds, and the rest for judging them."""
    said: Mapping[str, tuple[str, ...]]
    """The command for a thing of each domain, with {article} and {name}."""

    @property
    def commands(self) -> tuple[Command, ...]:
        """All that is said."""
        return tuple(
            Command(
                text=said.format(article=thing.article, name=thing.name),
                name=thing.name,
                tuned=self.tuned and number % 2 == 0,
            )
            for number, thing in enumerate(self.things)
            for said in self.said[thing.domain]
        )


def thing(
    domain: str,
    name: str,
    area: str | None = None,
    *,
    article: str = "the ",
    alias: str | None = None,
) -> Thing:
    """Return a thing, in few words."""
    return Thing(domain=domain, name=name, article=article, area=area, alias=alias)
