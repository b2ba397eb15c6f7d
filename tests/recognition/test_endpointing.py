"""Pauses: levels, where speech goes on, and where long speech is cut."""

from array import array
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from custom_components.azure_stt.audio.pcm import FRAME, SAMPLE_RATE, SILENT
from custom_components.azure_stt.recognition.endpointing import LEAD, Endpointer, Loudness
from custom_components.azure_stt.recognition.recording import (
    BrokenRecordingError,
    Recording,
)
from custom_components.azure_stt.recognition.segment import Segment
from tests.emulator import noise, silence, speak


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


def add(first: bytes, second: bytes) -> bytes:
    """Return two sounds at once, as long as the first one."""
    pairs = zip(array("h", first), array("h", second), strict=False)
    return array("h", [a + b for a, b in pairs]).tobytes()


# Loudness.


def test_loudness() -> None:
    """Its loud parts are speech, its quietest the room."""
    loudness = measure(silence(0.2) + speak("Turn on the light") + silence(0.2))
    assert loudness.speech == pytest.approx(-12, abs=0.1)
    assert loudness.room == SILENT
    assert measure(b"") == Loudness(speech=SILENT, usual=SILENT, room=SILENT)
    assert measure(bytes(2 * (FRAME - 1))).speech == SILENT
    assert measure(noise(0.1, level=0) + speak("one two three" * 3, level=-30)).usual < -29


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
    """Speech is louder than the room, and not far below the utterance."""
    assert Loudness(speech=speech, usual=speech, room=room).threshold() == threshold


def test_threshold_of_several_voices() -> None:
    """Voices that are 30 dB lower are speech too, if the room allows."""
    quiet, loud = (Loudness(speech=-12, usual=-12, room=room) for room in (-60, -30))
    assert quiet.threshold(several_voices=True) == -54
    assert loud.threshold(several_voices=True) == -36


# Where speech begins and ends.


@asynccontextmanager
async def followed(*parts: bytes, ended: bool = True, **options: bool) -> AsyncIterator[Endpointer]:
    """Give an endpointer that follows a recording of these parts."""
    endpointer = Endpointer(recorded(*parts, ended=ended), **options)
    task = asyncio.create_task(endpointer.follow())
    await asyncio.sleep(0)
    yield endpointer
    task.cancel()
    await asyncio.wait([task])


SAID = speak("Turn on the light")
END = len(SAID) // 2


@pytest.mark.parametrize("quiet", [0.06, 0.5, 0.51, 2.5])
@pytest.mark.parametrize("room", [-100, -50, -38, -32])
async def test_next_onset(quiet: float, room: float) -> None:
    """It begins within two frames of where it begins, in any room."""
    audio = mixed(silence(0.5) + SAID + silence(quiet) + speak("now") + silence(0.5), room)
    async with followed(audio) as endpointer:
        start = SAMPLE_RATE // 2 + END
        onset = await endpointer.next_onset(start + FRAME)
        assert onset is not None
        assert abs(onset - start - quiet * SAMPLE_RATE) <= 2 * FRAME


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(silence(3), id="silence"),
        pytest.param(silence(1) + speak("a", level=-6)[:1200] + silence(1), id="click"),
        pytest.param(silence(1) + speak("The weather", level=-30), id="television"),
        pytest.param(noise(3, level=-30), id="room"),
    ],
)
async def test_no_onset(after: bytes) -> None:
    """Neither a click nor distant sound is speech."""
    async with followed(SAID, after) as endpointer:
        assert await endpointer.next_onset(END + FRAME) is None
        assert endpointer.onset_between(END + FRAME, endpointer.position) is None
        assert endpointer.speech_end - END <= FRAME


async def test_next_onset_until() -> None:
    """It doesn't wait for more quiet than is needed."""
    async with followed(SAID, silence(0.8), ended=False) as endpointer:
        end = END + SAMPLE_RATE * 7 // 10
        assert await endpointer.next_onset(END + FRAME, end) is None


async def test_onset_is_waited_for() -> None:
    """Live, it's told as soon as 60 ms were heard."""
    async with followed(SAID, silence(0.98), ended=False) as endpointer:
        call = asyncio.create_task(endpointer.next_onset(END + FRAME))
        await asyncio.sleep(0.01)
        assert not call.done()
        recording = endpointer._recording
        onset = recording.length
        recording.append(speak("Light")[: 8 * FRAME])
        assert abs((await call or 0) - onset) <= FRAME


async def test_quiet_is_reported() -> None:
    """Those who drop it keep the lead of the speech that follows."""
    reported: list[int] = []
    async with followed(SAID, silence(20), speak("Light")) as endpointer:
        onset = await endpointer.next_onset(END + FRAME, None, reported.append)
        assert onset is not None
        assert 0 <= onset - LEAD - max(reported) <= SAMPLE_RATE


@pytest.mark.parametrize(
    ("pause", "found"), [(0.3, False), (0.58, False), (0.62, True), (3.0, True)]
)
async def test_pause_after(pause: float, found: bool) -> None:  # noqa: FBT001
    """A pause is as long as it was asked for, and its beginning is told."""
    async with followed(SAID, silence(pause), SAID) as endpointer:
        end = await endpointer.pause_after(0, SAMPLE_RATE * 6 // 10)
        assert (end is not None) is found
        if end is not None:
            assert abs(end - END) <= FRAME

        length = round(pause * SAMPLE_RATE)
        onset = END + length
        for measured in (
            endpointer.longest_pause(0, endpointer.position),
            endpointer.pause_before(onset),
        ):
            assert abs(measured - length) <= 2 * FRAME
        assert endpointer.longest_pause(0, onset) < 6 * FRAME


async def _speak_on(recording: Recording, pcm: bytes, call: asyncio.Task[int | None]) -> int:
    """Say something frame by frame, until a call returns; return the frames that were said."""
    frames = range(0, len(pcm), 2 * FRAME)
    for number, start in enumerate(frames):
        if call.done():
            return number
        recording.append(pcm[start : start + 2 * FRAME])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return len(frames)


async def test_a_pause_is_told_at_once() -> None:
    """Live, the frame that completes a pause is the last one that is waited for."""
    recording = Recording()
    endpointer = Endpointer(recording)
    call = asyncio.create_task(endpointer.pause_after(0, 25 * FRAME))
    frames = await _speak_on(recording, SAID + silence(1), call)
    assert await call == endpointer.speech_end
    assert frames == endpointer.speech_end // FRAME + 25


async def test_speech_wakes_nobody_who_waits_for_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Live speech is looked at when it may have paused for long enough, not at each frame."""
    waits: list[int] = []
    reaches = Recording.reaches

    async def counted(recording: Recording, position: int) -> None:
        waits.append(position)
        await reaches(recording, position)

    monkeypatch.setattr(Recording, "reaches", counted)
    recording = Recording()
    call = asyncio.create_task(Endpointer(recording).pause_after(0, 25 * FRAME))
    speech = SAID * 5
    await _speak_on(recording, speech, call)
    assert not call.done()
    call.cancel()
    frames = len(speech) // 2 // FRAME
    assert len(waits) <= frames // 20
    assert waits == sorted(waits)


async def test_pause_until() -> None:
    """Speech without a pause is given up where a request must end."""
    async with followed(SAID * 20, ended=False) as endpointer:
        assert await endpointer.pause_after(0, SAMPLE_RATE // 2, 2 * SAMPLE_RATE) is None


async def test_music_before_and_after() -> None:
    """A background that is 10 dB lower than speech isn't speech, once it was heard alone."""
    music = noise(6, level=-12 - 10 + 4.8)
    voice = silence(1) + SAID * 3 + silence(2)
    audio = add(voice, music)
    async with followed(audio) as endpointer:
        start = await endpointer.first_sound(0)
        assert start is not None
        end = await endpointer.pause_after(SAMPLE_RATE + END, SAMPLE_RATE * 6 // 10)
        assert end is not None
        assert abs(end - SAMPLE_RATE - 3 * END) <= 2 * FRAME


async def test_loud_music_leaves_the_end_to_the_stream() -> None:
    """Where the background is as loud as speech, no quiet is found."""
    audio = add(silence(1) + SAID * 3 + silence(2), noise(6, level=-12 + 4.8))
    async with followed(audio) as endpointer:
        assert await endpointer.pause_after(SAMPLE_RATE + END, SAMPLE_RATE * 6 // 10) is None


async def test_speech_that_goes_on_does_not_begin() -> None:
    """The tail of a word is no new speech."""
    word = speak("Thermostats")
    half, end = len(word) // 4, len(word) // 2
    async with followed(word, silence(0.5), word) as endpointer:
        assert endpointer.onset_between(half, end) is None
        found = endpointer.onset_between(half, endpointer.position)
        assert found is not None
        assert abs(found - end - SAMPLE_RATE // 2) <= FRAME


async def test_several_voices() -> None:
    """A person who is further away speaks, too."""
    far = silence(1) + speak("The weather", level=-35)
    for several in (True, False):
        async with followed(SAID, far, several_voices=several) as endpointer:
            onset = await endpointer.next_onset(END + FRAME)
            assert (onset is not None) is several


async def test_a_broken_stream() -> None:
    """Every waiter gets the error."""
    async with followed(SAID, ended=False) as endpointer:
        call = asyncio.create_task(endpointer.next_onset(END + FRAME))
        await asyncio.sleep(0)
        endpointer._recording.end(OSError("host"))
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
        pytest.param(mixed(silence(2) + speak("Light"), -24), 1.0, id="speech in a loud room"),
        pytest.param(silence(2) + speak("Light"), 2.0, id="speech after silence"),
    ],
)
async def test_first_sound(audio: bytes, start: float | None) -> None:
    """Speech stands out from quieter sound; even sound and silence hold none."""
    async with followed(audio) as endpointer:
        found = await endpointer.first_sound(0)
    assert (found if found is None else found / SAMPLE_RATE) == start


# Where long speech is cut.


def even_speech(seconds: float, gap: float = 0.04) -> bytes:
    """Return speech whose gaps are all alike."""
    word = speak("speech") + silence(gap)
    return (word * (int(seconds * SAMPLE_RATE * 2) // len(word) + 1))[
        : int(seconds * SAMPLE_RATE) * 2
    ]


async def read(segment: Segment) -> bytes:
    """Return a segment's audio."""
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
    """No segment has more than 58 s, even of noise."""
    segment = Segment(recorded(noise(70)), 0)
    assert len(await read(segment)) // 2 <= 58 * SAMPLE_RATE


async def test_the_last_second_is_held_back() -> None:
    """Live, audio that may be cut off isn't given before it's known."""
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
    """A retry sends the same audio as the first try."""
    recording = recorded(even_speech(46), silence(0.4), even_speech(30))
    segments = [Segment(recording, 0) for _ in range(3)]
    heard = [await read(segment) for segment in segments]
    assert all(first == second for first, second in pairwise(heard))
    assert len({segment.cut for segment in segments}) == 1
