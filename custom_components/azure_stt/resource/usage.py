"""The usage of a resource, counted here because Azure has no API for it."""

from datetime import date, datetime
from typing import Final, TypedDict

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_track_time_change
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.signal_type import SignalTypeFormat

from ..azure_speech import BYTES_PER_SECOND
from ..const import DOMAIN

FREE_SECONDS: Final = 5 * 60 * 60
"""Seconds of audio that the free tier gives each month.

https://azure.microsoft.com/pricing/details/cognitive-services/speech-services/
"""

SIGNAL_USAGE: Final = SignalTypeFormat[()](f"{DOMAIN}_usage_{{}}")
"""Sent (with an entry's id in its name) after each request and when a month begins."""

_VERSION: Final = 1

_SECONDS_PER_HOUR: Final = 3600

# A crash loses at most this many seconds of counting; a normal stop loses nothing.
_SAVE_DELAY: Final = 60.0


class _Counts(TypedDict):
    """The saved counts: audio and requests, in total and in the month (YYYY-MM).

    Audio is in bytes of PCM, `sent` in bytes as they went up. Fast transcription's are separate, in
    seconds. `lifted_limit` is the limit in hours that the user lifted this month.
    """

    audio: int
    sent: int
    month: str
    audio_month: int
    sent_month: int
    requests_month: int
    fast: float
    fast_month: float
    fast_requests_month: int
    lifted_limit: float | None


class Usage:
    """The audio and the requests sent to a resource, in total and this month.

    Months are those of Home Assistant's time zone. The counts outlive their entry's reloads.
    Fast transcription has another price, so it's counted separately, by `fast`.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize at zero."""
        self._hass = hass
        self._signal = SIGNAL_USAGE.format(entry_id)
        self._store = Store[_Counts](hass, _VERSION, f"{DOMAIN}.usage.{entry_id}")
        self._counts = _new_month(audio=0, sent=0, fast=0.0)
        self._removed = False
        self.fast: Final = FastUsage(self)

    async def async_load(self) -> None:
        """Load the saved counts."""
        if counts := await self._store.async_load():
            # Counts that an earlier version saved may not have all of them.
            self._counts = {**_new_month(audio=0, sent=0, fast=0.0), **counts}

    async def async_remove(self) -> None:
        """Delete the saved counts, and save no more, because an utterance may still run."""
        self._removed = True
        await self._store.async_remove()

    @property
    def seconds(self) -> float:
        """Seconds of audio sent in total."""
        return self._counts["audio"] / BYTES_PER_SECOND

    @property
    def seconds_month(self) -> float:
        """Seconds of audio sent this month."""
        return self._counts["audio_month"] / BYTES_PER_SECOND

    @property
    def bytes_sent(self) -> int:
        """Bytes that the audio had when it was sent, in total."""
        return self._counts["sent"]

    @property
    def bytes_sent_month(self) -> int:
        """Bytes that the audio had when it was sent this month."""
        return self._counts["sent_month"]

    @property
    def requests_month(self) -> int:
        """Requests sent this month."""
        return self._counts["requests_month"]

    @property
    def fast_seconds(self) -> float:
        """Seconds sent to fast transcription in total."""
        return self._counts["fast"]

    @property
    def fast_seconds_month(self) -> float:
        """Seconds sent to fast transcription this month."""
        return self._counts["fast_month"]

    @property
    def fast_requests_month(self) -> int:
        """Requests sent to fast transcription this month."""
        return self._counts["fast_requests_month"]

    @property
    def hours_month(self) -> float:
        """Hours of audio sent this month, to both services."""
        return (self.seconds_month + self.fast_seconds_month) / _SECONDS_PER_HOUR

    def cost_month(self, price_per_hour: float, fast_price_per_hour: float) -> float:
        """Return the estimated cost of this month, in the prices' currency."""
        return (
            self.seconds_month * price_per_hour + self.fast_seconds_month * fast_price_per_hour
        ) / _SECONDS_PER_HOUR

    @property
    def lifted_limit(self) -> float | None:
        """The monthly limit, in hours, that the user lifted this month."""
        return self._counts["lifted_limit"]

    @property
    def month(self) -> datetime:
        """The start of the counted month."""
        return dt_util.start_of_local_day(date.fromisoformat(f"{self._counts['month']}-01"))

    def count_request(self) -> None:
        """Count a request."""
        self.turn_over()
        self._counts["requests_month"] += 1

    def count(self, audio: int, sent: int) -> None:
        """Count bytes of 16 kHz 16-bit mono PCM, and bytes as they are sent."""
        counts = self._counts
        counts["audio"] += audio
        counts["audio_month"] += audio
        counts["sent"] += sent
        counts["sent_month"] += sent

    def count_fast_request(self) -> None:
        """Count a request to fast transcription."""
        self.turn_over()
        self._counts["fast_requests_month"] += 1

    def count_fast_seconds(self, seconds: float) -> None:
        """Count seconds sent to fast transcription; a negative number corrects an estimate."""
        for count in ("fast", "fast_month"):
            self._counts[count] = max(0.0, self._counts[count] + seconds)

    @callback
    def lift_limit(self, hours: float | None) -> None:
        """Lift a monthly limit until the month ends."""
        self._counts["lifted_limit"] = hours
        self.async_publish()

    @callback
    def async_publish(self) -> None:
        """Save the counts and send the signal."""
        self.turn_over()
        if not self._removed:
            self._store.async_delay_save(lambda: self._counts, _SAVE_DELAY)
        async_dispatcher_send(self._hass, self._signal)

    def turn_over(self) -> None:
        """Begin a new month, but not an earlier one: the clock may not be set yet."""
        if (month := _this_month()) > self._counts["month"]:
            counts = self._counts
            self._counts = _new_month(counts["audio"], counts["sent"], counts["fast"], month)


class FastUsage:
    """The meter of fast transcription."""

    def __init__(self, usage: Usage) -> None:
        """Initialize with the usage that counts."""
        self._usage = usage

    def count_request(self) -> None:
        """Count a request."""
        self._usage.count_fast_request()

    def count_seconds(self, seconds: float) -> None:
        """Count seconds of audio; a negative number corrects an estimate."""
        self._usage.count_fast_seconds(seconds)


_USAGES: HassKey[dict[str, Usage]] = HassKey(f"{DOMAIN}_usage")


async def async_get_usage(hass: HomeAssistant, entry_id: str) -> Usage:
    """Return the usage of an entry, loaded once."""
    usages = hass.data.setdefault(_USAGES, {})
    if entry_id not in usages:
        usage = Usage(hass, entry_id)
        await usage.async_load()
        usages[entry_id] = usage
    return usages[entry_id]


async def async_remove_usage(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the usage of an entry, on disk too."""
    usage = hass.data.get(_USAGES, {}).pop(entry_id, None) or Usage(hass, entry_id)
    await usage.async_remove()


@callback
def async_follow_months(hass: HomeAssistant, usage: Usage) -> CALLBACK_TYPE:
    """Publish the usage each midnight, until the returned function is called."""

    @callback
    def midnight(_: datetime) -> None:
        usage.async_publish()

    return async_track_time_change(hass, midnight, hour=0, minute=0, second=0)


def _new_month(audio: int, sent: int, fast: float, month: str | None = None) -> _Counts:
    """Return the counts of a month that begins, with the totals so far."""
    return _Counts(
        audio=audio,
        sent=sent,
        month=month or _this_month(),
        audio_month=0,
        sent_month=0,
        requests_month=0,
        fast=fast,
        fast_month=0.0,
        fast_requests_month=0,
        lifted_limit=None,
    )


def _this_month() -> str:
    return dt_util.now().strftime("%Y-%m")
