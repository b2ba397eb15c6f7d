"""Fast transcription's refusals: `{"code": …, "message": …, "innerError": {"code": …}}`.

https://learn.microsoft.com/rest/api/speechtotext/transcriptions/transcribe
"""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
import json
from typing import Final

from aiohttp import ClientResponse

from .errors import (
    InvalidRequestError,
    LocaleNotOfferedError,
    QuotaExceededError,
    ResponseError,
    ServiceNotOfferedError,
    UnexplainedRequestError,
)
from .fields import mapping, text
from .transport import QUOTA, response_error, response_kind

# Azure's codes. InvalidSubscription is known from the same interface's batch transcription.
# https://github.com/Azure-Samples/cognitive-services-speech-sdk/issues/1307
_LOCALE_CODES: Final = frozenset({"InvalidLocale"})
_TIER_CODES: Final = frozenset({"InvalidSubscription"})

_ABOUT_THE_FILE: Final = frozenset(
    {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
_NOT_THERE: Final = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE}
)
_HINTS: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "the request was refused: language, tier or audio format",
    HTTPStatus.UNAUTHORIZED: "the credentials were refused",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "there is no fast transcription",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the recording is too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "the recording can't be read",
    HTTPStatus.UNPROCESSABLE_ENTITY: "the recording can't be read",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests at once",
}


def refusal(response: ClientResponse, body: bytes, request_id: str) -> ResponseError:
    """Return the error for a response whose status isn't 200."""
    return response_error(response, body, request_id, _HINTS, partial(_kind, _codes(body)))


def _codes(body: bytes) -> frozenset[str]:
    """Return the codes in a refusal: its own, and that of its `innerError`."""
    try:
        told = mapping(json.loads(body))
    except ValueError, RecursionError:
        return frozenset()
    codes = (text(told.get("code")), text(mapping(told.get("innerError")).get("code")))
    return frozenset(filter(None, codes))


def _kind(codes: frozenset[str], status: int, detail: str) -> type[ResponseError]:
    """Return the kind of error for a refusal's codes, status and message in lowercase."""
    kind = response_kind(status, detail)
    if status == HTTPStatus.BAD_REQUEST:
        kind = InvalidRequestError if codes else UnexplainedRequestError
        if codes & _LOCALE_CODES:
            kind = LocaleNotOfferedError
    elif status in _ABOUT_THE_FILE:
        kind = InvalidRequestError
    forbidden = kind is QuotaExceededError and QUOTA not in detail
    if forbidden or codes & _TIER_CODES or status in _NOT_THERE or status < HTTPStatus.BAD_REQUEST:
        kind = ServiceNotOfferedError
    return kind
