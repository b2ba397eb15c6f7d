"""A contender as a speech-to-text entity, with nothing around it."""

from collections.abc import AsyncIterable
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
from homeassistant.util import slugify

from .contenders import LANGUAGE, Contender


class PlainEntity(SpeechToTextEntity):
    """Gives the stream to a contender, and its text back."""

    _attr_should_poll = False

    def __init__(self, name: str, contender: Contender) -> None:
        """Give a contender a name."""
        self.entity_id = f"stt.{slugify(name)}"
        self._contender = contender

    @property
    @override
    def supported_languages(self) -> list[str]:
        return [LANGUAGE]

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
        text = await self._contender.recognize(stream)
        return SpeechResult(text, SpeechResultState.SUCCESS)
