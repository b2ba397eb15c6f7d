"""The speech-to-text entity: Assist's stream in, its text out."""

from collections.abc import AsyncIterable
import logging
from typing import override

from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechMetadata,
    SpeechResult,
    SpeechResultState,
    SpeechToTextEntity,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .audio import AudioFormatError, PcmDecoder
from .azure_speech import (
    AuthenticationError,
    Profanity,
    Recognition,
    RecognitionOptions,
    SpeechError,
)
from .const import CONF_PROFANITY, SUBENTRY_TYPE
from .entity import RecognizerEntity
from .locales import LOCALES
from .recording import CAPACITY, NoSpeechError, Recording, recorded
from .resource import AzureSttConfigEntry

_LOGGER = logging.getLogger(__name__)

# Streams are not touched by this; the resource limits its requests itself.
PARALLEL_UPDATES = 0

_SILENCE = SpeechResult("", SpeechResultState.SUCCESS)
_ERROR = SpeechResult(None, SpeechResultState.ERROR)


async def async_setup_entry(
    _: HomeAssistant,
    entry: AzureSttConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity for each recognizer."""
    for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE):
        async_add_entities(
            [AzureSpeechToTextEntity(entry, subentry)], config_subentry_id=subentry.subentry_id
        )


class AzureSpeechToTextEntity(RecognizerEntity, SpeechToTextEntity):
    """Recognises speech while it is spoken."""

    _attr_name = None

    def __init__(self, entry: AzureSttConfigEntry, subentry: ConfigSubentry) -> None:
        """Keep the client: an utterance may outlive the entry's runtime data."""
        super().__init__(entry, subentry)
        self._client = entry.runtime_data.client

    @property
    @override
    def supported_languages(self) -> list[str]:
        return list(LOCALES)

    @property
    @override
    def supported_formats(self) -> list[AudioFormats]:
        return [AudioFormats.WAV]

    @property
    @override
    def supported_codecs(self) -> list[AudioCodecs]:
        return [AudioCodecs.PCM]

    @property
    @override
    def supported_bit_rates(self) -> list[AudioBitRates]:
        return [AudioBitRates.BITRATE_16]

    @property
    @override
    def supported_sample_rates(self) -> list[AudioSampleRates]:
        return [AudioSampleRates.SAMPLERATE_16000]

    @property
    @override
    def supported_channels(self) -> list[AudioChannels]:
        return [AudioChannels.CHANNEL_MONO]

    @override
    async def async_process_audio_stream(
        self, metadata: SpeechMetadata, stream: AsyncIterable[bytes]
    ) -> SpeechResult:
        """Return the text; empty for silence, an error for what Azure couldn't do.

        What the host's stream itself raises is raised again.
        """
        try:
            async with recorded(stream, PcmDecoder()) as recording:
                recognition = await self._recognize(recording, metadata.language)
        except NoSpeechError as err:
            _LOGGER.debug("%s: %s", self.entity_id, err)
            return _SILENCE
        except AudioFormatError as err:
            _LOGGER.warning("%s got audio that isn't what was declared: %s", self.entity_id, err)
            return _ERROR
        except SpeechError as err:
            self._report(err)
            return _ERROR
        return SpeechResult(recognition.text, SpeechResultState.SUCCESS)

    async def _recognize(self, recording: Recording, language: str) -> Recognition:
        options = RecognitionOptions(
            language=language, profanity=Profanity(self._subentry.data[CONF_PROFANITY])
        )
        return await self._client.recognize(lambda: recording.read(stop=CAPACITY), options)

    def _report(self, err: SpeechError) -> None:
        """Say once what went wrong, and ask for a new key if that's what it needs."""
        _LOGGER.error(
            "%s could not recognize speech: %s%s",
            self.entity_id,
            err,
            f" [request {err.connection_id}]" if err.connection_id else "",
        )
        if isinstance(err, AuthenticationError):
            self._entry.async_start_reauth(self.hass)
