"""What was sent to a resource: counted here, because Azure doesn't tell."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final, TypedDict

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .azure_speech import BYTES_PER_SECOND
from .const import DOMAIN

FREE_SECONDS: Final = 5 * 60 * 60
"""Seconds of audio that the free tier gives each month.

https://azure.microsoft.com/pricing/details/cognitive-services/speech-services/
"""

_VERSION: Final = 1

# A crash loses the count of so many seconds; a normal stop loses nothing.
_SAVE_DELAY: Final = 60.0


class _Counts(TypedDict):
    """What is saved: bytes of audio and requests, in all and in the month (YYYY-MM)."""

    audio: int
    month: str
    audio_month: int
    requests_month: int


class Usage:
    """Counts what is sent to a resource: since it was added, and this month.

    Its months are those of Home Assistant's time zone. It outlives its entry's reloads.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Begin at nothing."""
        self._store = Store[_Counts](hass, _VERSION, f"{DOMAIN}.usage.{entry_id}")
        self._listeners: set[Callable[[], None]] = set()
        self._counts = _Counts(audio=0, month=_this_month(), audio_month=0, requests_month=0)
        self._removed = False

    async def async_load(self) -> None:
        """Go on from what was saved."""
        if counts := await self._store.async_load():
            self._counts = counts

    async def async_remove(self) -> None:
        """Forget what was saved, and save nothing any more: an utterance may still run."""
        self._removed = True
        await self._store.async_remove()

    @property
    def seconds(self) -> float:
        """Seconds of audio that were sent in all."""
        return self._counts["audio"] / BYTES_PER_SECOND

    @property
    def seconds_month(self) -> float:
        """Seconds of audio that were sent this month."""
        return self._counts["audio_month"] / BYTES_PER_SECOND

    @property
    def requests_month(self) -> int:
        """Requests this month that had some audio."""
        return self._counts["requests_month"]

    @property
    def month(self) -> datetime:
        """When the month began that is counted."""
        return dt_util.start_of_local_day(date.fromisoformat(f"{self._counts['month']}-01"))

    def count_request(self) -> None:
        """Count a request."""
        self._turn_over()
        self._counts["requests_month"] += 1

    def count_audio(self, size: int) -> None:
        """Count bytes of audio."""
        self._counts["audio"] += size
        self._counts["audio_month"] += size

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call a listener after each request and when a month begins, until it's removed."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    @callback
    def async_publish(self) -> None:
        """Save what was counted, and tell the listeners."""
        self._turn_over()
        if not self._removed:
            self._store.async_delay_save(lambda: self._counts, _SAVE_DELAY)
        for listener in list(self._listeners):
            listener()

    def _turn_over(self) -> None:
        """Begin a new month if there is one; a clock that isn't set yet shows an old one."""
        if (month := _this_month()) > self._counts["month"]:
            self._counts = _Counts(
                audio=self._counts["audio"], month=month, audio_month=0, requests_month=0
            )


_USAGES: HassKey[dict[str, Usage]] = HassKey(f"{DOMAIN}_usage")


async def async_get_usage(hass: HomeAssistant, entry_id: str) -> Usage:
    """Return the one count for an entry, with what was saved."""
    usages = hass.data.setdefault(_USAGES, {})
    if entry_id not in usages:
        usage = Usage(hass, entry_id)
        await usage.async_load()
        usages[entry_id] = usage
    return usages[entry_id]


async def async_remove_usage(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what was counted for an entry, on disk too."""
    usage = hass.data.get(_USAGES, {}).pop(entry_id, None) or Usage(hass, entry_id)
    await usage.async_remove()


@callback
def async_follow_months(hass: HomeAssistant, usage: Usage) -> CALLBACK_TYPE:
    """Let a count begin anew with each month, until the returned function is called."""

    @callback
    def midnight(_: datetime) -> None:
        usage.async_publish()

    return async_track_time_change(hass, midnight, hour=0, minute=0, second=0)


def _this_month() -> str:
    return dt_util.now().strftime("%Y-%m")
