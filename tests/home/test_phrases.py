"""Phrases: which texts a template stands for."""

from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.azure_stt.home.phrases import Match, PhraseError, PhraseIndex, check_phrase


def slots(template: str, text: str, match: Match) -> dict[str, Any] | None:
    """Return the slots of a text that a template stands for, else None."""
    check_phrase(template)
    index = PhraseIndex()
    key = index.add([template], match)
    return index.find(text).get(key)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("good night", "Good night."),
        ("good night", "good, night!"),
        ("turn on [the] light", "Turn on light"),
        ("(good|sweet) (night|dreams)", "Sweet dreams!"),
        ("good night|sleep well", "sleep well"),
        ("(one;two)", "two one"),
        ("Gute Nacht", "gute nacht"),
        ("打开灯", "打开灯。"),
    ],
)
def test_whole(template: str, text: str) -> None:
    """A phrase is the whole of a text, whatever its capitals and punctuation."""
    assert slots(template, text, Match.WHOLE) == {}
    assert slots(template, text, Match.CONTAINS) == {}
    assert slots(template, f"well {text}", Match.WHOLE) is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("good night", "Well, good night, everybody!"),
        ("good night", "good night everybody"),
        ("good night", "well good night"),
        ("art", "start with art"),
        ("打开灯", "请打开灯吧。"),
        ("l'eau", "ouvre l'eau maintenant"),
    ],
)
def test_contained(template: str, text: str) -> None:
    """A phrase is found among other words."""
    assert slots(template, text, Match.CONTAINS) == {}


@pytest.mark.parametrize("text", ["start the party", "articles", "a part of it", "smart"])
def test_only_whole_words(text: str) -> None:
    """A phrase that is contained neither begins nor ends in the middle of a word."""
    assert slots("art", text, Match.CONTAINS) is None


@pytest.mark.parametrize(
    ("template", "match", "text", "expected"),
    [
        ("add {item} to the list", Match.WHOLE, "Add oat milk to the list.", {"item": "oat milk"}),
        ("add {item} to the list", Match.CONTAINS, "Please add milk to the list now",
         {"item": "milk"}),
        ("remind me to {task}", Match.WHOLE, "Remind me to go out", {"task": "go out"}),
        ("dim to {0..100:level} percent", Match.CONTAINS, "Please dim to 40 percent",
         {"level": 40}),
    ],
)  # fmt: skip
def test_slots(template: str, match: Match, text: str, expected: dict[str, Any]) -> None:
    """What stands where a template has braces is given under its name, and nothing else is."""
    assert slots(template, text, match) == expected


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("", "no words"),
        ("[]", "no words"),
        ("...", "no words"),
        ("turn (on", "end of group"),
        ("turn on)", "index"),
        ("{item", "end of list"),
        ("<area> light", "<area> isn't known"),
        ("hello, world", "punctuation"),
        ("good night.", "punctuation"),
        ("¿qué hora es?", "punctuation"),
    ],
)
def test_invalid(template: str, reason: str) -> None:
    """What can't be a template is refused, and it's said why."""
    with pytest.raises(PhraseError, match=reason):
        check_phrase(template)


def test_many() -> None:
    """Sets of phrases are told apart, and one that is removed isn't found any more."""
    index = PhraseIndex()
    night = index.add(["good night", "sleep well"], Match.WHOLE)
    contained = index.add(["night"], Match.CONTAINS)
    same = index.add(["good night"], Match.WHOLE)
    assert index.find("Good night!").keys() == {night, contained, same}
    index.remove(night)
    assert index.find("Good night!").keys() == {contained, same}
    assert index.find("Sleep well") == {}


@given(text=st.text(max_size=200))
@settings(deadline=None)
def test_any_text(text: str) -> None:
    """No text can break the search."""
    index = PhraseIndex()
    index.add(["[please] add {item} to the list", "打开灯"], Match.CONTAINS)
    index.add(["{everything}"], Match.WHOLE)
    index.find(text)


@given(template=st.text(alphabet="ab ()[]{}<>|;:.,\\@0", max_size=20))
@settings(deadline=None)
def test_any_template(template: str) -> None:
    """A template that passes the check can be searched for; others are refused."""
    try:
        check_phrase(template)
    except PhraseError:
        return
    for match in Match:
        index = PhraseIndex()
        index.add([template], match)
        index.find("a b ab")
