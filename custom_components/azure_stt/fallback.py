"""Another speech-to-text entity that hears what Azure couldn't answer."""

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
)
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.util import language as language_util

from .audio import SAMPLE_WIDTH, TARGET, PcmFormat
from .recording import BrokenRecordingError, Recording

if TYPE_CHECKING:
    from .conversion import PcmEncoder  # it loads PyAV

_LOGGER = logging.getLogger(__name__)

asked: Final[ContextVar[frozenset[str]]] = ContextVar("azure_stt_asked", default=frozenset())
"""The entities of ours that wait for this one's answer: who is in it must not ask again."""


async def async_fall_back(
    hass: HomeAssistant, entity_id: str, recording: Recording, position: int, language: str
) -> str | None:
    """Let another entity recognise a recording from a position on, live if it still grows.

    What it has read is forgotten. Returns None if there's no such entity, it doesn't take
    the language or PCM in any form, or it fails; and if it waits itself for the one that asks.
    Raises BrokenRecordingError if the host's stream broke.
    """
    entity = hass.data[DATA_COMPONENT].get_entity(entity_id)
    if entity is None or entity_id in asked.get():
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
        _LOGGER.exception("%s failed as the fallback engine", entity_id)
        return None
    return (result.text or "") if result.result is SpeechResultState.SUCCESS else None


async def _read_once(
    recording: Recording, position: int, encoder: PcmEncoder | None
) -> AsyncGenerator[bytes]:
    """Yield a recording from a position on, and let go of what was taken: nobody else asks."""
    async for block in recording.read(position):
        if encoded := encoder.feed(block) if encoder else block:
            yield encoded
        position += len(block) // SAMPLE_WIDTH
        recording.forget(position)
    if encoder and (rest := encoder.flush()):
        yield rest


def _encoder(metadata: SpeechMetadata) -> PcmEncoder | None:
    """Return what turns our audio into an entity's; None if it takes it as it is.

    Loads PyAV if it's needed: not on the event loop.
    """
    target = PcmFormat(
        rate=metadata.sample_rate.value,
        bits=metadata.bit_rate.value,
        channels=metadata.channel.value,
    )
    if target == TARGET:
        return None
    from .conversion import PcmEncoder  # noqa: PLC0415

    return PcmEncoder(target)


def _metadata(entity: SpeechToTextEntity, language: str) -> SpeechMetadata | None:
    """Return what an entity is told of the audio: ours, else the nearest PCM that it takes."""
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
    """Return how far a format is from ours; what would lose something is farthest."""
    rate, bits, channels = form
    return rate < TARGET.rate, abs(rate - TARGET.rate), bits < TARGET.bits, bits, channels
