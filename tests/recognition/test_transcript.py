"""The transcript: confidence, duration and ranked alternatives of its parts."""

from custom_components.azure_stt.azure_speech import Alternative, Recognition, RecognitionStatus
from custom_components.azure_stt.recognition.transcript import Part, Transcript

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
