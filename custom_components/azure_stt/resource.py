"""The Azure resource behind a config entry: its client, its limits and its health."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
import logging
from typing import Any, Final

from aiohttp import ClientSession

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_API_KEY,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_REGION,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.singleton import singleton
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .azure_speech import (
    TRACE_CONFIG,
    AudioSource,
    AuthenticationError,
    Cloud,
    Credential,
    Endpoint,
    EntraCredential,
    KeyCredential,
    Meter,
    QuotaExceededError,
    Recognition,
    RecognitionOptions,
    ResponseError,
    SpeechClient,
    SpeechError,
)
from .const import (
    CONF_CONNECTION,
    CONF_ENDPOINT,
    CONF_RESOURCE_ID,
    CONF_TENANT_ID,
    CONF_TIER,
    DOMAIN,
    Connection,
    Tier,
)
from .repairs import Issue, async_create_issue, async_delete_issue
from .slots import Slots
from .usage import Usage

_LOGGER = logging.getLogger(__name__)

CONCURRENCY: Final = {Tier.F0: 1, Tier.S0: 100}
"""Requests at once.
https://learn.microsoft.com/azure/ai-services/speech-service/speech-services-quotas-and-limits
"""

LONG_OUTAGE: Final = 15 * 60.0
"""Seconds after which an outage is worth a repair notice."""

REMEMBERED: Final = 20
"""Requests that diagnostics tell of."""

_SESSION: HassKey[ClientSession] = HassKey(f"{DOMAIN}_session")

_CLOUDS = {
    Connection.REGION: Cloud.PUBLIC,
    Connection.US_GOVERNMENT: Cloud.US_GOVERNMENT,
    Connection.CHINA: Cloud.CHINA,
}

# One failure can be chance; a second one in a row is an outage.
_FAILURES_OF_AN_OUTAGE: Final = 2
_PROBE_FIRST: Final = 15.0
_PROBE_LAST: Final = 5 * 60.0

type AzureSttConfigEntry = ConfigEntry[Resource]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How a request went: when it began, how it ended, and how many seconds it took.

    `status` is the recognition's, or the kind of error and the HTTP status if there was one.
    """

    began: datetime
    status: str
    seconds: float
    connection_id: str | None


class Resource:
    """A resource in use by the entities of its entry, and by those that fall back on it.

    It queues what is more than its tier takes at once, keeps to the service's
    Retry-After, and knows whether the service can be reached. It outlives its entry's
    reload for as long as an utterance needs it.
    """

    def __init__(self, hass: HomeAssistant, entry: AzureSttConfigEntry, usage: Usage) -> None:
        """Take the connection from the entry's data and the tier from its options."""
        self.client: Final = async_create_client(hass, entry.data, usage)
        self.usage: Final = usage
        self.requests: Final[deque[Request]] = deque(maxlen=REMEMBERED)
        self._hass = hass
        self._entry = entry
        self._slots = Slots(CONCURRENCY[Tier(entry.options[CONF_TIER])])
        self._not_before = 0.0
        self._failures = 0
        self._refused = False
        self._listeners: set[Callable[[], None]] = set()

    @property
    def down(self) -> bool:
        """Whether Azure can't be reached or refuses the credentials, as far as is known."""
        return self._refused or self._failures >= _FAILURES_OF_AN_OUTAGE

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call a listener whenever `down` changes, until the returned function is called."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def recognize(
        self, audio: AudioSource, options: RecognitionOptions, *, background: bool = False
    ) -> Recognition:
        """Recognise the first utterance as soon as there's a free slot.

        What runs in the background lets live voice go first. Raises the client's
        SpeechErrors, and ResponseError (429) without asking while the service wants to be
        left alone.
        """
        async with self._slots.slot(background=background):
            if (wait := self._not_before - asyncio.get_running_loop().time()) > 0:
                msg = "The service asked to wait"
                raise ResponseError(msg, status=HTTPStatus.TOO_MANY_REQUESTS, retry_after=wait)
            try:
                recognition = await self._answer(self.client.recognize(audio, options))
            except SpeechError as err:
                self._note_failure(err, options)
                raise
        self._note_success()
        return recognition

    async def async_check(self) -> None:
        """Try the resource once, after the start."""
        try:
            await self._answer(self.client.check())
        except SpeechError as err:
            # Nobody waits for an answer who could try again, so this counts in full.
            self._failures = _FAILURES_OF_AN_OUTAGE - 1
            self._note_failure(err)
        else:
            self._note_success()

    async def _answer(self, request: Awaitable[Recognition]) -> Recognition:
        """Wait for a request, remember how it ended, and let what it sent be published."""
        loop = asyncio.get_running_loop()
        began, began_at = loop.time(), dt_util.utcnow()
        status, connection_id = "cancelled", None
        try:
            recognition = await request
        except SpeechError as err:
            status, connection_id = _name(err), err.connection_id
            raise
        else:
            status, connection_id = recognition.status, recognition.connection_id
            return recognition
        finally:
            self.requests.append(
                Request(
                    began=began_at,
                    status=status,
                    seconds=round(loop.time() - began, 3),
                    connection_id=connection_id,
                )
            )
            # Whoever waits for the answer doesn't wait for the meters too.
            loop.call_soon(self.usage.async_publish)

    @callback
    def _note_failure(self, err: SpeechError, options: RecognitionOptions | None = None) -> None:
        """Draw the conclusions from a failure, each of them once."""
        was_down = self.down
        if err.retry_after:
            self._not_before = asyncio.get_running_loop().time() + err.retry_after
        match err:
            case AuthenticationError():
                self._refused = True
                self._entry.async_start_reauth(self._hass)
            case QuotaExceededError():
                async_create_issue(self._hass, self._entry, Issue.QUOTA_EXCEEDED)
            case ResponseError(status=HTTPStatus.BAD_REQUEST) if options and options.endpoint_id:
                async_create_issue(self._hass, self._entry, Issue.ENDPOINT_REFUSED)
            case ResponseError(status=HTTPStatus.TOO_MANY_REQUESTS):
                pass
            case SpeechError(retryable=True):
                self._failures += 1
        if self.down and not was_down:
            if not self._refused:
                _LOGGER.warning("%s can't be reached: %s", self._entry.title, err)
                self._start_probing()
            self._tell_listeners()

    @callback
    def _note_success(self) -> None:
        """Take back what was concluded from failures."""
        was_down = self.down
        self._failures = 0
        self._refused = False
        for issue in (Issue.QUOTA_EXCEEDED, Issue.ENDPOINT_REFUSED, Issue.UNREACHABLE):
            async_delete_issue(self._hass, self._entry, issue)
        if was_down:
            _LOGGER.info("%s can be reached again", self._entry.title)
            self._tell_listeners()

    @callback
    def _tell_listeners(self) -> None:
        for listener in list(self._listeners):
            listener()

    @callback
    def _start_probing(self) -> None:
        """Look for the service's return, unless the entry has been unloaded meanwhile."""
        if getattr(self._entry, "runtime_data", None) is self:
            self._entry.async_create_background_task(
                self._hass, self._probe(), f"{self._entry.title} probe"
            )

    async def _probe(self) -> None:
        """Ask gently until the service answers, however it was that it did."""
        began = asyncio.get_running_loop().time()
        pause = _PROBE_FIRST
        while self.down:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _PROBE_LAST)
            if not self.down:
                return
            try:
                await self._answer(self.client.check())
            except AuthenticationError as err:
                self._note_failure(err)
                return
            except SpeechError as err:
                _LOGGER.debug("%s still can't be reached: %s", self._entry.title, err)
            else:
                self._note_success()
            if asyncio.get_running_loop().time() - began > LONG_OUTAGE and self.down:
                async_create_issue(self._hass, self._entry, Issue.UNREACHABLE)


def _name(err: SpeechError) -> str:
    """Return what kind of error it is, without its message."""
    status = f" {err.status}" if isinstance(err, ResponseError) else ""
    return f"{type(err).__name__}{status}"


@callback
@singleton(_SESSION)
def async_get_session(hass: HomeAssistant) -> ClientSession:
    """Return the session of all entries: Home Assistant's connections, and our tracing.

    It belongs to no entry, so that an utterance outlives a reload; it ends with Home
    Assistant, which closes the connections.
    """
    return async_create_clientsession(hass, auto_cleanup=False, trace_configs=[TRACE_CONFIG])


@callback
def async_create_client(
    hass: HomeAssistant, data: Mapping[str, Any], meter: Meter | None = None
) -> SpeechClient:
    """Return the client for an entry's data.

    Raises InvalidEndpointError, and AuthenticationError for a tenant that can't be one.
    """
    session = async_get_session(hass)
    endpoint = endpoint_of(data)
    credential: Credential
    if data[CONF_CONNECTION] == Connection.ENTRA:
        credential = EntraCredential(
            session,
            endpoint.cloud.entra_token_url(data[CONF_TENANT_ID]),
            endpoint.cloud.entra_scope,
            client_id=data[CONF_CLIENT_ID],
            client_secret=data[CONF_CLIENT_SECRET],
            resource_id=data[CONF_RESOURCE_ID],
        )
    else:
        credential = KeyCredential(session, endpoint.token_url, data[CONF_API_KEY])
    return SpeechClient(session, endpoint, credential, meter=meter)


def endpoint_of(data: Mapping[str, Any]) -> Endpoint:
    """Return the endpoint that an entry's data names; raises InvalidEndpointError."""
    if cloud := _CLOUDS.get(data[CONF_CONNECTION]):
        return Endpoint.from_region(data[CONF_REGION], cloud)
    return Endpoint.from_address(data[CONF_ENDPOINT])
