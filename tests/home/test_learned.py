"""The lessons from a misheard text, and their use."""

import pytest

from custom_components.azure_stt.home.learned import (
    Learned,
    Replacement,
    replacements,
    taught,
    with_lesson,
    without_change,
)
from custom_components.azure_stt.home.name_matching import Names

NAMES = Names(
    ["Nanoleaf", "Ulysses lamp", "Porch light", "Lamp 3", "West lamp", "Leaf table"],
    "en-US",
    actions=["Unlock door", "Disarm house", "Movie time"],
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
        pytest.param(
            "Please dim the porch light.",
            "Please brighten the porch light.",
            ("Please dim the", "Please brighten the"),
            id="beside a name",
        ),
        pytest.param("The light.", "Light.", ("The light", "Light"), id="a word less"),
        pytest.param("Light.", "Dim light.", ("Light", "Dim light"), id="a word more"),
        pytest.param("Good buy", "Goodbye", ("Good buy", "Goodbye"), id="all of it"),
        pytest.param(
            "Turn on the no leaf.", "nano leaf", ("no leaf", "nano leaf"), id="words alone"
        ),
        pytest.param(
            "What's the weather?", "Stop!", ("What's the weather", "Stop"), id="another sentence"
        ),
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
        pytest.param("lamb two", "Lamp 3", "Turn on lamb two.", None, id="another number"),
        pytest.param("lamb 3", "Lamp 3", "Turn on lamb three.", None, id="number in words"),
        pytest.param("lamb 3", "Lamp 3", "Turn on lamb 3.", "Turn on Lamp 3.", id="same number"),
        pytest.param("east lamb", "West lamp", "Turn on east lamb.", None, id="opposed"),
        pytest.param("leaf", "Nanoleaf", "Clean the leaf table.", None, id="part of a name"),
        pytest.param("porch light", "Nanoleaf", "Turn on porch light.", None, id="another name"),
        pytest.param(
            "kitchen leaf", "Nanoleaf", "Turn on kitchen leaf.", "Turn on Nanoleaf.", id="more"
        ),
        ("movies time", "Movie time", "Run movies time.", "Run Movie time."),
        ("night movies time", "Movie time", "Run night movies time.", None),
        pytest.param("movies time", "Movie time", "No movies time.", None, id="negated"),
        pytest.param("a lock door", "Porch light", "", None, id="nothing"),
    ],
)
def test_sound_alike(heard: str, name: str, text: str, corrected: str | None) -> None:
    """It stands for one of the home's names, within the rules that protect the action."""
    correction = sound_alike(heard, name).correct(text, NAMES)
    assert (correction and correction.applied_to(text)) == corrected


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("Could you turn off the rumba, please?", True),
        ("Who invented the rumba?", False),
    ],
)
def test_sound_alike_for_llm(text: str, corrected: bool) -> None:  # noqa: FBT001
    """If the outcome isn't checked, the rest of the text must be a command."""
    names = Names(["Roomba"], "en-US")
    learned = sound_alike("rumba", "Roomba")
    assert bool(learned.correct(text, names, understood_later=False)) is corrected
    assert learned.correct(text, names)
    # There are no sentences in Latin that could tell.
    assert learned.correct(text, Names(["Roomba"], "la"), understood_later=False)


def test_sound_alike_in_doubt() -> None:
    """A possible "sblocca" isn't carried out: without the name nothing is done."""
    learned = sound_alike("borta", "Porta")
    names = Names(["Porta"], "it-IT")
    assert learned.correct("Chiudi la borta", names)
    assert not learned.correct("Blocca la borta", names)


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
        ("Play rumba!", "Play roomba!", True),
        ("Turn of the rumba.", "Turn off the Roomba.", True),
        ("Turn on the rumba.", "Turn on the rhomboid.", False),
        ("Turn on the samba.", "Turn on the Roomba.", False),
        ("Turn on the cafe.", "Turn on the Café.", True),
        ("Turn on porch light.", "Turn on the porch light.", True),
        ("The Porch light.", "the porch light", False),
    ],
)
def test_refused_change(before: str, after: str, refused: bool) -> None:  # noqa: FBT001
    """A change that was wrong is wrong in any sentence, and along with others."""
    learned = Learned(
        refused=[
            {"heard": "the rumba", "meant": "the Roomba"},
            {"heard": "cafe", "meant": "café"},
            {"heard": "on", "meant": "on the"},
        ]
    )
    assert learned.refuses(before, after) is refused
    assert not Learned().refuses(before, after)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("Turn of the rumba.", "Turn off the Roomba.", [("of", "off"), ("rumba", "Roomba")]),
        ("Turn on light.", "Turn on the light.", [("on", "on the")]),
        ("Light.", "The light.", [("Light", "The light")]),
        ("Turn on light now.", "Turn on light.", [("light now", "light")]),
        ("Please stop.", "Stop.", [("Please stop", "Stop")]),
        ("", "Stop.", [("", "Stop")]),
        ("Stop.", "stop", []),
    ],
)
def test_replacements(before: str, after: str, words: list[tuple[str, str]]) -> None:
    """Words are compared without case and marks, and none is added out of nothing."""
    assert replacements(before, after) == words


def pair(heard: str, meant: str) -> dict[str, str]:
    """Return an entry of a saved list."""
    return {"heard": heard, "meant": meant}


def test_lesson_in_place_of_others() -> None:
    """The last lesson about some words is all that counts for them."""
    settings = {
        "corrections": [pair("Rumba", "samba"), pair("of", "off")],
        "sound_alikes": [pair("the rumba", "Nanoleaf")],
        "refused_changes": [pair("the rumba", "the Roomba"), pair("leave", "leaf")],
    }
    assert with_lesson(settings, "sound_alikes", Replacement("rumba", "Roomba")) == {
        "corrections": [pair("of", "off")],
        "sound_alikes": [pair("the rumba", "Nanoleaf"), pair("rumba", "Roomba")],
        "refused_changes": [pair("leave", "leaf")],
    }
    assert with_lesson({}, "corrections", Replacement("of", "off"))["corrections"] == [
        pair("of", "off")
    ]


def test_wrong_change() -> None:
    """The user's own entries for it are deleted, and nothing else; the rest is refused, once."""
    settings = {
        "corrections": [pair("of", "off"), pair("wear", "where")],
        "sound_alikes": [pair("rumba", "Roomba"), pair("turn", "Nanoleaf")],
    }
    wrong = without_change(settings, "Turn of the rumba.", "Turn off the Roomba.")
    assert wrong == {
        "corrections": [pair("wear", "where")],
        "sound_alikes": [pair("turn", "Nanoleaf")],
        "refused_changes": [pair("rumba", "Roomba")],
    }
    again = without_change(wrong, "Play the Rumba!", "Play the Roomba!")
    assert again["refused_changes"] == [pair("rumba", "Roomba")]
