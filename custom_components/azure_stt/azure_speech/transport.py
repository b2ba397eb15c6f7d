"""What every request to Azure has in common: limits, and errors that say what happened."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
import json
import re
from typing import Final

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorSSLError,
    ClientError,
    ClientResponse,
    ClientTimeout,
)
from aiohttp.hdrs import RETRY_AFTER

from .errors import (
    AuthenticationError,
    CertificateError,
    InvalidAnswerError,
    QuotaExceededError,
    ResponseError,
    SpeechConnectionError,
    SpeechTimeoutError,
    UnknownHostError,
)

MAX_ANSWER_SIZE: Final = 1024 * 1024
"""Bytes that an answer may have; the service's are a few kilobytes."""

NO_TIMEOUT: Final = ClientTimeout(total=None, sock_connect=None)
"""aiohttp's own limits are off: each request has ours, which know its phases."""

_ERRORS: Final[dict[int, type[ResponseError]]] = {
    HTTPStatus.UNAUTHORIZED: AuthenticationError,
    HTTPStatus.FORBIDDEN: QuotaExceededError,
}
HINTS: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "the request was refused: language, audio format or custom endpoint id",
    HTTPStatus.UNAUTHORIZED: "the credentials were refused",
    HTTPStatus.FORBIDDEN: "forbidden: the quota is used up, or network rules keep this caller out",
    HTTPStatus.NOT_FOUND: "nothing there: wrong address",
    HTTPStatus.REQUEST_TIMEOUT: "no audio arrived in time",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests at once",
}
"""What a refused recognition is probably due to."""

# Long runs of these could be a key or a token that a host sends back to us.
_SECRET = re.compile(r"[\w.+/=~-]{20,}")


@contextmanager
def transport_errors(host: str, connection_id: str | None = None) -> Iterator[None]:
    """Turn aiohttp's errors and a timeout into SpeechErrors that name the host."""
    try:
        yield
    except TimeoutError as err:
        msg = f"{host} did not answer in time"
        raise SpeechTimeoutError(msg, connection_id=connection_id) from err
    except ClientConnectorDNSError as err:
        msg = f"{host} was not found"
        raise UnknownHostError(msg, connection_id=connection_id) from err
    except (ClientConnectorCertificateError, ClientConnectorSSLError) as err:
        msg = f"{host} has no valid certificate"
        raise CertificateError(msg, connection_id=connection_id) from err
    except ClientError as err:
        # Neither its text, which can quote what the host sent, nor itself: it can hold the
        # request's headers.
        msg = f"The connection to {host} failed ({type(err).__name__})"
        raise SpeechConnectionError(msg, connection_id=connection_id) from None


async def read_answer(response: ClientResponse, connection_id: str | None = None) -> bytes:
    """Return the answer's body; raises InvalidAnswerError past MAX_ANSWER_SIZE."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_SIZE:
            msg = "The answer is too large"
            raise InvalidAnswerError(msg, connection_id=connection_id)
    return bytes(body)


def response_error(
    response: ClientResponse,
    body: bytes,
    connection_id: str | None = None,
    hints: Mapping[int, str] = HINTS,
) -> ResponseError:
    """Return the error for a response whose status isn't 200; the hints say what it's due to."""
    status = response.status
    kind = _ERRORS.get(status, ResponseError)
    trouble = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    hint = hints.get(status, "the service has trouble" if trouble else "not what it answers")
    message = f"HTTP {status}, {hint}"
    if detail := _service_message(body):
        message = f"{message} ({detail})"
    return kind(
        message,
        status=status,
        retry_after=_retry_after(response.headers.get(RETRY_AFTER)),
        connection_id=connection_id,
    )


def _service_message(body: bytes) -> str:
    """Return what the service says about its refusal, shortened and without secrets.

    Seen are {"error": {"message": …}}, {"error_description": …} and {"Message": …}.
    """
    try:
        answer = json.loads(body)
    except ValueError, RecursionError:
        return ""
    match answer:
        case (
            {"error": {"message": str(message)}}
            | {"error_description": str(message)}
            | {"message": str(message)}
            | {"Message": str(message)}
        ):
            # Masked before it's cut: the rest of a key would be too short to be known as one.
            masked = _SECRET.sub("…", message)[:200]
            return "".join(char if char.isprintable() else " " for char in masked).strip()
    return ""


def _retry_after(value: str | None) -> float | None:
    """Return seconds from a Retry-After header: a number or an HTTP date."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if seconds < float("inf") else None
