"""The ways to have speech recognized that are compared."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import ClientConnectionError, ClientSession, TCPConnector

from custom_components.azure_stt.audio.decoder import StreamDecoder
from custom_components.azure_stt.audio.pcm import SAMPLE_RATE
from custom_components.azure_stt.azure_speech import (
    TRACE_CONFIG,
    Endpoint,
    KeyCredential,
    RecognitionOptions,
    SpeechClient,
    wav_header,
)
from custom_components.azure_stt.recognition.endpointing import Endpointer
from custom_components.azure_stt.recognition.recording import CAPACITY, recorded
from custom_components.azure_stt.recognition.task_scope import TaskScope
from custom_components.azure_stt.resource.client_factory import async_get_session
from tests.emulator import S0_KEY
from tests.support.home import metadata

from .home import home_assistant, recognizer
from .nabucasa import recognize_as_cloud, voice_of
from .tokens import fetch_token

LANGUAGE: Final = "en-US"

_KEEPALIVE: Final = 60.0

# Samples of the pause that is listened for.
_PAUSE: Final = SAMPLE_RATE // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One that is ready for an audio stream: it has its token, and a connection if it keeps any."""

    recognize: Callable[[AsyncIterable[bytes]], Awaitable[str]]
    session: ClientSession
    """Whose connections it uses."""


type Opening = Callable[[str], AbstractAsyncContextManager[Contender]]
"""Makes a contender for a service's address."""


@asynccontextmanager
async def bare_post(address: str) -> AsyncIterator[Contender]:
    """Post Assist's chunks as they come, with nothing around it: the lower bound.

    The request is the one that the client sends, with its `Expect: 100-continue`; the token
    is fetched before.
    """
    endpoint = Endpoint.from_address(address)
    options = RecognitionOptions(language=LANGUAGE)
    url = endpoint.recognition_url.with_query(options.query())
    async with ClientSession() as session:
        token = await fetch_token(session, address)
        headers = {**options.headers(), "Authorization": f"Bearer {token}"}

        async def recognize(stream: AsyncIterable[bytes]) -> str:
            body = _with_header(stream)
            async with session.post(url, data=body, headers=headers, expect100=True) as response:
                text: str = (await response.json())["NBest"][0]["Display"]
                return text

        yield Contender(recognize=recognize, session=session)


@asynccontextmanager
async def buffer_then_post(address: str, *, tries: int) -> AsyncIterator[Contender]:
    """Collect the whole stream, then post it; once more if the connection fails and it may."""
    endpoint = Endpoint.from_address(address)
    options = RecognitionOptions(language=LANGUAGE)
    url = endpoint.recognition_url.with_query(options.query())
    # Others have their turns between two requests of the same connection.
    async with ClientSession(connector=TCPConnector(keepalive_timeout=_KEEPALIVE)) as session:
        token = await fetch_token(session, address)
        headers = {**options.headers(), "Authorization": f"Bearer {token}"}

        async def post(body: bytes) -> str:
            async with session.post(url, data=body, headers=headers) as response:
                text: str = (await response.json())["NBest"][0]["Display"]
                return text

        async def recognize(stream: AsyncIterable[bytes]) -> str:
            body = wav_header() + b"".join([chunk async for chunk in stream])
            for _ in range(tries - 1):
                with suppress(ClientConnectionError):
                    return await post(body)
            return await post(body)

        yield Contender(recognize=recognize, session=session)


@asynccontextmanager
async def home_assistant_cloud(address: str) -> AsyncIterator[Contender]:
    """Give the stream to Home Assistant Cloud's client, as its entity does."""
    async with ClientSession() as session:
        voice = voice_of(session, address)

        async def recognize(stream: AsyncIterable[bytes]) -> str:
            return await recognize_as_cloud(voice, metadata(LANGUAGE), stream)

        yield Contender(recognize=recognize, session=session)


@asynccontextmanager
async def our_client(address: str) -> AsyncIterator[Contender]:
    """Record the stream, and recognize the recording with our client."""
    endpoint = Endpoint.from_address(address)
    async with ClientSession(trace_configs=[TRACE_CONFIG]) as session:
        credential = KeyCredential(session, endpoint.token_url, S0_KEY)
        client = SpeechClient(session, endpoint, credential)
        await client.check()

        async def recognize(stream: AsyncIterable[bytes]) -> str:
            async with recorded(stream, StreamDecoder()) as recording:
                recognition = await client.recognize(
                    lambda: recording.read(stop=CAPACITY), RecognitionOptions(language=LANGUAGE)
                )
            return recognition.text

        yield Contender(recognize=recognize, session=session)


@asynccontextmanager
async def our_entity(address: str, **options: object) -> AsyncIterator[Contender]:
    """Give the stream to our entity in a Home Assistant core, with options of the recognizer."""
    async with home_assistant() as hass:
        recognize = await recognizer(hass, address, LANGUAGE, options)
        yield Contender(recognize=recognize, session=async_get_session(hass))


@asynccontextmanager
async def no_one(address: str) -> AsyncIterator[Contender]:
    """Take the stream and do nothing: the cost of the benchmark's own source."""

    async def recognize(stream: AsyncIterable[bytes]) -> str:
        async for _ in stream:
            pass
        return ""

    async with ClientSession() as session:
        yield Contender(recognize=recognize, session=session)


@asynccontextmanager
async def recording(address: str, *, detects: bool = False) -> AsyncIterator[Contender]:
    """Record the stream and send nothing; find the end of speech as well, or not."""

    async def recognize(stream: AsyncIterable[bytes]) -> str:
        async with recorded(stream, StreamDecoder()) as recording, TaskScope() as tasks:
            if detects:
                endpointer = Endpointer(recording)
                tasks.start(endpointer.follow())
                await endpointer.pause_after(0, _PAUSE)
            await recording.ends()
        return ""

    async with ClientSession() as session:
        yield Contender(recognize=recognize, session=session)


FLOOR: Final = "bare post"
NO_ONE: Final = "no one"
RECORDING: Final = "recording"
DETECTOR: Final = "recording, end of speech"
CLIENT: Final = "client"
ENTITY: Final = "entity"
OPUS: Final = "entity, opus"
NAMES_OFF: Final = "entity, names off"
CLOUD: Final = "hass_nabucasa"
BUFFER: Final = "buffer-then-post"
BUFFER_TWICE: Final = "buffer, post again"

CONTENDERS: Final[dict[str, Opening]] = {
    FLOOR: bare_post,
    CLIENT: our_client,
    ENTITY: our_entity,
    OPUS: partial(our_entity, upload="opus"),
    NAMES_OFF: partial(our_entity, home_aware=False),
    CLOUD: home_assistant_cloud,
    BUFFER: partial(buffer_then_post, tries=1),
    BUFFER_TWICE: partial(buffer_then_post, tries=2),
    NO_ONE: no_one,
    RECORDING: recording,
    DETECTOR: partial(recording, detects=True),
}
"""All by their names."""

COMPARED: Final = (FLOOR, CLOUD, BUFFER, CLIENT, ENTITY)
"""Those that are put side by side, in the order of their turns."""

PEERS: Final = (CLOUD, BUFFER)
"""The ones that people use instead of this integration."""


async def _with_header(stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    yield wav_header()
    async for chunk in stream:
        yield chunk
