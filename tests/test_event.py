"""The event entity: a recognizer's last utterance, if it's enabled."""

import pytest

from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.home.signals import SIGNAL_UTTERANCE, Utterance
from custom_components.azure_stt.recognizer_form import SECTIONS
from tests.emulator import Emulator, Fault, silence, speak
from tests.support.home import ENTITY_ID, metadata, second_emulator, set_up_resource
from tests.support.streams import AudioStream

EVENT_ID = "event.azure_speech_to_text_speech"
TEXT = "Turn on the kitchen light."


@pytest.fixture
async def turned_on(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """Turn the entity on, as its user would."""
    entity_registry.async_update_entity(EVENT_ID, disabled_by=None)
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def heard(hass: HomeAssistant, audio: bytes) -> State:
    """Return the event's state after something was said."""
    entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
    assert entity is not None
    await entity.internal_async_process_audio_stream(metadata(), AudioStream(audio))
    await hass.async_block_till_done()
    state = hass.states.get(EVENT_ID)
    assert state is not None
    return state


async def test_off_by_default(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """No speech is recorded unless the user enables it."""
    entity = entity_registry.async_get(EVENT_ID)
    assert entity is not None
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert hass.states.get(EVENT_ID) is None


async def test_recognized(hass: HomeAssistant, turned_on: None) -> None:
    """Text, language, confidence, duration and satellite are its attributes."""
    hass.states.async_set("assist_satellite.kitchen", "listening")
    state = await heard(hass, speak(TEXT))
    attributes = state.attributes
    assert attributes["event_types"] == ["recognized", "no_speech", "failed"]
    assert attributes["event_type"] == "recognized"
    assert attributes["text"] == TEXT
    assert attributes["language"] == "en-US"
    assert attributes["satellite_id"] == "assist_satellite.kitchen"
    assert attributes["duration"] == pytest.approx(len(speak(TEXT)) / 32_000, abs=0.1)
    assert 0 < attributes["confidence"] <= 1
    assert attributes["heard"] == TEXT
    assert "changes" not in attributes


@pytest.mark.parametrize("recognizer", [{"corrections": [{"heard": "kitchen", "meant": "bath"}]}])
async def test_changed(hass: HomeAssistant, turned_on: None) -> None:
    """Where the text isn't Azure's own, that one is shown too, and why it was changed."""
    attributes = (await heard(hass, speak(TEXT))).attributes
    assert attributes["text"] == "Turn on the bath light."
    assert attributes["heard"] == TEXT
    assert attributes["changes"] == ["correction"]


async def test_no_speech(hass: HomeAssistant, turned_on: None) -> None:
    """Silence is an event too, without a text."""
    state = await heard(hass, silence(0.5))
    assert state.attributes["event_type"] == "no_speech"
    assert "text" not in state.attributes


async def test_failed(hass: HomeAssistant, turned_on: None, emulator: Emulator) -> None:
    """So is a failure."""
    emulator.faults.append(Fault(status=405))
    state = await heard(hass, speak(TEXT))
    assert state.attributes["event_type"] == "failed"
    assert "text" not in state.attributes


async def test_other_recognizer(
    hass: HomeAssistant, turned_on: None, loaded_entry: MockConfigEntry
) -> None:
    """Another recognizer's utterances are ignored."""
    result = await hass.config_entries.subentries.async_init(
        (loaded_entry.entry_id, "stt"), context={"source": "user"}
    )
    await hass.config_entries.subentries.async_configure(
        result["flow_id"], {"name": "Other", **{section: {} for section in SECTIONS}}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    entity = hass.data[DATA_COMPONENT].get_entity("stt.other")
    assert entity is not None
    await entity.internal_async_process_audio_stream(metadata(), AudioStream(speak(TEXT)))
    await hass.async_block_till_done()
    state = hass.states.get(EVENT_ID)
    assert state is not None
    assert state.state == "unknown"


@pytest.mark.parametrize("recognizer", [{"fallback_entity": f"{ENTITY_ID}_2"}])
async def test_heard_by_another_recognizer(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator
) -> None:
    """A backup recognizer's text is announced once, by the recognizer that was spoken to."""
    told: list[Utterance] = []
    async_dispatcher_connect(hass, SIGNAL_UTTERANCE, told.append)
    async with second_emulator() as second:
        await set_up_resource(hass, second, {})
        emulator.keys.clear()
        entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
        assert entity is not None
        result = await entity.internal_async_process_audio_stream(
            metadata(), AudioStream(speak(TEXT))
        )
    assert result.text == TEXT
    assert [(utterance.entity_id, utterance.text) for utterance in told] == [(ENTITY_ID, TEXT)]
