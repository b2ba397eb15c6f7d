"""Which words are never exchanged: from lists, from Home Assistant's sentences, and by prefix."""

from itertools import pairwise
import logging
import sys

import home_assistant_intents
from hypothesis import given, strategies as st
import pytest

from custom_components.azure_stt.home import intent_words
from custom_components.azure_stt.home.decisive_words import DecisiveWords, is_prefix_pair
from custom_components.azure_stt.home.intent_words import opposing_words
from custom_components.azure_stt.home.name_matching import Names
from custom_components.azure_stt.home.words import plain
from tests.support.opposites import OPPOSITES

LANGUAGES = [
    name
    for name in home_assistant_intents.get_languages()
    if name.partition("-")[0] not in ("ja", "th", "zh")
]
"""Languages with spaces between words."""


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def test_there_are_enough_opposites() -> None:
    """The table is a promise."""
    assert len(OPPOSITES) >= 25
    assert sum(len(pairs) for _, pairs in OPPOSITES.values()) >= 150


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_opposing_words(language: str) -> None:
    """Its sentences tell which words are opposed; a region counts with its language."""
    words = opposing_words(language)
    assert len(words) >= 2
    assert all(word == plain(word) for word in words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_opposing_words_are_never_exchanged(language: str) -> None:
    """Not in the names of scripts, nor of things, in either direction."""
    words = sorted(opposing_words(language))
    for word, other in pairwise(words):
        name, heard = f"{other} xylo", f"{word} xylo"
        for names in (Names([name], language), Names([], language, actions=[name])):
            assert not names.differ_only(heard, name)
            assert names.correct(heard, understood_later=True) is None


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "open close unlock mute unmute pause resume activate deactivate locked"),
        ("de", "ausschalten verriegeln entriegeln geschlossen lauter leiser"),
        ("it", "accendi spegni apri chiudi blocca sblocca aperta chiusura"),
        ("pl", "włącz wyłącz otwórz zamknij zablokowane"),
        ("ru", "включи выключи открыть закрыть"),
        ("fi", "avaa sulje lukittu"),
        ("sw", "funga fungua"),
    ],
)
def test_words_of_the_sentences(language: str, expected: str) -> None:
    """Verbs and participles of opposed intents are found."""
    assert set(map(plain, expected.split())) <= opposing_words(language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "house home floor garage office anna the please all light room kitchen"),
        ("de", "haus garage büro anna licht die im küche"),
        ("fr", "maison garage étage bureau anna lumière la dans état"),
        ("it", "casa garage piano ufficio anna luce la"),
        ("fi", "anna talo"),
        ("nb", "hus huset hjem rom leilighet"),
    ],
)
def test_other_words_stay_free(language: str, words: str) -> None:
    """Function words, rooms and names oppose nothing."""
    assert opposing_words(language).isdisjoint(map(plain, words.split()))


def test_names_of_places_are_no_data() -> None:
    """An area that is named like a verb is found all the same."""
    assert DecisiveWords("en", ()).decide(["replay"], ["repaly"])
    assert not DecisiveWords("en", ["The Replay"]).decide(["replay"], ["repaly"])
    assert DecisiveWords("en", ["Unlock"]).decide(["unlock"], ["unluck"])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("blocco", "sblocco", True),
        ("właczenie", "wyłaczenie", True),
        ("включить", "выключить", True),
        ("सकरिय", "निषकरिय", True),
        ("lock", "block", True),
        ("roomba", "rumba", False),
        ("hat", "cat", False),
        ("understanding", "standing", False),
        ("blocco", "blocco", False),
        ("", "", False),
    ],
)
def test_prefix_pairs(one: str, other: str, expected: bool) -> None:  # noqa: FBT001
    """They share an ending, and only a few letters stand before it."""
    assert is_prefix_pair(one, other) is expected
    assert is_prefix_pair(other, one) is expected


@given(st.text(), st.text())
def test_any_prefix_pair(one: str, other: str) -> None:
    """The order doesn't matter, and nothing is its own opposite."""
    assert is_prefix_pair(one, other) is is_prefix_pair(other, one)
    assert not is_prefix_pair(one, one)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("two", "2", False),
        ("two", "3", True),
        ("lamb two", "lamp 2", False),
        ("lamb two", "lamp three", True),
        ("two", "lamp", True),
        ("two too", "2 to", False),
    ],
)
def test_numbers(before: str, after: str, expected: bool) -> None:  # noqa: FBT001
    """Numbers are equal or not, however they are written."""
    assert DecisiveWords("en-US").decide(before.split(), after.split()) is expected
    assert DecisiveWords("en-US").decide(after.split(), before.split()) is expected


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"intents": []},
        {"intents": {"HassTurnOn": {"data": [{"sentences": ["(open"]}]}}},
        {"intents": {"HassTurnOn": {"data": [{"sentences": [7]}]}}},
        None,
    ],
)
def test_other_data(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, data: object
) -> None:
    """Sentences in another form are no error: then no name of a script is corrected."""
    monkeypatch.setattr(home_assistant_intents, "get_intents", lambda _: data)
    opposing_words.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            names = Names([], "en", actions=["Thermomix"])
        assert not names.words.has_data
        assert names.correct("Start thermo mics", understood_later=True) is None
        assert len(caplog.records) <= 1
    finally:
        opposing_words.cache_clear()


def test_without_the_package(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without Home Assistant's sentences the lists by hand still hold."""
    monkeypatch.setitem(sys.modules, "home_assistant_intents", None)
    opposing_words.cache_clear()
    try:
        words = DecisiveWords("en")
    finally:
        opposing_words.cache_clear()
    assert not words.has_data
    assert words.decide(["lock"], ["unlock"])
    [record] = [each for each in caplog.records if each.name == intent_words.__name__]
    assert "ModuleNotFoundError" in record.getMessage()
