"""One recognition: how the speech is sent, and when the answer is taken."""

import asyncio
import base64
from collections.abc import AsyncIterator
import json
import re
import threading
import time
from typing import ClassVar, override

from aiohttp import ClientSession
import pytest

from custom_components.azure_stt.audio.opus import OpusEncoder
from custom_components.azure_stt.azure_speech import (
    AudioFormat,
    Dimension,
    GradingSystem,
    Granularity,
    KeyCredential,
    Profanity,
    PronunciationAssessment,
    RecognitionOptions,
    RecognitionStatus,
    SpeechClient,
    SpeechConnectionError,
    Timeouts,
    wav_header,
)
from tests.emulator import (
    CUSTOM_SPEECH_ID,
    S0_KEY,
    Answers,
    Emulator,
    Endpoint as Service,
    Fault,
    Moment,
    RecordedRequest,
    silence,
    speak,
)
from tests.support.streams import eventually

from .helpers import (
    OPTIONS,
    RECOGNITION_PATH,
    SENTENCE,
    SPOKEN,
    Clock,
    Connect,
    Microphone,
    playing,
    settle,
    token_requests,
)

HOUR = 60 * 60.0
GUID = "0d5c5b0e-3f5a-4d62-9a53-6f7f3a1e2b4c"


def last(emulator: Emulator) -> RecordedRequest:
    """Return the last recognition that was asked for."""
    return emulator.requests_for(Service.RECOGNITION)[-1]


async def test_speech_follows_live(emulator: Emulator, client: SpeechClient) -> None:
    """Each word arrives before the next is spoken; the answer comes after the end."""
    first, second = speak("Turn on the"), silence(0.1) + speak("kitchen light.")
    microphone = Microphone(first)
    task = asyncio.create_task(client.recognize(microphone, OPTIONS))
    await eventually(lambda: len(emulator.requests) == 2)
    await eventually(lambda: bytes(last(emulator).audio) == first)
    microphone.say(second)
    await eventually(lambda: bytes(last(emulator).audio) == first + second)
    assert not task.done()
    microphone.stop()
    recognition = await task
    assert recognition.text == SENTENCE
    assert recognition.status is RecognitionStatus.SUCCESS
    assert (recognition.offset, recognition.duration) == (0, len(first + second) / 32_000)


async def test_form_of_the_request(emulator: Emulator, client: SpeechClient) -> None:
    """A chunked POST that waits for 100 Continue, with the file's header once, before all."""
    audio = speak(SENTENCE)
    recognition = await client.recognize(playing(audio, 3200), OPTIONS)
    record = last(emulator)
    assert (record.method, record.path) == ("POST", f"/stt{RECOGNITION_PATH}")
    assert record.chunked
    assert record.expects_continue
    assert record.headers["Content-Type"] == "audio/wav; codecs=audio/pcm; samplerate=16000"
    assert record.headers["Accept"] == "application/json"
    assert record.header == wav_header()
    assert bytes(record.audio) == audio
    assert record.body_bytes == 44 + len(audio)
    assert record.chunks == 1 + -(-len(audio) // 3200)
    assert recognition.connection_id == record.query["X-ConnectionId"]


def test_wav_header() -> None:
    """It announces 16 kHz 16-bit mono PCM, of a length that isn't known."""
    assert wav_header() == bytes.fromhex(
        "52494646 00000000 57415645 666d7420 10000000 0100 0100 803e0000 007d0000 0200 1000"
        "64617461 00000000"
    )


def test_wav_header_of_a_known_length() -> None:
    """Both sizes are the file's."""
    assert wav_header(1000) == bytes.fromhex(
        "52494646 0c040000 57415645 666d7420 10000000 0100 0100 803e0000 007d0000 0200 1000"
        "64617461 e8030000"
    )


async def test_each_request_has_an_id(emulator: Emulator, client: SpeechClient) -> None:
    """Each try has its own, also the second try of one recognition."""
    emulator.faults.append(Fault(status=401))
    recognitions = await asyncio.gather(*(client.recognize(SPOKEN, OPTIONS) for _ in range(5)))
    ids = [record.query["X-ConnectionId"] for record in emulator.requests_for(Service.RECOGNITION)]
    assert len(set(ids)) == 6
    assert all(re.fullmatch("[0-9a-f]{32}", connection_id) for connection_id in ids)
    assert {recognition.connection_id for recognition in recognitions} <= set(ids)


@pytest.mark.parametrize(
    ("options", "query"),
    [
        pytest.param(RecognitionOptions(language="en-US"), {}, id="default"),
        pytest.param(RecognitionOptions(language="de-DE"), {"language": "de-DE"}, id="language"),
        pytest.param(
            RecognitionOptions(language="en-US", detailed=False), {"format": "simple"}, id="simple"
        ),
        *(
            pytest.param(
                RecognitionOptions(language="en-US", profanity=profanity),
                {"profanity": profanity.value},
                id=profanity.value,
            )
            for profanity in Profanity
        ),
        pytest.param(
            RecognitionOptions(language="en-US", endpoint_id=CUSTOM_SPEECH_ID),
            {"cid": CUSTOM_SPEECH_ID},
            id="custom speech",
        ),
        pytest.param(RecognitionOptions(language="en-US", endpoint_id=""), {}, id="no endpoint"),
        pytest.param(
            RecognitionOptions(language="en-US", word_times=True),
            {"wordLevelTimestamps": "true"},
            id="word times",
        ),
    ],
)
async def test_options(
    emulator: Emulator, client: SpeechClient, options: RecognitionOptions, query: dict[str, str]
) -> None:
    """Each option is a parameter of the query, and those that aren't asked for are left out."""
    recognition = await client.recognize(SPOKEN, options)
    expected = {"language": "en-US", "format": "detailed", "profanity": "masked"} | query
    sent = dict(last(emulator).query)
    assert sent.pop("X-ConnectionId") == recognition.connection_id
    assert sent == expected
    assert "Pronunciation-Assessment" not in last(emulator).headers
    assert recognition.text == SENTENCE


async def test_optional_fields(client: SpeechClient) -> None:
    """Only detailed answers know how sure they are, and the words' places if asked for."""
    simple = await client.recognize(SPOKEN, RecognitionOptions(language="en-US", detailed=False))
    assert (simple.confidence, simple.alternatives[0].words) == (None, ())
    detailed = await client.recognize(SPOKEN, OPTIONS)
    assert (detailed.confidence, detailed.alternatives[0].words) == (0.95, ())
    timed = await client.recognize(SPOKEN, RecognitionOptions(language="en-US", word_times=True))
    words = timed.alternatives[0].words
    assert [word.text for word in words] == ["turn", "on", "the", "kitchen", "light"]
    assert words[1].offset == pytest.approx(0.12)
    assert words[1].duration == pytest.approx(0.06)


async def test_profanity(emulator: Emulator, client: SpeechClient) -> None:
    """Nothing but a swear word, with those removed, is a success without a text."""
    options = RecognitionOptions(language="en-US", profanity=Profanity.REMOVED)
    recognition = await client.recognize(playing(speak("damn")), options)
    assert recognition.status is RecognitionStatus.SUCCESS
    assert (recognition.text, recognition.alternatives) == ("", ())


async def test_pronunciation_assessment(emulator: Emulator, client: SpeechClient) -> None:
    """The assessment's settings are base64 of JSON, whose switches are strings."""
    pronunciation = PronunciationAssessment(
        reference_text="Güten Morgen, 早安 “now”",
        grading_system=GradingSystem.FIVE_POINT,
        granularity=Granularity.WORD,
        dimension=Dimension.BASIC,
        enable_miscue=True,
        enable_prosody=True,
        scenario_id=GUID,
    )
    options = RecognitionOptions(language="en-US", pronunciation=pronunciation)
    await client.recognize(SPOKEN, options)
    header = last(emulator).headers["Pronunciation-Assessment"]
    assert json.loads(base64.b64decode(header, validate=True)) == {
        "ReferenceText": "Güten Morgen, 早安 “now”",
        "GradingSystem": "FivePoint",
        "Granularity": "Word",
        "Dimension": "Basic",
        "EnableMiscue": "True",
        "EnableProsodyAssessment": "True",
        "ScenarioId": GUID,
    }


async def test_default_pronunciation_assessment(emulator: Emulator, client: SpeechClient) -> None:
    """All scores of each sound, of a hundred; the answer has them."""
    pronunciation = PronunciationAssessment(reference_text=SENTENCE)
    options = RecognitionOptions(language="en-US", pronunciation=pronunciation)
    recognition = await client.recognize(SPOKEN, options)
    header = last(emulator).headers["Pronunciation-Assessment"]
    assert json.loads(base64.b64decode(header, validate=True)) == {
        "ReferenceText": SENTENCE,
        "GradingSystem": "HundredMark",
        "Granularity": "Phoneme",
        "Dimension": "Comprehensive",
        "EnableMiscue": "False",
        "EnableProsodyAssessment": "False",
    }
    [best] = recognition.alternatives
    assert best.scores is not None
    assert (best.scores.accuracy, best.scores.completeness) == (100, 100)


OGG = RecognitionOptions(language="en-US", audio_format=AudioFormat.OGG)


class Encoder(OpusEncoder):
    """An encoder that remembers how much it took in which thread."""

    taken: ClassVar[list[tuple[int, bool]]] = []

    @override
    def feed(self, pcm: bytes) -> bytes:
        self.taken.append((len(pcm), threading.current_thread() is threading.main_thread()))
        return super().feed(pcm)


@pytest.mark.parametrize("size", [7 * 2, 640, 1000, 32_000])
async def test_opus(emulator: Emulator, client: SpeechClient, size: int) -> None:
    """All of the audio is sent as OGG/Opus, for blocks of any size."""
    client._opus = OpusEncoder
    audio = silence(0.1) + speak(SENTENCE) + silence(0.1)
    emulator.answers = Answers.AT_END
    recognition = await client.recognize(playing(audio, size), OGG)
    assert recognition.text == SENTENCE
    assert last(emulator).headers["Content-Type"] == "audio/ogg; codecs=opus"
    assert len(last(emulator).audio) == len(audio)
    assert last(emulator).body_bytes < len(audio) / 4


async def test_long_blocks_are_encoded_beside_the_loop(
    emulator: Emulator, client: SpeechClient
) -> None:
    """A block of the recording that was there already doesn't hold up the others."""
    client._opus = Encoder
    Encoder.taken.clear()
    emulator.answers = Answers.AT_END
    audio = speak(SENTENCE)
    for size in (640, 16_000):
        assert (await client.recognize(playing(audio, size), OGG)).text == SENTENCE
    assert {main for size, main in Encoder.taken if size <= 640} == {True}
    assert {main for size, main in Encoder.taken if size == 16_000} == {False}


async def test_opus_begins_anew_with_each_request(emulator: Emulator, connect: Connect) -> None:
    """A request that is repeated without `Expect` sends a whole file."""
    emulator.faults.append(Fault(withhold_continue=True))
    client = connect(timeouts=Timeouts(go_ahead=0.1))
    client._opus = OpusEncoder
    assert (await client.recognize(playing(speak(SENTENCE)), OGG)).text == SENTENCE
    assert last(emulator).header.startswith(b"OggS")


async def test_opus_is_answered_early(emulator: Emulator, client: SpeechClient) -> None:
    """Each page goes up as soon as it's full, so a pause is heard while it lasts."""
    client._opus = OpusEncoder
    microphone = Microphone(silence(0.1) + speak("Turn on"), silence(0.6))
    async with asyncio.timeout(5):
        assert (await client.recognize(microphone, OGG)).text == "Turn on"


async def test_no_encoder(client: SpeechClient) -> None:
    """A client without an encoder is a mistake of the caller's."""
    with pytest.raises(ValueError, match="no encoder"):
        await client.recognize(playing(speak(SENTENCE)), OGG)


@pytest.mark.parametrize("open_end", [True, False], ids=["waiting", "flowing"])
async def test_early_answer_is_taken_at_once(
    emulator: Emulator, client: SpeechClient, *, open_end: bool
) -> None:
    """The answer comes at the pause, while the person goes on; the upload stops."""
    before = asyncio.all_tasks()
    microphone = Microphone(silence(0.1) + speak("Turn on"), silence(0.6))
    if not open_end:
        microphone.chunks += [silence(0.1)] * 100_000
    recognition = await client.recognize(microphone, OPTIONS)
    assert recognition.text == "Turn on"
    assert recognition.offset == pytest.approx(0.1)
    taken = microphone.taken
    assert taken < 100_000
    microphone.say(silence(1))
    microphone.stop()
    await settle()
    assert microphone.taken == taken
    # The emulator's own tasks end when they see that the connection is closed.
    await eventually(lambda: asyncio.all_tasks() <= before)


async def test_source_is_not_opened_before_there_is_a_token(
    emulator: Emulator, client: SpeechClient
) -> None:
    """While the token is asked for nothing is read; a 401 opens the source again."""
    emulator.faults += [Fault(where=Service.TOKEN, delay=0.05), Fault(status=401)]
    microphone = Microphone(speak(SENTENCE))
    microphone.stop()
    task = asyncio.create_task(client.recognize(microphone, OPTIONS))
    await eventually(lambda: token_requests(emulator) == 1)
    assert microphone.opened == 0
    assert (await task).text == SENTENCE
    assert microphone.opened == 2


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_refusal_spends_no_audio(
    emulator: Emulator, client: SpeechClient, status: int
) -> None:
    """A refusal before 100 Continue costs no audio."""
    emulator.faults.append(Fault(status=status, times=3))
    microphone = Microphone(speak(SENTENCE))
    with pytest.raises(Exception, match=f"HTTP {status}"):
        await client.recognize(microphone, OPTIONS)
    assert microphone.taken == 0
    assert not any(record.body_bytes for record in emulator.requests)


# A host that doesn't send 100 Continue.


async def test_no_100_continue(emulator: Emulator, connect: Connect, clock: Clock) -> None:
    """The same is sent again without asking for it, and for an hour nothing else."""
    emulator.faults.append(Fault(withhold_continue=True))
    client = connect(timeouts=Timeouts(connect=5, go_ahead=0.3, answer=5))
    microphone = Microphone(speak(SENTENCE))
    microphone.stop()
    started = time.monotonic()
    assert (await client.recognize(microphone, OPTIONS)).text == SENTENCE
    assert time.monotonic() - started >= 0.3
    assert microphone.opened == 2
    first, second = emulator.requests_for(Service.RECOGNITION)
    assert (first.expects_continue, first.body_bytes) == (True, 0)
    assert (second.expects_continue, bytes(second.audio)) == (False, speak(SENTENCE))

    clock.now += HOUR - 1
    await client.recognize(SPOKEN, OPTIONS)
    assert not last(emulator).expects_continue
    clock.now += 1
    await client.recognize(SPOKEN, OPTIONS)
    assert last(emulator).expects_continue


async def test_no_100_continue_and_a_refused_token(emulator: Emulator, connect: Connect) -> None:
    """Notes about a host also hold for the next authorization."""
    emulator.faults += [Fault(withhold_continue=True), Fault(status=401)]
    client = connect(timeouts=Timeouts(connect=5, go_ahead=0.05, answer=5))
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE
    expectations = [
        record.expects_continue for record in emulator.requests_for(Service.RECOGNITION)
    ]
    assert expectations == [True, False, False]


async def test_no_waiting_after_a_break(
    emulator: Emulator, client: SpeechClient, clock: Clock
) -> None:
    """A retry after a broken connection sends the speech at once, for ten seconds."""
    emulator.faults.append(Fault(reset=True, at=Moment.AFTER_BODY))
    with pytest.raises(SpeechConnectionError):
        await client.recognize(SPOKEN, OPTIONS)
    assert last(emulator).expects_continue
    clock.now += 9
    await client.recognize(SPOKEN, OPTIONS)
    assert not last(emulator).expects_continue
    clock.now += 1
    await client.recognize(SPOKEN, OPTIONS)
    assert last(emulator).expects_continue


async def test_the_first_limit_is_a_second() -> None:
    """The limits that users get: Azure sends 100 Continue at once, an answer within a second."""
    assert Timeouts() == Timeouts(connect=5, go_ahead=1, answer=8)


# The client's arguments.


async def test_session_must_be_traced(emulator: Emulator, connect: Connect) -> None:
    """A session whose signals aren't traced would have no limits."""
    async with ClientSession() as session:
        credential = KeyCredential(session, connect.endpoint.token_url, S0_KEY)
        with pytest.raises(ValueError, match="TRACE_CONFIG"):
            SpeechClient(session, connect.endpoint, credential)


async def test_session_is_free_for_others(
    emulator: Emulator, connect: Connect, session: ClientSession
) -> None:
    """Requests that aren't ours pass through a session that is traced."""
    async with session.post(f"{emulator.url}/nothing") as response:
        assert response.status == 404
    assert (await connect().recognize(SPOKEN, OPTIONS)).text == SENTENCE


async def test_source_may_be_a_generator(client: SpeechClient) -> None:
    """A source of any kind will do."""

    async def sound() -> AsyncIterator[bytes]:
        yield speak("Turn")
        yield silence(0.1) + speak("on")

    assert (await client.recognize(sound, OPTIONS)).text == "Turn on"
