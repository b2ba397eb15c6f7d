"""Phrases: which texts a template stands for."""

from time import perf_counter
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.azure_stt.home.phrases import Match, PhraseError, PhraseIndex, check_phrase


def slots(template: str, text: str, match: Match, language: str = "en-US") -> dict[str, Any] | None:
    """Return the slots of a text that a template stands for, otherwise None."""
    check_phrase(template)
    index = PhraseIndex()
    key = index.add([template], match)
    return index.find(text, language).get(key)


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
    """A phrase is the whole of a text, regardless of capitals and punctuation."""
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
    """The words for each name in braces are given under it, and nothing else is."""
    assert slots(template, text, match) == expected


@pytest.mark.parametrize(
    ("language", "template", "text", "number"),
    [
        ("en-US", "scene {1..9:n}", "Scene two.", 2),
        ("en-US", "scene {1..9:n}", "scene two", 2),
        ("en-US", "scene {1..9:n}", "Scene 2.", 2),
        ("en-GB", "dim to {0..100:n} percent", "Dim to forty-two percent.", 42),
        ("en-GB", "dim to {0..100:n} percent", "dim to forty two percent", 42),
        ("en-US", "scene {1..255:n}", "scene two hundred", 200),
        ("de-AT", "Szene {1..30:n}", "Szene zweiundzwanzig.", 22),
        ("fr-FR", "scène {1..9:n}", "Scène deux !", 2),
        ("nb-NO", "scene {1..9:n}", "Scene to.", 2),
        ("cs-CZ", "scéna {1..9:n}", "Scéna dva.", 2),
        ("zh-TW", "場景{1..9:n}", "場景二。", 2),
        ("ja-JP", "シーン{1..9:n}", "シーン二。", 2),
        ("te-IN", "scene {1..9:n}", "scene 2", 2),
    ],
)
def test_range_hears_number_words(language: str, template: str, text: str, number: int) -> None:
    """A number may be figures, or words of the utterance's language."""
    for match in Match:
        assert slots(template, text, match, language) == {"n": number}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de-DE", "scene two"),
        ("te-IN", "scene two"),
        ("en-US", "scene ten"),
        ("en-US", "scene seventy"),
        ("en-US", "scene two hundred"),
        ("en-US", "scene 2 hundred"),
        ("en-US", "scene too"),
    ],
)
def test_range_hears_no_other_number(language: str, text: str) -> None:
    """Words of another language, numbers out of range and parts of numbers are none."""
    for match in Match:
        assert slots("scene {1..9:n}", text, match, language) is None


def test_number_before_a_contained_phrase() -> None:
    """A number's last word isn't the number, but another number elsewhere does no harm."""
    assert slots("{1..9:n} lamps", "turn on twenty two lamps", Match.CONTAINS) is None
    assert slots("{1..9:n} lamps", "turn on two lamps", Match.CONTAINS) == {"n": 2}
    assert slots("scene {1..9:n} now", "one scene two now one", Match.CONTAINS) == {"n": 2}


def test_contained_phrase_of_nothing() -> None:
    """A phrase whose words may all be left out is in every text."""
    assert slots("[please]", "turn on", Match.CONTAINS) == {}


def test_large_range_is_quick() -> None:
    """A million numbers aren't written out while a text waits."""
    began = perf_counter()
    assert slots("call {0..1000000:n}", "call 555555", Match.WHOLE) == {"n": 555555}
    assert slots("call {0..1000000:n}", "call five", Match.WHOLE) is None
    assert perf_counter() - began < 1


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("good night", "good night—"),
        ("good night", "Good night …"),
        ("τι ώρα είναι", "Τι ώρα είναι;"),  # noqa: RUF001
        ("τι ώρα είναι", "Τι ώρα είναι\u037e"),  # noqa: RUF001
        ("άναψε το φως", "Άναψε το φως·"),
        ("միացրու լույսը", "Միացրու լույսը։"),  # noqa: RUF001
        ("መብራቱን አብራ", "መብራቱን አብራ።"),
        ("បើកភ្លើង", "បើកភ្លើង។"),
        ("दिवा लावा", "दिवा लावा॥"),
        ("बत्ती जलाओ", "बत्ती जलाओ।"),
        ("بتی جلاؤ", "بتی جلاؤ۔"),  # noqa: RUF001
        ("quelle heure est-il", "Quelle heure est-il\u202f?"),
        ("qué hora es", "¿Qué hora es?"),
        ("電気をつけて", "電気を、つけて。"),
        ("turn the A.C. on", "Turn the A.C. on."),
    ],
)
def test_no_mark_matters(template: str, text: str) -> None:
    """The marks of any script at the end of a text, or between its words, aren't spoken."""
    assert slots(template, text, Match.WHOLE) == {}
    assert slots(template, text, Match.CONTAINS) == {}


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
        ("बत्ती जलाओ।", "punctuation"),
        ("scene {9..1:n}", "start cannot be greater"),
    ],
)
def test_invalid(template: str, reason: str) -> None:
    """An invalid template is refused, with the reason."""
    with pytest.raises(PhraseError, match=reason):
        check_phrase(template)


def test_many() -> None:
    """Sets of phrases are told apart, and one that is removed isn't found any more."""
    index = PhraseIndex()
    night = index.add(["good night", "sleep well"], Match.WHOLE)
    contained = index.add(["night"], Match.CONTAINS)
    same = index.add(["good night"], Match.WHOLE)
    assert index.find("Good night!", "en").keys() == {night, contained, same}
    index.remove(night)
    assert index.find("Good night!", "en").keys() == {contained, same}
    assert index.find("Sleep well", "en") == {}


@given(text=st.text(max_size=200))
@settings(deadline=None)
def test_any_text(text: str) -> None:
    """No text can break the search."""
    index = PhraseIndex()
    index.add(["[please] add {item} to the list", "打开灯"], Match.CONTAINS)
    index.add(["{everything}"], Match.WHOLE)
    index.find(text, "en")


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
        index.find("a b ab", "en")
