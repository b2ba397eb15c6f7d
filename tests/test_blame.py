"""Blame: an audio source's error is never Azure's, even with other readers."""

import asyncio

import pytest

from homeassistant.components.stt import SpeechResult, SpeechResultState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.recognition import recording
from tests.conftest import Recognize
from tests.emulator import Emulator, Fault, speak, wav_header
from tests.support.streams import AudioStream

SPOKEN = speak("Turn on the kitchen light")
LANGUAGES = pytest.mark.parametrize(
    "recognizer", [{}, {"languages": ["de-DE", "fr-FR"]}], ids=["one language", "three languages"]
)


class BrokenError(Exception):
    """An audio stream that breaks."""


def failures(entry: MockConfigEntry) -> int:
    """Return how many failures in a row are counted as Azure's."""
    return int(entry.runtime_data.health._failures)


@LANGUAGES
async def test_stream_that_breaks(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize
) -> None:
    """A stream that breaks in the middle is Assist's fault."""
    for _ in range(3):
        with pytest.raises(BrokenError):
            await recognize(AudioStream(SPOKEN, asyncio.sleep(0.05), BrokenError()))
        await hass.async_block_till_done(wait_background_tasks=True)
    assert failures(loaded_entry) == 0
    assert not loaded_entry.runtime_data.down


@LANGUAGES
async def test_stream_that_stops_without_an_end(
    loaded_entry: MockConfigEntry, recognize: Recognize, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A satellite that is muted in mid-sentence is no outage."""
    monkeypatch.setattr(recording, "IDLE_LIMIT", 0.1)
    for _ in range(3):
        result = await recognize(AudioStream(SPOKEN, asyncio.Event().wait()))
        assert result == SpeechResult("", SpeechResultState.SUCCESS)
    assert failures(loaded_entry) == 0


@LANGUAGES
async def test_azure_gives_up_on_a_stream_that_stops(
    emulator: Emulator,
    loaded_entry: MockConfigEntry,
    recognize: Recognize,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A 408 says that no audio came, which is no outage."""
    monkeypatch.setattr(recording, "IDLE_LIMIT", 0.5)
    emulator.audio_timeout = 0.1
    for _ in range(2):
        await recognize(AudioStream(SPOKEN, asyncio.Event().wait()))
    assert failures(loaded_entry) == 0


UNREADABLE = {
    "mu-law": wav_header(sample_rate=8_000, bits=8, codec=7) + bytes(4000),
    "six channels": wav_header(channels=6) + bytes(12_000),
    "damaged Opus": b"OggS" + bytes(range(256)) * 8,
}


@pytest.mark.parametrize("audio", UNREADABLE.values(), ids=UNREADABLE)
@LANGUAGES
async def test_unreadable_file(
    loaded_entry: MockConfigEntry, recognize: Recognize, audio: bytes
) -> None:
    """A file that can't be read never reaches Azure's account."""
    for _ in range(2):
        result = await recognize(AudioStream(asyncio.sleep(0.05), audio))
        assert result.result is SpeechResultState.ERROR or not result.text
    assert failures(loaded_entry) == 0


async def test_stream_that_breaks_during_a_second_request(
    hass: HomeAssistant, emulator: Emulator, loaded_entry: MockConfigEntry, recognize: Recognize
) -> None:
    """A request that was sent again ends with the stream's error, too."""
    emulator.faults.append(Fault(status=503))
    with pytest.raises(BrokenError):
        await recognize(AudioStream(SPOKEN, asyncio.sleep(0.2), BrokenError()))
    assert failures(loaded_entry) == 1


async def test_503_after_two_broken_streams_is_tried_again(
    emulator: Emulator, recognize: Recognize
) -> None:
    """Azure's next single error doesn't pay for the stream's."""
    for _ in range(2):
        with pytest.raises(BrokenError):
            await recognize(AudioStream(SPOKEN, asyncio.sleep(0.05), BrokenError()))
    emulator.faults.append(Fault(status=503))
    assert (await recognize(AudioStream(SPOKEN))).text == "Turn on the kitchen light"
