"""Fast transcription: a whole recording in one request, with words to expect.

https://learn.microsoft.com/azure/ai-services/speech-service/fast-transcription-create
https://learn.microsoft.com/rest/api/speechtotext/transcriptions/transcribe
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from http import HTTPStatus
import json
import re
from typing import Final, Protocol
from uuid import uuid4

from aiohttp import ClientResponse, ClientSession
from aiohttp.hdrs import CONTENT_LENGTH, CONTENT_TYPE

from .credentials import Authorization, Credential
from .endpoints import Endpoint
from .errors import AuthenticationError, InvalidAnswerError, ThrottledError
from .transcription import AudioFile, Transcription, TranscriptionOptions
from .transcription_errors import refusal
from .transport import NO_TIMEOUT, read_answer, transport_errors
from .upload import TRACE_CONFIG, Body, NoContinueError, Phase, RequestTimeout, Timeouts, Upload

ANSWER_MAX_SIZE: Final = 8 * 1024 * 1024
"""Bytes that an answer may have. Two hours of fast speech have about four megabytes."""

LONGEST: Final = 2 * 60 * 60.0
"""Seconds that a recording may have, according to Microsoft."""

# Seconds for the server to take a block, or to begin its answer to a short recording.
_PATIENCE: Final = 30.0

# Microsoft: a file of 20 minutes is transcribed in less than one.
_FASTER_THAN_REAL_TIME: Final = 10

# Bytes from which an upload waits for `100 Continue`, as curl does: a refused recording of
# hundreds of megabytes isn't sent, and a short one loses no round trip.
_EXPECT_FROM: Final = 1024 * 1024

_REQUEST_ID: Final = "apim-request-id"
_SENT_ID: Final = "x-ms-client-request-id"
_ID: Final = re.compile(r"[0-9A-Fa-f-]{32,36}")


class TranscriptionMeter(Protocol):
    """A counter of the audio sent to fast transcription, even if the request fails."""

    def count_request(self) -> None:
        """Count a request whose upload begins."""

    def count_seconds(self, seconds: float) -> None:
        """Count seconds of audio; a negative number corrects an estimate."""


class FastTranscriber:
    """Transcribes whole recordings with one Azure resource."""

    def __init__(
        self,
        session: ClientSession,
        endpoint: Endpoint,
        credential: Credential,
        timeouts: Timeouts = Timeouts(answer=_PATIENCE),  # noqa: B008 - it is immutable
        meter: TranscriptionMeter | None = None,
    ) -> None:
        """Use a session that was made with `trace_configs=[TRACE_CONFIG]`.

        `timeouts.answer` counts for a block of the upload, and for the answer with a tenth of
        the recording's length in addition. Raises ValueError for another session.
        """
        if TRACE_CONFIG not in session.trace_configs:
            msg = "The session was not made with TRACE_CONFIG"
            raise ValueError(msg)
        self.endpoint: Final = endpoint
        self.credential: Final = credential
        self._session = session
        self._timeouts = timeouts
        self._meter = meter

    async def transcribe(
        self,
        audio: AudioFile,
        options: TranscriptionOptions,
        meter: TranscriptionMeter | None = None,
    ) -> Transcription:
        """Return the text of a recording, which is sent as it comes.

        Its source is opened again if the request has to be repeated: with another
        authorization, or without `Expect`. `meter` counts this call, as the client's own does.
        Raises the source's own error, or a SpeechError: LocaleNotOfferedError and
        ServiceNotOfferedError if another recording won't help, AuthenticationError when
        every authorization was refused.
        """
        meters = [each for each in (self._meter, meter) if each]
        refused: AuthenticationError | None = None
        async with aclosing(self.credential.plain_authorizations()) as authorizations:
            async for authorization in authorizations:
                try:
                    return await self._send(audio, options, authorization, meters)
                except AuthenticationError as err:
                    refused = err
        if refused is None:
            msg = "There are no credentials"
            raise AuthenticationError(msg, status=HTTPStatus.UNAUTHORIZED)
        if not refused.explained and await self.credential.confirm():
            msg = "HTTP 401, without a reason, though the credentials are good"
            raise ThrottledError(msg, connection_id=refused.connection_id) from refused
        raise refused

    async def _send(
        self,
        audio: AudioFile,
        options: TranscriptionOptions,
        authorization: Authorization,
        meters: list[TranscriptionMeter],
    ) -> Transcription:
        """Send the recording once; a second time without `Expect` if no 100 comes."""
        if audio.size is None or audio.size >= _EXPECT_FROM:
            try:
                return await self._post(audio, options, authorization, meters, expect=True)
            except NoContinueError:
                pass
        return await self._post(audio, options, authorization, meters, expect=False)

    async def _post(
        self,
        audio: AudioFile,
        options: TranscriptionOptions,
        authorization: Authorization,
        meters: list[TranscriptionMeter],
        *,
        expect: bool,
    ) -> Transcription:
        url = self.endpoint.transcription_url
        form = _Form(audio, options)
        request_id = str(uuid4())
        timeout = RequestTimeout(self._timeouts, expect=expect)
        count = _Count(meters, audio.bytes_per_second)
        body = _Body(audio, form.end, timeout, count, self._answer_limit(audio))
        upload = Upload(body, form.start, timeout, [count], grace=0.0)
        with upload.source_errors(), transport_errors(url.host or "", request_id):
            async with (
                timeout,
                self._session.post(
                    url,
                    data=Body(upload),
                    headers={
                        **form.headers,
                        "Accept": "application/json",
                        _SENT_ID: request_id,
                        authorization.header: authorization.value,
                    },
                    expect100=expect,
                    allow_redirects=False,
                    timeout=NO_TIMEOUT,
                    trace_request_ctx=timeout,
                ) as response,
            ):
                timeout.enter(Phase.READING)
                request_id = _request_id(response) or request_id
                answer = await read_answer(response, request_id, ANSWER_MAX_SIZE)
        if response.status != HTTPStatus.OK:
            raise refusal(response, answer, request_id)
        transcription = await asyncio.to_thread(_transcription, answer, request_id)
        count.settle(transcription.duration)
        return transcription

    def _answer_limit(self, audio: AudioFile) -> float:
        """Return the seconds from the upload's end to the answer."""
        seconds = LONGEST
        if audio.size is not None and audio.bytes_per_second:
            seconds = min(LONGEST, audio.size / audio.bytes_per_second)
        return self._timeouts.answer + seconds / _FASTER_THAN_REAL_TIME


class _Form:
    """The `multipart/form-data` around a recording."""

    def __init__(self, audio: AudioFile, options: TranscriptionOptions) -> None:
        boundary = uuid4().hex
        self.start = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="definition"\r\n'
            f"Content-Type: application/json\r\n\r\n{options.definition()}\r\n"
            f'--{boundary}\r\nContent-Disposition: form-data; name="audio";'
            f' filename="audio.{audio.format.value}"\r\n'
            f"Content-Type: {audio.format.content_type}\r\n\r\n"
        ).encode()
        self.end = f"\r\n--{boundary}--\r\n".encode()
        self.headers: dict[str, str] = {CONTENT_TYPE: f"multipart/form-data; boundary={boundary}"}
        # Without it aiohttp sends chunks.
        if audio.size is not None:
            length = len(self.start) + audio.size + len(self.end)
            self.headers[CONTENT_LENGTH] = str(length)


class _Count:
    """Counts a request: seconds as they are sent, corrected by the answer."""

    def __init__(self, meters: list[TranscriptionMeter], bytes_per_second: float | None) -> None:
        self._meters = meters
        self._bytes_per_second = bytes_per_second
        self._seconds = 0.0

    def count_request(self) -> None:
        for meter in self._meters:
            meter.count_request()

    def count(self, audio: int, sent: int) -> None:
        """Ignore the bytes, which include the form around the recording."""

    def count_recording(self, size: int) -> None:
        if self._bytes_per_second:
            self._add(size / self._bytes_per_second)

    def settle(self, duration: float | None) -> None:
        """Take the answer's duration, which Azure bills."""
        if duration is not None:
            self._add(min(duration, LONGEST) - self._seconds)

    def _add(self, seconds: float) -> None:
        self._seconds += seconds
        for meter in self._meters:
            meter.count_seconds(seconds)


class _Body:
    """The recording and the form's end. After it, the answer has another time limit."""

    def __init__(
        self,
        audio: AudioFile,
        end: bytes,
        timeout: RequestTimeout,
        count: _Count,
        answer_limit: float,
    ) -> None:
        self._blocks = aiter(audio.open())
        self._end = end
        self._timeout = timeout
        self._count = count
        self._answer_limit = answer_limit

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            block = await anext(self._blocks)
        except StopAsyncIteration:
            if not self._end:
                raise
            end, self._end = self._end, b""
            self._timeout.extend_answer(self._answer_limit)
            return end
        self._count.count_recording(len(block))
        return block


def _request_id(response: ClientResponse) -> str | None:
    """Return the id that the service gave the request, if it looks like one."""
    request_id = response.headers.get(_REQUEST_ID, "")
    return request_id if _ID.fullmatch(request_id) else None


def _transcription(body: bytes, request_id: str) -> Transcription:
    """Read a 200 answer; raises InvalidAnswerError."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as err:
        msg = f"The answer is not fast transcription's ({type(err).__name__})"
        raise InvalidAnswerError(msg, connection_id=request_id) from None
    if not isinstance(answer, dict) or not isinstance(answer.get("phrases"), list):
        msg = "The answer is not fast transcription's"
        raise InvalidAnswerError(msg, connection_id=request_id)
    return Transcription.from_answer(answer, request_id)
