"""One recognition: an upload that follows the audio, and its answer."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
import json
import logging
import re
from time import monotonic
from types import SimpleNamespace, TracebackType
from typing import Any, Final, Protocol, Self
from uuid import uuid4

from aiohttp import ClientSession, TraceConfig

from .credentials import Authorization, Credential
from .endpoints import Endpoint
from .errors import AuthenticationError, InvalidAnswerError, ResponseError, SpeechConnectionError
from .models import AudioFormat, Recognition, RecognitionOptions, RecognitionStatus
from .transport import NO_TIMEOUT, read_answer, response_error, transport_errors
from .wav import BYTES_PER_SECOND, wav_header

_LOGGER = logging.getLogger(__name__)

type AudioSource = Callable[[], AsyncIterable[bytes]]
"""Gives the audio from its beginning, each time it's called: 16 kHz 16-bit mono PCM
without a header, or an OGG/Opus file. It may still be growing."""

# Statuses inside an answer that stand for an HTTP status; known from Microsoft's
# JavaScript SDK but for Error, which is on the page. Others are taken for Error.
_ERROR_STATUSES: Final = {
    "BadRequest": HTTPStatus.BAD_REQUEST,
    "Forbidden": HTTPStatus.FORBIDDEN,
    "TooManyRequests": HTTPStatus.TOO_MANY_REQUESTS,
}

# What may be quoted: another host's answer can hold anything, what was sent to it included.
_STATUS: Final = re.compile(r"[A-Z][A-Za-z]{1,30}")

# A host or proxy that doesn't answer `Expect` is not asked to for this long.
_WITHOUT_CONTINUE: Final = 60 * 60.0

# Nor for this long after a connection broke: who tries again has waited enough.
_AFTER_A_BREAK: Final = 10.0

# Bytes of an answer that is read beside the loop: the service's have a few kilobytes, but a
# megabyte of phonemes takes most of a second.
_LONG_ANSWER: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits in seconds.

    To connect, until `100 Continue`, and from the end of the audio to the answer. Waiting
    for the person, and for a free connection, has no limit here.
    """

    connect: float = 5.0
    go_ahead: float = 1.0
    answer: float = 8.0


class Meter(Protocol):
    """Counts what is sent, of every request, whatever becomes of it."""

    def count_request(self) -> None:
        """Count a request whose upload begins."""

    def count_audio(self, size: int) -> None:
        """Count bytes of audio, without a WAV file's header."""


class SpeechClient:
    """Recognises speech with one Azure resource."""

    def __init__(
        self,
        session: ClientSession,
        endpoint: Endpoint,
        credential: Credential,
        timeouts: Timeouts = Timeouts(),
        meter: Meter | None = None,
    ) -> None:
        """Use a session that was made with `trace_configs=[TRACE_CONFIG]`.

        Raises ValueError for one that wasn't: the limits follow its signals.
        """
        if TRACE_CONFIG not in session.trace_configs:
            msg = "The session was not made with TRACE_CONFIG"
            raise ValueError(msg)
        self.endpoint: Final = endpoint
        self.credential: Final = credential
        self._session = session
        self._timeouts = timeouts
        self._meter = meter
        self._expect_again_at = 0.0

    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        """Return what the first utterance in the audio is heard as.

        The audio is sent as it comes. The service answers at the first long pause, and
        that answer is taken even if the audio goes on. The source is called again if the
        request has to be: with another authorization, or without `Expect`. Raises a
        SpeechError, and AuthenticationError when every authorization was refused.
        """
        refused: AuthenticationError | None = None
        async with self._renewing_token(), aclosing(self.credential.ways_in()) as ways_in:
            async for authorization in ways_in:
                try:
                    return await self._request(audio, options, authorization)
                except AuthenticationError as err:
                    refused = err
        raise refused or AuthenticationError(
            "There are no credentials", status=HTTPStatus.UNAUTHORIZED
        )

    async def check(self, language: str = "en-US") -> Recognition:
        """Prove the address and the credentials with a tiny recognition of silence.

        Returns its answer, and raises what `recognize` raises.
        """

        async def silence() -> AsyncIterator[bytes]:
            yield bytes(BYTES_PER_SECOND // 5)

        return await self.recognize(silence, RecognitionOptions(language=language, detailed=False))

    @asynccontextmanager
    async def _renewing_token(self) -> AsyncIterator[None]:
        """Renew the token beside the utterance that finds it old, and no longer than that."""
        if not self.credential.renewal_due:
            yield
            return
        renewal = asyncio.create_task(self.credential.renew())
        try:
            yield
        finally:
            renewal.cancel()
            await asyncio.wait([renewal])

    async def _request(
        self, audio: AudioSource, options: RecognitionOptions, authorization: Authorization
    ) -> Recognition:
        """Send the audio once; a second time without `Expect` if no 100 comes."""
        if monotonic() >= self._expect_again_at:
            try:
                return await self._post(audio, options, authorization, expect=True)
            except _NoGoAheadError:
                _LOGGER.debug("%s sends no 100 Continue", self.endpoint.host)
                self._expect_again_at = monotonic() + _WITHOUT_CONTINUE
            except SpeechConnectionError:
                self._expect_again_at = monotonic() + _AFTER_A_BREAK
                raise
        return await self._post(audio, options, authorization, expect=False)

    async def _post(
        self,
        audio: AudioSource,
        options: RecognitionOptions,
        authorization: Authorization,
        *,
        expect: bool,
    ) -> Recognition:
        connection_id = uuid4().hex
        url = self.endpoint.recognition_url.with_query(
            {**options.query(), "X-ConnectionId": connection_id}
        )
        header = wav_header() if options.audio_format is AudioFormat.WAV else b""
        watch = _Watch(self._timeouts, expect=expect)
        with transport_errors(self.endpoint.host, connection_id):
            async with (
                watch,
                self._session.post(
                    url,
                    data=_Upload(audio(), header, watch, self._meter),
                    headers={**options.headers(), authorization.header: authorization.value},
                    chunked=True,
                    expect100=expect,
                    allow_redirects=False,
                    timeout=NO_TIMEOUT,
                    trace_request_ctx=watch,
                ) as response,
            ):
                watch.enter(_Phase.READING)
                body = await read_answer(response, connection_id)
        if response.status != HTTPStatus.OK:
            raise response_error(response, body, connection_id)
        if len(body) > _LONG_ANSWER:
            return await asyncio.to_thread(_recognition, body, connection_id)
        return _recognition(body, connection_id)


class _Phase(Enum):
    """How far a request has come; each has its own limit of time."""

    QUEUE = auto()
    CONNECT = auto()
    GO_AHEAD = auto()
    LISTEN = auto()
    ANSWER = auto()
    READING = auto()


class _NoGoAheadError(Exception):
    """No `100 Continue` came in time."""


class _Watch:
    """The time limit of one request: it moves on with the phases."""

    def __init__(self, timeouts: Timeouts, *, expect: bool) -> None:
        self._limits = {
            _Phase.CONNECT: timeouts.connect,
            _Phase.GO_AHEAD: timeouts.go_ahead,
            _Phase.ANSWER: timeouts.answer,
            _Phase.READING: timeouts.answer,
        }
        self._after_headers = _Phase.GO_AHEAD if expect else _Phase.ANSWER
        self._phase = _Phase.QUEUE
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
        phase, self._phase = self._phase, _Phase.READING
        try:
            await self._timeout.__aexit__(exc_type, exc, traceback)
        except TimeoutError:
            if phase is _Phase.GO_AHEAD:
                raise _NoGoAheadError from None
            raise

    def enter(self, phase: _Phase) -> None:
        """Start the phase's limit. Reading the answer is the last one."""
        if self._phase is _Phase.READING or self._timeout.expired():
            return
        self._phase = phase
        limit = self._limits.get(phase)
        now = asyncio.get_running_loop().time()
        self._timeout.reschedule(None if limit is None else now + limit)

    def headers_sent(self) -> None:
        """Go on to what follows the request's headers."""
        self.enter(self._after_headers)


class _Upload:
    """The request's body: the header once, then the audio as it comes.

    Not a generator: aiohttp drops it unfinished when the answer comes early, and a
    dropped asynchronous generator is only closed when it's collected.
    """

    def __init__(
        self, audio: AsyncIterable[bytes], header: bytes, watch: _Watch, meter: Meter | None
    ) -> None:
        self._audio = aiter(audio)
        self._header = header
        self._watch = watch
        self._meter = meter
        self._writer: asyncio.Task[Any] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Wait for the person without a limit; the service has one to take what they said."""
        if not self._writer and (writer := asyncio.current_task()):
            self._writer = writer
            writer.add_done_callback(_retrieve_error)
            if self._meter:
                self._meter.count_request()
        if self._header:
            header, self._header = self._header, b""
            return header
        self._watch.enter(_Phase.LISTEN)
        try:
            block = await anext(self._audio)
        finally:
            self._watch.enter(_Phase.ANSWER)
        if self._meter:
            self._meter.count_audio(len(block))
        return block


def _retrieve_error(writer: asyncio.Task[Any]) -> None:
    """Look at the error of aiohttp's writer, which nobody does if the body's end can't be sent.

    The request fails by the broken connection itself; asyncio would log the same once more.
    """
    if not writer.cancelled():
        writer.exception()


def _recognition(body: bytes, connection_id: str) -> Recognition:
    """Read a 200 answer; raises InvalidAnswerError, or ResponseError for its own errors."""
    try:
        answer = json.loads(body)
        name = answer["RecognitionStatus"]
    except (ValueError, TypeError, KeyError, RecursionError) as err:
        msg = f"The answer is not the Speech service's ({type(err).__name__})"
        raise InvalidAnswerError(msg, connection_id=connection_id) from None
    if not isinstance(name, str) or not _STATUS.fullmatch(name):
        name = "something unknown"
    if name not in RecognitionStatus:
        msg = f"The service answered {name}"
        raise ResponseError(
            msg,
            status=_ERROR_STATUSES.get(name, HTTPStatus.INTERNAL_SERVER_ERROR),
            connection_id=connection_id,
        )
    return Recognition.from_answer(answer, RecognitionStatus(name), connection_id)


def _trace_config() -> TraceConfig:
    """Return a configuration that tells a request's _Watch how far it has come."""

    async def connecting(_: ClientSession, context: SimpleNamespace, __: object) -> None:
        if isinstance(context.trace_request_ctx, _Watch):
            context.trace_request_ctx.enter(_Phase.CONNECT)

    async def headers_sent(_: ClientSession, context: SimpleNamespace, __: object) -> None:
        if isinstance(context.trace_request_ctx, _Watch):
            context.trace_request_ctx.headers_sent()

    config = TraceConfig()
    config.on_connection_create_start.append(connecting)
    config.on_request_headers_sent.append(headers_sent)
    return config


TRACE_CONFIG: Final = _trace_config()
"""What a session is made with (`trace_configs=[TRACE_CONFIG]`) to be used by a SpeechClient:
aiohttp has no other way to tell connecting from waiting for `100 Continue`."""
