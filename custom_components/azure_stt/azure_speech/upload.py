"""The upload of one request: its body, which follows the audio, and its time limits."""

import asyncio
from collections.abc import AsyncIterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
import socket
from types import SimpleNamespace, TracebackType
from typing import Any, Final, Protocol, Self, override

from aiohttp import ClientSession, TraceConfig
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import AsyncIterablePayload

from .errors import SpeechError
from .wav import BYTES_PER_SECOND

ANSWER_SECONDS_PER_SECOND: Final = 0.5
"""Seconds that an answer may take longer for each second of audio that was sent faster than real
time, because the service may need that long to listen to it."""

# Bytes that the system may hold unsent: half a second of PCM. Otherwise a minute of audio looks
# sent while a slow line still carries it.
_UNSENT_MAX: Final = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits in seconds: to connect, to `100 Continue`, and from the audio's end to the answer.

    The last one grows with audio that is sent faster than real time. Waiting for the person, and
    for a free connection, has no limit here.
    """

    connect: float = 5.0
    go_ahead: float = 1.0
    answer: float = 8.0


class Meter(Protocol):
    """A counter of everything that is sent, whatever becomes of the request."""

    def count_request(self) -> None:
        """Count a request whose upload begins."""

    def count_audio(self, size: int) -> None:
        """Count bytes of audio, without a WAV file's header."""


class Phase(Enum):
    """The phases of a request, each with a time limit of its own."""

    QUEUE = auto()
    CONNECT = auto()
    GO_AHEAD = auto()
    LISTEN = auto()
    ANSWER = auto()
    READING = auto()


class NoContinueError(Exception):
    """No `100 Continue` came in time."""


class RequestTimeout:
    """The time limit of one request, which changes with its phase."""

    def __init__(self, timeouts: Timeouts, *, expect: bool) -> None:
        """Initialize with or without a wait for `100 Continue`."""
        self._limits = {
            Phase.CONNECT: timeouts.connect,
            Phase.GO_AHEAD: timeouts.go_ahead,
            Phase.ANSWER: timeouts.answer,
            Phase.READING: timeouts.answer,
        }
        self._after_headers = Phase.GO_AHEAD if expect else Phase.ANSWER
        self._phase = Phase.QUEUE
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        phase, self._phase = self._phase, Phase.READING
        try:
            await self._timeout.__aexit__(exc_type, exc, traceback)
        except TimeoutError:
            if phase is Phase.GO_AHEAD:
                raise NoContinueError from None
            raise

    def enter(self, phase: Phase, *, grace: float = 0.0) -> None:
        """Start a phase's limit, with more seconds. Reading the answer is the last phase."""
        if self._phase is Phase.READING or self._timeout.expired():
            return
        self._phase = phase
        limit = self._limits.get(phase)
        now = asyncio.get_running_loop().time()
        self._timeout.reschedule(None if limit is None else now + limit + grace)

    def extend_answer(self, seconds: float) -> None:
        """Set the limits that count from the upload's end."""
        self._limits[Phase.ANSWER] = self._limits[Phase.READING] = seconds

    def headers_sent(self) -> None:
        """Start the phase that follows the request's headers."""
        self.enter(self._after_headers)


class Upload:
    """The request's body: the header once, then the audio as it comes.

    Not a generator: aiohttp drops it unfinished when the answer comes early, and a
    dropped asynchronous generator is only closed when it's collected.
    """

    def __init__(
        self,
        audio: AsyncIterable[bytes],
        header: bytes,
        timeout: RequestTimeout,
        meters: Sequence[Meter],
    ) -> None:
        """Initialize with the audio, the header before it, and the meters that count it."""
        self._audio = aiter(audio)
        self._header = header
        self._timeout = timeout
        self._meters = meters
        self._writer: asyncio.Task[Any] | None = None
        self._error: Exception | None = None
        self._seconds = 0.0
        self._began_at = 0.0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Wait for the person without a limit, then for the service with one."""
        if not self._writer and (writer := asyncio.current_task()):
            self._writer = writer
            writer.add_done_callback(_retrieve_error)
            for meter in self._meters:
                meter.count_request()
        if self._header:
            header, self._header = self._header, b""
            return header
        now = asyncio.get_running_loop().time
        self._timeout.enter(Phase.LISTEN)
        try:
            block = await anext(self._audio)
        except StopAsyncIteration:
            raise
        except Exception as err:
            self._error = err
            raise
        finally:
            lead = self._seconds - (now() - self._began_at) if self._seconds else 0.0
            grace = max(0.0, lead) * ANSWER_SECONDS_PER_SECOND
            self._timeout.enter(Phase.ANSWER, grace=grace)
        if not self._seconds:
            self._began_at = now()
        self._seconds += len(block) / BYTES_PER_SECOND
        for meter in self._meters:
            meter.count_audio(len(block))
        return block

    @contextmanager
    def source_errors(self) -> Iterator[None]:
        """Raise the audio source's own error, which aiohttp reports as the connection's."""
        try:
            yield
        except SpeechError:
            if self._error:
                raise self._error from None
            raise


class Body(AsyncIterablePayload):
    """An upload on its connection, of which the system holds back little."""

    @override
    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the upload as it comes."""
        transport = getattr(writer, "transport", None)
        connection = transport and transport.get_extra_info("socket")
        if connection and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_MAX)
        await super().write_with_length(writer, content_length)


def _retrieve_error(writer: asyncio.Task[Any]) -> None:
    """Retrieve the error of aiohttp's writer, which aiohttp ignores if the body's end fails.

    The request fails by the broken connection anyway, and asyncio would log it a second time.
    """
    if not writer.cancelled():
        writer.exception()


def _trace_config() -> TraceConfig:
    """Return a configuration that tells a request's RequestTimeout how far it has come."""

    async def connecting(_: ClientSession, context: SimpleNamespace, __: object) -> None:
        if isinstance(context.trace_request_ctx, RequestTimeout):
            context.trace_request_ctx.enter(Phase.CONNECT)

    async def headers_sent(_: ClientSession, context: SimpleNamespace, __: object) -> None:
        if isinstance(context.trace_request_ctx, RequestTimeout):
            context.trace_request_ctx.headers_sent()

    config = TraceConfig()
    config.on_connection_create_start.append(connecting)
    config.on_request_headers_sent.append(headers_sent)
    return config


TRACE_CONFIG: Final = _trace_config()
"""The trace configuration that a SpeechClient's session needs: aiohttp has no other way to
tell connecting from waiting for `100 Continue`."""
