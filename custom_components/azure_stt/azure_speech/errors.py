"""What can go wrong between us and Azure.

No error carries the key, a token or what was said; each knows whether trying the
same audio again can help.
"""

from http import HTTPStatus
from typing import Final

_RETRYABLE_STATUSES: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class SpeechError(Exception):
    """Anything that kept an utterance from being recognised.

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
        """Keep what the caller needs to decide what follows."""
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
    """The host's TLS certificate is not valid for it: something stands in between."""


class InvalidAnswerError(SpeechError):
    """An answer that isn't the service's: not JSON, cut off, or larger than 1 MiB."""

    retryable = True


class ResponseError(SpeechError):
    """The service refused the request with an HTTP status, or its equal in the answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        retry_after: float | None = None,
        connection_id: str | None = None,
    ) -> None:
        """Decide from the HTTP status whether trying again can help."""
        super().__init__(message, retry_after=retry_after, connection_id=connection_id)
        self.status = status
        self.retryable = status in _RETRYABLE_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR


class AuthenticationError(ResponseError):
    """401: a wrong key, a key of another region, or Entra credentials that are refused."""


class QuotaExceededError(ResponseError):
    """403: the free tier's hours are used up, or the network rules forbid this caller.

    Azure answers 403 also to a request without a key, which this client never sends.
    """
