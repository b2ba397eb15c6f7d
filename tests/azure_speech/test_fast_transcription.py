"""Fast transcription: the upload of a recording, the handling of answers, the metering."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
import errno
import json
import re
from typing import Any, Final, override

from aiohttp import ClientSession
import pytest

from custom_components.azure_stt.azure_speech import (
    PHRASES_MAX,
    AudioFile,
    AuthenticationError,
    Cloud,
    Endpoint,
    FastTranscriber,
    FileFormat,
    InvalidAnswerError,
    InvalidRequestError,
    KeyCredential,
    LocaleNotOfferedError,
    NetworkRulesError,
    Profanity,
    QuotaExceededError,
    ResponseError,
    ServiceNotOfferedError,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
    ThrottledError,
    Timeouts,
    Transcription,
    TranscriptionOptions,
    UnexplainedRequestError,
    wav_header,
)
from tests.emulator import (
    F0_KEY,
    S0_KEY,
    Credential,
    Emulator,
    Endpoint as Service,
    Fault,
    Moment,
    RecordedRequest,
    ScriptedModel,
    silence,
    speak,
)
from tests.support.azure import Certificates, world
from tests.support.streams import eventually

from .helpers import KEY_HEADER, SENTENCE, Connect, Microphone, settle
from .hostile import MEBIBYTE, HostileServer, Reply, endless, head
from .test_cancellation import connections_in_use
from .test_security_answers import ENDLESS, little_memory

OPTIONS: Final = TranscriptionOptions(language="en-US")
PCM: Final = speak(SENTENCE)
FILE: Final = AudioFile.from_pcm(PCM)
SECONDS: Final = len(PCM) / 32_000

type MakeTranscriber = Callable[..., FastTranscriber]


@dataclass
class Meter:
    """Counts all its calls."""

    requests: int = 0
    seconds: float = 0.0

    def count_request(self) -> None:
        """Count a request."""
        self.requests += 1

    def count_seconds(self, seconds: float) -> None:
        """Count seconds."""
        self.seconds += seconds


@pytest.fixture
def make(session: ClientSession, connect: Connect) -> MakeTranscriber:
    """Return a function that makes fast transcribers, with credentials of `connect`'s clients."""

    def make(
        key: str = S0_KEY,
        *,
        url: str | None = None,
        entra: bool = False,
        timeouts: Timeouts = Timeouts(answer=5),  # noqa: B008 - it is immutable
        meter: Meter | None = None,
    ) -> FastTranscriber:
        client = connect.entra() if entra else connect(key, url=url)
        return FastTranscriber(session, client.endpoint, client.credential, timeouts, meter)

    return make


@pytest.fixture
def transcriber(make: MakeTranscriber) -> FastTranscriber:
    """Give fast transcription with a good key."""
    return make()


def last(emulator: Emulator) -> RecordedRequest:
    """Return the last transcription that was asked for."""
    return emulator.requests_for(Service.TRANSCRIPTION)[-1]


def fault(status: int, content: object = None, **headers: str) -> Fault:
    """Return an answer of fast transcription."""
    body = content if isinstance(content, str) else json.dumps(content)
    return Fault(where=Service.TRANSCRIPTION, status=status, body=body, headers=headers)


async def transcribed(url: str, make: MakeTranscriber) -> Transcription:
    """Return the transcription of a host's answer."""
    return await make(url=url).transcribe(FILE, OPTIONS)


# How it is sent.


async def test_transcribes(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """Each phrase has its place, its words and its confidence."""
    pcm = speak(SENTENCE) + silence(1) + speak("Open the door.")
    result = await transcriber.transcribe(AudioFile.from_pcm(pcm[:100], pcm[100:]), OPTIONS)
    assert result.text == f"{SENTENCE} Open the door."
    assert [phrase.text for phrase in result.phrases] == [SENTENCE, "Open the door."]
    assert [phrase.offset for phrase in result.phrases] == [0, 1.58]
    assert [word.text for word in result.words] == [*SENTENCE.split(), "Open", "the", "door."]
    assert (result.words[5].offset, result.words[5].duration) == (1.58, 0.08)
    assert result.duration == len(pcm) / 32_000
    assert result.confidence == 0.95
    assert {phrase.language for phrase in result.phrases} == {"en-US"}
    record = last(emulator)
    assert record.query == {"api-version": "2025-10-15"}
    assert bytes(record.audio) == wav_header(len(pcm)) + pcm


async def test_form_of_the_request(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """A short recording goes with its length and the key, without a wait for 100 Continue."""
    result = await transcriber.transcribe(FILE, OPTIONS)
    record = last(emulator)
    assert (record.method, record.path) == ("POST", "/speechtotext/transcriptions:transcribe")
    assert not record.chunked
    assert not record.expects_continue
    assert record.headers["Content-Length"] == str(record.body_bytes)
    assert record.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert record.headers["Accept"] == "application/json"
    assert record.headers[KEY_HEADER] == S0_KEY
    assert "Authorization" not in record.headers
    assert re.fullmatch(r"[0-9a-f-]{36}", record.headers["x-ms-client-request-id"])
    # The service's support looks up its own id.
    assert re.fullmatch(r"[0-9a-f-]{36}", result.connection_id or "")
    assert result.connection_id != record.headers["x-ms-client-request-id"]


async def test_request_id_without_the_services(
    emulator: Emulator, transcriber: FastTranscriber
) -> None:
    """An id that isn't one is replaced by ours."""
    answer: dict[str, object] = {"phrases": []}
    emulator.faults.append(fault(200, answer, **{"apim-request-id": f"{S0_KEY} and more"}))
    result = await transcriber.transcribe(FILE, OPTIONS)
    assert result.connection_id == last(emulator).headers["x-ms-client-request-id"]


async def test_sent_as_it_comes(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """Each part of a file of unknown length has arrived before more is read."""
    microphone = Microphone(wav_header(len(PCM)), PCM[:5000])
    file = AudioFile(format=FileFormat.WAV, open=microphone)
    task = asyncio.create_task(transcriber.transcribe(file, OPTIONS))
    await eventually(lambda: bool(emulator.requests_for(Service.TRANSCRIPTION)))
    await eventually(lambda: last(emulator).body_bytes > 5000)
    microphone.say(PCM[5000:])
    microphone.stop()
    assert (await task).text == SENTENCE
    assert last(emulator).chunked
    assert last(emulator).expects_continue
    assert "Content-Length" not in last(emulator).headers


async def test_large_file_waits_for_the_go_ahead(emulator: Emulator, make: MakeTranscriber) -> None:
    """A refused one of many megabytes isn't sent."""
    large = AudioFile.from_pcm(PCM, silence(40))
    assert (await make().transcribe(large, OPTIONS)).text == SENTENCE
    assert last(emulator).expects_continue
    with pytest.raises(ServiceNotOfferedError):
        await make(F0_KEY).transcribe(large, OPTIONS)
    assert last(emulator).body_bytes == 0


async def test_host_without_continue(emulator: Emulator, make: MakeTranscriber) -> None:
    """The recording goes without the wait then."""
    emulator.faults.append(Fault(where=Service.TRANSCRIPTION, withhold_continue=True))
    transcriber = make(timeouts=Timeouts(go_ahead=0.05, answer=5))
    large = AudioFile.from_pcm(PCM, silence(40))
    assert (await transcriber.transcribe(large, OPTIONS)).text == SENTENCE
    first, second = emulator.requests_for(Service.TRANSCRIPTION)
    assert (first.body_bytes, first.expects_continue, second.expects_continue) == (0, True, False)


@pytest.mark.parametrize(
    ("options", "definition"),
    [
        (OPTIONS, {"locales": ["en-US"], "profanityFilterMode": "Masked"}),
        (
            replace(OPTIONS, language="de-DE", profanity=Profanity.REMOVED),
            {"locales": ["de-DE"], "profanityFilterMode": "Removed"},
        ),
        (
            replace(OPTIONS, profanity=Profanity.RAW),
            {"locales": ["en-US"], "profanityFilterMode": "None"},
        ),
        (
            replace(OPTIONS, phrases=["Küche", "porch"]),
            {
                "locales": ["en-US"],
                "profanityFilterMode": "Masked",
                "phraseList": {"phrases": ["Küche", "porch"]},
            },
        ),
        (
            replace(OPTIONS, phrases=["porch"], bias=1.5),
            {
                "locales": ["en-US"],
                "profanityFilterMode": "Masked",
                "phraseList": {"phrases": ["porch"], "biasingWeight": 1.5},
            },
        ),
    ],
)
async def test_definition(
    emulator: Emulator,
    transcriber: FastTranscriber,
    options: TranscriptionOptions,
    definition: dict[str, Any],
) -> None:
    """Each option has its place, and those that aren't asked for are left out."""
    await transcriber.transcribe(FILE, options)
    assert json.loads(last(emulator).definition) == definition


HOSTILE: Final = {
    "quotes": '"}], "locales": ["de-DE"], "a": ["b"',
    "lines": 'porch\r\n\r\n--x--\r\nContent-Disposition: form-data; name="audio"',
    "boundary": "\r\n--boundary",
    "controls": "a\0b\x1b\x7f\x9fc",
    "half a surrogate": "porch \ud800 light",
    "backslashes": '\\"\\u0000\\',
    "scripts": "台所 👩‍🍳 кухня",
}


@pytest.mark.parametrize("phrase", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_phrase(
    emulator: Emulator, transcriber: FastTranscriber, phrase: str
) -> None:
    """It breaks neither JSON nor the form, and stays one phrase on one line."""
    result = await transcriber.transcribe(FILE, replace(OPTIONS, phrases=["a b", phrase, "c d"]))
    assert result.text == SENTENCE
    definition = json.loads(last(emulator).definition)
    first, between, third = definition["phraseList"]["phrases"]
    assert (first, third) == ("a b", "c d")
    assert (
        between.split() == re.sub(r"[\0-\x1f\x7f-\x9f]", " ", phrase).replace("\ud800", "?").split()
    )
    assert definition["locales"] == ["en-US"]
    assert last(emulator).definition.isascii()


@pytest.mark.parametrize(
    ("phrases", "sent"),
    [
        (["x" * 500, "y" * 101, "z" * 100], ["z" * 100]),
        (["!?", "…", " ", "", "\n", "--", "€"], None),
        (["Porch", "porch", "PORCH  "], ["PORCH"]),
        ([f"name {number}" for number in range(600)], [f"name {number}" for number in range(500)]),
    ],
    ids=["long", "marks only", "twice", "many"],
)
async def test_phrases_that_cannot_be_spoken(
    emulator: Emulator,
    transcriber: FastTranscriber,
    phrases: list[str],
    sent: list[str] | None,
) -> None:
    """They are left out, and so are those beyond a list's limit."""
    assert PHRASES_MAX == 500
    await transcriber.transcribe(FILE, replace(OPTIONS, phrases=phrases))
    phrase_list = json.loads(last(emulator).definition).get("phraseList")
    assert phrase_list == (sent and {"phrases": sent})


# Authorization.


async def test_entra_sends_its_own_token(emulator: Emulator, make: MakeTranscriber) -> None:
    """Fast transcription wants the token as it is; an old one is renewed once."""
    transcriber = make(entra=True)
    assert (await transcriber.transcribe(FILE, OPTIONS)).text == SENTENCE
    assert last(emulator).credential is Credential.ENTRA
    assert "aad#" not in last(emulator).headers["Authorization"]
    emulator.expire_tokens()
    assert (await transcriber.transcribe(FILE, OPTIONS)).text == SENTENCE
    assert [record.status for record in emulator.requests_for(Service.TRANSCRIPTION)] == [
        200,
        401,
        200,
    ]


async def test_wrong_key(make: MakeTranscriber) -> None:
    """A refused key says so, however it's refused."""
    with pytest.raises(AuthenticationError, match="credentials were refused"):
        await make("0" * 32).transcribe(FILE, OPTIONS)
    with pytest.raises(AuthenticationError, match="no credentials"):
        await make("").transcribe(FILE, OPTIONS)


async def test_bare_401(emulator: Emulator, make: MakeTranscriber) -> None:
    """It may be a throttle, as with the other service; with a bad key it's the key."""
    emulator.faults.append(Fault(where=Service.TRANSCRIPTION, status=401))
    with pytest.raises(ThrottledError) as raised:
        await make().transcribe(FILE, OPTIONS)
    assert raised.value.retryable
    emulator.revoked_keys.add(S0_KEY)
    with pytest.raises(AuthenticationError):
        await make().transcribe(FILE, OPTIONS)
    assert last(emulator).text == ""


def test_session_without_our_tracing(connect: Connect) -> None:
    """Its limits could not be kept."""
    client = connect()
    other = type("Session", (), {"trace_configs": []})()
    with pytest.raises(ValueError, match="TRACE_CONFIG"):
        FastTranscriber(other, client.endpoint, client.credential)


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        (Endpoint.from_region("westeurope"), "westeurope.api.cognitive.microsoft.com"),
        (
            Endpoint.from_region("usgovarizona", Cloud.US_GOVERNMENT),
            "usgovarizona.api.cognitive.microsoft.us",
        ),
        (Endpoint.from_region("chinaeast2", Cloud.CHINA), "chinaeast2.api.cognitive.azure.cn"),
        *(
            (
                Endpoint.from_address(f"https://home.cognitiveservices.azure.{cloud}/"),
                f"home.cognitiveservices.azure.{cloud}",
            )
            for cloud in ("com", "us", "cn")
        ),
    ],
    ids=["region", "US Government", "China", "custom .com", "custom .us", "custom .cn"],
)
async def test_every_cloud(certificates: Certificates, endpoint: Endpoint, host: str) -> None:
    """It's at the host that issues tokens, over TLS."""
    async with (
        Emulator(ssl_context=certificates.server) as emulator,
        world(emulator, certificates.trust) as session,
    ):
        credential = KeyCredential(session, endpoint.token_url, S0_KEY)
        result = await FastTranscriber(session, endpoint, credential).transcribe(FILE, OPTIONS)
        assert result.text == SENTENCE
        (record,) = emulator.requests
        assert (record.host, record.kind) == (host, Service.TRANSCRIPTION)


# Refusals.


async def test_tier_without_it(make: MakeTranscriber) -> None:
    """The free tier is refused by a code of its own, for good."""
    with pytest.raises(ServiceNotOfferedError, match="Standard") as raised:
        await make(F0_KEY).transcribe(FILE, OPTIONS)
    assert not raised.value.retryable


async def test_region_without_it(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """There's nothing at the address."""
    emulator.fast_transcription = False
    with pytest.raises(ServiceNotOfferedError, match="no fast transcription"):
        await transcriber.transcribe(FILE, OPTIONS)


async def test_locale_without_it(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """Only the locale is refused."""
    emulator.fast_locales = {"en-US"}
    with pytest.raises(LocaleNotOfferedError, match="locale") as raised:
        await transcriber.transcribe(FILE, replace(OPTIONS, language="cy-GB"))
    assert not raised.value.retryable
    assert (await transcriber.transcribe(FILE, OPTIONS)).text == SENTENCE


async def test_no_audio_file(transcriber: FastTranscriber) -> None:
    """It's the file's fault, and another one may be taken."""
    nonsense = Microphone(b"This is a letter.")
    nonsense.stop()
    file = AudioFile(format=FileFormat.MP3, open=nonsense, size=17)
    with pytest.raises(InvalidRequestError) as raised:
        await transcriber.transcribe(file, OPTIONS)
    assert type(raised.value) is InvalidRequestError
    assert not raised.value.retryable


INVALID = {"code": "InvalidRequest", "message": "Why.", "innerError": {"code": "InvalidThing"}}


@pytest.mark.parametrize(
    ("answer", "kind", "retryable"),
    [
        (fault(400, INVALID), InvalidRequestError, False),
        (fault(400, {**INVALID, "code": "InvalidLocale"}), LocaleNotOfferedError, False),
        (fault(400, "not JSON"), UnexplainedRequestError, True),
        (fault(400, "[" * 100_000), UnexplainedRequestError, True),
        (fault(400, ["InvalidLocale"]), UnexplainedRequestError, True),
        (fault(400, {"code": 5, "innerError": "a"}), UnexplainedRequestError, True),
        (fault(401, {"error": {"message": "No."}}), AuthenticationError, False),
        (fault(403, {"error": {"message": "Virtual Network rules."}}), NetworkRulesError, False),
        (fault(403, {"error": {"message": "Out of quota."}}), QuotaExceededError, False),
        (fault(403, ""), ServiceNotOfferedError, False),
        (fault(404, ""), ServiceNotOfferedError, False),
        (fault(405, ""), ServiceNotOfferedError, False),
        (fault(410, ""), ServiceNotOfferedError, False),
        (fault(413, ""), InvalidRequestError, False),
        (fault(415, ""), InvalidRequestError, False),
        (fault(422, ""), InvalidRequestError, False),
        (fault(429, ""), ResponseError, True),
        (fault(429, {"error": {"message": "Quota used up."}}), QuotaExceededError, False),
        (fault(500, ""), ResponseError, True),
        (fault(503, "<html>"), ResponseError, True),
        (fault(307, "", Location="https://elsewhere.example/"), ServiceNotOfferedError, False),
    ],
    ids=lambda value: f"{value.status} {value.body[:40]}" if isinstance(value, Fault) else None,
)
async def test_refusals(
    emulator: Emulator,
    transcriber: FastTranscriber,
    answer: Fault,
    kind: type[SpeechError],
    *,
    retryable: bool,
) -> None:
    """Each status has its meaning; no redirection is followed."""
    emulator.faults.append(answer)
    with pytest.raises(SpeechError) as raised:
        await transcriber.transcribe(FILE, OPTIONS)
    assert type(raised.value) is kind
    assert raised.value.retryable is retryable
    assert len(emulator.requests_for(Service.TRANSCRIPTION)) == 1
    assert raised.value.connection_id


async def test_retry_after(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """The error has the time that a 429 asks to wait."""
    emulator.faults.append(fault(429, "", **{"Retry-After": "7"}))
    with pytest.raises(ResponseError) as raised:
        await transcriber.transcribe(FILE, OPTIONS)
    assert (raised.value.status, raised.value.retry_after) == (429, 7)


# Answers.


@pytest.mark.parametrize("reply", ENDLESS.values(), ids=ENDLESS)
async def test_endless_answer(make: MakeTranscriber, reply: Reply) -> None:
    """A gibibyte is neither kept nor fetched: the host is left."""
    async with HostileServer.running(reply) as server:
        with pytest.raises(InvalidAnswerError, match="too large"):
            await transcribed(server.url, make)
        await server.is_left()
    assert server.sent < 48 * MEBIBYTE


async def test_answer_of_50_megabytes(make: MakeTranscriber) -> None:
    """It's left after eight, even if it would be a good one."""
    good = json.dumps({"phrases": [], "combinedPhrases": [{"text": "a" * 50 * MEBIBYTE}]}).encode()
    reply = [
        head(f"Content-Length: {len(good)}"),
        *(good[at : at + 65_536] for at in range(0, len(good), 65_536)),
    ]
    async with HostileServer.running(lambda: reply) as server:
        with pytest.raises(InvalidAnswerError, match="too large"):
            await transcribed(server.url, make)
        await server.is_left()
    assert server.sent < 16 * MEBIBYTE


async def test_slow_drip(make: MakeTranscriber) -> None:
    """An answer that never ends in little pieces has a time limit."""
    async with HostileServer.running(endless(head(), b" "), 0.01) as server:
        transcriber = make(url=server.url, timeouts=Timeouts(answer=0.1))
        with pytest.raises(SpeechTimeoutError):
            await transcriber.transcribe(FILE, OPTIONS)
        await server.is_left()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"5",
        b"{}",
        b'{"phrases": {}}',
        b'{"phrases": "Hello"}',
        b'{"combinedPhrases": [{"text": "Hello"}]}',
        b"[" * 1_000_000,
        b'{"phrases":' * 100_000,
        b'{"phrases": [NaN, ',
    ],
    ids=lambda body: repr(body[:30]),
)
async def test_no_answer(make: MakeTranscriber, body: bytes) -> None:
    """An answer that isn't the service's is an error that can pass."""
    async with HostileServer.running(lambda: [head() + body]) as server:
        with pytest.raises(InvalidAnswerError) as raised:
            await transcribed(server.url, make)
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("answer", "text", "phrases", "words"),
    [
        ({"phrases": []}, "", 0, 0),
        ({"phrases": [], "combinedPhrases": [{"text": "Hello."}]}, "Hello.", 0, 0),
        ({"phrases": [{"text": "Hello."}, {"text": "You."}]}, "Hello. You.", 2, 0),
        ({"phrases": [{"text": ""}, {"text": 5}, 5, None, {"text": "a"}]}, "a", 1, 0),
        ({"phrases": [{"text": "a", "words": {}}], "combinedPhrases": {}}, "a", 1, 0),
        ({"phrases": [{"text": "a", "words": [5, {"text": []}, {}]}]}, "a", 1, 2),
        ({"phrases": [{"text": "a", "confidence": "high", "locale": []}]}, "a", 1, 0),
        ({"phrases": [{"text": "\ud800"}], "combinedPhrases": [5]}, "?", 1, 0),
        ({"phrases": [{"text": "a" * 5000}]}, "a" * 4000, 1, 0),
        ({"phrases": [{"text": "a"}] * 30_000, "combinedPhrases": [{"text": "b"}]}, "b", 20_000, 0),
        ({"phrases": [{"text": "a", "words": [{}] * 60_000}] * 2}, "a a", 2, 100_000),
    ],
    ids=range(11),
)
async def test_wrong_types(
    make: MakeTranscriber, answer: dict[str, Any], text: str, phrases: int, words: int
) -> None:
    """A field of another type is missing, and excess data isn't read."""
    async with HostileServer.running(lambda: [head() + json.dumps(answer).encode()]) as server:
        result = await transcribed(server.url, make)
    assert (result.text, len(result.phrases), len(result.words)) == (text, phrases, words)
    assert result.confidence is None
    result.text.encode()


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "1e999", "1" * 4000, "-5", '"x"', "null", "[]"]
)
async def test_numbers(make: MakeTranscriber, value: str) -> None:
    """No time is anything but finite and positive."""
    times = f'"offsetMilliseconds": {value}, "durationMilliseconds": {value}'
    body = (
        f'{{{times}, "phrases": [{{"text": "a", {times}, "words": [{{"text": "a", {times}}}]}}]}}'
    )
    async with HostileServer.running(lambda: [head() + body.encode()]) as server:
        result = await transcribed(server.url, make)
    (phrase,), (word,) = result.phrases, result.words
    found = {result.duration, phrase.offset, phrase.duration, word.offset, word.duration}
    assert found == {None}


async def test_nothing_said(transcriber: FastTranscriber) -> None:
    """Silence has no text, and is no error."""
    result = await transcriber.transcribe(AudioFile.from_pcm(silence(2)), OPTIONS)
    assert (result.text, result.phrases, result.words, result.confidence) == ("", (), (), None)
    assert result.duration == 2


async def test_least_confidence(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """A transcription is as sure as its least sure phrase."""
    phrases = [{"text": "a", "confidence": sure} for sure in (0.9, 0.4, None, 0.8)]
    emulator.faults.append(fault(200, {"phrases": phrases}))
    assert (await transcriber.transcribe(FILE, OPTIONS)).confidence == 0.4


# Its limits.


async def test_slow_answer(emulator: Emulator, make: MakeTranscriber) -> None:
    """An answer has its time, and a long recording has more of it."""
    delayed = Fault(where=Service.TRANSCRIPTION, at=Moment.AFTER_BODY, delay=0.4)
    emulator.faults += [delayed, delayed]
    transcriber = make(timeouts=Timeouts(answer=0.1))
    with pytest.raises(SpeechTimeoutError):
        await transcriber.transcribe(FILE, OPTIONS)
    # As if these bytes had a minute: six seconds more.
    long = replace(FILE, bytes_per_second=len(PCM) / 60)
    assert (await transcriber.transcribe(long, OPTIONS)).text == SENTENCE


async def test_stalled_upload(emulator: Emulator, make: MakeTranscriber) -> None:
    """A host that takes nothing any more is left after the time for a block."""
    emulator.faults.append(
        Fault(where=Service.TRANSCRIPTION, at=Moment.DURING_BODY, after_bytes=70_000, delay=30)
    )
    transcriber = make(timeouts=Timeouts(answer=0.2))
    zeros = bytes(MEBIBYTE)
    endless_file = Microphone(*([zeros] * 30))
    endless_file.stop()
    file = AudioFile(
        format=FileFormat.WAV, open=endless_file, size=30 * MEBIBYTE, bytes_per_second=1000
    )
    async with asyncio.timeout(5):
        with pytest.raises(SpeechTimeoutError):
            await transcriber.transcribe(file, OPTIONS)
    assert endless_file.taken < 30


async def test_broken_connection(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """A reset in the middle can pass."""
    emulator.faults.append(
        Fault(where=Service.TRANSCRIPTION, at=Moment.DURING_BODY, after_bytes=1, reset=True)
    )
    with pytest.raises(SpeechConnectionError) as raised:
        await transcriber.transcribe(FILE, OPTIONS)
    assert raised.value.retryable


@pytest.mark.parametrize("moment", [Moment.BEFORE_BODY, Moment.AFTER_BODY, Moment.DURING_ANSWER])
async def test_cancelled(
    emulator: Emulator, session: ClientSession, transcriber: FastTranscriber, moment: Moment
) -> None:
    """No task and no connection is left, and the next recording is transcribed."""
    before = asyncio.all_tasks()
    emulator.faults.append(Fault(where=Service.TRANSCRIPTION, at=moment, delay=30))
    task = asyncio.create_task(transcriber.transcribe(FILE, OPTIONS))
    await eventually(lambda: bool(emulator.requests_for(Service.TRANSCRIPTION)))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await settle()
    assert not connections_in_use(session)
    assert (await transcriber.transcribe(FILE, OPTIONS)).text == SENTENCE
    await session.close()
    await emulator.stop()
    await eventually(lambda: asyncio.all_tasks() <= before)


async def test_cancelled_while_it_is_read(
    emulator: Emulator, session: ClientSession, transcriber: FastTranscriber
) -> None:
    """Nothing more is read of the file."""
    microphone = Microphone(wav_header(), PCM)
    file = AudioFile(format=FileFormat.WAV, open=microphone)
    task = asyncio.create_task(transcriber.transcribe(file, OPTIONS))
    await eventually(microphone.waiting.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    taken = microphone.taken
    microphone.say(PCM)
    await settle()
    assert microphone.taken == taken
    assert not connections_in_use(session)


class _Zeros:
    """A number of megabytes, one by one."""

    def __init__(self, megabytes: int) -> None:
        self._left = megabytes

    def __aiter__(self) -> _Zeros:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        self._left -= 1
        return bytes(MEBIBYTE)


async def test_error_of_the_source(transcriber: FastTranscriber) -> None:
    """A file that can't be read any more isn't taken for a broken connection."""

    class _Broken(_Zeros):
        @override
        async def __anext__(self) -> bytes:
            raise OSError(errno.EIO, "The disk is gone")

    file = AudioFile(format=FileFormat.WAV, open=lambda: _Broken(1))
    with pytest.raises(OSError, match="disk is gone"):
        await transcriber.transcribe(file, OPTIONS)


async def test_little_memory(make: MakeTranscriber) -> None:
    """A large file is never in memory as a whole."""
    size = 60 * MEBIBYTE
    taken = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(re.findall(rb"Content-Length: (\d+)", asked)[0])
        while taken < length:
            taken += len(await reader.read(65_536))
        writer.write(head("Connection: close") + b'{"phrases": []}')
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        file = AudioFile(format=FileFormat.WAV, open=lambda: _Zeros(60), size=size)
        with little_memory():
            result = await make(url=url).transcribe(file, OPTIONS)
    assert result.text == ""
    assert taken > size


# The meter.


async def test_counts_sent_audio(emulator: Emulator, make: MakeTranscriber) -> None:
    """PCM is counted by its length, by both meters, even if the request fails."""
    meter, own = Meter(), Meter()
    transcriber = make(meter=meter)
    await transcriber.transcribe(FILE, OPTIONS, own)
    assert meter == own
    assert meter.requests == 1
    assert meter.seconds == pytest.approx(SECONDS, abs=0.002)
    emulator.faults.append(Fault(where=Service.TRANSCRIPTION, at=Moment.AFTER_BODY, status=500))
    with pytest.raises(ResponseError):
        await transcriber.transcribe(FILE, OPTIONS)
    assert meter.requests == 2
    assert meter.seconds == pytest.approx(2 * SECONDS, abs=0.003)
    assert own.requests == 1


async def test_counts_the_answers_duration(emulator: Emulator, make: MakeTranscriber) -> None:
    """Of a file whose length isn't known, or was a guess, the answer says it."""
    meter = Meter()
    transcriber = make(meter=meter)
    for guess in (None, 4000.0, 64_000.0):
        await transcriber.transcribe(replace(FILE, bytes_per_second=guess), OPTIONS)
    assert meter.requests == 3
    assert meter.seconds == pytest.approx(3 * SECONDS, abs=0.01)
    emulator.faults.append(fault(200, {"phrases": [], "durationMilliseconds": 10**15}))
    await transcriber.transcribe(FILE, OPTIONS)
    assert meter.seconds < 7200 + 3 * SECONDS + 1


async def test_counts_nothing_that_was_not_sent(make: MakeTranscriber) -> None:
    """A host that can't be reached costs nothing."""
    meter = Meter()
    with pytest.raises(SpeechConnectionError):
        await make(url="http://127.0.0.1:9", meter=meter).transcribe(FILE, OPTIONS)
    assert meter == Meter()


# Descriptions.


def test_secrets() -> None:
    """Neither names nor spoken words are in a description."""
    options = replace(OPTIONS, phrases=["porch"])
    answer = {"phrases": [{"text": "Unlock", "words": [{"text": "Unlock"}]}]}
    result = Transcription.from_answer(answer)
    assert result.text == "Unlock"
    assert "porch" not in f"{options!r} {options}"
    assert "Unlock" not in f"{result!r} {result}"


async def test_scripted_answers(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """The emulator's second service can hear something else than its first."""
    emulator.fast_model = ScriptedModel(["Turn on the porch light."])
    assert (await transcriber.transcribe(FILE, OPTIONS)).text == "Turn on the porch light."
