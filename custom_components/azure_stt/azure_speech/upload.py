"""The upload of one request: its body, which follows the audio, and its time limits."""

import asyncio
from collections.abc import AsyncIterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
import socket
from time import monotonic
from types import SimpleNamespace, TracebackType
from typing import Any, Final, Protocol, Self, override

from aiohttp import ClientSession, TraceConfig
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import AsyncIterablePayload

from .errors import SpeechError
from .line import Line
from .time_limit import TimeLimit
from .wav import BYTES_PER_SECOND

ANSWER_SECONDS_PER_SECOND: Final = 0.5
"""Seconds that an answer may take longer for each second of audio that was sent faster than real
time, because the service may need that long to listen to it."""

# Bytes that the system may hold unsent: half a second of PCM, or of Opus. Otherwise a minute of
# audio looks sent while a slow line still carries it.
_UNSENT_MAX: Final = 16 * 1024
_UNSENT_ENCODED_MAX: Final = 2 * 1024

# Bytes of PCM that are encoded on the event loop: a tenth of a second takes a millisecond at most.
_ENCODED_AT_ONCE: Final = BYTES_PER_SECOND // 10


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
    """A counter of everything that is sent, even if the request fails."""

    def count_request(self) -> None:
        """Count a request whose upload begins."""

    def count(self, audio: int, sent: int) -> None:
        """Count bytes of 16 kHz 16-bit mono PCM, and bytes as they are sent.

        Those are encoded, or have a file's header before them.
        """


class Encoder(Protocol):
    """An encoder of 16 kHz 16-bit mono PCM to a file that is sent while it grows."""

    def feed(self, pcm: bytes) -> bytes:
        """Return the bytes of the file that some samples complete."""

    def flush(self) -> bytes:
        """Return the rest of the file."""


class Phase(Enum):
    """The phases of a request, each with a time limit of its own."""

    QUEUE = auto()
    CONNECT = auto()
    GO_AHEAD = auto()
    UPLOAD = auto()
    """Until the answer begins. It counts from the last audio, and not while more is waited for."""
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
            Phase.UPLOAD: timeouts.answer,
            Phase.READING: timeouts.answer,
        }
        self._after_headers = Phase.GO_AHEAD if expect else Phase.UPLOAD
        self._phase = Phase.QUEUE
        self._entered_at = 0.0
        self._timeout = TimeLimit(self._due, min(self._limits.values()))
        self.audio_at: float | None = None
        """When audio came last, by `time.monotonic`; None while more is waited for."""
        self.grace = 0.0
        """Seconds that the answer may take longer because the audio came early."""

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

    def enter(self, phase: Phase) -> None:
        """Start a phase's limit. Reading the answer is the last phase."""
        if self._phase is not Phase.READING:
            self._phase = phase
            self._entered_at = monotonic()

    def _due(self) -> float | None:
        """Return when the phase's limit ends."""
        if self._phase is Phase.QUEUE:
            return None
        if self._phase is not Phase.UPLOAD:
            return self._entered_at + self._limits[self._phase]
        if self.audio_at is None:
            return None
        return self.audio_at + self._limits[self._phase] + self.grace

    def extend_answer(self, seconds: float) -> None:
        """Set the limits that count from the upload's end."""
        self._limits[Phase.UPLOAD] = self._limits[Phase.READING] = seconds

    def headers_sent(self) -> None:
        """Start the phase that follows the request's headers."""
        self.enter(self._after_headers)


class Upload:
    """The request's body: the header once, then the audio as it comes, encoded if need be.

    Not a generator: aiohttp drops it unfinished when the answer comes early, and a
    dropped asynchronous generator is only closed when it's collected.
    """

    def __init__(
        self,
        audio: AsyncIterable[bytes],
        header: bytes,
        timeout: RequestTimeout,
        meters: Sequence[Meter],
        grace: float = ANSWER_SECONDS_PER_SECOND,
        encoder: Encoder | None = None,
    ) -> None:
        """Initialize with the audio, the header before it, and the meters that count it.

        `grace` is how much longer the answer may take for a second of PCM that is early.
        """
        self._audio = aiter(audio)
        self._header = header
        self._timeout = timeout
        self._meters = meters
        self._grace = grace
        self._encoder = encoder
        self._writer: asyncio.Task[Any] | None = None
        self._error: Exception | None = None
        self._ended = False
        self._seconds = 0.0
        self._began_at = 0.0
        self._line: Line | None = None

    @property
    def lag(self) -> float:
        """The most seconds by which the line fell behind a live voice, as far as it's known."""
        return self._line.lag if self._line else 0.0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Wait for the person without a limit, then for the service with one."""
        if self._writer is None:
            self._begin()
        block, self._header = self._header, b""
        while not block and not self._ended:
            self._timeout.audio_at = None
            try:
                pcm = await anext(self._audio)
            except StopAsyncIteration:
                self._ended = True
                pcm = b""
            except Exception as err:
                self._error = err
                raise
            block = await self._encoded(pcm) if self._encoder else pcm
            self._note(pcm, block)
        if not block:
            raise StopAsyncIteration
        return block

    def _begin(self) -> None:
        self._writer = asyncio.current_task()
        if self._writer:
            self._writer.add_done_callback(_retrieve_error)
        self._timeout.audio_at = monotonic()
        self._timeout.enter(Phase.UPLOAD)
        for meter in self._meters:
            meter.count_request()
            meter.count(0, len(self._header))

    def _note(self, pcm: bytes, block: bytes) -> None:
        """Note samples and the bytes that they are sent as, and start the answer's limit anew."""
        now = self._timeout.audio_at = monotonic()
        if not self._seconds:
            self._began_at = now
        self._seconds += len(pcm) / BYTES_PER_SECOND
        lead = self._seconds - (now - self._began_at)
        self._timeout.grace = max(0.0, lead) * self._grace
        if self._line:
            self._line.note(len(pcm))
        for meter in self._meters:
            meter.count(len(pcm), len(block))

    async def _encoded(self, pcm: bytes) -> bytes:
        """Return the bytes that some samples complete, or the file's rest at their end."""
        assert self._encoder is not None  # noqa: S101 - for the type checker
        if self._ended:
            return self._encoder.flush()
        if len(pcm) > _ENCODED_AT_ONCE:
            return await asyncio.to_thread(self._encoder.feed, pcm)
        return self._encoder.feed(pcm)

    def follow(self, connection: socket.socket) -> None:
        """Take the connection that carries it."""
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            unsent = _UNSENT_ENCODED_MAX if self._encoder else _UNSENT_MAX
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, unsent)
        # Of an encoded upload, bytes don't tell seconds.
        self._line = None if self._encoder else Line(connection)

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

    def __init__(self, upload: Upload) -> None:
        """Initialize with the upload."""
        super().__init__(upload)
        self._upload = upload

    @override
    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the upload as it comes."""
        transport = getattr(writer, "transport", None)
        if connection := transport and transport.get_extra_info("socket"):
            self._upload.follow(connection)
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
