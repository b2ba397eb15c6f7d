"""What the tests of the policy share: resources, another engine, and what was heard of them."""

from collections.abc import AsyncIterable, Mapping
from typing import Any, Final, override

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
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.azure_speech import Timeouts
from custom_components.azure_stt.config_flow import DEFAULT_OPTIONS
from custom_components.azure_stt.const import (
    DEFAULT_NAME,
    DEFAULT_RECOGNIZER,
    DOMAIN,
    SUBENTRY_TYPE,
    Connection,
)
from tests.emulator import Emulator, SpokenEar, Tier

SECOND_KEY: Final = "2" * 32
FALLBACK_ID: Final = "stt.house"


async def hear(audio: bytes) -> str:
    """Return every word that is in the audio, pauses or not."""
    heard = await SpokenEar().recognize(audio, "en-US")
    return heard[0].text if heard and not isinstance(heard, str) else ""


def second_emulator() -> Emulator:
    """Return a stand-in for another region, with a key of its own."""
    return Emulator(keys={SECOND_KEY: Tier.S0})


async def set_up_resource(
    hass: HomeAssistant,
    emulator: Emulator,
    recognizer: Mapping[str, Any] | None = None,
    *,
    entra: bool = False,
    timeouts: Timeouts | None = None,
) -> MockConfigEntry:
    """Set up a resource on an emulator, with an entity if there's a recognizer."""
    assert await async_setup_component(hass, "homeassistant", {})
    entry = _entry(emulator, recognizer, entra=entra)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    if timeouts:
        entry.runtime_data.client._timeouts = timeouts
    emulator.requests.clear()
    return entry


def _entry(
    emulator: Emulator, recognizer: Mapping[str, Any] | None, *, entra: bool
) -> MockConfigEntry:
    application = emulator.entra
    credential = (
        {
            "connection": Connection.ENTRA,
            "tenant_id": application.tenant_id,
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "resource_id": application.resource_id,
        }
        if entra
        else {"connection": Connection.CUSTOM_ENDPOINT, "api_key": next(iter(emulator.keys))}
    )
    return MockConfigEntry(
        domain=DOMAIN,
        title=f"127.0.0.1:{emulator.port}",
        data={"endpoint": emulator.url, **credential},
        options=DEFAULT_OPTIONS,
        subentries_data=[]
        if recognizer is None
        else [
            ConfigSubentryData(
                subentry_type=SUBENTRY_TYPE,
                title=DEFAULT_NAME,
                data={**DEFAULT_RECOGNIZER, **recognizer},
                unique_id=None,
            )
        ],
    )


class FallbackEngine(SpeechToTextEntity):
    """Another engine, which hears every word of all that it is given."""

    entity_id = FALLBACK_ID
    _attr_should_poll = False

    def __init__(self, *, fails: bool = False, keeps: bool = True) -> None:
        """Begin without having heard anything."""
        self.fails = fails
        self.keeps = keeps
        self.heard: list[bytes] = []
        """The audio of every call."""

    @property
    @override
    def supported_languages(self) -> list[str]:
        return ["en"]

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
        audio = b"".join([chunk async for chunk in stream])
        if self.keeps:
            self.heard.append(audio)
        if self.fails:
            return SpeechResult(None, SpeechResultState.ERROR)
        return SpeechResult(await hear(audio), SpeechResultState.SUCCESS)


async def add_fallback(hass: HomeAssistant, *, fails: bool = False) -> FallbackEngine:
    """Add another engine to Home Assistant's speech-to-text."""
    engine = FallbackEngine(fails=fails)
    await hass.data[DATA_COMPONENT].async_add_entities([engine])
    return engine
