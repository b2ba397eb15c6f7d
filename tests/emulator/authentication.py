"""Keys and tokens: the credentials that each host accepts.

[doc] A key or a token is enough; issueToken wants an empty body of known length; without either a
request is answered 403.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
import json
import math
import secrets
import time
from typing import Final, NoReturn

from .answer import Answer, RefusedError, json_answer, refuse, refuse_bare
from .endpoints import CLOUDS, CUSTOM_AUDIENCE, Host, HostKind
from .profile import EntraHosts
from .settings import Settings, Tier

KEY_HEADER: Final = "Ocp-Apim-Subscription-Key"
_ENTRA_LIFE: Final = 3599.0


class Credential(StrEnum):
    """How a request proves whose it is."""

    KEY = "key"
    TOKEN = "token"
    ENTRA = "entra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose request it is."""

    account: str
    """The key, also when a token was issued for it; or the resource's id."""
    tier: Tier
    credential: Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    account: str
    audiences: frozenset[str]
    expires: float


class Authentication:
    """Issues tokens, and knows a request by its key or token."""

    def __init__(self, settings: Settings) -> None:
        """Use the settings' keys and clock."""
        self._settings = settings
        self._tokens: dict[str, _Token] = {}

    def expire_tokens(self) -> None:
        """Make every token that was issued up to now a bad one."""
        for name, token in self._tokens.items():
            self._tokens[name] = replace(token, expires=-math.inf)

    def issue_token(self, host: Host, headers: Mapping[str, str]) -> Answer:
        """Answer a request for a token. Raises `RefusedError` (401, 411, 400)."""
        key = headers.get(KEY_HEADER, "")
        if key in self._settings.revoked_keys:
            refuse_credential()
        self._check_key(host, key)
        length = headers.get("Content-Length")
        if length is None:
            refuse(HTTPStatus.LENGTH_REQUIRED, "Length Required")
        if length != "0":
            refuse(HTTPStatus.BAD_REQUEST, "The body must be empty")
        token = self._issue(key, host.audience, self._settings.token_life)
        return Answer(
            body=token.encode(), headers={"Content-Type": "application/jwt; charset=us-ascii"}
        )

    def issue_entra_token(self, host: Host, path: str, form: Mapping[str, str]) -> Answer:
        """Answer a request for client credentials. Raises `RefusedError` (400, 401).

        https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
        """
        application = self._settings.entra
        clouds = [host.cloud] if host.kind is HostKind.LOGIN else CLOUDS
        scopes = [f"https://cognitiveservices.azure.{cloud}/.default" for cloud in clouds]
        if path.split("/")[1] != application.tenant_id:
            _refuse_entra("invalid_request", 90002, "Tenant not found.")
        if form.get("grant_type") != "client_credentials":
            _refuse_entra("unsupported_grant_type", 70003, "The grant type isn't supported.")
        if form.get("client_id") != application.client_id:
            _refuse_entra("unauthorized_client", 700016, "Application not found.")
        if form.get("client_secret") != application.client_secret:
            _refuse_entra(
                "invalid_client", 7000215, "Invalid client secret.", HTTPStatus.UNAUTHORIZED
            )
        if form.get("scope") not in scopes:
            _refuse_entra("invalid_scope", 70011, "The provided scope isn't valid.")
        token = self._issue(application.resource_id, Credential.ENTRA, _ENTRA_LIFE)
        return json_answer(
            {"token_type": "Bearer", "expires_in": int(_ENTRA_LIFE), "access_token": token}
        )

    def identify(self, host: Host, headers: Mapping[str, str]) -> Identity:
        """Find out whose request it is.

        Raises `RefusedError`: 401 for a wrong key or token, 403 without either.
        """
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._identify_bearer(host, token)
        key = headers.get(KEY_HEADER)
        if not key:
            refuse(HTTPStatus.FORBIDDEN, "The authorization is missing.")
        self._check_revocation(key)
        self._check_key(host, key)
        return Identity(account=key, tier=self._settings.keys[key], credential=Credential.KEY)

    def identify_plain(self, host: Host, headers: Mapping[str, str]) -> Identity:
        """Find out whose request for fast transcription it is.

        [doc] A key, or the token of Microsoft Entra as it is. [?] Whether `aad#…` or an issued
        token is taken: not here. Raises `RefusedError` like `identify`.
        """
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return self.identify(host, headers)
        account = self._find_token(token, Credential.ENTRA)
        return Identity(account=account, tier=Tier.S0, credential=Credential.ENTRA)

    def _identify_bearer(self, host: Host, text: str) -> Identity:
        if text.startswith("aad#"):
            return self._identify_entra(host, text)
        account = self._find_token(text, host.audience)
        self._check_revocation(account)
        # A key that was deleted takes its tokens with it.
        if account not in self._settings.keys:
            refuse_bare(HTTPStatus.UNAUTHORIZED)
        tier = self._settings.keys[account]
        return Identity(account=account, tier=tier, credential=Credential.TOKEN)

    def _identify_entra(self, host: Host, text: str) -> Identity:
        _, _, rest = text.partition("#")
        resource_id, _, token = rest.partition("#")
        account = self._find_token(token, Credential.ENTRA)
        other = EntraHosts.CUSTOM if host.is_regional else EntraHosts.REGION
        if self._settings.entra_hosts is other or resource_id != account:
            refuse_credential()
        return Identity(account=account, tier=Tier.S0, credential=Credential.ENTRA)

    def _find_token(self, text: str, audience: str) -> str:
        """Return whose token it is.

        Raises `RefusedError`: 401, without a body for one that has expired [field].
        """
        token = self._tokens.get(text)
        if token is None or audience not in token.audiences:
            refuse_credential()
        if self._settings.clock() >= token.expires:
            refuse_bare(HTTPStatus.UNAUTHORIZED)
        return token.account

    def _check_revocation(self, key: str) -> None:
        if key in self._settings.revoked_keys:
            if self._settings.bare_revocation:
                refuse_bare(HTTPStatus.UNAUTHORIZED)
            refuse_credential()

    def _check_key(self, host: Host, key: str) -> None:
        region = self._settings.key_regions.get(key, host.name)
        if key not in self._settings.keys or (host.is_regional and region != host.name):
            refuse_credential()

    def _issue(self, account: str, audience: str, life: float) -> str:
        now = int(time.time())
        claims: dict[str, object] = {"aud": audience, "iat": now, "exp": now + int(life)}
        audiences = {audience}
        region = self._settings.token_region
        if audience == CUSTOM_AUDIENCE and region is not None:
            # [field] Such a token is good at that region's host, in every cloud of this emulator.
            claims["region"] = region
            audiences |= {f"{region}.{cloud}" for cloud in CLOUDS}
        elif audience not in {CUSTOM_AUDIENCE, Credential.ENTRA}:
            claims["region"] = audience.partition(".")[0]
        token = ".".join(
            (
                _base64(json.dumps({"alg": "ES256", "typ": "JWT"}).encode()),
                _base64(json.dumps(claims).encode()),
                _base64(secrets.token_bytes(64)),
            )
        )
        self._tokens[token] = _Token(
            account=account,
            audiences=frozenset(audiences),
            expires=self._settings.clock() + life,
        )
        return token


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def refuse_credential() -> NoReturn:
    """Refuse a wrong key or token, or one of another region. Always raises `RefusedError` (401).

    [rec] The form and its message.
    """
    refuse(
        HTTPStatus.UNAUTHORIZED,
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide"
        " a valid key for an active subscription and use a correct regional API endpoint for your"
        " resource.",
    )


def _refuse_entra(
    error: str, code: int, description: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
) -> NoReturn:
    raise RefusedError(
        json_answer(
            {
                "error": error,
                "error_description": f"AADSTS{code}: {description}",
                "error_codes": [code],
            },
            status,
        )
    )
