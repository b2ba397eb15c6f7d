"""Networks that fail, and the time that is given to each part of a recognition."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
import socket
import time
from typing import override

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import unused_port
import pytest

from custom_components.azure_stt.azure_speech import (
    TRACE_CONFIG,
    Endpoint,
    KeyCredential,
    SpeechClient,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
    Timeouts,
    credentials,
)
from custom_components.azure_stt.azure_speech.upload import Upload
from tests.emulator import S0_KEY, Emulator, Endpoint as Service, Fault, Moment, silence, speak
from tests.support.streams import eventually

from .helpers import (
    OPTIONS,
    SENTENCE,
    SPOKEN,
    Connect,
    Microphone,
    authorizations,
    playing,
    settle,
)

SHORT = Timeouts(connect=0.2, go_ahead=0.3, answer=0.5)


async def failure(client: SpeechClient) -> SpeechError:
    """Return the error of a recognition."""
    with pytest.raises(SpeechError) as info:
        await client.recognize(SPOKEN, OPTIONS)
    assert info.value.retryable
    assert info.value.connection_id
    return info.value


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(reset=True), id="before the speech"),
        pytest.param(Fault(reset=True, at=Moment.DURING_BODY, after_bytes=5000), id="during it"),
        pytest.param(Fault(reset=True, at=Moment.AFTER_BODY), id="after it"),
        pytest.param(Fault(reset=True, at=Moment.DURING_ANSWER), id="during the answer"),
    ],
)
async def test_connection_breaks(emulator: Emulator, client: SpeechClient, fault: Fault) -> None:
    """Wherever it breaks, it's a failed connection; the next recognition works."""
    emulator.faults.append(fault)
    error = await failure(client)
    assert type(error) is SpeechConnectionError
    assert error.connection_id == emulator.requests[-1].query["X-ConnectionId"]
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE


async def test_connection_breaks_while_the_person_is_silent(
    emulator: Emulator, client: SpeechClient
) -> None:
    """It is noticed at once, not when more is said."""
    emulator.faults.append(Fault(reset=True, at=Moment.DURING_BODY, after_bytes=1000))
    microphone = Microphone(speak("Turn"))
    with pytest.raises(SpeechConnectionError):
        await client.recognize(microphone, OPTIONS)
    assert microphone.taken == 1


async def test_connection_breaks_with_the_last_word(
    emulator: Emulator, client: SpeechClient, session: ClientSession
) -> None:
    """That the body's end can't be sent is no second error, which asyncio would log."""
    writers: list[asyncio.Task[object] | None] = []

    async def until_it_breaks() -> AsyncIterator[bytes]:
        writers.append(asyncio.current_task())
        yield speak("Turn")
        assert session.connector is not None
        while any(connection.is_connected() for connection in session.connector._acquired):  # noqa: ASYNC110
            await asyncio.sleep(0)

    emulator.faults.append(Fault(reset=True, at=Moment.DURING_BODY, after_bytes=1000))
    with pytest.raises(SpeechConnectionError):
        await client.recognize(until_it_breaks, OPTIONS)
    [writer] = writers
    assert writer is not None
    # Set until the task's exception is retrieved.
    assert not writer._log_traceback
    assert isinstance(writer.exception(), ClientError)


async def test_connection_is_refused(connect: Connect) -> None:
    """A host that is there but doesn't serve is a failed connection."""
    error = await failure(connect(url=f"http://127.0.0.1:{unused_port()}"))
    assert type(error) is SpeechConnectionError
    assert "127.0.0.1" in str(error)


async def test_outage(emulator: Emulator, client: SpeechClient) -> None:
    """When the service is back, so is recognition, though kept connections are dead."""
    await client.recognize(SPOKEN, OPTIONS)
    await emulator.stop()
    await failure(client)
    await emulator.start()
    emulator.requests.clear()
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE


# Limits of time.


class Silence(AbstractResolver):
    """A name server that doesn't answer."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        await asyncio.Event().wait()
        raise AssertionError

    @override
    async def close(self) -> None:
        pass


@pytest.fixture
def quick_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Don't wait long for a token."""
    monkeypatch.setattr(credentials, "TOKEN_TIMEOUT", 0.05)


@pytest.fixture
async def deaf_port() -> AsyncGenerator[int]:
    """Give the port of a server that takes connections and says nothing."""
    left = asyncio.Event()

    async def ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await left.wait()
        writer.close()

    server = await asyncio.start_server(ignore, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        left.set()


@asynccontextmanager
async def client_of(endpoint: Endpoint, connector: TCPConnector) -> AsyncIterator[SpeechClient]:
    """Give a client with little patience to connect, and a lot for all else."""
    timeouts = Timeouts(connect=0.2, go_ahead=5, answer=5)
    async with ClientSession(connector=connector, trace_configs=[TRACE_CONFIG]) as session:
        credential = KeyCredential(session, endpoint.token_url, S0_KEY)
        yield SpeechClient(session, endpoint, credential, timeouts)


@pytest.mark.usefixtures("quick_token")
async def test_name_server_hangs() -> None:
    """A name that isn't found in time is a timeout."""
    connector = TCPConnector(resolver=Silence())
    async with client_of(Endpoint.from_region("westeurope"), connector) as client:
        started = time.monotonic()
        error = await failure(client)
    assert type(error) is SpeechTimeoutError
    assert str(error) == "westeurope.stt.speech.microsoft.com did not answer in time"
    assert 0.2 <= time.monotonic() - started < 4


@pytest.mark.usefixtures("quick_token")
async def test_tls_handshake_hangs(deaf_port: int) -> None:
    """The handshake counts as connecting."""
    endpoint = Endpoint.from_address(f"https://127.0.0.1:{deaf_port}")
    async with client_of(endpoint, TCPConnector()) as client:
        started = time.monotonic()
        assert type(await failure(client)) is SpeechTimeoutError
    assert time.monotonic() - started < 4


@pytest.mark.usefixtures("quick_token")
async def test_host_says_nothing(connect: Connect, deaf_port: int) -> None:
    """Neither 100 Continue nor an answer: the audio is sent without, then it's a timeout."""
    client = connect(
        url=f"http://127.0.0.1:{deaf_port}",
        timeouts=Timeouts(connect=5, go_ahead=0.1, answer=0.2),
    )
    started = time.monotonic()
    error = await failure(client)
    assert type(error) is SpeechTimeoutError
    assert 0.3 <= time.monotonic() - started < 4


async def test_no_answer(emulator: Emulator, connect: Connect) -> None:
    """After the end of the speech the answer has its limit."""
    emulator.latency = 30
    client = connect(timeouts=Timeouts(connect=5, go_ahead=5, answer=0.2))
    microphone = Microphone(speak(SENTENCE))
    task = asyncio.create_task(client.recognize(microphone, OPTIONS))
    await microphone.waiting.wait()
    microphone.stop()
    started = time.monotonic()
    with pytest.raises(SpeechTimeoutError):
        await task
    assert 0.15 <= time.monotonic() - started < 4


async def test_answer_to_audio_that_came_at_once(emulator: Emulator, connect: Connect) -> None:
    """A service that must listen for half as long as the audio is has the time for it."""
    emulator.latency = 1.0
    client = connect(timeouts=Timeouts(connect=5, go_ahead=5, answer=0.2))
    recognition = await client.recognize(playing(speak(SENTENCE) + bytes(160_000)), OPTIONS)
    assert recognition.text == SENTENCE


async def test_service_stops_reading(
    emulator: Emulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload that isn't taken any more ends by the answer's limit, endless as it is."""
    # The system's buffers hold minutes of audio, and each second would extend the limit.
    monkeypatch.setattr(Upload.__init__, "__defaults__", (0.0, None))
    emulator.faults.append(Fault(at=Moment.DURING_BODY, after_bytes=1, delay=30))
    client = connect(timeouts=Timeouts(connect=5, go_ahead=5, answer=0.2))
    microphone = Microphone(*[bytes(320_000)] * 1000)
    with pytest.raises(SpeechTimeoutError):
        await client.recognize(microphone, OPTIONS)
    assert 1 < microphone.taken < 1000
    taken = microphone.taken
    await settle()
    assert microphone.taken == taken


async def test_person_is_silent(connect: Connect) -> None:
    """No limit counts while the person says nothing, before or within their speech."""
    client = connect(timeouts=SHORT)
    microphone = Microphone()
    task = asyncio.create_task(client.recognize(microphone, OPTIONS))
    await asyncio.sleep(1.1)
    microphone.say(speak("Turn on"))
    await asyncio.sleep(1.1)
    microphone.say(silence(0.1) + speak("the light"))
    microphone.stop()
    assert (await task).text == "Turn on the light"


async def test_limits_of_the_session_do_not_count(emulator: Emulator) -> None:
    """They can't tell a slow service from a long dictation, which isn't too long."""
    timeout = ClientTimeout(total=0.2, sock_read=0.1)
    async with ClientSession(trace_configs=[TRACE_CONFIG], timeout=timeout) as session:
        client = Connect(session=session, emulator=emulator)()
        emulator.faults.append(Fault(where=Service.TOKEN, delay=0.4))
        microphone = Microphone(speak("Turn on"))
        task = asyncio.create_task(client.recognize(microphone, OPTIONS))
        await microphone.waiting.wait()
        await asyncio.sleep(0.4)
        microphone.stop()
        assert (await task).text == "Turn on"
    assert "key" not in authorizations(emulator)


async def test_all_connections_are_in_use(emulator: Emulator) -> None:
    """Waiting for one doesn't count: the second utterance follows the first."""
    connector = TCPConnector(limit=1)
    async with client_of(Endpoint.from_address(emulator.url), connector) as client:
        await client.recognize(SPOKEN, OPTIONS)
        microphone = Microphone(speak("Turn on"))
        first = asyncio.create_task(client.recognize(microphone, OPTIONS))
        await microphone.waiting.wait()
        second = asyncio.create_task(client.recognize(SPOKEN, OPTIONS))
        await asyncio.sleep(0.5)
        assert len(authorizations(emulator)) == 2
        microphone.stop()
        assert ((await first).text, (await second).text) == ("Turn on", SENTENCE)


async def test_connection_is_used_again(emulator: Emulator, client: SpeechClient) -> None:
    """A recognition that ended well leaves its connection to the next."""
    for _ in range(3):
        await client.recognize(SPOKEN, OPTIONS)
    assert len({record.connection for record in emulator.requests}) == 1


# Sources that break.


@pytest.mark.parametrize("error", [ValueError("secret"), TimeoutError(), OSError("secret")])
async def test_source_breaks(client: SpeechClient, error: Exception) -> None:
    """A source that breaks ends the request by its own error, soon; the next works."""

    async def breaking() -> AsyncIterator[bytes]:
        yield speak("Turn")
        raise error

    async with asyncio.timeout(4):
        with pytest.raises(type(error)) as info:
            await client.recognize(breaking, OPTIONS)
    assert info.value is error
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE


async def test_source_is_cancelled(client: SpeechClient) -> None:
    """A cancelled source ends the request with a SpeechError; the next one works."""

    async def cancelled() -> AsyncIterator[bytes]:
        yield speak("Turn")
        raise asyncio.CancelledError

    async with asyncio.timeout(4):
        with pytest.raises(SpeechConnectionError):
            await client.recognize(cancelled, OPTIONS)
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE


async def test_token_request_that_breaks(emulator: Emulator, client: SpeechClient) -> None:
    """A broken connection to the token service is trouble of the token service alone."""
    emulator.faults.append(Fault(where=Service.TOKEN, reset=True))
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE
    await eventually(lambda: emulator.requests[-1].answered is not None)
    assert authorizations(emulator) == ["key"]
