"""Transcription of a recording of any length."""

from collections.abc import Callable, Sequence
import logging
from typing import Final

from homeassistant.core import HomeAssistant

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import RecognitionOptions
from ..home.text_format import TextFormat
from ..recognition.policy import Patience
from ..recognition.transcript import Part, Transcript
from ..resource.resource import Resource
from .common import (
    Response,
    async_transcribe_pcm,
    place,
    raising_translated_errors,
    recording_policy,
)
from .media import async_open_media, async_read

_LOGGER = logging.getLogger(__name__)

# Samples between two lines in the log.
_PROGRESS_STEP: Final = 60 * SAMPLE_RATE


async def async_transcribe(
    hass: HomeAssistant,
    media_id: str,
    engines: Sequence[Resource],
    options: RecognitionOptions,
    text_format: TextFormat,
) -> Response:
    """Return everything that is said in a media.

    Raises HomeAssistantError and ServiceValidationError, translated.
    """
    policy = recording_policy(options, Patience.TO_THE_END)
    with raising_translated_errors():
        async with async_open_media(hass, media_id) as reader:
            transcript, seconds_sent = await async_transcribe_pcm(
                async_read(hass, reader), engines, policy, _log_progress(reader.duration)
            )
            damaged = reader.damaged
    if damaged:
        _LOGGER.warning("Part of a media is damaged and couldn't be transcribed")
    return {**_response(transcript, text_format, seconds_sent), "damaged": damaged}


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
