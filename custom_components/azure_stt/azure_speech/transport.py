"""The transport: size limits, and errors with their reasons."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
import json
from math import isfinite
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
    InvalidRequestError,
    NetworkRulesError,
    OtherHostError,
    QuotaExceededError,
    ResponseError,
    SpeechConnectionError,
    SpeechTimeoutError,
    UnexplainedRequestError,
    UnknownHostError,
)

MAX_ANSWER_SIZE: Final = 1024 * 1024
"""Bytes that an answer may have; the service's are a few kilobytes."""

NO_TIMEOUT: Final = ClientTimeout(total=None, sock_connect=None)
"""aiohttp's own limits are off, because each request's RequestTimeout knows its phases."""

RETRY_AFTER_MAX: Final = 60.0
"""Seconds that a Retry-After counts for at most. A day would silence a home while its resource
looks healthy."""

# Azure's own words for a 400 that a retry can't help.
# https://github.com/MicrosoftDocs/azure-docs/issues/23489
# https://github.com/Azure-Samples/cognitive-services-speech-sdk/issues/387
_KNOWN_REQUEST_ERRORS: Final = ("invalid cid or language", "unsupported audio format", "no audio")
QUOTA: Final = "quota"
"""The word for a used-up quota in the service's messages."""
# https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
_NETWORK: Final = ("virtual network", "firewall", "private endpoint", "public access")
HINTS: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "the request was refused: language, audio format or custom endpoint id",
    HTTPStatus.UNAUTHORIZED: "the credentials were refused",
    HTTPStatus.FORBIDDEN: "forbidden: the quota is used up, or network rules keep this caller out",
    HTTPStatus.NOT_FOUND: "nothing there: wrong address",
    HTTPStatus.REQUEST_TIMEOUT: "no audio arrived in time",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests at once",
}
"""The probable cause of a refused recognition."""

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
        # Neither its text, which can quote the host's answer, nor itself: it can hold the
        # request's headers.
        msg = f"The connection to {host} failed ({type(err).__name__})"
        raise SpeechConnectionError(msg, connection_id=connection_id) from None


async def read_answer(
    response: ClientResponse, connection_id: str | None = None, max_size: int = MAX_ANSWER_SIZE
) -> bytes:
    """Return the answer's body; raises InvalidAnswerError past a number of bytes."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > max_size:
            msg = "The answer is too large"
            raise InvalidAnswerError(msg, connection_id=connection_id)
    return bytes(body)


def response_kind(status: int, detail: str) -> type[ResponseError]:
    """Return the kind of error for a status and the service's message in lowercase."""
    kind: type[ResponseError] = ResponseError
    match status:
        case HTTPStatus.BAD_REQUEST:
            known = any(reason in detail for reason in _KNOWN_REQUEST_ERRORS)
            kind = InvalidRequestError if known else UnexplainedRequestError
        case HTTPStatus.UNAUTHORIZED:
            kind = AuthenticationError
        case HTTPStatus.FORBIDDEN:
            rules = any(reason in detail for reason in _NETWORK)
            kind = NetworkRulesError if rules else QuotaExceededError
        case HTTPStatus.TOO_MANY_REQUESTS if QUOTA in detail:
            kind = QuotaExceededError
        case HTTPStatus.NOT_FOUND:
            kind = OtherHostError
    return kind


def response_error(
    response: ClientResponse,
    body: bytes,
    connection_id: str | None = None,
    hints: Mapping[int, str] = HINTS,
    kind_of: Callable[[int, str], type[ResponseError]] = response_kind,
) -> ResponseError:
    """Return the error for a response whose status isn't 200; the hints name the cause."""
    status = response.status
    detail = _service_message(body)
    trouble = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    hint = hints.get(status, "the service has trouble" if trouble else "not what it answers")
    message = f"HTTP {status}, {hint} ({detail})" if detail else f"HTTP {status}, {hint}"
    retry_after = _retry_after(response.headers.get(RETRY_AFTER))
    kind = kind_of(status, detail.lower())
    if kind is UnexplainedRequestError:
        return kind(message, retry_after=retry_after, connection_id=connection_id)
    return kind(
        message,
        status=status,
        explained=bool(detail),
        retry_after=retry_after,
        connection_id=connection_id,
    )


def _service_message(body: bytes) -> str:
    """Return the service's message about its refusal, shortened and without secrets.

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
    """Return seconds from a Retry-After header (a number or an HTTP date), at most a minute."""
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
    return min(max(0.0, seconds), RETRY_AFTER_MAX) if isfinite(seconds) else None
