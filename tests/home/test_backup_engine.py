"""The backup engine: its input, and the cases without one."""

from collections.abc import AsyncIterable
from itertools import product
from typing import override

import pytest

from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioSampleRates,
    SpeechMetadata,
    SpeechResult,
    SpeechResultState,
)
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.audio.decoder import StreamDecoder
from custom_components.azure_stt.audio.pcm import PcmFormat
from custom_components.azure_stt.home.backup_engine import async_ask_backup_engine, waiting_entities
from custom_components.azure_stt.recognition.recording import Recording
from tests.emulator import speak
from tests.support.home import BACKUP_ENGINE_ID, BackupEngine, hear

SENTENCE = "Turn on the kitchen light."


class PickyEngine(BackupEngine):
    """An engine that takes one form of PCM only."""

    def __init__(self, rate: int, bits: int, channels: int) -> None:
        """Take that form."""
        super().__init__()
        self.form = PcmFormat(rate=rate, bits=bits, channels=channels)
        self.told: SpeechMetadata | None = None

    @property
    @override
    def supported_sample_rates(self) -> list[AudioSampleRates]:
        return [AudioSampleRates(self.form.rate)]

    @property
    @override
    def supported_bit_rates(self) -> list[AudioBitRates]:
        return [AudioBitRates(self.form.bits)]

    @property
    @override
    def supported_channels(self) -> list[AudioChannels]:
        return [AudioChannels(self.form.channels)]


@pytest.fixture
def recording() -> Recording:
    """Give a recording of a sentence."""
    recording = Recording()
    recording.append(speak(SENTENCE))
    return recording


async def add(hass: HomeAssistant, engine: BackupEngine) -> None:
    """Add an engine to Home Assistant."""
    assert await async_setup_component(hass, "stt", {})
    await hass.data[DATA_COMPONENT].async_add_entities([engine])


@pytest.mark.parametrize(
    ("rate", "bits", "channels"),
    [
        *product((16_000,), (8, 16, 24, 32), (1, 2)),
        *product((18_900, 22_000, 32_000, 37_800, 44_100, 48_000), (16,), (1,)),
        (48_000, 32, 2),
        (44_100, 24, 2),
    ],
)
async def test_formats(
    hass: HomeAssistant, recording: Recording, rate: int, bits: int, channels: int
) -> None:
    """The recording is given in the form of PCM that the engine takes."""
    engine = PickyEngine(rate, bits, channels)
    await add(hass, engine)
    recording.end()
    assert await async_ask_backup_engine(hass, BACKUP_ENGINE_ID, recording, 0, "en-US") is not None
    (audio,) = engine.heard
    size = rate * bits // 8 * channels
    assert len(audio) == pytest.approx(len(speak(SENTENCE)) / 32_000 * size, abs=2 * size / rate)
    decoder = StreamDecoder(engine.form)
    chunks = [audio[start : start + 4096] for start in range(0, len(audio), 4096)]
    pcm = b"".join([decoder.feed(chunk) for chunk in chunks]) + decoder.flush()
    assert await hear(pcm) == SENTENCE


async def test_ours_is_taken_as_it_is(hass: HomeAssistant, recording: Recording) -> None:
    """An engine that takes 16 kHz 16-bit mono gets every sample from the position on."""
    engine = BackupEngine()
    await add(hass, engine)
    recording.end()
    assert (
        await async_ask_backup_engine(hass, BACKUP_ENGINE_ID, recording, 100, "en-US") is not None
    )
    assert engine.heard == [speak(SENTENCE)[200:]]


@pytest.mark.parametrize("language", ["de-DE", "tlh"])
async def test_language_that_it_lacks(
    hass: HomeAssistant, recording: Recording, language: str
) -> None:
    """An engine isn't asked in a language that it doesn't have."""
    engine = BackupEngine()
    await add(hass, engine)
    assert await async_ask_backup_engine(hass, BACKUP_ENGINE_ID, recording, 0, language) is None
    assert not engine.heard


class TalkativeEngine(BackupEngine):
    """An engine that always says the same."""

    def __init__(self, text: str) -> None:
        """Say this."""
        super().__init__()
        self.text = text

    @override
    async def async_process_audio_stream(
        self, metadata: SpeechMetadata, stream: AsyncIterable[bytes]
    ) -> SpeechResult:
        return SpeechResult(self.text, SpeechResultState.SUCCESS)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (" Turn on the light.\n", "Turn on the light."),
        (" ", ""),
        (" ...", ""),
        (" [BLANK_AUDIO]", ""),
        ("(upbeat music)", ""),
    ],
)
async def test_text_is_stripped_and_nothing_without_words(
    hass: HomeAssistant, recording: Recording, said: str, text: str
) -> None:
    """Spaces around the engine's text go, and marks or remarks alone are no speech."""
    await add(hass, TalkativeEngine(said))
    recording.end()
    assert await async_ask_backup_engine(hass, BACKUP_ENGINE_ID, recording, 0, "en-US") == text


async def test_engine_that_is_not_there(hass: HomeAssistant, recording: Recording) -> None:
    """An engine that was removed is no engine."""
    assert await async_setup_component(hass, "stt", {})
    assert await async_ask_backup_engine(hass, BACKUP_ENGINE_ID, recording, 0, "en-US") is None


async def test_no_circle(hass: HomeAssistant, recording: Recording) -> None:
    """An engine that waits for the one that asks isn't waiting_entities."""
    engine = BackupEngine()
    await add(hass, engine)
    token = waiting_entities.set(frozenset({BACKUP_ENGINE_ID}))
    try:
        assert await async_ask_backup_engine(hass, BACKUP_ENGINE_ID, recording, 0, "en-US") is None
    finally:
        waiting_entities.reset(token)
    assert not engine.heard
