"""Keys, tokens and spoken words appear in no error, no log and no object's description."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
import json
import logging
import traceback

import pytest

from custom_components.azure_stt.azure_speech import (
    Alternative,
    Phoneme,
    PronunciationAssessment,
    RecognitionOptions,
    SpeechError,
    Timeouts,
    Word,
    credentials,
)
from tests.emulator import Emulator, Endpoint as Service, Fault, Moment
from tests.support.streams import eventually

from .helpers import OPTIONS, SPOKEN, Clock, Connect, Microphone, causes, token_requests

LOGGER = "custom_components.azure_stt"
KEY_84 = "9bXqK4" * 14
SAID = "Unlock"
TOKEN = "eyJhbGciOi.eyJhdWQi.c2lnbmF0dXJl"
READ_ALOUD = "Reference"
ENTRA_SECRET = "abc8Q~Kx.dEfGhIjK-lMnOpQrStUvWxYz_0123"
SECRETS = (KEY_84, KEY_84[-12:], KEY_84[:12], SAID, TOKEN, READ_ALOUD, ENTRA_SECRET, "abc8Q")
ASSESSED = RecognitionOptions(
    language="en-US", pronunciation=PronunciationAssessment(reference_text=f"{READ_ALOUD} text")
)
ECHO = (
    f"<html>{KEY_84} {TOKEN} {SAID}",
    json.dumps({"error": {"message": f"Wrong key: {KEY_84}"}}),
    json.dumps({"error": {"message": f"Wrong header: Bearer {TOKEN}"}}),
    json.dumps({"error_description": f"Wrong secret '{ENTRA_SECRET}'"}),
    *(json.dumps({"Message": f"{' ' * length}{KEY_84}"}) for length in range(180, 201, 4)),
    json.dumps({"RecognitionStatus": {"DisplayText": "." * 50 + SAID}}),
    json.dumps({"RecognitionStatus": "Success", "DisplayText": SAID})[:-1],
    json.dumps([SAID, KEY_84]),
)


def told(error: BaseException) -> Iterator[str]:
    """Yield all texts of an error and its causes, as code or a log would show them."""
    yield "".join(traceback.format_exception_only(error))
    for cause in causes(error):
        yield from (str(cause), repr(cause), repr(cause.args), repr(vars(cause)))


def assert_silent(*texts: str) -> None:
    """Check that no secret is in the texts."""
    assert not [(secret, text) for secret in SECRETS for text in texts if secret in text]


@asynccontextmanager
async def _raw(reply: bytes) -> AsyncGenerator[str]:
    """Serve a page with the request's own first bytes, headers included."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(reply.replace(b"{}", head))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture(autouse=True)
def silent_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check at the end of each test that our log kept the secrets, at every level."""
    caplog.set_level(logging.DEBUG, LOGGER)
    yield
    records = caplog.get_records("call")  # at this point `records` has none of them
    assert_silent(*(record.getMessage() for record in records if record.name.startswith(LOGGER)))


@pytest.fixture
def emulator_with_key(emulator: Emulator) -> Emulator:
    """Give an emulator that knows the key of this test."""
    emulator.keys[KEY_84] = next(iter(emulator.keys.values()))
    return emulator


@pytest.mark.parametrize("where", [Service.RECOGNITION, Service.TOKEN, Service.ENTRA])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
@pytest.mark.parametrize("body", ECHO, ids=lambda body: body[:30])
async def test_echo(
    emulator_with_key: Emulator, connect: Connect, where: Service, status: int, body: str
) -> None:
    """A host that echoes the request isn't quoted."""
    emulator = emulator_with_key
    moment = Moment.BEFORE_BODY if status != 200 else Moment.AFTER_BODY
    emulator.faults.append(Fault(where=where, at=moment, status=status, body=body, times=None))
    client = connect(KEY_84) if where is not Service.ENTRA else connect.entra()
    try:
        recognition = await client.recognize(SPOKEN, ASSESSED)
    except SpeechError as error:
        assert_silent(*told(error))
    else:
        assert where is Service.TOKEN
        assert_silent(repr(recognition))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"{}", id="the request"),
        pytest.param(b"HTTP/1.1 200 {}\r\n\r\n", id="in the status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nBad header {}\r\n\r\n", id="in a header"),
        pytest.param(b"HTTP/1.1 400 No\r\nConnection: close\r\n\r\n{}", id="in the body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{}", id="cut off"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", id="in a chunk's size"
        ),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_echo_of_the_request(connect: Connect, reply: bytes) -> None:
    """Neither is one that doesn't speak HTTP; nor is the request's own error told."""
    async with _raw(reply) as url:
        with pytest.raises(SpeechError) as info:
            await connect(KEY_84, url=url).recognize(SPOKEN, ASSESSED)
    assert_silent(*told(info.value))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=200, body=f'{{"access_token": "{TOKEN}"'), id="cut off"),
        pytest.param(Fault(status=200, body=f'{{"access_token": "{TOKEN}"}}'), id="no lifetime"),
        pytest.param(
            Fault(status=200, body=f'{{"access_token": "{TOKEN} a", "expires_in": 9}}'),
            id="no token",
        ),
        pytest.param(
            Fault(status=200, body=f'{{"access_token": 1, "expires_in": "{TOKEN}"}}'), id="mixed up"
        ),
        pytest.param(Fault(reset=True), id="reset"),
        pytest.param(Fault(delay=30), id="hanging"),
    ],
)
async def test_entra(
    emulator: Emulator, connect: Connect, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """Neither Microsoft Entra's answer is quoted, nor the secret in the request."""
    monkeypatch.setattr(credentials, "TOKEN_TIMEOUT", 0.1)
    emulator.faults.append(replace(fault, where=Service.ENTRA))
    with pytest.raises(SpeechError) as info:
        await connect.entra(client_secret=ENTRA_SECRET).recognize(SPOKEN, OPTIONS)
    assert_silent(*told(info.value))


async def test_entra_answer_that_is_not_utf8(connect: Connect) -> None:
    """Bytes that aren't text would stand in the decoder's error."""
    body = f'{{"access_token": "{TOKEN}'.encode() + b'\xff"}'
    async with _raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body) as url:
        with pytest.raises(SpeechError) as info:
            await connect.entra(url=url).recognize(SPOKEN, OPTIONS)
    assert_silent(*told(info.value))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(reset=True), id="reset"),
        pytest.param(Fault(reset=True, at=Moment.DURING_ANSWER), id="reset during the answer"),
        pytest.param(Fault(withhold_continue=True, delay=30), id="timeout"),
        pytest.param(Fault(status=401, times=None), id="refused"),
    ],
)
async def test_failures(emulator_with_key: Emulator, connect: Connect, fault: Fault) -> None:
    """An error knows its host and its request's id, and no more."""
    emulator_with_key.faults.append(fault)
    if fault.delay:
        emulator_with_key.faults.append(fault)
    client = connect(KEY_84, timeouts=Timeouts(connect=5, go_ahead=0.1, answer=0.1))
    with pytest.raises(SpeechError) as info:
        await client.recognize(SPOKEN, ASSESSED)
    assert_silent(*told(info.value))
    token = emulator_with_key.requests_for(Service.TOKEN)[0].text
    assert token.startswith("ey")
    assert not [text for text in told(info.value) if token in text]


async def test_failed_renewal(emulator_with_key: Emulator, connect: Connect, clock: Clock) -> None:
    """A secret in a log line is masked, too."""
    client = connect(KEY_84)
    await client.recognize(SPOKEN, OPTIONS)
    clock.now += 7 * 60
    body = json.dumps({"error": {"message": f"Wrong key: {KEY_84}"}})
    emulator_with_key.faults.append(Fault(where=Service.TOKEN, status=401, body=body))
    microphone = Microphone(b"\0\0")
    task = asyncio.create_task(client.recognize(microphone, OPTIONS))
    await eventually(lambda: token_requests(emulator_with_key) == 2)
    await eventually(lambda: emulator_with_key.requests_for(Service.TOKEN)[1].answered is not None)
    microphone.stop()
    await task


async def test_log_says_something(
    emulator_with_key: Emulator, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """The log that the secrets are looked for in is not empty."""
    body = json.dumps({"error": {"message": f"Wrong key: {KEY_84}"}})
    emulator_with_key.faults.append(Fault(where=Service.TOKEN, status=401, body=body))
    await connect(KEY_84).recognize(SPOKEN, OPTIONS)
    assert "The key goes without a token: HTTP 401, the credentials were refused" in caplog.text
    assert "(Wrong key: …)" in caplog.text


@pytest.mark.parametrize("make", [repr, str, ascii, "{}".format])
async def test_descriptions(
    emulator_with_key: Emulator, connect: Connect, make: Callable[[object], str]
) -> None:
    """No object's description has its secrets, though it has the harmless fields."""
    client = connect(KEY_84)
    recognition = await client.recognize(SPOKEN, ASSESSED)
    entra = connect.entra(client_secret=ENTRA_SECRET)
    authorizations = client.credential.authorizations()
    with_token = await anext(authorizations)
    await authorizations.aclose()
    assert with_token.header == "Authorization"
    assert "kitchen" in recognition.text
    heard = recognition.alternatives[0]
    words = [Word(text=SAID), Phoneme(text=SAID), Alternative(display=SAID, lexical=SAID, itn=SAID)]
    objects = [
        *(client, client.credential, client.credential._token, with_token, entra),
        *(entra.credential, ASSESSED, ASSESSED.pronunciation, recognition, heard, *words),
        Alternative(display="", masked_itn=SAID),
    ]
    texts = [make(item) for item in objects]
    assert_silent(*texts)
    assert client.credential._token is not None
    forbidden = ("kitchen", client.credential._token.value, emulator_with_key.entra.client_secret)
    assert not [text for text in texts for word in forbidden if word in text]
    assert "en-US" in make(ASSESSED)
    assert str(recognition.connection_id) in make(recognition)
