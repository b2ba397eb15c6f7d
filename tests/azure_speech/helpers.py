"""Helpers of the client's tests: audio on demand, clients, a clock."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Self

from aiohttp import ClientSession
from yarl import URL

from custom_components.azure_stt.azure_speech import (
    AudioSource,
    Cloud,
    Credential,
    Endpoint,
    EntraCredential,
    KeyCredential,
    RecognitionOptions,
    SpeechClient,
    Timeouts,
)
from tests.emulator import S0_KEY, Emulator, Endpoint as Service, speak

SENTENCE: Final = "Turn on the kitchen light."
OPTIONS: Final = RecognitionOptions(language="en-US")
KEY_HEADER: Final = "Ocp-Apim-Subscription-Key"
RECOGNITION_PATH: Final = "/speech/recognition/conversation/cognitiveservices/v1"

PATIENT: Final = Timeouts(connect=5, go_ahead=5, answer=5)
"""Limits that no test should reach."""


def playing(audio: bytes, size: int = 3200) -> AudioSource:
    """Return a source that gives the audio in chunks, without a break."""

    async def play() -> AsyncIterator[bytes]:
        for start in range(0, len(audio), size):
            yield audio[start : start + size]

    return play


SPOKEN: Final = playing(speak(SENTENCE))


class Microphone:
    """A source that goes on until it is stopped; it counts its readers and their reads."""

    def __init__(self, *chunks: bytes) -> None:
        """Begin with some audio that was already spoken."""
        self.chunks = list(chunks)
        self.opened = 0
        self.taken = 0
        self.waiting = asyncio.Event()
        """Set while someone waits for more."""
        self._stopped = False
        self._changed = asyncio.Event()

    def say(self, chunk: bytes) -> None:
        """Add a chunk."""
        self.chunks.append(chunk)
        self._changed.set()

    def stop(self) -> None:
        """End the audio."""
        self._stopped = True
        self._changed.set()

    def __call__(self) -> AsyncIterator[bytes]:
        """Listen from the beginning."""
        self.opened += 1
        return _Listener(self)

    async def chunk(self, index: int) -> bytes:
        """Wait for a chunk; raises StopAsyncIteration at the end."""
        while index >= len(self.chunks):
            if self._stopped:
                raise StopAsyncIteration
            self._changed.clear()
            self.waiting.set()
            await self._changed.wait()
            self.waiting.clear()
        self.taken = max(self.taken, index + 1)
        return self.chunks[index]


class _Listener:
    def __init__(self, microphone: Microphone) -> None:
        self._microphone = microphone
        self._index = -1

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        self._index += 1
        return await self._microphone.chunk(self._index)


@dataclass(slots=True)
class Clock:
    """A clock that stands still until a test moves it."""

    now: float = 1_000.0

    def __call__(self) -> float:
        """Tell the time in seconds."""
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Makes clients of the emulator, with a key or with Microsoft Entra."""

    session: ClientSession
    emulator: Emulator

    @property
    def endpoint(self) -> Endpoint:
        """The emulator as a custom endpoint."""
        return Endpoint.from_address(self.emulator.url)

    def __call__(
        self,
        key: str = S0_KEY,
        *,
        url: str | None = None,
        credential: Credential | None = None,
        timeouts: Timeouts = PATIENT,
    ) -> SpeechClient:
        """Return a client with a key, or with other credentials; of the emulator or another."""
        endpoint = Endpoint.from_address(url) if url else self.endpoint
        if credential is None:
            credential = KeyCredential(self.session, endpoint.token_url, key)
        return SpeechClient(self.session, endpoint, credential, timeouts)

    def entra(
        self,
        *,
        url: str | None = None,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_id: str | None = None,
    ) -> SpeechClient:
        """Return a client of the emulator's application, or of one that is a little wrong."""
        right = self.emulator.entra
        login = URL(url or self.emulator.url).joinpath(
            tenant_id or right.tenant_id, "oauth2", "v2.0", "token"
        )
        credential = EntraCredential(
            self.session,
            login,
            Cloud.PUBLIC.entra_scope,
            client_id=client_id or right.client_id,
            client_secret=client_secret or right.client_secret,
            resource_id=resource_id or right.resource_id,
        )
        return self(credential=credential)


def token_requests(emulator: Emulator) -> int:
    """Count the requests for a token."""
    return len(emulator.requests_for(Service.TOKEN)) + len(emulator.requests_for(Service.ENTRA))


def authorizations(emulator: Emulator) -> list[str]:
    """Return how each recognition was authorized: "key", or the token."""
    return [
        "key" if KEY_HEADER in record.headers else record.headers["Authorization"]
        for record in emulator.requests_for(Service.RECOGNITION)
    ]


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@dataclass(slots=True)
class RawServer:
    """A server that answers with any given bytes and hangs up."""

    reply: bytes
    port: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    @asynccontextmanager
    async def running(cls, reply: bytes) -> AsyncIterator[Self]:
        """Serve on a free port."""
        raw = cls(reply)
        server = await asyncio.start_server(raw._answer, "127.0.0.1", 0)
        raw.port = server.sockets[0].getsockname()[1]
        async with server:
            yield raw

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.reply)
        await writer.drain()
        writer.close()


async def settle() -> None:
    """Let the loop finish the tasks that are already ending."""
    for _ in range(10):
        await asyncio.sleep(0)
