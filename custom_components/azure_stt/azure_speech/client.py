"""The client: one recognition, from its upload to its answer."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
import json
import logging
import re
from time import monotonic
from typing import Final
from uuid import uuid4

from aiohttp import ClientSession
from aiohttp.hdrs import LOCATION
from yarl import URL

from .answer import Recognition, RecognitionStatus
from .credentials import Authorization, Credential
from .endpoints import Endpoint
from .errors import (
    AuthenticationError,
    InvalidAnswerError,
    OtherHostError,
    ResponseError,
    SpeechConnectionError,
    SpeechError,
    ThrottledError,
)
from .request import AudioFormat, RecognitionOptions
from .transport import NO_TIMEOUT, read_answer, response_error, transport_errors
from .upload import (
    TRACE_CONFIG,
    Body,
    Encoder,
    Meter,
    NoContinueError,
    Phase,
    RequestTimeout,
    Timeouts,
    Upload,
)
from .wav import BYTES_PER_SECOND, wav_header

_LOGGER = logging.getLogger(__name__)

type AudioSource = Callable[[], AsyncIterable[bytes]]
"""Gives the audio from its beginning, each time it's called: 16 kHz 16-bit mono PCM
without a header. It may still be growing."""

# Statuses inside an answer that mean an HTTP status; known from Microsoft's
# JavaScript SDK but for Error, which is on the page. Others are taken for Error.
_ERROR_STATUSES: Final = {
    "BadRequest": HTTPStatus.BAD_REQUEST,
    "Forbidden": HTTPStatus.FORBIDDEN,
    "TooManyRequests": HTTPStatus.TOO_MANY_REQUESTS,
}

# Only these may be quoted: another host's answer can hold anything, even the request.
_STATUS: Final = re.compile(r"[A-Z][A-Za-z]{1,30}")

# Home Assistant Cloud's client takes 201 as well.
_SUCCESS: Final = {HTTPStatus.OK, HTTPStatus.CREATED}

# 303 asks for a GET.
_REDIRECTS: Final = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}
_REDIRECTS_MAX: Final = 3

# A host or proxy that ignored `Expect` isn't sent it again for this long.
_WITHOUT_CONTINUE: Final = 60 * 60.0

# Nor for this long after a connection broke, because a retry has waited enough.
_AFTER_A_BREAK: Final = 10.0

# Bytes of an answer that is parsed off the event loop: the service's have a few kilobytes, but a
# megabyte of phonemes takes most of a second.
_LONG_ANSWER: Final = 64 * 1024


class SpeechClient:
    """Recognizes speech with one Azure resource."""

    def __init__(
        self,
        session: ClientSession,
        endpoint: Endpoint,
        credential: Credential,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - it is immutable
        meter: Meter | None = None,
        opus: Callable[[], Encoder] | None = None,
        on_lag: Callable[[float], None] | None = None,
    ) -> None:
        """Use a session that was made with `trace_configs=[TRACE_CONFIG]`.

        `opus` begins an OGG/Opus file, for requests in that format. `on_lag` is called at the end
        of a WAV upload that fell behind a live voice, with the most seconds.
        Raises ValueError for another session: the limits follow its signals.
        """
        if TRACE_CONFIG not in session.trace_configs:
            msg = "The session was not made with TRACE_CONFIG"
            raise ValueError(msg)
        self.endpoint: Final = endpoint
        self.credential: Final = credential
        self._session = session
        self._timeouts = timeouts
        self._meter = meter
        self._opus = opus
        self._on_lag = on_lag
        self._expect_again_at = 0.0
        self._redirected: URL | None = None

    @property
    def host(self) -> str:
        """The host that is asked: the endpoint's own, or the one to which Azure redirects."""
        return (self._redirected or self.endpoint.recognition_url).host or ""

    async def recognize(
        self, audio: AudioSource, options: RecognitionOptions, meter: Meter | None = None
    ) -> Recognition:
        """Recognize the first utterance in the audio, which is sent as it comes.

        An answer is taken even if the audio goes on. The source is called again if the
        request has to be repeated: with another authorization, at the host that Azure
        redirects to, or without `Expect`. `meter` counts this call, as the client's own does.
        Raises a SpeechError, AuthenticationError when every authorization was refused, and
        ThrottledError when that happened although the credentials are good. An error of the
        source itself is raised as it is.
        """
        call = _Call(audio, options, [each for each in (self._meter, meter) if each])
        refused: AuthenticationError | None = None
        async with (
            self._renewing_token(),
            aclosing(self.credential.authorizations()) as authorizations,
        ):
            async for authorization in authorizations:
                try:
                    return await self._request(call, authorization)
                except AuthenticationError as err:
                    refused = err
        if refused is None:
            msg = "There are no credentials"
            raise AuthenticationError(msg, status=HTTPStatus.UNAUTHORIZED)
        if not refused.explained and await self.credential.confirm():
            msg = "HTTP 401, without a reason, though the credentials are good"
            raise ThrottledError(msg, connection_id=refused.connection_id) from refused
        raise refused

    async def check(self, language: str = "en-US") -> Recognition:
        """Prove the address and the credentials with a tiny recognition of silence.

        Returns its answer, and raises the errors of `recognize`.
        """

        async def silence() -> AsyncIterator[bytes]:
            yield bytes(BYTES_PER_SECOND // 5)

        return await self.recognize(silence, RecognitionOptions(language=language, detailed=False))

    @asynccontextmanager
    async def _renewing_token(self) -> AsyncIterator[None]:
        """Renew an old token during the utterance that uses it, and no longer than that."""
        if not self.credential.renewal_due:
            yield
            return
        renewal = asyncio.create_task(self.credential.renew())
        try:
            yield
        finally:
            renewal.cancel()
            await asyncio.wait([renewal])

    async def _request(self, call: _Call, authorization: Authorization) -> Recognition:
        """Send the audio to the resource's host, or to where Azure redirects it."""
        url = self._redirected or self.endpoint.recognition_url
        refused: _Redirect | None = None
        try:
            for _ in range(_REDIRECTS_MAX):
                try:
                    recognition = await self._send(call, authorization, url)
                except _Redirect as redirect:
                    refused = redirect
                    if (target := self.endpoint.follow(redirect.location)) is None:
                        break
                    url = target
                else:
                    self._redirected = url if url != self.endpoint.recognition_url else None
                    return recognition
        except SpeechError:
            self._redirected = None
            raise
        self._redirected = None
        status = refused.status if refused else HTTPStatus.LOOP_DETECTED
        msg = f"HTTP {status}, {self.endpoint.host} redirects to no host of Azure's speech service"
        raise OtherHostError(
            msg, status=status, connection_id=refused.connection_id if refused else None
        )

    async def _send(self, call: _Call, authorization: Authorization, url: URL) -> Recognition:
        """Send the audio once; a second time without `Expect` if no 100 comes."""
        if monotonic() >= self._expect_again_at:
            try:
                return await self._post(call, authorization, url, expect=True)
            except NoContinueError:
                _LOGGER.debug("%s sends no 100 Continue", url.host)
                self._expect_again_at = monotonic() + _WITHOUT_CONTINUE
            except SpeechConnectionError:
                self._expect_again_at = monotonic() + _AFTER_A_BREAK
                raise
        return await self._post(call, authorization, url, expect=False)

    async def _post(
        self, call: _Call, authorization: Authorization, url: URL, *, expect: bool
    ) -> Recognition:
        connection_id = uuid4().hex
        options = call.options
        timeout = RequestTimeout(self._timeouts, expect=expect)
        upload = self._upload(call, timeout)
        with (
            self._noting_lag(upload),
            upload.source_errors(),
            transport_errors(url.host or "", connection_id),
        ):
            async with (
                timeout,
                self._session.post(
                    url.update_query({**options.query(), "X-ConnectionId": connection_id}),
                    data=Body(upload),
                    headers={**options.headers(), authorization.header: authorization.value},
                    chunked=True,
                    expect100=expect,
                    allow_redirects=False,
                    timeout=NO_TIMEOUT,
                    trace_request_ctx=timeout,
                ) as response,
            ):
                timeout.enter(Phase.READING)
                body = await read_answer(response, connection_id)
        if response.status in _REDIRECTS and (location := response.headers.get(LOCATION)):
            raise _Redirect(location, response.status, connection_id)
        if response.status not in _SUCCESS:
            raise response_error(response, body, connection_id)
        if len(body) > _LONG_ANSWER:
            return await asyncio.to_thread(_recognition, body, connection_id)
        return _recognition(body, connection_id)

    def _upload(self, call: _Call, timeout: RequestTimeout) -> Upload:
        """Return the body of a request, in the format that its options say."""
        if call.options.audio_format is AudioFormat.WAV:
            return Upload(call.audio(), wav_header(), timeout, call.meters)
        if self._opus is None:
            msg = "The client has no encoder for Opus"
            raise ValueError(msg)
        return Upload(call.audio(), b"", timeout, call.meters, encoder=self._opus())

    @contextmanager
    def _noting_lag(self, upload: Upload) -> Iterator[None]:
        """Report an upload that fell behind, even if its request fails."""
        try:
            yield
        finally:
            if self._on_lag and upload.lag:
                self._on_lag(upload.lag)


@dataclass(frozen=True, slots=True)
class _Call:
    """The state of one call of `recognize`, which may send several requests."""

    audio: AudioSource = field(repr=False)
    options: RecognitionOptions
    meters: Sequence[Meter]


class _Redirect(Exception):  # noqa: N818 - it's no error
    """Azure sends the request to another host."""

    def __init__(self, location: str, status: int, connection_id: str) -> None:
        super().__init__()
        self.connection_id = connection_id
        self.location = location
        self.status = status


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
