"""Transcription of a recording of any length."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
import logging
from typing import Final

from homeassistant.core import HomeAssistant

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import RecognitionOptions
from ..home.text_format import TextFormat
from ..recognition.transcript import Part, Transcript
from ..resource.resource import Resource
from .common import (
    Response,
    async_transcribe_pcm,
    place,
    raising_translated_errors,
    recording_policy,
    within_limit,
)
from .fast import FastSeconds, NotTranscribedError, async_transcribe_fast, usable
from .media import OpenFile, async_find_media, async_open_media, async_read
from .progress import Progress, async_showing_progress
from .words import transcript_words

_LOGGER = logging.getLogger(__name__)

# Samples between two lines in the log.
_PROGRESS_STEP: Final = 60 * SAMPLE_RATE


class Method(StrEnum):
    """The ways to transcribe a recording."""

    AUTOMATIC = "automatic"
    """Fast transcription where the tier has it, otherwise short audio."""
    SHORT_AUDIO = "short_audio"
    FAST = "fast"


async def async_transcribe(
    hass: HomeAssistant,
    media_id: str,
    engines: Sequence[Resource],
    options: RecognitionOptions,
    text_format: TextFormat,
    method: Method,
) -> Response:
    """Return everything that is said in a media.

    Where fast transcription fails, the service for short audio takes over, and the response has
    the reason. Raises HomeAssistantError and ServiceValidationError, translated.
    """
    engines = within_limit(engines)
    fast = _fast_resources(engines, options, method)
    meter, error = FastSeconds(), None
    with raising_translated_errors():
        open_file = await async_find_media(hass, media_id)
        async with async_showing_progress(hass, media_id) as progress:
            if fast:
                try:
                    transcript, damaged = await async_transcribe_fast(
                        hass, open_file, fast, options, progress, meter
                    )
                except NotTranscribedError as err:
                    error = str(err)
            seconds_sent = 0.0
            if not fast or error:
                transcript, damaged, seconds_sent = await _async_transcribe_short(
                    hass, open_file, engines, options, progress
                )
    if damaged:
        _LOGGER.warning("Part of a media is damaged and couldn't be transcribed")
    response = {
        **_response(transcript, text_format, seconds_sent + meter.seconds),
        "words": transcript_words(transcript, text_format.profanity),
        "method": Method.SHORT_AUDIO if error or not fast else Method.FAST,
        "damaged": damaged,
    }
    return {**response, "fast_error": error} if error else response


def _fast_resources(
    engines: Sequence[Resource], options: RecognitionOptions, method: Method
) -> list[Resource]:
    """Return the resources whose fast transcription is asked."""
    if method is Method.AUTOMATIC:
        return [engine for engine in engines if usable(engine, options)]
    return list(engines) if method is Method.FAST else []


async def _async_transcribe_short(
    hass: HomeAssistant,
    open_file: OpenFile,
    engines: Sequence[Resource],
    options: RecognitionOptions,
    progress: Progress,
) -> tuple[Transcript, bool, float]:
    """Return the transcript by short audio, whether sound is missing, and the seconds sent."""
    policy = recording_policy(replace(options, word_times=True))
    async with async_open_media(hass, open_file) as reader:
        engines = within_limit(engines, reader.duration)
        log = _log_progress(reader.duration)

        def on_part(part: Part) -> None:
            log(part)
            done = part.end / SAMPLE_RATE
            progress.async_transcribed(done / reader.duration if reader.duration else None)

        transcript, seconds_sent = await async_transcribe_pcm(
            async_read(hass, reader), engines, policy, on_part
        )
        return transcript, reader.damaged, seconds_sent


def _log_progress(duration: float | None) -> Callable[[Part], None]:
    """Return a callback that logs, once a minute of audio, how far the transcription is."""
    logged = 0

    def log(part: Part) -> None:
        nonlocal logged
        if part.end - logged >= _PROGRESS_STEP:
            logged = part.end
            _LOGGER.info(
                "Transcribed %d s of a recording (%s)",
                part.end // SAMPLE_RATE,
                f"{duration:.0f} s" if duration else "of unknown length",
            )

    return log


def _response(transcript: Transcript, text_format: TextFormat, seconds_sent: float) -> Response:
    """Return the action's response; offsets and durations are seconds."""
    language = transcript.language
    return {
        "text": text_format.text(next(transcript.ranked(), ()), language),
        "language": language,
        "seconds_sent": round(seconds_sent, 2),
        "parts": [_part(part, text_format, language) for part in transcript.parts],
        "missing": [
            {
                "offset": round(start / SAMPLE_RATE, 2),
                "duration": round((end - start) / SAMPLE_RATE, 2),
            }
            for start, end in transcript.missing
        ],
    }


def _part(part: Part, text_format: TextFormat, language: str) -> Response:
    alternatives = part.recognition.alternatives
    first, *others = (text_format.text([each], language) for each in alternatives)
    return {
        **place(part),
        "text": first,
        "confidence": part.recognition.confidence,
        "alternatives": [text for text in dict.fromkeys(others) if text not in ("", first)],
    }
