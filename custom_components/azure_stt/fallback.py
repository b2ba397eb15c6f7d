"""Another speech-to-text entity that hears what Azure couldn't answer."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import ContextVar
import logging
from typing import Final

from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechMetadata,
    SpeechResultState,
    SpeechToTextEntity,
)
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.util import language as language_util

from .audio import SAMPLE_WIDTH
from .recording import BrokenRecordingError, Recording

_LOGGER = logging.getLogger(__name__)

asked: Final[ContextVar[frozenset[str]]] = ContextVar("azure_stt_asked", default=frozenset())
"""The entities of ours that wait for this one's answer: who is in it must not ask again."""


async def async_fall_back(
    hass: HomeAssistant, entity_id: str, recording: Recording, position: int, language: str
) -> str | None:
    """Let another entity recognise a recording from a position on, live if it still grows.

    What it has read is forgotten. Returns None if there's no such entity, it doesn't take
    the language or 16 kHz PCM, or it fails; and if it waits itself for the one that asks.
    Raises BrokenRecordingError if the host's stream broke.
    """
    entity = hass.data[DATA_COMPONENT].get_entity(entity_id)
    if entity is None or entity_id in asked.get():
        _LOGGER.debug("%s can't be asked", entity_id)
        return None
    metadata = _metadata(entity, language)
    if metadata is None:
        _LOGGER.debug("%s takes neither %s nor Assist's audio", entity_id, language)
        return None
    try:
        async with aclosing(_read_once(recording, position)) as stream:
            result = await entity.internal_async_process_audio_stream(metadata, stream)
    except Exception:
        if recording.error:
            raise BrokenRecordingError from recording.error
        _LOGGER.exception("%s failed as the fallback engine", entity_id)
        return None
    return (result.text or "") if result.result is SpeechResultState.SUCCESS else None


async def _read_once(recording: Recording, position: int) -> AsyncGenerator[bytes]:
    """Yield a recording from a position on, and let go of what was taken: nobody else asks."""
    async for block in recording.read(position):
        yield block
        position += len(block) // SAMPLE_WIDTH
        recording.forget(position)


def _metadata(entity: SpeechToTextEntity, language: str) -> SpeechMetadata | None:
    """Return what an entity is told of the recording; None if it doesn't take that."""
    for match in language_util.matches(language, entity.supported_languages):
        metadata = SpeechMetadata(
            language=match,
            format=AudioFormats.WAV,
            codec=AudioCodecs.PCM,
            bit_rate=AudioBitRates.BITRATE_16,
            sample_rate=AudioSampleRates.SAMPLERATE_16000,
            channel=AudioChannels.CHANNEL_MONO,
        )
        if entity.check_metadata(metadata):
            return metadata
    return None
