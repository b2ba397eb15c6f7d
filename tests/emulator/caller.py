"""A plain caller of the emulator, for the emulator's own tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
import json
from typing import Any, Final

import aiohttp

from .authentication import KEY_HEADER
from .options import AudioType
from .service import Emulator
from .settings import S0_KEY
from .wav import wav_header

RECOGNITION_PATH: Final = "/speech/recognition/conversation/cognitiveservices/v1"
TOKEN_PATH: Final = "/sts/v1.0/issueToken"
CHUNK: Final = 3200
"""Bytes (100 ms) that are uploaded at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The response to a request."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def content(self) -> Any:  # noqa: ANN401
        """The body as JSON."""
        return json.loads(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Calls the emulator as a client would that makes every mistake it is asked to."""

    emulator: Emulator
    session: aiohttp.ClientSession
    credentials: Mapping[str, str] = field(default_factory=lambda: {KEY_HEADER: S0_KEY})
    """The headers that identify the caller."""

    def with_credentials(self, credentials: Mapping[str, str]) -> Caller:
        """Make another caller of the same emulator."""
        return replace(self, credentials=credentials)

    async def post(
        self,
        path: str,
        *,
        host: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        data: object = None,
        expect: bool = False,
    ) -> Reply:
        """Post anything anywhere, without the credentials."""
        named = {} if host is None else {"Host": host}
        async with self.session.post(
            self.emulator.url + path,
            params=query,
            headers=named | dict(headers or {}),
            data=data,
            expect100=expect,
            allow_redirects=False,
        ) as response:
            return Reply(
                status=response.status, text=await response.text(), headers=response.headers
            )

    async def recognize(
        self,
        audio: bytes | AsyncIterator[bytes],
        *,
        host: str | None = None,
        path: str = f"/stt{RECOGNITION_PATH}",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        header: bytes | None = None,
        expect: bool = False,
    ) -> Reply:
        """Have WAV audio recognized; bytes are uploaded in chunks as fast as it goes.

        `header` is the audio file's header, a right one by default.
        """
        first = wav_header() if header is None else header
        body = stream(first + audio) if isinstance(audio, bytes) else audio
        return await self.post(
            path,
            host=host,
            headers={"Content-Type": AudioType.WAV, **self.credentials, **(headers or {})},
            query={"language": "en-US"} if query is None else query,
            data=body,
            expect=expect,
        )

    async def fetch_token(self, *, host: str | None = None) -> str:
        """Exchange the key for a token."""
        reply = await self.post(
            TOKEN_PATH,
            host=host,
            headers={**self.credentials, "Content-Type": "application/x-www-form-urlencoded"},
        )
        return reply.text


def bearer(token: str) -> dict[str, str]:
    """Make the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


async def stream(
    audio: bytes, *, chunk: int = CHUNK, pause: float = 0.0, sent: list[int] | None = None
) -> AsyncIterator[bytes]:
    """Yield the audio in chunks with a pause (seconds) after each; count the chunks."""
    for start in range(0, len(audio), chunk):
        piece = audio[start : start + chunk]
        if sent is not None:
            sent.append(len(piece))
        yield piece
        await asyncio.sleep(pause)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds. Raises `TimeoutError` after five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # an emulator has no event for everything
            await asyncio.sleep(0.01)


@asynccontextmanager
async def calling(emulator: Emulator | None = None) -> AsyncIterator[Caller]:
    """Start an emulator, by default one without special settings, and someone to call it."""
    async with emulator or Emulator() as running, aiohttp.ClientSession() as session:
        yield Caller(emulator=running, session=session)
