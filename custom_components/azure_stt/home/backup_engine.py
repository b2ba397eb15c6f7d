"""The backup speech engine: another entity that is asked when Azure doesn't answer."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import ContextVar
from itertools import product
import logging
from typing import TYPE_CHECKING, Final

from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechMetadata,
    SpeechResultState,
    SpeechToTextEntity,
    async_get_speech_to_text_entity,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import language as language_util

from ..audio.pcm import SAMPLE_WIDTH, TARGET
from ..recognition.recording import BrokenRecordingError, Recording
from ..recognition.transcript import has_words
from .metadata import pcm_format

if TYPE_CHECKING:
    from ..audio.ffmpeg import PcmEncoder  # it loads PyAV

_LOGGER = logging.getLogger(__name__)

waiting_entities: Final[ContextVar[frozenset[str]]] = ContextVar(
    "azure_stt_waiting_entities", default=frozenset()
)
"""Our entities that wait for the current one's answer, so that it doesn't ask them in a circle."""


@callback
def is_known_engine(hass: HomeAssistant, entity_id: str) -> bool:
    """Return whether an entity is there, or is known to come back."""
    return (
        er.async_get(hass).async_get(entity_id) is not None
        or async_get_speech_to_text_entity(hass, entity_id) is not None
    )


async def async_ask_backup_engine(
    hass: HomeAssistant, entity_id: str, recording: Recording, position: int, language: str
) -> str | None:
    """Let another entity recognize a recording from a position on, live if it still grows.

    The recording drops the audio that was read. Returns an empty text for audio without words.
    Returns None if the entity doesn't exist, takes neither the language nor any PCM, fails, or
    waits for this one itself. Raises BrokenRecordingError if the stream broke.
    """
    entity = async_get_speech_to_text_entity(hass, entity_id)
    if entity is None or entity_id in waiting_entities.get():
        _LOGGER.debug("%s can't be asked", entity_id)
        return None
    metadata = _metadata(entity, language)
    if metadata is None:
        _LOGGER.debug("%s takes neither %s nor any PCM", entity_id, language)
        return None
    encoder = await hass.async_add_executor_job(_encoder, metadata)
    try:
        async with aclosing(_read_once(recording, position, encoder)) as stream:
            result = await entity.internal_async_process_audio_stream(metadata, stream)
    except Exception:
        if recording.error:
            raise BrokenRecordingError from recording.error
        _LOGGER.exception("%s failed as the backup engine", entity_id)
        return None
    if result.result is not SpeechResultState.SUCCESS:
        return None
    text = (result.text or "").strip()
    return text if has_words(text) else ""


async def _read_once(
    recording: Recording, position: int, encoder: PcmEncoder | None
) -> AsyncGenerator[bytes]:
    """Yield a recording from a position on, and drop the audio that was read."""
    async for block in recording.read(position):
        if encoded := encoder.feed(block) if encoder else block:
            yield encoded
        position += len(block) // SAMPLE_WIDTH
        recording.forget(position)
    if encoder and (rest := encoder.flush()):
        yield rest


def _encoder(metadata: SpeechMetadata) -> PcmEncoder | None:
    """Return an encoder from our format to an entity's; None if it takes ours.

    It may load PyAV, so it mustn't run on the event loop.
    """
    target = pcm_format(metadata)
    if target is None or target == TARGET:
        return None
    from ..audio.ffmpeg import PcmEncoder  # noqa: PLC0415

    return PcmEncoder(target)


def _metadata(entity: SpeechToTextEntity, language: str) -> SpeechMetadata | None:
    """Return metadata that an entity accepts: our format, or the nearest PCM; None if none."""
    forms = sorted(
        product(
            entity.supported_sample_rates, entity.supported_bit_rates, entity.supported_channels
        ),
        key=_distance,
    )
    for match in language_util.matches(language, entity.supported_languages):
        for rate, bits, channels in forms:
            metadata = SpeechMetadata(
                language=match,
                format=AudioFormats.WAV,
                codec=AudioCodecs.PCM,
                bit_rate=bits,
                sample_rate=rate,
                channel=channels,
            )
            if entity.check_metadata(metadata):
                return metadata
    return None


def _distance(
    form: tuple[AudioSampleRates, AudioBitRates, AudioChannels],
) -> tuple[bool, int, bool, int, int]:
    """Return the distance of a format from ours. Lossy ones are the farthest."""
    rate, bits, channels = form
    return rate < TARGET.rate, abs(rate - TARGET.rate), bits < TARGET.bits, bits, channels
