"""The health of a resource: outages, refusals, and the probes that find its return."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalTypeFormat

from ..azure_speech import (
    AuthenticationError,
    QuotaExceededError,
    RecognitionOptions,
    ResponseError,
    SpeechError,
)
from ..const import DOMAIN
from .issues import Issue, async_create_issue, async_delete_issue

_LOGGER = logging.getLogger(__name__)

SIGNAL_HEALTH: Final = SignalTypeFormat[()](f"{DOMAIN}_health_{{}}")
"""Sent (with an entry's id in its name) when a resource goes down or comes back."""

LONG_OUTAGE: Final = 15 * 60.0
"""Seconds after which an outage is worth a repair notice."""

# One failure can be chance; a second one in a row is an outage.
_FAILURES_OF_AN_OUTAGE: Final = 2
_PROBE_FIRST: Final = 15.0
_PROBE_LAST: Final = 5 * 60.0


class Health:
    """Concludes from requests whether a resource can be reached, and probes while it can't."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, probe: Callable[[], Awaitable[object]]
    ) -> None:
        """Initialize with a probe, a small request that raises a SpeechError if it fails."""
        self._hass = hass
        self._entry = entry
        self._probe = probe
        self._failures = 0
        self._refused = False
        self._not_before = 0.0

    @property
    def down(self) -> bool:
        """Whether Azure is known to be unreachable or to refuse the credentials."""
        return self._refused or self._failures >= _FAILURES_OF_AN_OUTAGE

    def raise_if_told_to_wait(self) -> None:
        """Raise ResponseError (429) while the service's last Retry-After lasts."""
        if (wait := self._not_before - asyncio.get_running_loop().time()) > 0:
            msg = "The service asked to wait"
            raise ResponseError(msg, status=HTTPStatus.TOO_MANY_REQUESTS, retry_after=wait)

    async def async_check(self) -> None:
        """Probe once, after the start."""
        try:
            await self._probe()
        except SpeechError as err:
            # No user request will retry this check, so count one failure as an outage.
            self._failures = _FAILURES_OF_AN_OUTAGE - 1
            self.async_note_failure(err)
        else:
            self.async_note_success()

    @callback
    def async_note_failure(
        self, err: SpeechError, options: RecognitionOptions | None = None
    ) -> None:
        """Draw the conclusions from a failure."""
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
            self._send_signal()

    @callback
    def async_note_success(self) -> None:
        """Withdraw the conclusions from earlier failures."""
        was_down = self.down
        self._failures = 0
        self._refused = False
        for issue in (Issue.QUOTA_EXCEEDED, Issue.ENDPOINT_REFUSED, Issue.UNREACHABLE):
            async_delete_issue(self._hass, self._entry, issue)
        if was_down:
            _LOGGER.info("%s can be reached again", self._entry.title)
            self._send_signal()

    @callback
    def _send_signal(self) -> None:
        async_dispatcher_send(self._hass, SIGNAL_HEALTH.format(self._entry.entry_id))

    @callback
    def _start_probing(self) -> None:
        """Probe in the background, unless the entry has been unloaded meanwhile."""
        runtime_data = getattr(self._entry, "runtime_data", None)
        if getattr(runtime_data, "health", None) is self:
            self._entry.async_create_background_task(
                self._hass, self._keep_probing(), f"{self._entry.title} probe"
            )

    async def _keep_probing(self) -> None:
        """Probe at growing intervals until the resource is up again."""
        began = asyncio.get_running_loop().time()
        pause = _PROBE_FIRST
        while self.down:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _PROBE_LAST)
            if not self.down:
                return
            try:
                await self._probe()
            except AuthenticationError as err:
                self.async_note_failure(err)
                return
            except SpeechError as err:
                _LOGGER.debug("%s still can't be reached: %s", self._entry.title, err)
            else:
                self.async_note_success()
            if asyncio.get_running_loop().time() - began > LONG_OUTAGE and self.down:
                async_create_issue(self._hass, self._entry, Issue.UNREACHABLE)
