"""The second opinion, from the audio stream to the text, over a socket."""

import asyncio
from collections.abc import Sequence
import json
from typing import Any, Final, override

import pytest

from homeassistant.components.stt import SpeechResult, SpeechResultState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.const import Tier
from custom_components.azure_stt.resource.resource import CONCURRENCY
from tests.conftest import Recognize
from tests.emulator import Emulator, Endpoint, Fault, silence, speak
from tests.emulator.speech_model import Alternative, Heard, SpeechModel
from tests.support.home import add_pipeline
from tests.support.streams import AudioStream, eventually

MISHEARD: Final = "Turn on useless lamb."
MEANT: Final = "Turn on Ulysses lamp."


class OtherModel(SpeechModel):
    """Returns one text for any audio, and notes the phrases that it was told to expect."""

    def __init__(self) -> None:
        """Initialize without phrases."""
        self.phrases: list[str] = []

    @override
    def expecting(self, phrases: Sequence[str]) -> SpeechModel:
        self.phrases = list(phrases)
        return self

    @override
    async def recognize(self, audio: bytes, language: str) -> Heard:
        return [Alternative(text=MEANT, confidence=0.9)]


@pytest.fixture(autouse=True)
def other_model(emulator: Emulator) -> OtherModel:
    """Give fast transcription a speech model of its own."""
    emulator.fast_model = speech_model = OtherModel()
    return speech_model


@pytest.fixture(autouse=True)
async def home(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """Give a lamp, and Assist with a pipeline."""
    for component in ("conversation", "assist_pipeline"):
        assert await async_setup_component(hass, component, {})
    entity = er.async_get(hass).async_get_or_create(
        "light", "test", "lamp", original_name="Ulysses lamp"
    )
    hass.states.async_set(entity.entity_id, "off", {"friendly_name": "Ulysses lamp"})
    await add_pipeline(hass)


def asked(emulator: Emulator) -> int:
    """Count the second opinions that were asked for."""
    return len(emulator.requests_for(Endpoint.TRANSCRIPTION))


def success(text: str) -> SpeechResult:
    """Return the result for a text."""
    return SpeechResult(text, SpeechResultState.SUCCESS)


async def test_misheard_name(
    recognize: Recognize, emulator: Emulator, other_model: OtherModel
) -> None:
    """A text that isn't understood is recognized again, once and whole, with the home's names."""
    said = speak(MISHEARD)
    assert await recognize(AudioStream(silence(0.5), said, silence(0.5))) == success(MEANT)
    assert asked(emulator) == 1
    assert other_model.phrases == ["Ulysses lamp"]
    (request,) = emulator.requests_for(Endpoint.TRANSCRIPTION)
    assert said in bytes(request.audio)
    assert json.loads(request.definition)["locales"] == ["en-US"]


async def test_understood(recognize: Recognize, emulator: Emulator) -> None:
    """A text that is understood isn't recognized again."""
    assert await recognize(AudioStream(speak(MEANT))) == success(MEANT)
    assert not asked(emulator)


@pytest.mark.parametrize("recognizer", [{"send_names": False}])
async def test_names_that_are_not_sent(
    recognize: Recognize, emulator: Emulator, other_model: OtherModel
) -> None:
    """Without permission to send names it's recognized again without them."""
    assert await recognize(AudioStream(speak(MISHEARD))) == success(MEANT)
    assert not other_model.phrases
    (request,) = emulator.requests_for(Endpoint.TRANSCRIPTION)
    assert "phraseList" not in json.loads(request.definition)


@pytest.mark.parametrize("recognizer", [{"second_opinion": False}, {"home_aware": False}])
async def test_switched_off(recognize: Recognize, emulator: Emulator) -> None:
    """With the option off, the first text is taken."""
    assert await recognize(AudioStream(speak(MISHEARD))) == success(MISHEARD)
    assert not asked(emulator)


async def test_free_tier(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, emulator: Emulator
) -> None:
    """The free tier has no fast transcription, so it isn't asked."""
    options = {**loaded_entry.options, "tier": "f0"}
    hass.config_entries.async_update_entry(loaded_entry, options=options)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await recognize(AudioStream(speak(MISHEARD))) == success(MISHEARD)
    assert not asked(emulator)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 400}, id="400"),
        pytest.param({"status": 401}, id="401 there, but not here"),
        pytest.param({"status": 404}, id="not in the region"),
        pytest.param({"status": 429}, id="429"),
        pytest.param({"status": 500}, id="500"),
        pytest.param({"status": 200, "body": "[]"}, id="not an answer"),
        pytest.param({"status": 200, "body": " " * 50_000_000}, id="50 MB"),
        pytest.param({"reset": True}, id="reset"),
    ],
)
async def test_trouble(
    loaded_entry: MockConfigEntry, recognize: Recognize, emulator: Emulator, fault: dict[str, Any]
) -> None:
    """The first text goes out, and the resource stays as healthy as it is."""
    emulator.faults.append(Fault(where=Endpoint.TRANSCRIPTION, times=None, **fault))
    assert await recognize(AudioStream(speak(MISHEARD))) == success(MISHEARD)
    assert asked(emulator)
    assert not loaded_entry.runtime_data.down


@pytest.mark.parametrize(
    "recognizer",
    [
        pytest.param({"second_opinion_timeout": 0.2}, id="its own limit"),
        pytest.param({"deadline": 1.5, "second_opinion_timeout": 9}, id="the deadline"),
    ],
)
async def test_too_late(recognize: Recognize, emulator: Emulator) -> None:
    """The first text goes out when the time is over."""
    emulator.fast_latency = 5.0
    async with asyncio.timeout(4):
        assert await recognize(AudioStream(speak(MISHEARD))) == success(MISHEARD)
    assert asked(emulator) == 1


async def test_cancelled(
    loaded_entry: MockConfigEntry, recognize: Recognize, emulator: Emulator
) -> None:
    """The request ends with the utterance."""
    emulator.fast_latency = 30.0
    utterance = asyncio.create_task(recognize(AudioStream(speak(MISHEARD))))
    await eventually(lambda: asked(emulator) == 1)
    utterance.cancel()
    with pytest.raises(asyncio.CancelledError):
        await utterance
    assert loaded_entry.runtime_data.requests[-1].status == "cancelled"
    assert loaded_entry.runtime_data._queue.free == CONCURRENCY[Tier.S0]


async def test_long_utterance(recognize: Recognize, emulator: Emulator) -> None:
    """An utterance whose beginning is no longer kept isn't recognized again."""
    said = [speak(MISHEARD), silence(0.3)] * 20
    result = await recognize(AudioStream(*said))
    assert result.text
    assert result.text.count("lamb") == 20
    assert not asked(emulator)
