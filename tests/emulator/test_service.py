"""The emulator's service: its recognition, its records, and how it runs."""

import asyncio
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
    CUT,
    TICKS_PER_SECOND,
    AudioType,
    Credential,
    Emulator,
    Fault,
    noise,
    silence,
    speak,
    wav_header,
)
from tests.emulator.caller import RECOGNITION_PATH, Caller, calling, eventually, stream

pytestmark = pytest.mark.usefixtures("socket_enabled")

SENTENCE = "Turn on the kitchen light."


# Recognition.


async def test_recognizes_the_upload() -> None:
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


async def test_the_rest_can_be_recognized_from_where_the_first_ended() -> None:
    """A client that goes on from offset plus duration hears everything once."""
    audio = silence(0.2) + speak("Turn on") + silence(0.8) + speak("the light")
    async with calling() as caller:
        first = (await caller.recognize(audio)).content
        end = (first["Offset"] + first["Duration"]) // 625 * 2
        second = (await caller.recognize(audio[end:])).content
    assert (first["DisplayText"], second["DisplayText"]) == ("Turn on", "the light")
    assert second["Offset"] == 8_000_000


async def test_initial_silence_ends_early() -> None:
    """Five seconds of quiet are enough, even if speech follows."""
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
    """`latency` comes after the utterance's end."""
    async with calling(Emulator(latency=0.3)) as caller:
        started = time.monotonic()
        await caller.recognize(speak("on"))
    assert time.monotonic() - started >= 0.3


async def test_records_the_course_of_a_request() -> None:
    """Tests see the content, the manner and the time of each upload."""
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
    """An outage can be simulated: between stop and start nothing answers."""
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


# Many at once.


async def test_many_at_once() -> None:
    """A hundred live streams don't disturb each other."""

    async def one(number: int) -> str:
        upload = stream(wav_header() + speak(f"number {number}") + silence(1), pause=0.1)
        return str((await caller.recognize(upload)).content["DisplayText"])

    async with calling() as caller:
        heard = await asyncio.gather(*(one(number) for number in range(100)))
    assert heard == [f"number {number}" for number in range(100)]
