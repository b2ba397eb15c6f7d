"""The parsing of the service's answers."""

from base64 import b64decode
from dataclasses import fields, is_dataclass
import json
from math import isfinite
from typing import Any, Final

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.azure_stt.azure_speech import (
    Alternative,
    AudioFormat,
    Phoneme,
    PronunciationAssessment,
    PronunciationScores,
    Prosody,
    Recognition,
    RecognitionOptions,
    RecognitionStatus,
    Word,
)

SUCCESS: Final = RecognitionStatus.SUCCESS
TICKS: Final = 10_000_000


def read(**answer: object) -> Recognition:
    """Read an answer that succeeded."""
    return Recognition.from_answer(answer, SUCCESS)


def test_simple_sample() -> None:
    """Microsoft's simple sample: times are strings there."""
    recognition = read(
        RecognitionStatus="Success",
        DisplayText="Remind me to buy 5 pencils.",
        Offset="1236645672289",
        Duration="1236645672289",
    )
    assert recognition == Recognition(
        status=SUCCESS,
        alternatives=(Alternative(display="Remind me to buy 5 pencils."),),
        offset=123664.5672289,
        duration=123664.5672289,
    )
    assert recognition.text == "Remind me to buy 5 pencils."
    assert recognition.confidence is None


def test_detailed_sample() -> None:
    """Microsoft's detailed sample: the first is the decision, though it has less confidence."""
    recognition = read(
        RecognitionStatus="Success",
        Offset="1236645672289",
        Duration="1236645672289",
        NBest=[
            {
                "Confidence": confidence,
                "Display": display,
                "ITN": spoken,
                "Lexical": spoken,
                "MaskedITN": spoken,
            }
            for confidence, display, spoken in (
                (0.9052885, "What's the weather like?", "what's the weather like"),
                (0.92459863, "what is the weather like", "what is the weather like"),
            )
        ],
    )
    assert recognition.text == "What's the weather like?"
    assert recognition.confidence == 0.9052885
    assert recognition.alternatives[1] == Alternative(
        display="what is the weather like",
        lexical="what is the weather like",
        itn="what is the weather like",
        masked_itn="what is the weather like",
        confidence=0.92459863,
    )


def _word(text: str, offset: int, duration: int, breaks: dict[str, object]) -> dict[str, object]:
    monotone = {
        "Confidence": 0.0,
        "WordPitchSlopeConfidence": 0.0,
        "SyllablePitchDeltaConfidence": 0.91385907,
    }
    return {
        "Word": text,
        "Offset": offset,
        "Duration": duration,
        "Confidence": 0.0,
        "AccuracyScore": 100.0,
        "ErrorType": "None",
        "Feedback": {
            "Prosody": {
                "Break": {"ErrorTypes": ["None"], "BreakLength": 0} | breaks,
                "Intonation": {"ErrorTypes": [], "Monotone": monotone},
            }
        },
    }


def test_pronunciation_sample() -> None:
    """Microsoft's sample of a pronunciation assessment, with every score."""
    recognition = read(
        RecognitionStatus="Success",
        Offset=700000,
        Duration=8400000,
        DisplayText="Good morning.",
        SNR=38.76819,
        NBest=[
            {
                "Confidence": 0.98503506,
                "Lexical": "good morning",
                "ITN": "good morning",
                "MaskedITN": "good morning",
                "Display": "Good morning.",
                "AccuracyScore": 100.0,
                "FluencyScore": 98.0,
                "ProsodyScore": 87.8,
                "CompletenessScore": 99.0,
                "PronScore": 95.1,
                "Words": [
                    _word("good", 700000, 2600000, {}),
                    _word(
                        "morning",
                        3400000,
                        5700000,
                        {
                            "UnexpectedBreak": {"Confidence": 3.5294118e-08},
                            "MissingBreak": {"Confidence": 1.0},
                        },
                    ),
                ],
            }
        ],
    )
    assert recognition.signal_to_noise_ratio == 38.76819
    [best] = recognition.alternatives
    assert best.scores == PronunciationScores(
        accuracy=100, fluency=98, completeness=99, prosody=87.8, pronunciation=95.1
    )
    good, morning = best.words
    assert good == Word(
        text="good",
        offset=0.07,
        duration=0.26,
        confidence=0,
        accuracy_score=100,
        error_type="None",
        prosody=Prosody(
            break_errors=("None",),
            break_length=0,
            monotone_confidence=0,
            syllable_pitch_delta_confidence=0.91385907,
        ),
    )
    assert morning.prosody is not None
    assert morning.prosody.unexpected_break_confidence == 3.5294118e-08
    assert morning.prosody.missing_break_confidence == 1
    assert (morning.text, morning.offset, morning.duration) == ("morning", 0.34, 0.57)


def test_phonemes_and_intonation() -> None:
    """The finest granularity adds phonemes and intonation."""
    recognition = read(
        NBest=[
            {
                "Display": "Go.",
                "Words": [
                    {
                        "Word": "go",
                        "ErrorType": "Mispronunciation",
                        "Phonemes": [
                            {"Phoneme": "g", "Offset": TICKS, "Duration": 5, "AccuracyScore": 12},
                            {"Phoneme": "ow"},
                        ],
                        "Feedback": {"Prosody": {"Intonation": {"ErrorTypes": ["Monotone"]}}},
                    }
                ],
            }
        ]
    )
    [word] = recognition.alternatives[0].words
    assert word.error_type == "Mispronunciation"
    assert word.phonemes == (
        Phoneme(text="g", offset=1, duration=5e-7, accuracy_score=12),
        Phoneme(text="ow"),
    )
    assert word.prosody == Prosody(intonation_errors=("Monotone",))
    assert recognition.alternatives[0].scores is None


def test_a_word_and_no_more() -> None:
    """A missing field is None, not an object full of None."""
    feedbacks: list[dict[str, object]] = [{}, {"Feedback": {}}, {"Feedback": {"Prosody": {}}}]
    for feedback in feedbacks:
        recognition = read(NBest=[{"Display": "Go.", "Words": [{"Word": "go", **feedback}]}])
        assert recognition.alternatives[0].words == (Word(text="go"),)
        assert recognition.language is None


@pytest.mark.parametrize("miscue", [True, False])
def test_switches(*, miscue: bool) -> None:
    """Each switch of an assessment is its own."""
    assessment = PronunciationAssessment(
        reference_text="a", enable_miscue=miscue, enable_prosody=not miscue
    )
    sent = json.loads(b64decode(assessment.header_value()))
    assert (sent["EnableMiscue"], sent["EnableProsodyAssessment"]) == (str(miscue), str(not miscue))


def test_everything_around() -> None:
    """Fields that are seen in production are read, unknown ones are not minded."""
    recognition = Recognition.from_answer(
        {
            "Channel": 0,
            "PrimaryLanguage": "de-DE",
            "SNR": "12.5",
            "Type": "ConversationPhrase",
            "Offset": 5 * TICKS,
            "Duration": "0",
            "New": [{"a": 1}],
            "NBest": [{"Display": "Ja.", "New": {}}],
        },
        SUCCESS,
        "c" * 32,
    )
    assert recognition == Recognition(
        status=SUCCESS,
        alternatives=(Alternative(display="Ja."),),
        offset=5,
        duration=0,
        signal_to_noise_ratio=12.5,
        channel=0,
        language="de-DE",
        connection_id="c" * 32,
    )


@pytest.mark.parametrize(
    "confidences",
    [
        [0.1, 0.9, 0.5],
        [0.7548061, 0.7999999],  # microsoft/cognitive-services-speech-sdk-js#368
        [None, 0.0, None, 0.2],
        ["0.3", "0.7"],
        [0.3, "high", True, float("nan")],
    ],
)
def test_alternatives_stay_in_azures_order(confidences: list[Any]) -> None:
    """The first alternative is Azure's decision, even with a lower confidence."""
    names = "abcdef"[: len(confidences)]
    recognition = read(
        NBest=[
            {"Display": name, "Confidence": confidence}
            for name, confidence in zip(names, confidences, strict=True)
        ]
    )
    assert "".join(alternative.display for alternative in recognition.alternatives) == names


def test_nothing_recognized_if_the_first_alternative_is_empty() -> None:
    """An empty first alternative is no text, even if others follow (jambonz#92)."""
    recognition = read(
        DisplayText="",
        NBest=[
            {"Confidence": 0.0, "Lexical": "", "Display": ""},
            {"Confidence": 0.86060256, "Lexical": "un", "Display": "un"},
        ],
    )
    assert (recognition.text, recognition.alternatives) == ("", ())


def test_display_text_at_the_top_only() -> None:
    """The top level's text is the first alternative's, which keeps its scores."""
    recognition = read(
        DisplayText="the wound looks clean",
        NBest=[{"Display": "", "AccuracyScore": 70, "PronScore": 70}],
    )
    assert recognition.text == "the wound looks clean"
    assert recognition.alternatives[0].scores == PronunciationScores(accuracy=70, pronunciation=70)


@pytest.mark.parametrize("status", [each for each in RecognitionStatus if each is not SUCCESS])
def test_only_success_has_a_text(status: RecognitionStatus) -> None:
    """Text with another status is ignored."""
    answer = {"DisplayText": "Yes.", "NBest": [{"Display": "Yes."}]}
    assert Recognition.from_answer(answer, status).alternatives == ()


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ({}, []),
        ({"DisplayText": ""}, []),
        ({"DisplayText": None}, []),
        ({"DisplayText": 5}, []),
        ({"NBest": None, "DisplayText": "a"}, ["a"]),
        ({"NBest": [], "DisplayText": "a"}, ["a"]),
        ({"NBest": {"Display": "b"}, "DisplayText": "a"}, ["a"]),
        ({"NBest": ["b", None, 5, []], "DisplayText": "a"}, ["a"]),
        ({"NBest": [{"Display": "b"}], "DisplayText": "a"}, ["b"]),
        ({"NBest": [None, {"Display": "b"}]}, ["b"]),
        ({"NBest": [{"DisplayText": "b"}], "DisplayText": "a"}, ["b"]),
        ({"NBest": [{"Display": 5}]}, []),
        ({"NBest": [{}]}, []),
        ({"NBest": [{}, {"Display": "b"}]}, []),
        ({"NBest": [{"Display": "a\ud800b"}]}, ["a?b"]),
    ],
)
def test_texts(answer: dict[str, object], texts: list[str]) -> None:
    """A text that is missing or of another type is no text, and has no confidence."""
    recognition = Recognition.from_answer(answer, SUCCESS)
    assert recognition.confidence is None
    assert [alternative.display for alternative in recognition.alternatives] == texts
    assert recognition.text == (texts[0] if texts else "")


def test_longest_text() -> None:
    """A text longer than a minute of speech is cut, in any field."""
    text = "é" * 5_000
    recognition = read(NBest=[{"Display": text, "Words": [{"Word": text, "ErrorType": text}]}])
    [best] = recognition.alternatives
    [word] = best.words
    assert {len(recognition.text), len(word.text), len(word.error_type or "")} == {4_000}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, 0),
        (TICKS, 1),
        ("15000000", 1.5),
        (1.0, 1e-7),
        *((-1, None), ("-1", None), ("", None), ("soon", None), (None, None), (True, None)),
        *(([], None), ({}, None), (10**400, None), ("1" * 400, None)),
    ],
)
def test_times(value: object, seconds: float | None) -> None:
    """Ticks become seconds; an impossible time is None."""
    recognition = read(Offset=value, Duration=value)
    assert (recognition.offset, recognition.duration) == (seconds, seconds)


def values(item: object) -> list[object]:
    """Return all values in a dataclass and those within it."""
    if is_dataclass(item):
        return [value for field in fields(item) for value in values(getattr(item, field.name))]
    if isinstance(item, tuple):
        return [value for part in item for value in values(part)]
    return [item]


NAMES: Final = (
    *("NBest", "Display", "DisplayText", "Words", "Word", "Offset", "Duration", "Confidence"),
    *("Phonemes", "Phoneme", "Feedback", "Prosody", "Break", "Intonation", "Monotone", "ErrorType"),
    *("ErrorTypes", "BreakLength", "SNR", "Channel", "PrimaryLanguage", "AccuracyScore", "Lexical"),
)
SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=5)
    | st.sampled_from((10**400, "1e5", "nan", "\ud800"))
)
JSON: Final = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=9)
    ),
    max_leaves=20,
)
ALTERNATIVES: Final = st.lists(st.dictionaries(st.sampled_from(NAMES), JSON), max_size=3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), JSON), JSON | ALTERNATIVES)
def test_any_answer(answer: dict[str, object], alternatives: object) -> None:
    """Any JSON can be read: texts can be encoded, numbers are finite."""
    whole = json.loads(json.dumps(answer | {"NBest": alternatives}))
    recognition = Recognition.from_answer(whole, SUCCESS)
    for value in values(recognition):
        match value:
            case str():
                value.encode()
            case float() | int():
                assert isfinite(value)
            case _:
                assert value is None


def test_options_have_their_own_headers() -> None:
    """Each audio format is a Content-Type."""
    headers = {
        form: RecognitionOptions(language="a", audio_format=form).headers() for form in AudioFormat
    }
    assert headers == {
        AudioFormat.WAV: {
            "Content-Type": "audio/wav; codecs=audio/pcm; samplerate=16000",
            "Accept": "application/json",
        },
        AudioFormat.OGG: {"Content-Type": "audio/ogg; codecs=opus", "Accept": "application/json"},
    }
