"""An English home with forty awkward but plausible names, and its commands."""

from typing import Final

from .awkward_home import AwkwardHome, thing

# The names have a number of things in common; what tells them apart is a word or two. Half of
# them are foreign or a brand, half are plain words for rare things.
_THINGS: Final = (
    thing("light", "Frédéric's lamp", "Loggia"),
    thing("light", "The loo", "Loo"),
    thing("vacuum", "Roomba", alias="Dusty Springfield"),
    thing("switch", "Tiefkühler", "Scullery"),
    thing("light", "Kitchen west", "Kitchen"),
    thing("light", "Kitchen east", "Kitchen"),
    thing("light", "Zoë's desk"),
    thing("cover", "Skylight"),
    thing("light", "Chaise longue", "Alcove"),
    thing("light", "Reading nook"),
    thing("switch", "Espresso bar", "Kitchen"),
    thing("switch", "SodaStream", "Kitchen"),
    thing("media_player", "Sonos Roam"),
    thing("light", "Ikea strip"),
    thing("light", "Siobhan's lamp"),
    thing("switch", "Griddle", "Kitchen"),
    thing("light", "Porch lantern", "Foyer"),
    thing("lock", "Cellar hatch"),
    thing("cover", "Pergola"),
    thing("fan", "Dyson"),
    thing("switch", "Kettle tap", "Kitchen"),
    thing("light", "Larder"),
    thing("fan", "Whole house fan"),
    thing("light", "Niche"),
    thing("light", "Giuseppe's cellar"),
    thing("cover", "Awning"),
    thing("switch", "Thermomix", "Kitchen"),
    thing("light", "Bookcase"),
    thing("light", "Bjorn's bunk"),
    thing("switch", "Towel rail", "Loo"),
    thing("light", "Nanoleaf"),
    thing("switch", "Slow cooker", "Kitchen"),
    thing("cover", "Bay blind"),
    thing("lock", "Side gate"),
    thing("light", "Lava lamp"),
    thing("switch", "Heated throw"),
    thing("light", "Gran's annexe"),
    thing("media_player", "Hi-fi"),
    thing("light", "Hob hood", "Kitchen"),
    thing("switch", "Wine cooler"),
)

_SAID: Final = {
    "light": (
        "Turn on {name}",
        "Turn off {name}",
        "Switch {name} on",
        "Turn {name} off",
        "Set {name} brightness to 50 percent",
    ),
    "switch": (
        "Turn on {name}",
        "Turn off {name}",
        "Switch on {name}",
        "Turn {name} off",
        "Switch {name} off",
    ),
    "fan": (
        "Turn on {name}",
        "Turn off {name}",
        "Switch {name} on",
        "Turn {name} off",
        "Set {name} speed to 30 percent",
    ),
    "cover": (
        "Open {name}",
        "Close {name}",
        "Open {article}{name}",
        "Close {article}{name}",
        "Set {name} position to 40 percent",
    ),
    "lock": (
        "Lock {name}",
        "Unlock {name}",
        "Lock {article}{name}",
        "Unlock {article}{name}",
        "Please lock {name}",
    ),
    "vacuum": (
        "Start {name}",
        "Start {article}{name}",
        "Return {name} to base",
        "Return {article}{name}",
        "Please start {name}",
    ),
    "media_player": (
        "Pause {name}",
        "Turn on {name}",
        "Turn off {name}",
        "Set {name} volume to 20 percent",
        "Turn {name} off",
    ),
}

ENGLISH: Final = AwkwardHome(
    language="en",
    locale="en-US",
    percent="percent",
    voices=("joe", "slt"),
    areas=("Loggia", "Alcove", "Scullery", "Loo", "Kitchen", "Foyer"),
    floors={"Mezzanine": ("Loggia", "Alcove"), "Souterrain": ("Scullery", "Loo")},
    things=_THINGS,
    tuned=True,
    said=_SAID,
)
