"""The health of a resource: outages, refusals, and the probes that find its return."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
import logging
from time import monotonic
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalTypeFormat

from ..azure_speech import (
    AuthenticationError,
    InvalidRequestError,
    NetworkRulesError,
    OtherHostError,
    QuotaExceededError,
    RecognitionOptions,
    ResponseError,
    SpeechError,
    ThrottledError,
    UnexplainedRequestError,
)
from ..const import CONF_ENDPOINT_ID, DOMAIN
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

# Seconds between two tries while the month's quota is used up.
_QUOTA_PAUSE: Final = 60 * 60.0

# Utterances in a row without a success, after which throttling is taken for refused credentials.
_THROTTLED_UTTERANCES: Final = 3

_ISSUES: Final[dict[type[SpeechError], Issue]] = {
    QuotaExceededError: Issue.QUOTA_EXCEEDED,
    NetworkRulesError: Issue.NETWORK_RULES,
    OtherHostError: Issue.OTHER_HOST,
}


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
        self._quota: tuple[float, int] | None = None
        self._throttled = False
        self._throttled_utterances = 0

    @property
    def down(self) -> bool:
        """Whether Azure is known to be unreachable or to refuse the credentials."""
        return self._refused or self._failures >= _FAILURES_OF_AN_OUTAGE

    def raise_if_paused(self) -> None:
        """Raise the service's last error as long as another request makes no sense.

        That is ResponseError (429) while its Retry-After lasts, and QuotaExceededError for an
        hour, or until a new month begins.
        """
        now = monotonic()
        if (wait := self._not_before - now) > 0:
            msg = "The service asked to wait"
            raise ResponseError(msg, status=HTTPStatus.TOO_MANY_REQUESTS, retry_after=wait)
        if self._quota and now < self._quota[0] and self._quota[1] == dt_util.utcnow().month:
            msg = "The month's quota is used up"
            raise QuotaExceededError(msg, status=HTTPStatus.FORBIDDEN)

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
        now = monotonic()
        if err.retry_after:
            self._not_before = now + err.retry_after
        self._notice(err, options)
        match err:
            case AuthenticationError():
                self._refuse()
            case ThrottledError():
                self._throttled = True
            case QuotaExceededError():
                self._quota = now + _QUOTA_PAUSE, dt_util.utcnow().month
            case (
                UnexplainedRequestError()
                | ResponseError(
                    # 408: no audio came, because the stream has stalled.
                    status=HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.REQUEST_TIMEOUT
                )
            ):
                pass
            case SpeechError(retryable=True):
                self._failures += 1
        if self.down and not was_down:
            if not self._refused:
                _LOGGER.warning("%s can't be reached: %s", self._entry.title, err)
                self._start_probing()
            self._send_signal()

    @callback
    def async_note_success(self, options: RecognitionOptions | None = None) -> None:
        """Withdraw the conclusions from earlier failures.

        A custom model was refused for its own sake, so only a success with it counts.
        """
        was_down = self.down
        self._failures = 0
        self._refused = False
        self._not_before = 0.0
        self._quota = None
        self._throttled = False
        self._throttled_utterances = 0
        for issue in (*_ISSUES.values(), Issue.UNREACHABLE):
            async_delete_issue(self._hass, self._entry, issue)
        for recognizer in self._users_of_model(options):
            async_delete_issue(self._hass, self._entry, Issue.ENDPOINT_REFUSED, recognizer)
        if was_down:
            _LOGGER.info("%s can be reached again", self._entry.title)
            self._send_signal()

    @callback
    def async_note_utterance_end(self) -> None:
        """Take the third utterance in a row that was only throttled for refused credentials.

        The token service issues tokens for them, so they looked good.
        """
        if not self._throttled:
            return
        self._throttled = False
        self._throttled_utterances += 1
        if self._throttled_utterances == _THROTTLED_UTTERANCES:
            was_down = self.down
            self._refuse()
            if not was_down:
                self._send_signal()

    def _notice(self, err: SpeechError, options: RecognitionOptions | None) -> None:
        """Show the notice that an error deserves, if the user can do something about it."""
        if issue := _ISSUES.get(type(err)):
            async_create_issue(self._hass, self._entry, issue)
        if isinstance(err, InvalidRequestError):
            for recognizer in self._users_of_model(options):
                async_create_issue(self._hass, self._entry, Issue.ENDPOINT_REFUSED, recognizer)

    def _users_of_model(self, options: RecognitionOptions | None) -> list[ConfigSubentry]:
        """Return the recognizers with the custom model of a request."""
        model = options and options.endpoint_id
        return [
            recognizer
            for recognizer in self._entry.subentries.values()
            if model and recognizer.data.get(CONF_ENDPOINT_ID) == model
        ]

    @callback
    def _refuse(self) -> None:
        self._refused = True
        self._entry.async_start_reauth(self._hass)

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
        began = monotonic()
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
            if monotonic() - began > LONG_OUTAGE and self.down:
                async_create_issue(self._hass, self._entry, Issue.UNREACHABLE)
