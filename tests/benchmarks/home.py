"""Our entity in a Home Assistant core, in this process."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from aiohttp.resolver import AsyncResolver

from homeassistant.components.stt import (
    DOMAIN as STT_DOMAIN,
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechMetadata,
)
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.azure_stt.config_flow import DEFAULT_OPTIONS
from custom_components.azure_stt.const import (
    DEFAULT_NAME,
    DEFAULT_RECOGNIZER,
    DOMAIN,
    SUBENTRY_TYPE,
    Connection,
)
from tests.emulator import S0_KEY


@asynccontextmanager
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run a Home Assistant core with nothing in it but what is always there."""
    resolver = AsyncResolver()
    # Home Assistant's own needs its zeroconf and network integrations; no name is looked up here.
    resolver.real_close = resolver.close  # type: ignore[attr-defined]
    with (
        # Home Assistant may still be writing its files when it has stopped.
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        patch("homeassistant.helpers.aiohttp_client._async_make_resolver", return_value=resolver),
    ):
        async with async_test_home_assistant(config_dir=folder) as hass:
            hass.data.pop(DATA_CUSTOM_COMPONENTS)  # the harness keeps them out
            assert await async_setup_component(hass, "homeassistant", {})
            try:
                yield hass
            finally:
                await hass.async_stop(force=True)


async def recognizer(
    hass: HomeAssistant, address: str, language: str
) -> Callable[[AsyncIterable[bytes]], Awaitable[str]]:
    """Add a resource at an address; return what has its entity recognise a stream."""
    entity_id = await add_recognizer(hass, address, {})
    entity = hass.data[DATA_COMPONENT].get_entity(entity_id)
    assert entity

    async def recognize(stream: AsyncIterable[bytes]) -> str:
        result = await entity.internal_async_process_audio_stream(metadata(language), stream)
        return result.text or ""

    return recognize


async def add_recognizer(hass: HomeAssistant, address: str, options: Mapping[str, Any]) -> str:
    """Add a resource at an address, its recognizer with some options; return its entity's ID."""
    entry = _entry(address, options)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    [entity_id] = [entity.entity_id for entity in registered if entity.domain == STT_DOMAIN]
    return entity_id


def metadata(language: str) -> SpeechMetadata:
    """Return what Assist declares."""
    return SpeechMetadata(
        language=language,
        format=AudioFormats.WAV,
        codec=AudioCodecs.PCM,
        bit_rate=AudioBitRates.BITRATE_16,
        sample_rate=AudioSampleRates.SAMPLERATE_16000,
        channel=AudioChannels.CHANNEL_MONO,
    )


def _entry(address: str, options: Mapping[str, Any]) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        title=address,
        data={
            "connection": Connection.CUSTOM_ENDPOINT,
            "endpoint": address,
            "api_key": S0_KEY,
        },
        options=DEFAULT_OPTIONS,
        subentries_data=[
            ConfigSubentryData(
                subentry_type=SUBENTRY_TYPE,
                title=DEFAULT_NAME,
                data={**DEFAULT_RECOGNIZER, **options},
                unique_id=None,
            )
        ],
    )
