"""The transcript: confidence, duration and ranked alternatives of its parts."""

import pytest

from custom_components.azure_stt.azure_speech import Alternative, Recognition, RecognitionStatus
from custom_components.azure_stt.recognition.transcript import Part, Transcript, has_words

SECOND = 16_000


def part(*texts: str, start: int = 0, end: int = 1, confidence: float | None = None) -> Part:
    """Return a part with these alternatives."""
    alternatives = tuple(Alternative(display=text, confidence=confidence) for text in texts)
    recognition = Recognition(status=RecognitionStatus.SUCCESS, alternatives=alternatives)
    return Part(start=start, end=end, recognition=recognition)


def test_confidence() -> None:
    """The lowest confidence counts, of the parts that have one."""
    parts = [part("a", confidence=confidence) for confidence in (None, None, 0.75, 0.0, 0.5)]
    for count, least in enumerate([None, None, None, 0.75, 0.0, 0.0]):
        transcript = Transcript(parts=tuple(parts[:count]), language="en")
        assert transcript.confidence == least


def test_duration() -> None:
    """It's from the first word to the last, pauses included, wherever the first one is."""
    parts = [part("a", start=start * SECOND, end=start * SECOND + SECOND // 2) for start in (2, 5)]
    for count, seconds in enumerate([None, 0.5, 3.5]):
        transcript = Transcript(parts=tuple(parts[:count]), language="en")
        assert transcript.duration == seconds


def test_ranks() -> None:
    """A part with fewer alternatives keeps its last one while others go on."""
    transcript = Transcript(parts=(part(*"abc"), part("x"), part(*"mn")), language="en")
    ranks = ["".join(alternative.display for alternative in rank) for rank in transcript.ranked()]
    assert ranks == ["axm", "bxn", "cxn"]
    assert transcript.text == "a x m"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "...",
        "—",
        "?!",
        "****.",
        "[BLANK_AUDIO]",
        " (music) [Music].",
        "【音楽】",
        "♪",
    ],
)
def test_text_without_a_letter_or_figure_is_no_speech(text: str) -> None:
    """Marks, and remarks in brackets alone, are no words; a part with them has no text."""
    assert not has_words(text)
    assert part(text, "Turn on.").text == ""
    assert part("Turn on.", text).text == "Turn on."
    transcript = Transcript(parts=(part("a", text, "b"),), language="en")
    assert [each.display for each in transcript.alternatives[0]] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    ["5", "५", "è", "灯", "रसोई", "Turn on [the] light.", "(555) 1234", "[BLANK", "a > b < c"],
)
def test_text_with_a_letter_or_figure_is_speech(text: str) -> None:
    """Any letter or figure of any script counts, and so do words next to brackets."""
    assert has_words(text)
