"""How a resource's audio goes up: as Opus or as WAV, and whether the line keeps up with a voice."""

from datetime import datetime, timedelta
from http import HTTPStatus
import logging
from time import monotonic
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..azure_speech import (
    AudioFormat,
    AuthenticationError,
    NetworkRulesError,
    OtherHostError,
    QuotaExceededError,
    RecognitionOptions,
    ResponseError,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
)
from ..const import CONF_UPLOAD, DEFAULT_RECOGNIZER, SUBENTRY_TYPE, Upload
from .issues import Issue, async_create_issue, async_delete_issue
from .opus import CAN_ENCODE
from .request_log import error_kind

_LOGGER = logging.getLogger(__name__)

RESTS: Final = 24 * 60 * 60.0
"""Seconds for which Opus isn't sent after WAV was recognized in its place."""

HANGS_AFTER: Final = 3.0
"""Seconds without an answer after which a request that is given up counts as failed."""

LAG_MAX: Final = 1.0
"""Seconds by which the line may fall behind a live voice."""

_LAGS: Final = 3

# A connection breaks for other reasons than the format, so once isn't enough.
_DOUBTS_MAX: Final = 2


class Uploads:
    """The uploads of a resource.

    Whether Azure takes our Opus can only be tried. A request that fails as Opus, or in which
    nothing is heard, is repeated as WAV; if that is recognized, Opus rests for a day.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize without any doubt about Opus."""
        self._hass = hass
        self._entry = entry
        self._doubts = 0
        self._reason: str | None = None
        self._rests_until = float("-inf")
        self._rest_ends: datetime | None = None
        self._has_lagged = False
        self._lags = 0
        for recognizer in entry.get_subentries_of_type(SUBENTRY_TYPE):
            if recognizer.data.get(CONF_UPLOAD) == Upload.OPUS:
                async_delete_issue(hass, entry, Issue.SLOW_UPLOAD, recognizer)

    def wants_opus(self, options: RecognitionOptions) -> bool:
        """Return whether a request is for Opus, there's an encoder, and Opus doesn't rest."""
        return (
            options.audio_format is AudioFormat.OGG
            and self._hass.data.get(CAN_ENCODE, False)
            and monotonic() >= self._rests_until
        )

    @property
    def doubt(self) -> str | None:
        """Why the next request must be WAV, to see whether that is recognized; None if not."""
        return self._reason if self._doubts >= _DOUBTS_MAX else None

    @callback
    def async_note_failure(self, err: SpeechError) -> None:
        """Take note of an Opus request that failed."""
        match err:
            case SpeechConnectionError() | SpeechTimeoutError():
                self._note_doubt(1, error_kind(err))
            case (
                AuthenticationError()
                | QuotaExceededError()
                | NetworkRulesError()
                | OtherHostError()
                | ResponseError(status=HTTPStatus.TOO_MANY_REQUESTS)
            ):
                pass
            case ResponseError():
                self._note_doubt(_DOUBTS_MAX, error_kind(err))

    @callback
    def async_note_nothing(self, reason: str) -> None:
        """Take note of an Opus request in which nothing was heard, or that wasn't answered."""
        self._note_doubt(_DOUBTS_MAX, reason)

    def _note_doubt(self, doubts: int, reason: str) -> None:
        self._doubts += doubts
        self._reason = reason

    @callback
    def async_note_recognized(self) -> None:
        """Take note of an Opus request in which words were heard."""
        self._doubts = 0

    @callback
    def async_note_wav(self, *, recognized: bool) -> None:
        """Take note of how it went with WAV instead, and let Opus rest if that was better."""
        self._doubts = 0
        if not recognized:
            return
        self._rests_until = monotonic() + RESTS
        self._rest_ends = dt_util.utcnow() + timedelta(seconds=RESTS)
        _LOGGER.warning(
            "%s doesn't recognize Opus (%s), so audio is sent as WAV for a day",
            self._entry.title,
            self._reason,
        )

    @callback
    def async_note_lag(self, seconds: float) -> None:
        """Take note of how far a WAV upload fell behind a live voice."""
        self._has_lagged |= seconds > LAG_MAX

    @callback
    def async_note_utterance_end(self) -> None:
        """Suggest Opus at the third utterance that the line was too slow for."""
        if not self._has_lagged:
            return
        self._has_lagged = False
        self._lags += 1
        if self._lags != _LAGS:
            return
        for recognizer in self._entry.get_subentries_of_type(SUBENTRY_TYPE):
            if {**DEFAULT_RECOGNIZER, **recognizer.data}[CONF_UPLOAD] == Upload.WAV:
                async_create_issue(self._hass, self._entry, Issue.SLOW_UPLOAD, recognizer)

    def as_dict(self) -> dict[str, object]:
        """Return the state of the uploads, for diagnostics."""
        can_encode: bool | None = self._hass.data.get(CAN_ENCODE)
        rests = self._rest_ends is not None and monotonic() < self._rests_until
        return {
            "can_encode": can_encode,
            "reason": self._reason,
            "rests_until": self._rest_ends.isoformat() if self._rest_ends and rests else None,
            "slow_utterances": self._lags,
        }
