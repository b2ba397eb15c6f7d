"""What the integration's tests share: the emulator, a resource that uses it, and a host."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Coroutine
from typing import Any

import pytest

from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechMetadata,
    SpeechResult,
)
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.azure_speech import BYTES_PER_SECOND
from custom_components.azure_stt.config_flow import DEFAULT_OPTIONS
from custom_components.azure_stt.const import (
    DEFAULT_NAME,
    DEFAULT_RECOGNIZER,
    DOMAIN,
    SUBENTRY_TYPE,
    Connection,
)
from tests.emulator import S0_KEY, Emulator

ENTITY_ID = "stt.azure_speech_to_text"

type Recognize = Callable[[AsyncIterable[bytes]], Coroutine[None, None, SpeechResult]]


@pytest.fixture(autouse=True)
def custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant load the integration."""


@pytest.fixture
async def emulator(socket_enabled: None) -> AsyncGenerator[Emulator]:
    """Give a stand-in for Azure."""
    async with Emulator() as emulator:
        yield emulator


@pytest.fixture
def recognizer() -> dict[str, Any]:
    """Give the recognizer's options that aren't the defaults; tests parametrise it."""
    return {}


@pytest.fixture
def entry(emulator: Emulator, recognizer: dict[str, Any]) -> MockConfigEntry:
    """Give the entry of a resource on the emulator, not yet added."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="127.0.0.1",
        data={
            "connection": Connection.CUSTOM_ENDPOINT,
            "endpoint": emulator.url,
            "api_key": S0_KEY,
        },
        options=DEFAULT_OPTIONS,
        subentries_data=[
            ConfigSubentryData(
                subentry_type=SUBENTRY_TYPE,
                title=DEFAULT_NAME,
                data={**DEFAULT_RECOGNIZER, **recognizer},
                unique_id=None,
            )
        ],
    )


@pytest.fixture
async def loaded_entry(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Give a resource that is set up."""
    assert await async_setup_component(hass, "homeassistant", {})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    return entry


@pytest.fixture
def recognize(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> Recognize:
    """Give what Assist calls: a stream to the entity, a result from it."""

    async def recognize(stream: AsyncIterable[bytes]) -> SpeechResult:
        entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
        assert entity is not None
        return await entity.internal_async_process_audio_stream(metadata(), stream)

    return recognize


def metadata(language: str = "en-US") -> SpeechMetadata:
    """Return what Assist declares."""
    return SpeechMetadata(
        language=language,
        format=AudioFormats.WAV,
        codec=AudioCodecs.PCM,
        bit_rate=AudioBitRates.BITRATE_16,
        sample_rate=AudioSampleRates.SAMPLERATE_16000,
        channel=AudioChannels.CHANNEL_MONO,
    )


class HostStream:
    """A host's stream: chunks of 10 ms as Assist sends them, faster than in real time.

    It remembers how much was read and whether it was closed. An exception among the parts
    is raised when its turn comes, an Awaitable is waited for.
    """

    def __init__(self, *parts: bytes | BaseException | Awaitable[object]) -> None:
        """Hold what will be sent."""
        self._parts = parts
        self.sent = 0
        self.closed = False
        self._chunks = self._generate()

    async def _generate(self) -> AsyncGenerator[bytes]:
        size = BYTES_PER_SECOND // 100
        for part in self._parts:
            if isinstance(part, BaseException):
                raise part
            if isinstance(part, Awaitable):
                await part
                continue
            for start in range(0, len(part), size):
                chunk = part[start : start + size]
                self.sent += len(chunk)
                yield chunk

    def __aiter__(self) -> AsyncGenerator[bytes]:
        """Read the chunks."""
        return self._chunks

    async def aclose(self) -> None:
        """Remember that the host was let go."""
        self.closed = True
        await self._chunks.aclose()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what another process or task will bring about; fail after five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0.001)
