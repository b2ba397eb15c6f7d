"""Fast transcription's refusals, which a resource remembers to avoid useless requests.

Whether a tier, a region or a locale has fast transcription can only be tried. None of its failures
says anything about the service for short audio, so they aren't part of the resource's health.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
from time import monotonic
from typing import Final

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..azure_speech import (
    AuthenticationError,
    LocaleNotOfferedError,
    NetworkRulesError,
    QuotaExceededError,
    ServiceNotOfferedError,
    SpeechError,
    UnknownHostError,
)
from .request_log import error_kind

_LOGGER = logging.getLogger(__name__)

REMEMBERED: Final = 24 * 60 * 60.0
"""Seconds for which a refusal is remembered."""

# Seconds between two tries while the month's quota is used up.
_QUOTA_PAUSE: Final = 60 * 60.0

# Seconds after an answer of the other service for which the network is known to work.
_NETWORK_WORKS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """A refusal, and when it ends: by the clock that never jumps, and by the calendar."""

    error: SpeechError
    until: float
    ends: datetime


class FastRefusals:
    """The refusals of one resource: for all of it (None), or for a locale."""

    def __init__(self, name: str) -> None:
        """Initialize without refusals, for a resource with a name for the log."""
        self._name = name
        self._refusals: dict[str | None, _Refusal] = {}
        self._answered_at = float("-inf")

    def offered(self, language: str) -> bool:
        """Return whether nothing is known against a transcription in a language."""
        return self._find(language) is None

    def raise_if_refused(self, language: str) -> None:
        """Raise the refusal of a language, or of all of them, while it's remembered."""
        if refusal := self._find(language):
            raise refusal.error.with_traceback(None)

    @callback
    def async_note_other_answer(self) -> None:
        """Take note that the service for short audio answered, so the network works."""
        self._answered_at = monotonic()

    @callback
    def async_note_failure(self, err: SpeechError, language: str) -> None:
        """Remember a failure that would repeat itself with the next request."""
        now = monotonic()
        seconds, place = err.retry_after or 0.0, None
        match err:
            case LocaleNotOfferedError():
                seconds, place = REMEMBERED, language
            case QuotaExceededError():
                seconds = _QUOTA_PAUSE
            case AuthenticationError() | NetworkRulesError() | ServiceNotOfferedError():
                seconds = REMEMBERED
            case UnknownHostError() if now - self._answered_at < _NETWORK_WORKS:
                seconds = REMEMBERED
        if not seconds:
            return
        if seconds >= REMEMBERED:
            _LOGGER.info(
                "%s has no fast transcription%s: %s",
                self._name,
                f" in {language}" if place else "",
                err,
            )
        ends = dt_util.utcnow() + timedelta(seconds=seconds)
        self._refusals[place] = _Refusal(error=err, until=now + seconds, ends=ends)

    @callback
    def async_forget(self) -> None:
        """Forget all refusals, so that the next request is sent."""
        self._refusals.clear()

    @callback
    def async_note_success(self) -> None:
        """Forget the refusals that concern the whole resource."""
        self._refusals.pop(None, None)

    def as_dict(self) -> dict[str, object]:
        """Return the remembered refusals, for diagnostics."""
        return {
            language or "all": {
                "error": error_kind(refusal.error),
                "until": refusal.ends.isoformat(timespec="seconds"),
            }
            for language, refusal in self._refusals.items()
        }

    def _find(self, language: str) -> _Refusal | None:
        now = monotonic()
        for place in (None, language):
            if (refusal := self._refusals.get(place)) and now < refusal.until:
                return refusal
        return None
