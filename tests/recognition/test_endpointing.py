"""Pauses: levels, where speech goes on, and where long speech is cut."""

from array import array
import asyncio
from itertools import pairwise

import pytest

from custom_components.azure_stt.audio.pcm import FRAME, SAMPLE_RATE, SILENT
from custom_components.azure_stt.recognition.endpointing import (
    LEAD,
    Loudness,
    first_sound,
    next_speech,
)
from custom_components.azure_stt.recognition.recording import (
    KEPT,
    BrokenRecordingError,
    Recording,
)
from custom_components.azure_stt.recognition.segment import Segment
from tests.emulator import noise, silence, speak

SPEECH = Loudness(speech=-12, room=-60)


def recorded(*parts: bytes, ended: bool = True) -> Recording:
    """Return a recording of these parts."""
    recording = Recording()
    recording.append(b"".join(parts))
    if ended:
        recording.end()
    return recording


def measure(pcm: bytes) -> Loudness:
    """Return the loudness of sound."""
    recording = Recording()
    recording.append(pcm)
    return Loudness.of(recording, 0, recording.length)


def mixed(speech: bytes, room: float) -> bytes:
    """Return speech in a room whose noise has a level."""
    samples = array("h", speech)
    hiss = array("h", noise(len(samples) / SAMPLE_RATE, level=room))
    return array("h", [a + b for a, b in zip(samples, hiss, strict=True)]).tobytes()


# Loudness.


def test_loudness() -> None:
    """Its loud parts are speech, its quietest the room."""
    loudness = measure(silence(0.2) + speak("Turn on the light") + silence(0.2))
    assert loudness.speech == pytest.approx(-12, abs=0.1)
    assert loudness.room == SILENT
    assert measure(b"") == Loudness(speech=SILENT, room=SILENT)
    assert measure(bytes(2 * (FRAME - 1))).speech == SILENT


@pytest.mark.parametrize(
    ("speech", "room", "threshold"),
    [
        pytest.param(-12, -100, -27, id="silent room"),
        pytest.param(-12, -42, -27, id="quiet room"),
        pytest.param(-12, -30, -21, id="loud room"),
        pytest.param(-12, -20, -16, id="very loud room"),
        pytest.param(-12, -14, -27, id="nothing but speech"),
        pytest.param(-12, -12, -27, id="one tone"),
    ],
)
def test_threshold(speech: float, room: float, threshold: float) -> None:
    """Speech is louder than the room, and not far below what was said."""
    assert Loudness(speech=speech, room=room).threshold == threshold


def test_threshold_over_a_room() -> None:
    """Where nothing was said yet, speech stands out of the room."""
    assert Loudness.over(-40).threshold == -34


# Where speech goes on.


@pytest.mark.parametrize("quiet", [0, 1, 320, 8_000, 8_001, 40_000])
async def test_next_speech(quiet: int) -> None:
    """It begins within a frame of where it begins."""
    recording = recorded(bytes(2 * quiet), speak("Light"), silence(0.1))
    onset = await next_speech(recording, 0, SPEECH)
    assert onset is not None
    assert abs(onset - quiet) < FRAME


@pytest.mark.parametrize(
    "audio",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(silence(3), id="silence"),
        pytest.param(silence(1) + speak("a", level=-6)[:1200] + silence(1), id="click"),
        pytest.param(silence(1) + speak("The weather", level=-30), id="television"),
        pytest.param(noise(3, level=-30), id="room"),
    ],
)
async def test_no_speech(audio: bytes) -> None:
    """Neither a click nor what is far away is speech."""
    assert await next_speech(recorded(audio), 0, SPEECH) is None


@pytest.mark.parametrize("room", [-50, -38, -32])
async def test_next_speech_in_a_room(room: float) -> None:
    """The room's noise neither is speech nor hides it."""
    said = mixed(speak("Turn on the light") + silence(0.8), room)
    loudness = measure(said)
    onset = await next_speech(recorded(mixed(silence(2) + speak("now"), room)), 0, loudness)
    assert onset is not None
    assert abs(onset - 2 * SAMPLE_RATE) < FRAME
    assert await next_speech(recorded(mixed(silence(2), room)), 0, loudness) is None


async def test_next_speech_until() -> None:
    """It doesn't wait beyond what is enough quiet."""
    recording = recorded(silence(0.8), ended=False)
    assert await next_speech(recording, 0, SPEECH, SAMPLE_RATE * 8 // 10) is None


async def test_next_speech_is_waited_for() -> None:
    """Live, it's told as soon as 60 ms were heard."""
    recording = recorded(silence(1), ended=False)
    call = asyncio.create_task(next_speech(recording, 0, SPEECH))
    await asyncio.sleep(0)
    assert not call.done()
    recording.append(speak("Light")[: 6 * FRAME])
    assert await call == SAMPLE_RATE


async def test_quiet_is_forgotten() -> None:
    """But for the lead that is sent with the speech."""
    recording = recorded(silence(90), speak("Light"))
    assert await next_speech(recording, 0, SPEECH) == 90 * SAMPLE_RATE
    assert recording._start == 90 * SAMPLE_RATE - LEAD - KEPT


async def test_next_speech_of_a_broken_stream() -> None:
    """What broke is told."""
    recording = recorded(silence(1), ended=False)
    call = asyncio.create_task(next_speech(recording, 0, SPEECH))
    await asyncio.sleep(0)
    recording.end(OSError("host"))
    with pytest.raises(BrokenRecordingError):
        await call


# Where anyone may speak at all.


@pytest.mark.parametrize(
    ("audio", "start"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(silence(3), None, id="silence"),
        pytest.param(noise(3, level=-40), None, id="room"),
        pytest.param(noise(3, level=-12), None, id="loud noise"),
        pytest.param(silence(1) + speak("a")[:1200] + silence(1), None, id="click"),
        pytest.param(silence(1) + noise(1, level=-68), None, id="inaudible"),
        pytest.param(speak("Light"), 0.0, id="one word alone"),
        pytest.param(speak("Light on"), 0.0, id="speech at once"),
        pytest.param(speak("Light", level=-36) + silence(1), 0.0, id="a quiet word"),
        pytest.param(mixed(silence(2) + speak("Light"), -24), 0.0, id="speech in a loud room"),
        pytest.param(silence(2) + speak("Light"), 1.54, id="speech after silence"),
    ],
)
async def test_first_sound(audio: bytes, start: float | None) -> None:
    """Speech stands out from what is quieter; even sound and silence hold none."""
    found = await first_sound(recorded(audio), 0)
    assert (found if found is None else found / SAMPLE_RATE) == start


# Where long speech is cut.


def even_speech(seconds: float, gap: float = 0.04) -> bytes:
    """Return speech whose gaps are all alike."""
    word = speak("speech") + silence(gap)
    return (word * (int(seconds * SAMPLE_RATE * 2) // len(word) + 1))[
        : int(seconds * SAMPLE_RATE) * 2
    ]


async def read(segment: Segment) -> bytes:
    """Return what a segment gives."""
    return b"".join([block async for block in segment])


@pytest.mark.parametrize("seconds", [0, 0.01, 1, 44.99, 45, 45.01, 50, 56.99, 57])
async def test_short_speech_is_not_cut(seconds: float) -> None:
    """All of it is one segment."""
    audio = even_speech(seconds)
    segment = Segment(recorded(audio), 0)
    assert await read(segment) == audio
    assert (segment.cut, segment.position) == (None, len(audio) // 2)


@pytest.mark.parametrize("at", [45.0, 45.3, 50, 56.7])
async def test_cut_at_a_pause(at: float) -> None:
    """The first 200 ms of quiet after 45 s end it, at their end."""
    audio = even_speech(at) + silence(0.3) + even_speech(20)
    segment = Segment(recorded(audio), 0)
    heard = await read(segment)
    assert segment.cut == segment.position == len(heard) // 2
    assert audio.startswith(heard)
    assert at + 0.2 - 0.06 <= segment.cut / SAMPLE_RATE <= at + 0.2 + 0.02


async def test_cut_starts_anywhere() -> None:
    """Positions are the recording's."""
    audio = silence(3) + even_speech(46) + silence(1)
    segment = Segment(recorded(audio), 3 * SAMPLE_RATE)
    await read(segment)
    assert segment.cut is not None
    assert segment.cut / SAMPLE_RATE == pytest.approx(49.2, abs=0.06)


@pytest.mark.parametrize("gap", [0.04, 0.043, 0.05, 0.06, 0.1, 0.15])
async def test_cut_without_a_pause(gap: float) -> None:
    """At 57 s it's cut within the second that is held back, in a gap between words."""
    audio = even_speech(70, gap)
    segment = Segment(recorded(audio), 0)
    heard = await read(segment)
    assert segment.cut == len(heard) // 2
    assert 57 <= segment.cut / SAMPLE_RATE <= 58
    around = audio[len(heard) - 320 : len(heard) + 320]
    assert around == bytes(640)


async def test_cut_at_the_quietest_place() -> None:
    """A real pause is better than a gap."""
    audio = even_speech(57.4) + silence(0.15) + even_speech(20)
    segment = Segment(recorded(audio), 0)
    await read(segment)
    assert segment.cut is not None
    assert 57.4 <= segment.cut / SAMPLE_RATE <= 57.55


async def test_noise_is_cut_too() -> None:
    """Whatever it is, no segment has more than 58 s."""
    segment = Segment(recorded(noise(70)), 0)
    assert len(await read(segment)) // 2 <= 58 * SAMPLE_RATE


async def test_the_last_second_is_held_back() -> None:
    """Live, what may be cut off isn't given before it's known."""
    recording = recorded(even_speech(57.5), ended=False)
    segment = Segment(recording, 0)
    blocks: list[bytes] = []

    async def follow() -> None:
        blocks.extend([block async for block in segment])

    call = asyncio.create_task(follow())
    await asyncio.sleep(0.05)
    assert segment.position == 57 * SAMPLE_RATE
    recording.append(even_speech(0.5))
    await call
    assert segment.cut == segment.position


async def test_a_segment_is_the_same_each_time() -> None:
    """A retry sends what the first try sent."""
    recording = recorded(even_speech(46), silence(0.4), even_speech(30))
    segments = [Segment(recording, 0) for _ in range(3)]
    heard = [await read(segment) for segment in segments]
    assert all(first == second for first, second in pairwise(heard))
    assert len({segment.cut for segment in segments}) == 1
