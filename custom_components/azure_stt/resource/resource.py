"""The Azure resource behind a config entry."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..azure_speech import (
    AudioFile,
    AudioFormat,
    AudioSource,
    Meter,
    Recognition,
    RecognitionOptions,
    SpeechError,
    SpeechTimeoutError,
    Transcription,
    TranscriptionMeter,
    TranscriptionOptions,
)
from ..const import CONF_MONTHLY_LIMIT_HOURS, CONF_TIER, Tier
from ..recognition.service_kind import ServiceKind
from ..recognition.task_scope import TaskScope
from .client_factory import async_create_client, async_create_transcriber
from .fast_refusals import FastRefusals
from .health import Health
from .monthly_limit import MonthlyLimit
from .report import ResourceReport
from .request_log import RequestLog
from .request_queue import RequestQueue
from .uploads import HANGS_AFTER, Uploads
from .usage import Usage
from .watched_source import WatchedSource

STALLED_AFTER: Final = 2.5
"""Seconds without audio after which a request gives its slot to live voice that waits."""

# Seconds between two looks at a source while live voice waits.
_STALL_CHECK: Final = 0.2

CONCURRENCY: Final = {Tier.F0: 1, Tier.S0: 100}
"""Requests at once, by pricing tier.
https://learn.microsoft.com/azure/ai-services/speech-service/speech-services-quotas-and-limits
"""

type AzureSttConfigEntry = ConfigEntry[Resource]

_FILE_REQUESTS: Final = 4


class Resource:
    """A resource in use, by its own recognizers and by those it is a backup of.

    It queues requests beyond what its tier takes at once, and keeps to the service's
    Retry-After. It outlives its entry's reload for as long as an utterance needs it.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, usage: Usage) -> None:
        """Initialize with the connection in the entry's data and the tier in its options."""
        self.uploads: Final = Uploads(hass, entry)
        self.client: Final = async_create_client(
            hass, entry.data, usage, self.uploads.async_note_lag
        )
        self.transcriber: Final = async_create_transcriber(hass, self.client, usage.fast)
        self.usage: Final = usage
        self.limit: Final = MonthlyLimit(usage, entry.options.get(CONF_MONTHLY_LIMIT_HOURS))
        self.tier: Final = Tier(entry.options[CONF_TIER])
        self.requests: Final = RequestLog()
        self.health: Final = Health(hass, entry, self.check)
        self.fast_refusals: Final = FastRefusals(entry.title)
        self.kind: Final = ServiceKind()
        self.report: ResourceReport | None = None
        """The outcome of the last test, since the resource was loaded."""
        self._live = 0
        self._no_live_voice = asyncio.Event()
        self._no_live_voice.set()
        self._queue = RequestQueue(CONCURRENCY[self.tier])
        self._file_uploads = asyncio.Lock()

    @property
    def parallel_requests(self) -> int:
        """How many requests at once a file may have."""
        return min(CONCURRENCY[self.tier], _FILE_REQUESTS)

    @property
    def down(self) -> bool:
        """Whether Azure is known to be unreachable or to refuse the credentials."""
        return self.health.down

    async def recognize(
        self,
        audio: AudioSource,
        options: RecognitionOptions,
        *,
        background: bool = False,
        meter: Meter | None = None,
    ) -> Recognition:
        """Recognize the first utterance as soon as the queue allows.

        Background requests let live voice go first. A request that has had nothing to send for
        STALLED_AFTER seconds lets live voice go first as well, and starts again when its audio
        goes on. `meter` counts this call, in addition to the resource's usage. Raises the client's
        SpeechErrors, ResponseError (429) without a request while the service's Retry-After
        lasts, LimitReachedError from the monthly limit on, and the audio source's own error.
        """
        source = WatchedSource(audio, self._no_live_voice if background else None)
        while True:
            async with (
                self._queue.turn(background=background),
                self._upload_turn(source, background=background),
                TaskScope() as tasks,
            ):
                request = tasks.start(self._request(source, options, meter, background=background))
                wanted = tasks.start(self._slot_is_wanted(source))
                await asyncio.wait({request, wanted}, return_when=asyncio.FIRST_COMPLETED)
                if request.done():
                    return request.result()
            await source.more()

    @asynccontextmanager
    async def _upload_turn(self, source: WatchedSource, *, background: bool) -> AsyncIterator[None]:
        """Upload one file at a time.

        Several at once aren't faster, and fill the line's buffers, which live voice must pass.
        """
        with ExitStack() as turn:
            if background:
                await self._file_uploads.acquire()
                turn.callback(self._file_uploads.release)
                source.on_end = turn.close
            yield

    @contextmanager
    def _in_foreground(self, *, background: bool) -> Iterator[None]:
        """Hold back the uploads of files while live voice is sent."""
        self._live += not background
        if self._live:
            self._no_live_voice.clear()
        try:
            yield
        finally:
            self._live -= not background
            if not self._live:
                self._no_live_voice.set()

    async def _request(
        self,
        audio: WatchedSource,
        options: RecognitionOptions,
        meter: Meter | None,
        *,
        background: bool,
    ) -> Recognition:
        """Send a request and draw the conclusions from its outcome.

        A file's temporary failure never makes the resource unavailable to live voice.
        """
        self.limit.raise_if_reached()
        self.health.raise_if_paused()
        try:
            with self._in_foreground(background=background):
                recognition = await self._send(audio, options, meter)
        except SpeechError as err:
            if not (background and err.retryable):
                self.health.async_note_failure(err, options)
            raise
        finally:
            self._publish_usage()
        self.health.async_note_success(options)
        self.fast_refusals.async_note_other_answer()
        return recognition

    async def _send(
        self, audio: WatchedSource, options: RecognitionOptions, meter: Meter | None
    ) -> Recognition:
        """Send a request as Opus, if that is wanted and works, or else as WAV."""
        wav = replace(options, audio_format=AudioFormat.WAV)
        uploads = self.uploads
        if not uploads.wants_opus(options):
            return await self._record(audio, wav, meter)
        if uploads.doubt is None and (answer := await self._send_opus(audio, options, meter)):
            return answer
        recognized = False
        try:
            recognition = await self._record(audio, wav, meter)
            recognized = bool(recognition.text)
        finally:
            uploads.async_note_wav(recognized=recognized)
        return recognition

    async def _send_opus(
        self, audio: WatchedSource, options: RecognitionOptions, meter: Meter | None
    ) -> Recognition | None:
        """Return the answer to a request as Opus; None if it must be repeated as WAV."""
        uploads = self.uploads
        try:
            recognition = await self._record(audio, options, meter)
        except SpeechError as err:
            uploads.async_note_failure(err)
            if uploads.doubt is None:
                raise
            return None
        except asyncio.CancelledError:
            if audio.ended_for >= HANGS_AFTER:
                uploads.async_note_nothing("no answer")
            raise
        if not recognition.text:
            uploads.async_note_nothing(recognition.status)
            return None
        uploads.async_note_recognized()
        return recognition

    async def _record(
        self, audio: AudioSource, options: RecognitionOptions, meter: Meter | None
    ) -> Recognition:
        return await self.requests.record(self.client.recognize(audio, options, meter))

    async def transcribe_fast(
        self,
        audio: AudioFile,
        options: TranscriptionOptions,
        *,
        limit: float | None = None,
        background: bool = False,
        meter: TranscriptionMeter | None = None,
    ) -> Transcription:
        """Return all that is said in a recording, by fast transcription.

        `limit` is in seconds and counts from now, the queue included. Without one, the answer
        may take as long as the recording's length allows. Raises the client's SpeechErrors, and
        without a request those that are remembered, and LimitReachedError from the monthly limit
        on; none of them touches the resource's health.
        """
        try:
            async with asyncio.timeout(limit), self._queue.turn(background=background):
                return await self._transcribe_fast(audio, options, meter)
        except TimeoutError:
            msg = f"{self.transcriber.endpoint.host} did not answer in time"
            raise SpeechTimeoutError(msg) from None

    async def _transcribe_fast(
        self, audio: AudioFile, options: TranscriptionOptions, meter: TranscriptionMeter | None
    ) -> Transcription:
        self.limit.raise_if_reached()
        refusals = self.fast_refusals
        refusals.raise_if_refused(options.language)
        try:
            transcription = await self.requests.record(
                self.transcriber.transcribe(audio, options, meter)
            )
        except SpeechError as err:
            refusals.async_note_failure(err, options.language)
            raise
        finally:
            self._publish_usage()
        refusals.async_note_success()
        return transcription

    async def _slot_is_wanted(self, source: WatchedSource) -> None:
        """Wait until live voice needs the slot of a source that has stalled."""
        while True:
            await self._queue.contended()
            if source.stalled_for >= STALLED_AFTER:
                return
            await asyncio.sleep(_STALL_CHECK)

    def in_background(self, meter: Meter) -> BackgroundResource:
        """Return an engine for recordings, whose requests a meter counts."""
        return BackgroundResource(self, meter)

    async def check(self) -> float:
        """Check the connection when no voice is in its way, because one slot may be all.

        Returns the seconds that the answer took. Raises the client's SpeechErrors.
        """
        loop = asyncio.get_running_loop()
        while True:
            async with self._queue.turn(background=True), TaskScope() as tasks:
                began = loop.time()
                check = tasks.start(self.requests.record(self.client.check()))
                wanted = tasks.start(self._queue.contended())
                try:
                    await asyncio.wait({check, wanted}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    self._publish_usage()
                if check.done():
                    check.result()
                    self.fast_refusals.async_note_other_answer()
                    return loop.time() - began

    def async_note_utterance_end(self) -> None:
        """Draw the conclusions from all requests of an utterance."""
        self.health.async_note_utterance_end()
        self.uploads.async_note_utterance_end()

    def _publish_usage(self) -> None:
        """Publish the usage, but not before the answer has gone out."""
        asyncio.get_running_loop().call_soon(self.usage.async_publish)


@dataclass(frozen=True, slots=True)
class BackgroundResource:
    """A resource for recordings: its requests let live voice go first, and a meter counts them."""

    resource: Resource
    meter: Meter

    @property
    def down(self) -> bool:
        """Whether the resource is down."""
        return self.resource.down

    @property
    def kind(self) -> ServiceKind:
        """The behavior of the service, as the resource's answers have shown it."""
        return self.resource.kind

    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        """Recognize the first utterance when no live voice waits; raises a SpeechError."""
        return await self.resource.recognize(audio, options, background=True, meter=self.meter)
