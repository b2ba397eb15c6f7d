"""The speech that only the emulator understands, and where its utterances end."""

from array import array
from itertools import pairwise
import math
import time

from hypothesis import given, settings, strategies as st
import pytest

from tests.emulator import CUT, SpokenModel, noise, silence, speak
from tests.emulator.segmentation import Segmenter, Utterance
from tests.emulator.speech_model import Alternative
from tests.emulator.spoken import LOWEST_LEVEL

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=20
).filter(lambda word: len(word.split()) == 1)
TEXTS = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
LEVELS = st.floats(LOWEST_LEVEL, 0)


async def hear(audio: bytes) -> Alternative | None:
    """Return the model's result."""
    heard = await SpokenModel().recognize(audio, "en-US")
    assert isinstance(heard, list | tuple)
    return heard[0] if heard else None


async def hear_text(audio: bytes) -> str:
    """Return the model's text."""
    heard = await hear(audio)
    return "" if heard is None else heard.text


def segment(
    audio: bytes, *, pause: float = 0.5, chunk: int = 640
) -> tuple[Utterance | None, Segmenter]:
    """Give the first utterance, and the segmenter that found it."""
    segmenter = Segmenter(pause=pause, initial_silence=5.0)
    for start in range(0, len(audio), chunk):
        segmenter.feed(audio[start : start + chunk])
    segmenter.finish()
    return segmenter.utterance, segmenter


@given(text=TEXTS, level=LEVELS, pause=st.integers(10, 400))
@settings(deadline=None)
async def test_is_understood(text: str, level: float, pause: int) -> None:
    """Every text comes back, at every level and with every pause."""
    audio = silence(0.013) + speak(text, level=level, pause_ms=pause) + silence(0.1)
    heard = await hear(audio)
    assert heard is not None
    assert heard.text.split() == text.split()
    assert heard.words[0].offset == 130_000
    assert all(
        after.offset - before.offset - before.duration == pause * 10_000
        for before, after in pairwise(heard.words)
    )


@given(text=TEXTS, level=LEVELS, lead=st.integers(0, 700), chunk=st.integers(1, 5000))
@settings(deadline=None)
async def test_survives_segmentation(text: str, level: float, lead: int, chunk: int) -> None:
    """Not a sample of it is lost, wherever it begins and however it is cut into chunks."""
    audio = bytes(2 * lead) + speak(text, level=level) + silence(1)
    utterance, segmenter = segment(audio, chunk=chunk)
    assert utterance is not None
    assert segmenter.has_ended
    heard = await hear(utterance.audio)
    assert heard is not None
    assert heard.text.split() == text.split()
    assert utterance.audio_offset + heard.words[0].offset == lead * 625


@given(word=WORDS, at=st.integers(0, 10_000), samples=st.integers(4, 600), data=st.data())
@settings(deadline=None)
async def test_loss_and_doubling_are_heard(
    word: str, at: int, samples: int, data: st.DataObject
) -> None:
    """A word that lost samples, or has some twice, isn't heard as it was spoken."""
    speech = speak(word)
    at = at % (len(speech) // 2 - samples) * 2
    end = at + 2 * samples
    damaged = data.draw(st.sampled_from([speech[:at] + speech[end:], speech[:end] + speech[at:]]))
    heard = await hear_text(silence(0.01) + damaged + silence(0.01))
    assert heard != word
    assert set(heard.split()) <= {CUT}


async def test_a_cut_word_spoils_no_other() -> None:
    """The words around it are whole."""
    audio = speak("one two three")
    assert await hear_text(audio[1000:]) == f"{CUT} two three"
    assert await hear_text(audio[:-1000]) == f"one two {CUT}"


async def test_understands_other_sample_rates_well_converted() -> None:
    """A band-limited copy at half the rate, and back, is still speech."""
    samples = array("h", silence(0.01) + speak("Turn on the light") + silence(0.01))
    taps = [math.sin(math.pi * n * 0.5) / (math.pi * n) if n else 0.5 for n in range(-16, 17)]
    padded = [0] * 16 + list(samples) + [0] * 16
    filtered = [
        max(-32768, min(32767, round(math.sumprod(taps, padded[i : i + 33]))))
        for i in range(len(samples))
    ]
    assert await hear_text(array("h", filtered).tobytes()) == "Turn on the light"


@pytest.mark.parametrize(
    "audio",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(silence(1), id="silence"),
        pytest.param(noise(1), id="noise"),
        pytest.param(noise(1, level=0), id="loud noise"),
        pytest.param(
            array("h", [round(9000 * math.sin(n / 9)) for n in range(16_000)]).tobytes(), id="tone"
        ),
    ],
)
async def test_other_sound_is_not_understood(audio: bytes) -> None:
    """Nothing is heard in it, not even a cut word."""
    assert await hear(audio) is None


@pytest.mark.parametrize("level", [0.1, LOWEST_LEVEL - 0.1])
def test_refuses_a_level_beyond_its_range(level: float) -> None:
    """Louder than full scale, or too quiet to be understood."""
    with pytest.raises(ValueError, match="level"):
        speak("on", level=level)


def test_refuses_too_short_a_pause() -> None:
    """Two words need something between them."""
    with pytest.raises(ValueError, match="pause"):
        speak("turn on", pause_ms=9)


def test_lengths() -> None:
    """A byte takes 10 ms, with four more for a word's marks and checksum."""
    assert len(silence(0.25)) == 8000
    assert len(noise(0.25)) == 8000
    assert len(speak("kitchen light", pause_ms=40)) == 32 * (110 + 40 + 90)


# Segmentation.


def test_an_utterance_has_a_margin_of_quiet() -> None:
    """The model gets a fifth of a second before and after the speech."""
    utterance, _ = segment(silence(1) + speak("on") + silence(2))
    assert utterance is not None
    assert (utterance.offset, utterance.duration) == (10_000_000, 600_000)
    assert utterance.audio_offset == 8_000_000
    assert utterance.audio == silence(0.2) + speak("on") + silence(0.2)


def test_silence_is_no_utterance() -> None:
    """It ends after five seconds."""
    utterance, segmenter = segment(silence(10))
    assert utterance is None
    assert segmenter.has_ended
    assert segmenter.offset == 50_000_000


def test_steady_background_is_quiet() -> None:
    """A room's noise neither begins an utterance nor hides its end."""
    room = array("h", noise(4, level=-38))
    speech = array("h", silence(1.5) + speak("Turn on the light") + silence(2))
    mixed = array("h", [a + b for a, b in zip(room, speech, strict=False)]).tobytes()
    utterance, segmenter = segment(mixed)
    assert utterance is not None
    assert segmenter.has_ended
    assert utterance.offset == pytest.approx(15_000_000, abs=200_000)


def test_sound_far_below_the_speech_is_quiet() -> None:
    """A hum 30 dB under the loudest part doesn't hide the utterance's end."""
    utterance, segmenter = segment(speak("on", level=0) + noise(2, level=-33))
    assert utterance is not None
    assert segmenter.has_ended
    assert utterance.duration == 600_000


def test_a_background_after_digital_silence_is_learnt() -> None:
    """A microphone that opens late is taken for speech for some seconds only."""
    _, segmenter = segment(silence(0.1) + noise(10, level=-45))
    assert segmenter.has_ended


def test_costs_little() -> None:
    """Less than a millisecond for each second of audio, for a hundred streams on one machine."""
    audio = (speak("Turn on the kitchen light") + silence(0.2)) * 20
    started = time.process_time()
    _, segmenter = segment(audio, chunk=3200)
    spent = time.process_time() - started
    assert spent < 0.001 * segmenter.seconds * 3  # a busy machine counts more
