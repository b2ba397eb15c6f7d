"""A home with forty awkward but plausible names, and what is said to it."""

from dataclasses import dataclass
from typing import Final

FLOORS: Final = {"Mezzanine": ("Loggia", "Alcove"), "Souterrain": ("Scullery", "Loo")}
"""The floors, and the areas on each."""

AREAS: Final = ("Loggia", "Alcove", "Scullery", "Loo", "Kitchen", "Foyer")

# What is said to a thing of each domain. The names have a number of things in common; what
# tells them apart is a word or two.
_SAID: Final = {
    "light": (
        "Turn on {}",
        "Turn off {}",
        "Switch {} on",
        "Turn {} off",
        "Set {} brightness to 50 percent",
    ),
    "switch": (
        "Turn on {}",
        "Turn off {}",
        "Switch on {}",
        "Turn {} off",
        "Switch {} off",
    ),
    "fan": (
        "Turn on {}",
        "Turn off {}",
        "Switch {} on",
        "Turn {} off",
        "Set {} speed to 30 percent",
    ),
    "cover": (
        "Open {}",
        "Close {}",
        "Open the {}",
        "Close the {}",
        "Set {} position to 40 percent",
    ),
    "lock": (
        "Lock {}",
        "Unlock {}",
        "Lock the {}",
        "Unlock the {}",
        "Please lock {}",
    ),
    "vacuum": (
        "Start {}",
        "Start the {}",
        "Return {} to base",
        "Return the {}",
        "Please start {}",
    ),
    "media_player": (
        "Pause {}",
        "Turn on {}",
        "Turn off {}",
        "Set {} volume to 20 percent",
        "Turn {} off",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something in the home, exposed to Assist."""

    domain: str
    name: str
    area: str | None = None
    alias: str | None = None

    @property
    def entity_id(self) -> str:
        """Its entity ID, which says what it is called."""
        return f"{self.domain}.{'_'.join(self.name.lower().split())}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as it is meant, and whether the thresholds were set with its name."""

    text: str
    name: str
    tuned: bool


def _thing(domain: str, name: str, area: str | None = None, alias: str | None = None) -> Thing:
    return Thing(domain=domain, name=name, area=area, alias=alias)


THINGS: Final = (
    _thing("light", "Frédéric's lamp", "Loggia"),
    _thing("light", "The loo", "Loo"),
    _thing("vacuum", "Roomba", alias="Dusty Springfield"),
    _thing("switch", "Tiefkühler", "Scullery"),
    _thing("light", "Kitchen west", "Kitchen"),
    _thing("light", "Kitchen east", "Kitchen"),
    _thing("light", "Zoë's desk"),
    _thing("cover", "Skylight"),
    _thing("light", "Chaise longue", "Alcove"),
    _thing("light", "Reading nook"),
    _thing("switch", "Espresso bar", "Kitchen"),
    _thing("switch", "SodaStream", "Kitchen"),
    _thing("media_player", "Sonos Roam"),
    _thing("light", "Ikea strip"),
    _thing("light", "Siobhan's lamp"),
    _thing("switch", "Griddle", "Kitchen"),
    _thing("light", "Porch lantern", "Foyer"),
    _thing("lock", "Cellar hatch"),
    _thing("cover", "Pergola"),
    _thing("fan", "Dyson"),
    _thing("switch", "Kettle tap", "Kitchen"),
    _thing("light", "Larder"),
    _thing("fan", "Whole house fan"),
    _thing("light", "Niche"),
    _thing("light", "Giuseppe's cellar"),
    _thing("cover", "Awning"),
    _thing("switch", "Thermomix", "Kitchen"),
    _thing("light", "Bookcase"),
    _thing("light", "Bjorn's bunk"),
    _thing("switch", "Towel rail", "Loo"),
    _thing("light", "Nanoleaf"),
    _thing("switch", "Slow cooker", "Kitchen"),
    _thing("cover", "Bay blind"),
    _thing("lock", "Side gate"),
    _thing("light", "Lava lamp"),
    _thing("switch", "Heated throw"),
    _thing("light", "Gran's annexe"),
    _thing("media_player", "Hi-fi"),
    _thing("light", "Hob hood", "Kitchen"),
    _thing("switch", "Wine cooler"),
)
"""What there is: half of it foreign or a brand, half of it plain words for rare things.

Every other name is for setting thresholds, the rest for judging them.
"""

COMMANDS: Final = tuple(
    Command(text=said.format(thing.name), name=thing.name, tuned=number % 2 == 0)
    for number, thing in enumerate(THINGS)
    for said in _SAID[thing.domain]
)
