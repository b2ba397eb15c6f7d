"""A home with resources on emulators, and other speech engines in it."""

from collections.abc import AsyncIterable, Mapping
from typing import Any, Final, override

from yarl import URL

from homeassistant.components.assist_pipeline.pipeline import KEY_ASSIST_PIPELINE
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
from custom_components.azure_stt.const import (
    CONF_TIER,
    DEFAULT_NAME,
    DEFAULT_RECOGNIZER,
    DOMAIN,
    SUBENTRY_TYPE,
    Connection,
)
from custom_components.azure_stt.options_flow import DEFAULT_OPTIONS
from tests.emulator import S0_KEY, Emulator, SpokenModel, Tier
from tests.emulator.settings import EntraApplication

ENTITY_ID: Final = "stt.azure_speech_to_text"
REACHABLE_ID: Final = "binary_sensor.azure_ai_speech_127_0_0_1_reachable"
SECOND_KEY: Final = "2" * 32
BACKUP_ENGINE_ID: Final = "stt.house"


def metadata(language: str = "en-US") -> SpeechMetadata:
    """Return the metadata that Assist declares."""
    return SpeechMetadata(
        language=language,
        format=AudioFormats.WAV,
        codec=AudioCodecs.PCM,
        bit_rate=AudioBitRates.BITRATE_16,
        sample_rate=AudioSampleRates.SAMPLERATE_16000,
        channel=AudioChannels.CHANNEL_MONO,
    )


def resource_entry(
    address: str,
    *,
    key: str = S0_KEY,
    recognizer: Mapping[str, Any] | None = None,
    entra: EntraApplication | None = None,
    title: str | None = None,
    tier: Tier = Tier.S0,
) -> MockConfigEntry:
    """Return the entry of a resource at an address, not yet added.

    It has a recognizer unless that is None, with these options on top of the defaults.
    """
    credential: dict[str, Any] = {"connection": Connection.CUSTOM_ENDPOINT, "api_key": key}
    if entra:
        credential = {
            "connection": Connection.ENTRA,
            "tenant_id": entra.tenant_id,
            "client_id": entra.client_id,
            "client_secret": entra.client_secret,
            "resource_id": entra.resource_id,
        }
    subentry = ConfigSubentryData(
        subentry_type=SUBENTRY_TYPE,
        title=DEFAULT_NAME,
        data={**DEFAULT_RECOGNIZER, **(recognizer or {})},
        unique_id=None,
    )
    return MockConfigEntry(
        domain=DOMAIN,
        title=title or URL(address).authority,
        data={"endpoint": address, **credential},
        options={**DEFAULT_OPTIONS, CONF_TIER: str(tier)},
        subentries_data=[] if recognizer is None else [subentry],
    )


async def set_up_resource(
    hass: HomeAssistant,
    emulator: Emulator,
    recognizer: Mapping[str, Any] | None = None,
    *,
    entra: bool = False,
    timeouts: Timeouts | None = None,
    tier: Tier = Tier.S0,
) -> MockConfigEntry:
    """Set up a resource on an emulator, with an entity if there's a recognizer."""
    assert await async_setup_component(hass, "homeassistant", {})
    entry = resource_entry(
        emulator.url,
        key=next(iter(emulator.keys)),
        recognizer=recognizer,
        entra=emulator.entra if entra else None,
        tier=tier,
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    if timeouts:
        entry.runtime_data.client._timeouts = timeouts
    emulator.requests.clear()
    return entry


async def add_pipeline(hass: HomeAssistant, entity_id: str = ENTITY_ID, **settings: object) -> None:
    """Add a pipeline that uses an entity in English, with Home Assistant's agent."""
    await hass.data[KEY_ASSIST_PIPELINE].pipeline_store.async_create_item(
        {
            "name": f"Pipeline {len(settings)}",
            "language": "en",
            "conversation_engine": "conversation.home_assistant",
            "conversation_language": "en",
            "stt_engine": entity_id,
            "stt_language": "en-US",
            "tts_engine": None,
            "tts_language": None,
            "tts_voice": None,
            "wake_word_entity": None,
            "wake_word_id": None,
            **settings,
        }
    )


class PcmEngine(SpeechToTextEntity):
    """The base of other speech engines: English, and PCM as Assist sends it."""

    _attr_should_poll = False

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


async def hear(audio: bytes) -> str:
    """Return every word that is in the audio, pauses or not."""
    heard = await SpokenModel().recognize(audio, "en-US")
    return heard[0].text if heard and not isinstance(heard, str) else ""


def second_emulator() -> Emulator:
    """Return an emulator of another region, with a key of its own."""
    return Emulator(keys={SECOND_KEY: Tier.S0})


class BackupEngine(PcmEngine):
    """Another speech engine, which recognizes every word that it gets."""

    entity_id = BACKUP_ENGINE_ID

    def __init__(self, *, fails: bool = False, keeps: bool = True) -> None:
        """Initialize without any audio."""
        self.fails = fails
        self.keeps = keeps
        self.heard: list[bytes] = []
        """The audio of every call."""

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


async def add_backup_engine(hass: HomeAssistant, *, fails: bool = False) -> BackupEngine:
    """Add another engine to Home Assistant's speech-to-text."""
    engine = BackupEngine(fails=fails)
    await hass.data[DATA_COMPONENT].async_add_entities([engine])
    return engine
