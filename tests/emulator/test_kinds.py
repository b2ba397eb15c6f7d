"""The kinds of service that Azure may be: when the emulator answers, and how much."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
import time

import pytest

from tests.emulator import (
    Alternative,
    Answers,
    Emulator,
    OverLength,
    RecognitionStatus,
    ScriptedModel,
    noise,
    settings,
    silence,
    speak,
    wav_header,
)
from tests.emulator.caller import Caller, Reply, calling, eventually, stream
from tests.emulator.records import RecordedRequest

pytestmark = pytest.mark.usefixtures("socket_enabled")

DETAILED = {"language": "en-US", "format": "detailed", "wordLevelTimestamps": "true"}
TWO = silence(0.2) + speak("Turn on.") + silence(0.8) + speak("The light.") + silence(1)
LATE = (Answers.AT_END, Answers.AT_END_EVERYTHING)


async def ask(audio: bytes, emulator: Emulator) -> Reply:
    """Have audio recognized in detail by an emulator of its own."""
    async with calling(emulator) as caller:
        return await caller.recognize(audio, query=DETAILED)


def last(caller: Caller) -> RecordedRequest:
    """Return the record of the last request."""
    return caller.emulator.requests[-1]


# When.


@pytest.mark.parametrize("answers", LATE)
async def test_answers_at_the_uploads_end(answers: Answers) -> None:
    """Not at the pause, however long the client leaves the upload open."""
    async with calling(Emulator(answers=answers)) as caller:
        end = asyncio.Event()

        async def upload() -> AsyncIterator[bytes]:
            yield wav_header() + TWO
            await end.wait()

        task = asyncio.create_task(caller.recognize(upload()))
        await eventually(lambda: bool(caller.emulator.requests))
        await eventually(lambda: last(caller).body_bytes == 44 + len(TWO))
        await asyncio.sleep(0.1)
        assert not task.done()
        end.set()
        reply = await task
    assert reply.status == 200
    assert reply.headers.get("Connection") != "close"


@pytest.mark.parametrize("answers", LATE)
async def test_initial_silence_is_answered_at_the_uploads_end(answers: Answers) -> None:
    """With the same offset as early, and without the speech after it."""
    async with calling(Emulator(answers=answers)) as caller:
        reply = await caller.recognize(silence(8) + speak("late"))
    assert reply.content == {
        "RecognitionStatus": "InitialSilenceTimeout",
        "Offset": 50_000_000,
        "Duration": 0,
    }
    assert last(caller).body_bytes == 44 + len(silence(8) + speak("late"))


async def test_a_longer_pause() -> None:
    """A service that waits for two seconds hears over a pause of one."""
    audio = speak("Turn on") + silence(1) + speak("the light") + silence(2.1) + speak("and off")
    async with calling(Emulator(pause=2)) as caller:
        reply = await caller.recognize(stream(wav_header() + audio, pause=0.001))
    assert reply.content["DisplayText"] == "Turn on the light"


async def test_the_default_can_be_changed_for_a_whole_suite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one place, which is read whenever an emulator is made."""
    assert Emulator().answers is Answers.EARLY
    monkeypatch.setattr(settings, "DEFAULT_ANSWERS", Answers.AT_END)
    assert Emulator().answers is Answers.AT_END
    assert Emulator(answers=Answers.EARLY).answers is Answers.EARLY
    monkeypatch.setattr(settings, "DEFAULT_PAUSE", 2.0)
    assert (Emulator().pause, Emulator(pause=1).pause) == (2.0, 1)


# How much.


async def test_the_first_utterance_only() -> None:
    """Speech after it isn't in the answer."""
    reply = await ask(TWO, Emulator(answers=Answers.AT_END))
    assert [best["Display"] for best in reply.content["NBest"]] == ["Turn on."]


async def test_everything() -> None:
    """All utterances are sentences of one text, from the first's start to the last's end."""
    reply = await ask(TWO, Emulator(answers=Answers.AT_END_EVERYTHING))
    (best,) = reply.content["NBest"]
    assert best["Display"] == best["MaskedITN"] == "Turn on. The light."
    assert best["Lexical"] == "turn on the light"
    words = best["Words"]
    assert [word["Word"] for word in words] == ["turn", "on", "the", "light"]
    assert all(one["Offset"] + one["Duration"] <= two["Offset"] for one, two in pairwise(words))
    first, end = reply.content["Offset"], words[-1]["Offset"] + words[-1]["Duration"]
    assert (first, words[0]["Offset"]) == (2_000_000, 2_000_000)
    assert reply.content["Duration"] == end - first
    assert end == (len(TWO) - len(silence(1))) // 2 * 625


async def test_everything_leaves_noise_out() -> None:
    """Sound without words between utterances is neither an error nor an end."""
    audio = noise(0.3) + silence(1) + speak("Turn on") + silence(1) + noise(0.3) + silence(9)
    reply = await ask(audio + speak("the light"), Emulator(answers=Answers.AT_END_EVERYTHING))
    assert reply.content["NBest"][0]["Display"] == "Turn on the light"
    only_noise = await ask(noise(0.3), Emulator(answers=Answers.AT_END_EVERYTHING))
    assert only_noise.content["RecognitionStatus"] == RecognitionStatus.NO_MATCH


async def test_everything_joins_alternatives() -> None:
    """Rank by rank; where an utterance has fewer, its best one stands."""
    one = [Alternative(text="One", confidence=0.9), Alternative(text="Won", confidence=0.5)]
    speech_model = ScriptedModel([one, Alternative(text="2", lexical="two", confidence=0.7)])
    audio = speak("x") + silence(1) + speak("y")
    reply = await ask(audio, Emulator(answers=Answers.AT_END_EVERYTHING, speech_model=speech_model))
    assert [
        (best["Display"], best["Lexical"], best["Confidence"]) for best in reply.content["NBest"]
    ] == [("One 2", "one two", 0.7), ("Won 2", "won two", 0.5)]


# How fast.


async def test_speed_holds_a_burst_back() -> None:
    """Two seconds of audio at four times real time take half a second, and the latency."""
    audio = speak("Turn on") + silence(2)
    audio = audio[:64_000]
    async with calling(Emulator(answers=Answers.AT_END, speed=4, latency=0.2)) as caller:
        await caller.recognize(audio)
    record = last(caller)
    assert record.first_audio is not None
    assert record.answered is not None
    assert 0.7 <= record.answered - record.first_audio < 1.2


async def test_speed_does_not_hold_live_audio_back() -> None:
    """A service at real time has nothing left to do when live audio ends."""
    audio = speak("Turn on") + silence(0.4)
    upload = stream(wav_header() + audio, chunk=640, pause=0.02)
    async with calling(Emulator(answers=Answers.AT_END, speed=1)) as caller:
        await caller.recognize(upload)
    record = last(caller)
    assert record.last_audio is not None
    assert record.answered is not None
    assert record.answered - record.last_audio < 0.15


async def test_speed_counts_up_to_the_pause() -> None:
    """Audio behind an early answer takes no work, even if it comes in the same piece."""
    async with calling(Emulator(speed=2)) as caller:
        await caller.recognize(stream(wav_header() + speak("on") + silence(20), chunk=640_000))
    record = last(caller)
    assert record.first_audio is not None
    assert record.answered is not None
    assert 0.28 <= record.answered - record.first_audio < 0.6


async def test_the_upload_goes_on_while_the_service_works() -> None:
    """An early answer that is late doesn't stop the client's audio."""
    audio = speak("Turn on") + silence(8)
    started = time.monotonic()
    async with calling(Emulator(speed=2)) as caller:
        reply = await caller.recognize(stream(wav_header() + audio, chunk=3200, pause=0.0005))
    assert reply.content["DisplayText"] == "Turn on"
    assert time.monotonic() - started >= 0.3
    assert last(caller).body_bytes == 44 + len(audio)


# How long.


@pytest.mark.parametrize("answers", Answers)
async def test_audio_beyond_the_limit_can_be_cut(answers: Answers) -> None:
    """The answer holds the words before it; 61 s are no error."""
    audio = speak("Turn on") + silence(0.2)
    audio = silence(60.1 - len(audio) / 32_000) + audio + speak("late") + silence(2)
    emulator = Emulator(answers=answers, initial_silence=100, over_length=OverLength.CUT)
    async with calling(emulator) as caller:
        reply = await caller.recognize(audio)
        refused = Emulator(answers=answers, initial_silence=100)
    assert reply.status == 200
    assert reply.content["DisplayText"].startswith("Turn")
    assert "late" not in reply.content["DisplayText"]
    assert (await ask(audio, refused)).status == 400
