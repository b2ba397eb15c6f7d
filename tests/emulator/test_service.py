"""The emulator's recognition: what it hears, when it answers, and what it refuses."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
import ipaddress
import json
from pathlib import Path
import ssl
import time

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
import pytest

from tests.emulator import (
    CUSTOM_SPEECH_ID,
    CUT,
    TICKS_PER_SECOND,
    Alternative,
    AudioType,
    Credential,
    Emulator,
    Fault,
    RecognitionStatus,
    ScriptedEar,
    Word,
    noise,
    silence,
    speak,
    wav_header,
)
from tests.emulator.caller import RECOGNITION_PATH, Caller, calling, eventually, stream

pytestmark = pytest.mark.usefixtures("socket_enabled")

SENTENCE = "Turn on the kitchen light."
DETAILED = {"language": "en-US", "format": "detailed"}
OPUS_HEAD = b"OggS" + bytes(22) + b"\x01\x13OpusHead" + bytes(11)


def opus(seconds: float) -> bytes:
    """Make what looks like an OGG file of that length."""
    position = round(seconds * 48_000).to_bytes(8, "little")
    return OPUS_HEAD + b"OggS\x00\x04" + position + b"\x7f" * 400


# What it hears.


async def test_hears_what_was_uploaded() -> None:
    """The words come back with the time of the speech, counted in samples."""
    async with calling() as caller:
        reply = await caller.recognize(silence(0.3) + speak(SENTENCE) + silence(0.1))
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    spoken = len(speak(SENTENCE)) // 2 * 625
    assert reply.content == {
        "RecognitionStatus": "Success",
        "DisplayText": SENTENCE,
        "Offset": 3_000_000,
        "Duration": spoken,
    }


@pytest.mark.parametrize("chunk", [2, 46, 320, 3200, 1_000_000])
async def test_chunks_make_no_difference(chunk: int) -> None:
    """Neither the header nor a word minds being cut over chunks."""
    async with calling() as caller:
        upload = wav_header() + speak("on") + silence(0.1)
        reply = await caller.recognize(stream(upload, chunk=chunk))
    assert reply.content["DisplayText"] == "on"
    record = caller.emulator.requests[0]
    assert (record.header, bytes(record.audio)) == (wav_header(), upload[44:])


async def test_hears_a_body_with_a_length() -> None:
    """Chunks are recommended, not required."""
    async with calling() as caller:
        reply = await caller.post(
            f"/stt{RECOGNITION_PATH}",
            query={"language": "en-US"},
            headers={**caller.credentials, "Content-Type": AudioType.WAV},
            data=wav_header() + speak(SENTENCE),
        )
    assert reply.content["DisplayText"] == SENTENCE
    assert not caller.emulator.requests[0].chunked


@pytest.mark.parametrize("damage", [slice(0, 330), slice(-330, None), slice(1000, 1320)])
async def test_hears_that_samples_are_lost(damage: slice) -> None:
    """A word that lost some of its samples is heard as a cut one."""
    speech = bytearray(speak("kitchen"))
    del speech[damage]
    async with calling() as caller:
        reply = await caller.recognize(silence(0.1) + bytes(speech) + silence(0.1))
    assert reply.content["DisplayText"] == CUT


async def test_hears_a_quiet_television() -> None:
    """Speech 15 dB below the normal one is speech of its own."""
    television = speak("and now the weather", level=-27)
    async with calling() as caller:
        reply = await caller.recognize(speak(SENTENCE) + silence(0.2) + television)
    assert reply.content["DisplayText"] == f"{SENTENCE} and now the weather"


# When it answers.


async def test_answers_at_the_pause_while_audio_still_comes() -> None:
    """Only the first utterance is answered, and the client needn't have ended its upload."""
    speech = silence(0.2) + speak("Turn on") + silence(1.0) + speak("the light") + silence(20)
    async with calling() as caller:
        upload = stream(wav_header() + speech, chunk=640, pause=0.001)
        reply = await caller.recognize(upload, expect=True)
    assert reply.content.get("DisplayText") == "Turn on", reply
    assert reply.headers["Connection"] == "close"
    end = (reply.content["Offset"] + reply.content["Duration"]) / TICKS_PER_SECOND
    heard = caller.emulator.requests[0].body_bytes / 32_000
    assert heard == pytest.approx(end + caller.emulator.pause, abs=0.06)


@pytest.mark.parametrize("chunk", [640, 100_000])
async def test_a_client_that_uploads_without_a_break_gets_the_early_answer(chunk: int) -> None:
    """The answer isn't lost in a reset, even with much more audio on its way."""
    async with calling() as caller:
        upload = stream(wav_header() + speak("Turn on") + silence(300), chunk=chunk)
        reply = await caller.recognize(upload)
    assert reply.content.get("DisplayText") == "Turn on", reply


async def test_a_shorter_gap_is_no_pause() -> None:
    """A gap below the pause doesn't end the utterance; one as long as it does."""
    async with calling(Emulator(pause=0.4)) as caller:
        short = await caller.recognize(speak("Turn on") + silence(0.36) + speak("the light"))
        long = await caller.recognize(speak("Turn on") + silence(0.44) + speak("the light"))
    assert short.content["DisplayText"] == "Turn on the light"
    assert long.content["DisplayText"] == "Turn on"


async def test_the_rest_can_be_recognised_from_where_the_first_ended() -> None:
    """A client that goes on from offset plus duration hears everything once."""
    audio = silence(0.2) + speak("Turn on") + silence(0.8) + speak("the light")
    async with calling() as caller:
        first = (await caller.recognize(audio)).content
        end = (first["Offset"] + first["Duration"]) // 625 * 2
        second = (await caller.recognize(audio[end:])).content
    assert (first["DisplayText"], second["DisplayText"]) == ("Turn on", "the light")
    assert second["Offset"] == 8_000_000


async def test_initial_silence_ends_early() -> None:
    """Five seconds of quiet are enough, whatever comes later."""
    async with calling() as caller:
        reply = await caller.recognize(silence(8) + speak("late"))
    assert reply.content == {
        "RecognitionStatus": "InitialSilenceTimeout",
        "Offset": 50_000_000,
        "Duration": 0,
    }
    assert caller.emulator.requests[0].body_bytes < 5.2 * 32_000


async def test_sound_without_words_is_no_match_early() -> None:
    """Noise is answered at its end, not at the upload's."""
    async with calling() as caller:
        upload = stream(wav_header() + noise(0.5) + silence(10), pause=0.002)
        reply = await caller.recognize(upload)
    assert reply.content["RecognitionStatus"] == "NoMatch"
    assert reply.content["Duration"] == 5_000_000
    assert caller.emulator.requests[0].body_bytes < 5 * 32_000


async def test_an_answer_can_be_slow() -> None:
    """`answer_delay` comes after the utterance's end."""
    async with calling(Emulator(answer_delay=0.3)) as caller:
        started = time.monotonic()
        await caller.recognize(speak("on"))
    assert time.monotonic() - started >= 0.3


async def test_records_the_course_of_a_request() -> None:
    """Tests see what was sent, how, and when."""
    async with calling() as caller:
        await caller.recognize(
            stream(wav_header() + speak("on") + silence(0.1), chunk=640, pause=0.01), expect=True
        )
    record = caller.emulator.requests[0]
    assert record.credential is Credential.KEY
    assert record.chunked
    assert record.expects_continue
    assert record.chunks == -(-record.body_bytes // 640)
    assert record.query == {"language": "en-US"}
    assert record.headers["content-type"] == AudioType.WAV
    assert (record.status, json.loads(record.text)["DisplayText"]) == (200, "on")
    assert record.first_audio is not None
    assert record.last_audio is not None
    assert record.answered is not None
    assert record.started < record.first_audio < record.last_audio < record.answered


async def test_keeps_only_so_much_audio() -> None:
    """The record's audio has a limit."""
    async with calling(Emulator(keep_audio=1000)) as caller:
        await caller.recognize(speak("on"))
    assert bytes(caller.emulator.requests[0].audio) == speak("on")[:1000]


def self_signed(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make the two ends' contexts of a certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "emulator")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = directory / "emulator.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=path.read_text().partition("KEY-----\n")[2])
    return server, client


async def test_serves_https(tmp_path: Path) -> None:
    """With a context of its own the emulator's address is an https one."""
    server, client = self_signed(tmp_path)
    connector = aiohttp.TCPConnector(ssl=client)
    async with (
        Emulator(ssl_context=server) as emulator,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        assert emulator.url.startswith("https://127.0.0.1:")
        caller = Caller(emulator=emulator, session=session)
        upload = stream(wav_header() + speak("Turn on") + silence(60))
        reply = await caller.recognize(upload, expect=True)
        emulator.faults.append(Fault(reset=True))
        with pytest.raises(aiohttp.ClientOSError):
            await caller.recognize(speak("on"))
    assert reply.content["DisplayText"] == "Turn on"


async def test_comes_back_on_the_same_port() -> None:
    """An outage can be played: between stop and start nobody answers."""
    async with calling() as caller:
        url = caller.emulator.url
        await caller.emulator.stop()
        with pytest.raises(OSError, match="Cannot connect"):
            await caller.recognize(speak("on"))
        await caller.emulator.start()
        assert caller.emulator.url == url
        assert (await caller.recognize(speak("on"))).status == 200


async def test_stops_at_once() -> None:
    """Requests that are going on don't hold it up; their clients lose the connection."""
    async with calling() as caller:
        upload = stream(wav_header() + silence(4), pause=10)
        task = asyncio.create_task(caller.recognize(upload))
        await eventually(lambda: bool(caller.emulator.requests))
        async with asyncio.timeout(2):
            await caller.emulator.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await task


# The answer's form.

GUESSES = [
    Alternative(
        text="Turn on the light.",
        confidence=0.6,
        words=[Word(text="Turn", offset=0, duration=10), Word(text="on", offset=20, duration=10)],
    ),
    Alternative(text="Wait 5 minutes.", lexical="wait five minutes", confidence=0.8),
]


async def test_detailed_format() -> None:
    """Every alternative has its forms, in the ear's order, whatever the confidences."""
    async with calling(Emulator(ear=ScriptedEar([GUESSES]))) as caller:
        reply = await caller.recognize(speak("on"), query=DETAILED)
    assert "DisplayText" not in reply.content
    assert reply.content["NBest"] == [
        {
            "Confidence": 0.6,
            "Lexical": "turn on the light",
            "ITN": "turn on the light",
            "MaskedITN": "turn on the light",
            "Display": "Turn on the light.",
        },
        {
            "Confidence": 0.8,
            "Lexical": "wait five minutes",
            "ITN": "wait 5 minutes",
            "MaskedITN": "wait 5 minutes",
            "Display": "Wait 5 minutes.",
        },
    ]


async def test_simple_format_has_the_first_alternative() -> None:
    """The first one, even if another has a higher confidence."""
    async with calling(Emulator(ear=ScriptedEar([GUESSES]))) as caller:
        reply = await caller.recognize(speak("on"))
    assert reply.content["DisplayText"] == "Turn on the light."
    assert "NBest" not in reply.content


async def test_word_times() -> None:
    """Words have times from the upload's start, and only if they are asked for."""
    async with calling() as caller:
        reply = await caller.recognize(
            silence(1) + speak("Turn on."), query=DETAILED | {"wordLevelTimestamps": "true"}
        )
    assert reply.content["NBest"][0]["Words"] == [
        {"Word": "turn", "Offset": 10_000_000, "Duration": 800_000},
        {"Word": "on", "Offset": 11_200_000, "Duration": 700_000},
    ]


async def test_ticks_as_text() -> None:
    """Times can be strings, as on Microsoft's page."""
    async with calling(Emulator(ticks_as_text=True)) as caller:
        reply = await caller.recognize(
            speak("on"), query=DETAILED | {"wordLevelTimestamps": "true"}
        )
    assert (reply.content["Offset"], reply.content["Duration"]) == ("0", "600000")
    assert reply.content["NBest"][0]["Words"][0]["Duration"] == "600000"


@pytest.mark.parametrize(
    ("profanity", "display"),
    [("masked", "The **** light."), ("removed", "The light."), ("raw", "The damn light.")],
)
async def test_profanity(profanity: str, display: str) -> None:
    """Only what is displayed is treated; the lexical form and the ITN are as spoken."""
    async with calling() as caller:
        reply = await caller.recognize(
            speak("The damn light."), query=DETAILED | {"profanity": profanity}
        )
        simple = await caller.recognize(
            speak("The damn light."), query={"language": "en-US", "profanity": profanity}
        )
    best = reply.content["NBest"][0]
    assert (best["Lexical"], best["ITN"]) == ("the damn light", "the damn light")
    assert best["Display"] == simple.content["DisplayText"] == display
    assert best["MaskedITN"] == display.lower().strip(".")


async def test_profanity_is_masked_by_default() -> None:
    """Without the parameter bad words get asterisks."""
    async with calling() as caller:
        reply = await caller.recognize(speak("Damn!"))
    assert reply.content["DisplayText"] == "****!"


async def test_nothing_but_removed_profanity_gives_no_result() -> None:
    """Neither a text nor an alternative is left."""
    async with calling() as caller:
        reply = await caller.recognize(speak("Damn!"), query=DETAILED | {"profanity": "removed"})
    assert set(reply.content) == {"RecognitionStatus", "Offset", "Duration"}


@pytest.mark.parametrize("status", [s for s in RecognitionStatus if s != "Success"])
async def test_every_status(status: RecognitionStatus) -> None:
    """A scripted ear can end a recognition in every way; the HTTP status stays 200."""
    async with calling(Emulator(ear=ScriptedEar([status]))) as caller:
        reply = await caller.recognize(silence(0.1) + speak("on"))
    assert reply.status == 200
    assert reply.content["RecognitionStatus"] == status
    assert "DisplayText" not in reply.content
    assert reply.content["Offset"] == 1_000_000


async def test_scripts() -> None:
    """A script is lines, then nothing; or a function of what was sent."""
    async with calling(Emulator(ear=ScriptedEar(["one", Alternative(text="two")]))) as caller:
        lines = [(await caller.recognize(speak("x"))).content for _ in range(3)]
        caller.emulator.ear = ScriptedEar(lambda audio, language: f"{language} {len(audio)}")
        function = await caller.recognize(speak("x"), query={"language": "de-DE"})
    assert [line.get("DisplayText") for line in lines] == ["one", "two", None]
    assert lines[2]["RecognitionStatus"] == "NoMatch"
    assert function.content["DisplayText"] == f"de-DE {len(speak('x'))}"


async def test_an_ear_that_fails_is_a_server_error() -> None:
    """A mistake in a test's script comes back as 500."""

    def fail(audio: bytes, language: str) -> str:
        raise NotImplementedError(audio, language)

    async with calling(Emulator(ear=ScriptedEar(fail))) as caller:
        reply = await caller.recognize(speak("on"), expect=True)
    assert reply.status == 500


# What it refuses.


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "language"),
        ({"language": "en"}, "language"),
        ({"language": "xx-XX"}, "language"),
        ({"language": "en-US", "format": "verbose"}, "format"),
        ({"language": "en-US", "profanity": "remove"}, "profanity"),
        ({"language": "en-US", "X-ConnectionId": "1"}, "X-ConnectionId"),
        ({"language": "en-US", "cid": "unknown"}, "Invalid CID or language"),
        ({"language": "de-DE", "cid": CUSTOM_SPEECH_ID}, "Invalid CID or language"),
    ],
)
async def test_refuses_a_wrong_query(query: dict[str, str], message: str) -> None:
    """400, before `100 Continue` and any audio."""
    async with calling() as caller:
        reply = await caller.recognize(speak("on"), query=query, expect=True)
    assert reply.status == 400
    assert message in reply.content["Message"]
    assert caller.emulator.requests[0].body_bytes == 0


async def test_takes_a_custom_speech_endpoint() -> None:
    """Its id with its own language is right."""
    async with calling() as caller:
        reply = await caller.recognize(
            speak("on"), query={"language": "en-US", "cid": CUSTOM_SPEECH_ID}
        )
    assert reply.status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "audio/wav",
        "audio/wav; codecs=audio/pcm; samplerate=8000",
        "audio/mpeg",
        "application/octet-stream",
    ],
)
async def test_refuses_a_wrong_content_type(content_type: str) -> None:
    """400, before `100 Continue` and any audio."""
    async with calling() as caller:
        reply = await caller.recognize(
            speak("on"), headers={"Content-Type": content_type}, expect=True
        )
    assert reply.status == 400
    assert caller.emulator.requests[0].body_bytes == 0


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, len(speak("on"))])
async def test_takes_a_header_of_known_or_unknown_size(size: int) -> None:
    """The size may be exact, or one of the two that mean "unknown"."""
    async with calling() as caller:
        reply = await caller.recognize(speak("on"), header=wav_header(size=size))
    assert reply.content["DisplayText"] == "on"


async def test_takes_headerless_pcm() -> None:
    """Home Assistant Cloud's client sends it in production."""
    async with calling() as caller:
        reply = await caller.recognize(speak("on"), header=b"")
    assert reply.content["DisplayText"] == "on"
    assert caller.emulator.requests[0].header == b""


async def test_takes_a_header_with_more_chunks() -> None:
    """Other chunks before the audio, even of odd size, are passed over."""
    header = wav_header()
    listed = header[:36] + b"LIST" + (3).to_bytes(4, "little") + b"abc\x00" + header[36:]
    async with calling() as caller:
        reply = await caller.recognize(speak("on"), header=listed)
    assert reply.content["DisplayText"] == "on"
    assert caller.emulator.requests[0].header == listed


@pytest.mark.parametrize(
    "header",
    [
        wav_header(sample_rate=8000),
        wav_header(sample_rate=44_100),
        wav_header(bits=8),
        wav_header(channels=2),
        wav_header(codec=7),
    ],
)
async def test_a_header_that_disagrees_hears_nothing(header: bytes) -> None:
    """It isn't an error: it comes back as silence."""
    async with calling() as caller:
        reply = await caller.recognize(speak(SENTENCE), header=header)
    assert reply.status == 200
    assert reply.content["RecognitionStatus"] == "InitialSilenceTimeout"


@pytest.mark.parametrize(
    ("header", "audio", "message"),
    [
        (b"RIFF\0\0\0\0AVI ", speak("on"), "Not a WAV file"),
        (wav_header()[:40], b"", "incomplete"),
        (wav_header()[:12] + wav_header()[36:], speak("on"), "no format"),
        (wav_header()[:16] + b"\x02\0\0\0\1\0" + wav_header()[36:], speak("on"), "broken format"),
        (wav_header(size=100), speak("on"), "another size"),
        (wav_header(), speak("on") + wav_header() + speak("on"), "Only the first chunk"),
        (wav_header(), b"", "no audio"),
        (b"", b"", "no audio"),
    ],
)
async def test_refuses_a_broken_upload(header: bytes, audio: bytes, message: str) -> None:
    """400, also for what a careless client does to a header."""
    async with calling() as caller:
        reply = await caller.recognize(audio, header=header)
    assert reply.status == 400
    assert message in reply.content["Message"]


async def test_refuses_a_second_header_cut_over_chunks() -> None:
    """It is found wherever the chunks are cut."""
    upload = wav_header() + speak("on") + wav_header() + speak("on")
    async with calling() as caller:
        reply = await caller.recognize(stream(upload, chunk=46))
    assert reply.status == 400


async def test_refuses_more_than_a_minute() -> None:
    """60 s of audio are taken, and not a second more."""
    async with calling(Emulator(initial_silence=100)) as caller:
        minute = await caller.recognize(silence(60))
        more = await caller.recognize(silence(60.1))
    assert (minute.status, more.status) == (200, 400)


async def test_a_late_client_gets_408() -> None:
    """Without any audio the service doesn't wait for long."""
    async with calling(Emulator(audio_timeout=0.1)) as caller:
        reply = await caller.recognize(stream(wav_header(), pause=5))
    assert reply.status == 408


async def test_opus() -> None:
    """An OGG file with Opus is taken whole; the scripted ear says what is in it."""
    headers = {"Content-Type": AudioType.OGG}
    async with calling(Emulator(ear=ScriptedEar(["Turn on."]))) as caller:
        good = await caller.recognize(opus(2.5), header=b"", headers=headers)
        wav = await caller.recognize(speak("on"), headers=headers)
        vorbis = await caller.recognize(
            opus(2.5).replace(b"OpusHead", b"\x01vorbis\0"), header=b"", headers=headers
        )
        long = await caller.recognize(opus(61), header=b"", headers=headers)
        caller.emulator.ear = Emulator().ear
        unheard = await caller.recognize(opus(2.5), header=b"", headers=headers)
    assert (good.content["DisplayText"], good.content["Duration"]) == ("Turn on.", 25_000_000)
    assert (wav.status, vorbis.status, long.status) == (400, 400, 400)
    assert unheard.content["RecognitionStatus"] == "NoMatch"


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
        assessment(ScenarioId="1"),
    ],
)
async def test_refuses_a_wrong_assessment(headers: dict[str, str]) -> None:
    """400 for whatever Microsoft's page doesn't have."""
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


# Many at once.


async def test_many_at_once() -> None:
    """A hundred live streams don't disturb each other."""

    async def one(number: int) -> str:
        upload = stream(wav_header() + speak(f"number {number}") + silence(1), pause=0.1)
        return str((await caller.recognize(upload)).content["DisplayText"])

    async with calling() as caller:
        heard = await asyncio.gather(*(one(number) for number in range(100)))
    assert heard == [f"number {number}" for number in range(100)]
