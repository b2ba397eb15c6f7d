"""A recording by fast transcription: all of it in one request."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
import logging
from typing import Final

from homeassistant.core import HomeAssistant

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import (
    Recognition,
    RecognitionOptions,
    SpeechError,
    Transcription,
    TranscriptionOptions,
)
from ..const import Tier
from ..recognition.transcript import Part, Transcript
from ..resource.resource import Resource
from .audio_file import SentFile, async_sent_file
from .media import OpenFile, async_open_media
from .progress import Progress

_LOGGER = logging.getLogger(__name__)

LONGEST: Final = 2 * 60 * 60
"""Seconds that a recording must be shorter than.

https://learn.microsoft.com/azure/ai-services/speech-service/fast-transcription-create
"""

# Seconds before each further try after a failure that can pass.
_PAUSES: Final = (1.0, 4.0)


class FastSeconds:
    """A meter of the seconds that one action sends to fast transcription."""

    def __init__(self) -> None:
        """Initialize at zero."""
        self.seconds = 0.0

    def count_request(self) -> None:
        """Ignore the number of requests."""

    def count_seconds(self, seconds: float) -> None:
        """Count seconds."""
        self.seconds += seconds


class NotTranscribedError(Exception):
    """Fast transcription gave no transcript; the message says why."""


def usable(resource: Resource, options: RecognitionOptions) -> bool:
    """Return whether fast transcription is the better way for a recording.

    It isn't for the free tier, which has none as far as it's known, for a language in which it
    was refused, nor for a Custom Speech model, which it doesn't use.
    """
    return (
        resource.tier is Tier.S0
        and not options.endpoint_id
        and resource.fast_refusals.offered(options.language)
    )


async def async_transcribe_fast(
    hass: HomeAssistant,
    open_file: OpenFile,
    resources: Sequence[Resource],
    options: RecognitionOptions,
    progress: Progress,
    meter: FastSeconds,
) -> tuple[Transcript, bool]:
    """Return the transcript by the first resource that gives one, and whether sound is missing.

    Raises NotTranscribedError, and AudioFormatError for a media that can't be read.
    """
    async with async_open_media(hass, open_file) as reader:
        if reader.duration and reader.duration >= LONGEST:
            msg = "The recording is longer than two hours"
            raise NotTranscribedError(msg)
        resources = [each for each in resources if each.limit.has_room(reader.duration or 0.0)]
        if not resources:
            msg = "The monthly limit has no room for it"
            raise NotTranscribedError(msg)
        async with async_sent_file(hass, open_file, reader, progress.async_sent) as sent:
            transcription = await _by_any(resources, sent, options, meter)
            return _transcript(transcription, options.language), sent.damaged


async def _by_any(
    resources: Sequence[Resource],
    sent: SentFile,
    options: RecognitionOptions,
    meter: FastSeconds,
) -> Transcription:
    """Return the transcription by the first resource that gives one."""
    asked = TranscriptionOptions(language=options.language, profanity=options.profanity)
    reason = ""
    for resource in resources:
        try:
            ask = partial(resource.transcribe_fast, sent.audio, asked, background=True, meter=meter)
            return await _persistently(ask)
        except SpeechError as err:
            _LOGGER.debug("Fast transcription failed: %s", err)
            reason = str(err)
    raise NotTranscribedError(reason)


async def _persistently[Answer](ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask again after failures that can pass."""
    for pause in _PAUSES:
        try:
            return await ask()
        except SpeechError as err:
            if not err.retryable:
                raise
            wait = max(pause, err.retry_after or 0.0)
        await asyncio.sleep(wait)
    return await ask()


def _transcript(transcription: Transcription, language: str) -> Transcript:
    """Return the phrases that have words as parts."""
    parts = tuple(part for phrase in transcription.phrases if (part := _part(phrase)).text)
    return Transcript(parts=parts, language=language)


def _part(phrase: Recognition) -> Part:
    start = round((phrase.offset or 0.0) * SAMPLE_RATE)
    return Part(
        start=start,
        end=start + round((phrase.duration or 0.0) * SAMPLE_RATE),
        recognition=phrase,
    )
