"""Credentials: a resource key, or Microsoft Entra ID.

https://learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short#authentication
"""

from abc import ABC, abstractmethod
import asyncio
from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPStatus
import json
import logging
from time import monotonic
from typing import Final, override

from aiohttp import ClientSession
from yarl import URL

from .endpoints import is_region
from .errors import AuthenticationError, InvalidAnswerError, ResponseError, SpeechError
from .transport import HINTS, NO_TIMEOUT, read_answer, response_error, transport_errors

_LOGGER = logging.getLogger(__name__)

TOKEN_TIMEOUT: Final = 3.0
"""Seconds for a token: past them the key itself, or an error, is the better answer."""

KEY_HEADER: Final = "Ocp-Apim-Subscription-Key"

# "Each access token is valid for 10 minutes … we recommend using the same token for
# nine minutes."
_ISSUED_TOKEN_LIFE: Final = 9 * 60.0

# A token past this share of its life is renewed during an utterance that uses it.
_RENEW_AT: Final = 2 / 3

# Seconds for which the key is used without a token after a token has failed.
_KEY_ALONE: Final = 5 * 60.0

# Seconds before Entra's own expiry: clocks differ and an upload takes up to a minute.
_ENTRA_MARGIN: Final = 120.0

# Seconds for which credentials stay confirmed, so that a throttled retry asks for no new token.
_CONFIRMED: Final = 5.0

_TOKEN_MAX_LENGTH: Final = 16 * 1024

# An unknown tenant or app is a 400, a wrong secret a 401:
# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_HINTS: Final = {**HINTS, HTTPStatus.BAD_REQUEST: HINTS[HTTPStatus.UNAUTHORIZED]}


@dataclass(frozen=True, slots=True)
class Authorization:
    """The one header that authorizes a request."""

    header: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    issued_at: float
    renew_at: float
    expires_at: float

    @classmethod
    def issued_now(cls, value: object, life: float) -> _Token:
        """Return a token that is used for `life` seconds; refuse text that can't be one."""
        if (
            not isinstance(value, str)
            or not 0 < len(value) <= _TOKEN_MAX_LENGTH
            or not all("!" <= char <= "~" for char in value)
        ):
            msg = "The token service's answer is not a token"
            raise InvalidAnswerError(msg)
        now = monotonic()
        return cls(value, issued_at=now, renew_at=now + _RENEW_AT * life, expires_at=now + life)


class Credential(ABC):
    """Authorizes requests, with a token that is kept while it's good.

    A token is requested only when a request needs one, and once for all requests at the
    same time: an idle home requests none.
    """

    def __init__(self, session: ClientSession, token_url: URL) -> None:
        """Use the session for the token's requests."""
        self.token_url: Final = token_url
        self._session = session
        self._token: _Token | None = None
        self._lock = asyncio.Lock()
        self._issued_at = self._confirmed_at = float("-inf")
        self._failure: tuple[float, SpeechError] | None = None

    async def authorizations(self) -> AsyncGenerator[Authorization]:
        """Yield authorizations in order of preference. Request the next one only after a 401.

        Raises a SpeechError if the token service fails.
        """
        async with aclosing(self._tokens()) as tokens:
            async for token in tokens:
                yield self._bearer(token)

    @abstractmethod
    def plain_authorizations(self) -> AsyncGenerator[Authorization]:
        """Yield authorizations like `authorizations`, for fast transcription.

        Its documentation names the key and Entra's own token only.
        """

    async def _tokens(self) -> AsyncGenerator[_Token]:
        """Yield the token that is kept, and a new one if it's refused."""
        if token := self._good_token():
            yield token
            if monotonic() - self._confirmed_at < _CONFIRMED:
                return
            self._discard(token)
        token = await self._new_token()
        yield token
        self._discard(token)

    async def confirm(self) -> bool:
        """Return whether the credentials are good, by asking for a token.

        A 401 without a reason can be a throttle, an expired token or a revoked key. Only the
        token service tells; if it doesn't answer, the credentials count as good.
        """
        if monotonic() - self._issued_at >= _CONFIRMED:
            try:
                await self._new_token(force=True)
            except AuthenticationError:
                return False
            except SpeechError as err:
                _LOGGER.debug("The credentials can't be confirmed: %s", err)
                return True
        self._confirmed_at = monotonic()
        return True

    @property
    def token_age(self) -> float | None:
        """Seconds since the token that is kept was issued; None if there's none."""
        token = self._good_token()
        return None if token is None else monotonic() - token.issued_at

    async def region(self) -> str | None:
        """Return the region that the token's claims name; None if they don't.

        A custom domain's token is good at that region's host. Raises a SpeechError if no
        token can be had.
        """
        token = self._good_token() or await self._new_token()
        return _region_claim(token.value)

    @property
    def renewal_due(self) -> bool:
        """Whether the token is good but so old that its use should renew it."""
        token = self._good_token()
        return token is not None and token.renew_at <= monotonic()

    async def renew(self) -> None:
        """Replace the token, unless that is under way; a failure leaves the old one."""
        if self._lock.locked():
            return
        async with self._lock:
            try:
                self._token = await self._fetch_token()
            except SpeechError as err:
                _LOGGER.debug("The token was not renewed: %s", err)

    @abstractmethod
    async def _fetch_token(self) -> _Token:
        """Ask for a token; raises a SpeechError."""

    @abstractmethod
    def _bearer(self, token: _Token) -> Authorization:
        """Return the header that carries a token."""

    def _good_token(self) -> _Token | None:
        token = self._token
        return token if token and monotonic() < token.expires_at else None

    def _discard(self, refused: _Token) -> None:
        """Forget a token, unless another has taken its place meanwhile."""
        if self._token is refused:
            self._token = None

    async def _new_token(self, *, force: bool = False) -> _Token:
        asked_at = monotonic()
        async with self._lock:
            if (token := self._good_token()) and (not force or token.issued_at >= asked_at):
                return token
            if self._failure and self._failure[0] >= asked_at:
                raise self._failure[1]
            try:
                self._token = await self._fetch_token()
            except SpeechError as err:
                self._failure = monotonic(), err
                raise
            self._issued_at = self._token.issued_at
            return self._token

    async def _post(self, url: URL, *, headers: Mapping[str, str], data: object) -> bytes:
        """Return a token service's answer; raises a SpeechError."""
        with transport_errors(url.host or ""):
            async with (
                asyncio.timeout(TOKEN_TIMEOUT),
                self._session.post(
                    url, headers=headers, data=data, allow_redirects=False, timeout=NO_TIMEOUT
                ) as response,
            ):
                body = await read_answer(response)
        if response.status != HTTPStatus.OK:
            raise response_error(response, body, hints=_HINTS)
        return body


class KeyCredential(Credential):
    """A resource key: first a token by `issueToken`, then the key itself.

    A token is good only on the kind of host that issued it, the key on all of them. So
    the key goes when the token service fails, or when even a new token is refused.
    """

    def __init__(self, session: ClientSession, token_url: URL, key: str) -> None:
        """Take either key of a Speech or multi-service resource."""
        super().__init__(session, token_url)
        self._key = clean_key(key)
        self._key_alone_until = 0.0

    @override
    async def authorizations(self) -> AsyncGenerator[Authorization]:
        if not self._key:
            return
        if monotonic() >= self._key_alone_until:
            try:
                async with aclosing(super().authorizations()) as tokens:
                    async for authorization in tokens:
                        yield authorization
            except SpeechError as err:
                _LOGGER.debug("The key goes without a token: %s", err)
            self._key_alone_until = monotonic() + _KEY_ALONE
        yield Authorization(KEY_HEADER, self._key)

    @override
    async def plain_authorizations(self) -> AsyncGenerator[Authorization]:
        if self._key:
            yield Authorization(KEY_HEADER, self._key)

    @override
    async def _fetch_token(self) -> _Token:
        body = await self._post(
            self.token_url,
            headers={
                KEY_HEADER: self._key,
                "Content-Type": "application/x-www-form-urlencoded",
            },
            data=b"",
        )
        return _Token.issued_now(body.decode("utf-8", "replace"), _ISSUED_TOKEN_LIFE)

    @override
    def _bearer(self, token: _Token) -> Authorization:
        return Authorization("Authorization", f"Bearer {token.value}")


class EntraCredential(Credential):
    """Microsoft Entra's client credentials, for a resource with a custom domain.

    https://learn.microsoft.com/azure/ai-services/speech-service/how-to-configure-azure-ad-auth
    """

    def __init__(
        self,
        session: ClientSession,
        token_url: URL,
        scope: str,
        *,
        client_id: str,
        client_secret: str,
        resource_id: str,
    ) -> None:
        """Take an app registration and the Speech resource's id (`/subscriptions/…`)."""
        super().__init__(session, token_url)
        self._form = {
            "grant_type": "client_credentials",
            "client_id": _one_line(client_id),
            "client_secret": _one_line(client_secret),
            "scope": scope,
        }
        self._resource_id = _one_line(resource_id)

    @override
    async def plain_authorizations(self) -> AsyncGenerator[Authorization]:
        async with aclosing(self._tokens()) as tokens:
            async for token in tokens:
                yield Authorization("Authorization", f"Bearer {token.value}")

    @override
    async def _fetch_token(self) -> _Token:
        try:
            body = await self._post(self.token_url, headers={}, data=self._form)
        except ResponseError as err:
            if err.status != HTTPStatus.BAD_REQUEST:
                raise
            raise AuthenticationError(str(err), status=err.status) from err
        try:
            answer = json.loads(body)
            value, life = answer["access_token"], float(answer["expires_in"])
        except ValueError, TypeError, KeyError, OverflowError, RecursionError:
            # Not from the error: it can hold the answer, and so the token.
            msg = "The token service's answer is not a token"
            raise InvalidAnswerError(msg) from None
        return _Token.issued_now(value, life - _ENTRA_MARGIN)

    @override
    def _bearer(self, token: _Token) -> Authorization:
        return Authorization("Authorization", f"Bearer aad#{self._resource_id}#{token.value}")


def _region_claim(token: str) -> str | None:
    """Return the `region` claim of a JWT, if it can be a region's name."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        region = claims["region"]
    except ValueError, IndexError, KeyError, TypeError, RecursionError:
        return None
    return region if isinstance(region, str) and is_region(region) else None


def clean_key(key: str) -> str:
    """Return a key without the spaces, line ends and marks that were pasted along with it."""
    return "".join(char for char in key if "!" <= char <= "~")


def _one_line(text: str) -> str:
    """Return a text without line ends, marks and characters that can't be encoded."""
    return "".join(filter(str.isprintable, text)).strip()
