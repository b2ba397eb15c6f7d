"""The emulator's pronunciation assessment."""

import base64
import json

import pytest

from tests.emulator import (
    Alternative,
    Emulator,
    ScriptedModel,
    silence,
    speak,
)
from tests.emulator.caller import calling

pytestmark = pytest.mark.usefixtures("socket_enabled")

DETAILED = {"language": "en-US", "format": "detailed"}
# Pronunciation assessment.


def assessment(**options: object) -> dict[str, str]:
    """Make the header that asks for it."""
    content = {"ReferenceText": "Good morning."} | options
    return {"Pronunciation-Assessment": base64.b64encode(json.dumps(content).encode()).decode()}


async def test_pronunciation_assessment() -> None:
    """The scores are there for the whole and for each word."""
    headers = assessment(
        GradingSystem="HundredMark",
        Dimension="Comprehensive",
        EnableMiscue="True",
        EnableProsodyAssessment="True",
    )
    async with calling() as caller:
        reply = await caller.recognize(speak("Good good evening"), headers=headers, query=DETAILED)
    best = reply.content["NBest"][0]
    assert reply.content["DisplayText"] == best["Display"] == "Good good evening"
    assert best["CompletenessScore"] == 50
    assert (best["FluencyScore"], best["ProsodyScore"]) == (100, 87.8)
    assert 0 < best["PronScore"] < 100
    assert best["AccuracyScore"] == pytest.approx(56.7)
    assert [(word["Word"], word["ErrorType"]) for word in best["Words"]] == [
        ("good", "None"),
        ("good", "Mispronunciation"),
        ("evening", "Insertion"),
    ]
    assert best["Words"][1]["Offset"] == 1_200_000
    assert best["Words"][0]["Feedback"]["Prosody"]["Break"]["ErrorTypes"] == ["None"]


async def test_assessment_of_a_word_left_out() -> None:
    """With miscue it is an omission and has no time; without, it isn't mentioned."""
    async with calling() as caller:
        with_miscue = await caller.recognize(speak("Good"), headers=assessment(EnableMiscue=True))
        without = await caller.recognize(speak("Good"), headers=assessment())
    words = with_miscue.content["NBest"][0]["Words"]
    assert words[1] == {"Word": "morning", "AccuracyScore": 0, "ErrorType": "Omission"}
    assert [word["Word"] for word in without.content["NBest"][0]["Words"]] == ["good"]


async def test_prosody_is_scored_on_demand() -> None:
    """Without the flag there is neither a score nor feedback."""
    async with calling() as caller:
        reply = await caller.recognize(
            speak("Good morning."), headers=assessment(Dimension="Comprehensive")
        )
    best = reply.content["NBest"][0]
    assert best["PronScore"] == 5
    assert "ProsodyScore" not in best
    assert "Feedback" not in best["Words"][0]


async def test_assessment_of_a_word_too_many() -> None:
    """With miscue it is an insertion; without, a mispronunciation."""
    async with calling() as caller:
        replies = [
            await caller.recognize(speak("Good morning all"), headers=assessment(EnableMiscue=flag))
            for flag in ("True", "False")
        ]
    errors = [reply.content["NBest"][0]["Words"][2]["ErrorType"] for reply in replies]
    assert errors == ["Insertion", "Mispronunciation"]


async def test_assessment_by_default_is_basic_with_five_points() -> None:
    """The defaults are those on Microsoft's page."""
    async with calling() as caller:
        reply = await caller.recognize(speak("Good morning."), headers=assessment())
        full_text = await caller.recognize(
            speak("Good morning."), headers=assessment(Granularity="FullText")
        )
    best = reply.content["NBest"][0]
    assert best["AccuracyScore"] == 5
    assert "PronScore" not in best
    assert "Words" in best
    assert "Words" not in full_text.content["NBest"][0]


@pytest.mark.parametrize(
    "headers",
    [
        {"Pronunciation-Assessment": "{}"},
        {"Pronunciation-Assessment": assessment()["Pronunciation-Assessment"] + "!"},
        {"Pronunciation-Assessment": base64.b64encode(b"[]").decode()},
        {"Pronunciation-Assessment": base64.b64encode(b'"text"').decode()},
        assessment(ReferenceText=1),
        assessment(GradingSystem="Ten"),
        assessment(Granularity="Sentence"),
        assessment(Dimension="Full"),
        assessment(EnableMiscue="yes"),
        assessment(PhonemeAlphabet="ARPA"),
        assessment(NBestPhonemeCount="5"),
        assessment(NBestPhonemeCount=-1),
        assessment(NBestPhonemeCount=True),
        assessment(ScenarioId="1"),
    ],
)
async def test_refuses_a_wrong_assessment(headers: dict[str, str]) -> None:
    """400 for any value that isn't on Microsoft's page."""
    async with calling() as caller:
        reply = await caller.recognize(speak("Good"), headers=headers, expect=True)
    assert reply.status == 400
    assert "Pronunciation-Assessment" in reply.content["Message"]


async def test_assesses_half_a_minute() -> None:
    """Audio for assessment may be half as long."""
    async with calling(Emulator(initial_silence=100)) as caller:
        enough = await caller.recognize(silence(30), headers=assessment())
        more = await caller.recognize(silence(30.1), headers=assessment())
    assert (enough.status, more.status) == (200, 400)


async def test_phonemes_and_syllables() -> None:
    """They share their word's time and are written in the alphabet that was asked for."""
    async with calling() as caller:
        plain = await caller.recognize(speak("Good morning"), headers=assessment())
        ipa = await caller.recognize(
            speak("Good morning"),
            headers=assessment(PhonemeAlphabet="IPA", NBestPhonemeCount=3),
        )
        words = await caller.recognize(
            speak("Good morning"), headers=assessment(Granularity="Word")
        )
    word = plain.content["NBest"][0]["Words"][1]
    assert [syllable["Syllable"] for syllable in word["Syllables"]] == ["mo", "rning"]
    assert [syllable["Grapheme"] for syllable in word["Syllables"]] == ["mo", "rning"]
    assert "".join(phoneme["Phoneme"] for phoneme in word["Phonemes"]) == "morning"
    assert "NBestPhonemes" not in word["Phonemes"][0]
    first, last = word["Phonemes"][0], word["Phonemes"][-1]
    assert first["Offset"] == word["Syllables"][0]["Offset"] == word["Offset"]
    assert last["Offset"] + last["Duration"] == pytest.approx(
        word["Offset"] + word["Duration"], abs=10
    )
    vowel = ipa.content["NBest"][0]["Words"][1]["Phonemes"][1]
    assert vowel["Phoneme"] == vowel["NBestPhonemes"][0]["Phoneme"] == "\u0251"
    assert len(vowel["NBestPhonemes"]) == 3
    assert not {"Phonemes", "Syllables"} & set(words.content["NBest"][0]["Words"][1])


async def test_prosody_is_scored_in_american_english_only() -> None:
    """Elsewhere the wish changes nothing."""
    headers = assessment(Dimension="Comprehensive", EnableProsodyAssessment=True)
    async with calling() as caller:
        query = {"language": "en-GB", "format": "detailed"}
        reply = await caller.recognize(speak("Good morning."), headers=headers, query=query)
    best = reply.content["NBest"][0]
    assert "ProsodyScore" not in best
    assert "Feedback" not in best["Words"][0]
    assert best["PronScore"] == 5


async def test_an_assessment_has_one_alternative() -> None:
    """However many the model has."""
    guesses = [Alternative(text="Good morning."), Alternative(text="Good mourning.")]
    async with calling(Emulator(speech_model=ScriptedModel([guesses]))) as caller:
        reply = await caller.recognize(speak("x"), headers=assessment(), query=DETAILED)
    assert [best["Display"] for best in reply.content["NBest"]] == ["Good morning."]
