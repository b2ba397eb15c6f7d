"""What is learned from a text that was misheard, and how it is used."""

import pytest

from custom_components.azure_stt.home.learned import Learned, replaced, taught
from custom_components.azure_stt.home.name_matching import Names

NAMES = Names(
    ["Nanoleaf", "Ulysses lamp", "Porch light"],
    "en-US",
    actions=["Unlock door", "Disarm house"],
    places=["Kitchen"],
)


@pytest.mark.parametrize(
    ("heard", "meant", "lesson"),
    [
        pytest.param("Turn on the no leaf.", "Nanoleaf", ("no leaf", "Nanoleaf"), id="name alone"),
        pytest.param(
            "Turn on you, Lisa's lamb, please.",
            "turn on ulysses lamp please",
            ("you, Lisa's lamb", "Ulysses lamp"),
            id="sentence with a name",
        ),
        pytest.param(
            "Turn on the porch white.",
            "Turn on the porch light.",
            ("porch white", "Porch light"),
            id="part of a name",
        ),
        pytest.param(
            "Turn of the light.", "Turn off the light.", ("Turn of the", "Turn off the"), id="verb"
        ),
        pytest.param("The light.", "Light.", ("The light", "Light"), id="a word less"),
        pytest.param("Light.", "Dim light.", ("Light", "Dim light"), id="a word more"),
        pytest.param("Good buy", "Goodbye", ("Good buy", "Goodbye"), id="all of it"),
    ],
)
def test_taught(heard: str, meant: str, lesson: tuple[str, str]) -> None:
    """The difference is widened to a name, or by a word on each side."""
    assert taught(heard, meant, NAMES) == lesson


def sound_alike(heard: str, meant: str) -> Learned:
    """Return a lesson about a name."""
    return Learned([{"heard": heard, "meant": meant}])


@pytest.mark.parametrize(
    ("heard", "name", "text", "corrected"),
    [
        ("no leaf", "Nanoleaf", "Turn on the no leaf.", "Turn on the Nanoleaf."),
        ("No, leaf!", "nanoleaf", "turn on the NO LEAF", "turn on the nanoleaf"),
        ("no leaf", "Nanoleaf", "Turn on the know leaf.", None),
        ("leaf", "Nanoleaf", "Turn on the leaflet.", None),
        pytest.param("no leaf", "Old lamp", "Turn on the no leaf.", None, id="gone"),
        pytest.param("lock door", "Unlock door", "Run lock door.", None, id="opposite"),
        pytest.param("arm house", "Disarm house", "Run arm house.", None, id="opposite prefix"),
        pytest.param("a lock door", "Porch light", "", None, id="nothing"),
    ],
)
def test_sound_alike(heard: str, name: str, text: str, corrected: str | None) -> None:
    """It stands for a name that the home has, and never for the opposite of an action."""
    correction = sound_alike(heard, name).correct(text, NAMES)
    assert (correction and correction.applied_to(text)) == corrected


def test_longest_sound_alike() -> None:
    """The longest one counts."""
    learned = Learned(
        [{"heard": "leaf", "meant": "Porch light"}, {"heard": "no leaf", "meant": "Nanoleaf"}]
    )
    correction = learned.correct("Turn on the no leaf.", NAMES)
    assert correction is not None
    assert correction.meant == "Nanoleaf"


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("Turn on the rumba.", "Turn on the Roomba.", True),
        ("Play rumba!", "Play Roomba!", True),
        ("Turn on the rumba.", "Turn on the rhomboid.", False),
        ("Turn on the samba.", "Turn on the Roomba.", False),
    ],
)
def test_refused_change(before: str, after: str, refused: bool) -> None:  # noqa: FBT001
    """A change that was wrong is wrong in any sentence."""
    learned = Learned(refused=[replaced("Stop the rumba.", "Stop the Roomba.")._asdict()])
    assert learned.refuses(before, after) is refused
    assert not Learned().refuses(before, after)
