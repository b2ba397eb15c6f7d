"""Errors of the client.

None of them holds a key, a token or spoken words. Each says whether trying the same audio again
can help.
"""

from http import HTTPStatus
from typing import ClassVar, Final

_RETRYABLE_STATUSES: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class SpeechError(Exception):
    """The base of all errors that keep an utterance from being recognized.

    `retryable` says whether the same request may succeed later, `retry_after` how
    many seconds the service asks to wait, `connection_id` is the request's
    X-ConnectionId: 32 hex digits that Microsoft's support can look up.
    """

    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        connection_id: str | None = None,
    ) -> None:
        """Keep the details by which the caller decides how to go on."""
        super().__init__(message)
        self.retry_after = retry_after
        self.connection_id = connection_id


class InvalidEndpointError(SpeechError, ValueError):
    """A region or an endpoint that can't be an Azure Speech resource's."""


class SpeechConnectionError(SpeechError):
    """The host could not be reached, or the connection broke."""

    retryable = True


class SpeechTimeoutError(SpeechConnectionError):
    """Connecting, or the answer after the end of speech, took too long."""


class UnknownHostError(SpeechConnectionError):
    """The host's name does not exist, which is how Azure refuses an unknown region."""


class CertificateError(SpeechConnectionError):
    """The host's TLS certificate is not valid for it, as with a proxy in between."""


class InvalidAnswerError(SpeechError):
    """An answer that isn't the service's: not JSON, cut off, or larger than it may be."""

    retryable = True


class ResponseError(SpeechError):
    """The service refused the request with an HTTP status, or its equal in the answer.

    `explained` says that the answer had a message of the service's.
    """

    is_final: ClassVar[bool] = False
    """Whether no status of this kind is worth a retry."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        explained: bool = False,
        retry_after: float | None = None,
        connection_id: str | None = None,
    ) -> None:
        """Decide from the HTTP status whether trying again can help."""
        super().__init__(message, retry_after=retry_after, connection_id=connection_id)
        self.status = status
        self.explained = explained
        self.retryable = not self.is_final and (
            status in _RETRYABLE_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )


class AuthenticationError(ResponseError):
    """401: a wrong key, a key of another region, or Entra credentials that are refused."""


class ThrottledError(ResponseError):
    """401 although the credentials are good: the service may refuse too many requests like this.

    One account of 4,513 requests saw it; Microsoft doesn't document it.
    """

    def __init__(self, message: str, *, connection_id: str | None = None) -> None:
        """Initialize as retryable."""
        super().__init__(
            message, status=HTTPStatus.UNAUTHORIZED, retry_after=None, connection_id=connection_id
        )
        self.retryable = True


class InvalidRequestError(ResponseError):
    """400 with a known reason: language, audio format, or Custom Speech endpoint id."""


class LocaleNotOfferedError(InvalidRequestError):
    """400: fast transcription doesn't have this locale."""


class ServiceNotOfferedError(ResponseError):
    """The resource's tier, region or network has no fast transcription."""

    is_final = True


class UnexplainedRequestError(ResponseError):
    """400 with another reason. One account saw the same bytes accepted a moment later."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, connection_id: str | None = None
    ) -> None:
        """Initialize as retryable."""
        super().__init__(
            message,
            status=HTTPStatus.BAD_REQUEST,
            retry_after=retry_after,
            connection_id=connection_id,
        )
        self.retryable = True


class QuotaExceededError(ResponseError):
    """403 or 429: the month's quota is used up; or 403 without a reason.

    Azure answers 403 also to a request without a key, which this client never sends.
    """

    is_final = True


class NetworkRulesError(ResponseError):
    """403: the resource's network rules keep this caller out."""


class OtherHostError(ResponseError):
    """The resource isn't served at this host: 404, or a redirect that isn't followed."""

    is_final = True
