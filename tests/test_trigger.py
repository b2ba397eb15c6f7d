"""The trigger: real automations run for a recognizer's phrases."""

from collections.abc import AsyncIterable, Callable
from typing import Any

import pytest

from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
from homeassistant.helpers.trigger import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.conftest import Recognize
from tests.emulator import Alternative, Emulator, ScriptedModel, noise, silence, speak
from tests.support.home import BACKUP_ENGINE_ID, ENTITY_ID, add_backup_engine, metadata
from tests.support.streams import AudioStream

TARGET = {"entity_id": ENTITY_ID}

type Automate = Callable[..., Any]


@pytest.fixture
def calls(hass: HomeAssistant) -> list[ServiceCall]:
    """Give the calls that the automations make."""
    return async_mock_service(hass, "test", "heard")


async def automate(
    hass: HomeAssistant,
    *,
    target: dict[str, Any] | None = None,
    **options: Any,  # noqa: ANN401
) -> None:
    """Set up an automation with the trigger, which passes on the trigger's data."""
    trigger = {
        "trigger": "azure_stt.phrase_recognized",
        "target": TARGET if target is None else target,
        "options": options,
    }
    action = {"action": "test.heard", "data_template": {"trigger": "{{ trigger }}"}}
    config = {"alias": "Test", "triggers": trigger, "actions": action}
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()


async def say(hass: HomeAssistant, recognize: Recognize, text: str) -> None:
    """Say something to the recognizer and let the automations run."""
    await recognize(AudioStream(speak(text)))
    await hass.async_block_till_done()


async def test_data(hass: HomeAssistant, recognize: Recognize, calls: list[ServiceCall]) -> None:
    """The automation gets the text, the confidence, the place and the duration."""
    hass.states.async_set("assist_satellite.kitchen", "listening")
    await automate(hass, phrases=["add {item} to [the] list"])
    await say(hass, recognize, "Add oat milk to the list.")
    (call,) = calls
    data = call.data["trigger"]
    assert data["platform"] == "azure_stt.phrase_recognized"
    assert data["text"] == "Add oat milk to the list."
    assert data["slots"] == {"item": "oat milk"}
    assert data["language"] == "en-US"
    assert data["entity_id"] == ENTITY_ID
    assert data["satellite_id"] == "assist_satellite.kitchen"
    assert 0 < data["confidence"] <= 1
    assert data["duration"] == pytest.approx(
        len(speak("Add oat milk to the list.")) / 32_000, abs=0.1
    )
    assert isinstance(data["alternatives"], list)
    assert data["text"] not in data["alternatives"]


@pytest.mark.parametrize(
    ("options", "text", "fires"),
    [
        pytest.param({}, "Whatever it is", True, id="every utterance"),
        pytest.param({"phrases": ["good night"]}, "Good night.", True, id="phrase"),
        pytest.param({"phrases": "good night"}, "Good night.", True, id="one phrase"),
        pytest.param({"phrases": ["good night"]}, "Well good night", False, id="not the whole"),
        pytest.param(
            {"phrases": ["good night"], "match": "contains"},
            "Well good night",
            True,
            id="contained",
        ),
        pytest.param(
            {"phrases": ["night"], "match": "contains"}, "Both nights", False, id="part of a word"
        ),
        pytest.param({"phrases": ["scene {1..9:n}"]}, "Scene two.", True, id="number word"),
        pytest.param({"phrases": ["good night"]}, "Good night —", True, id="dash"),
        pytest.param({"phrases": ["x", "good night"]}, "Good night.", True, id="second phrase"),
        pytest.param({"min_confidence": 10}, "Good night", True, id="sure enough"),
        pytest.param({"min_confidence": 100}, "Good night", False, id="not sure enough"),
    ],
)
async def test_options(
    hass: HomeAssistant,
    recognize: Recognize,
    calls: list[ServiceCall],
    options: dict[str, Any],
    text: str,
    fires: bool,  # noqa: FBT001
) -> None:
    """The automation runs for texts that match its options, and for nothing else."""
    await automate(hass, **options)
    await say(hass, recognize, text)
    assert bool(calls) is fires


@pytest.mark.parametrize(
    ("threshold", "fires"),
    [(0, True), (71, True), (73, False), (0.71, True), (0.73, False), (1, False), (100, False)],
)
async def test_threshold_is_in_percent(
    hass: HomeAssistant,
    recognize: Recognize,
    calls: list[ServiceCall],
    emulator: Emulator,
    threshold: float,
    fires: bool,  # noqa: FBT001
) -> None:
    """The threshold is a percentage; at most 1 it's a fraction, as earlier versions saved it."""
    answer = Alternative(text="Good night.", confidence=0.72)
    emulator.speech_model = ScriptedModel(lambda *_: answer)
    await automate(hass, min_confidence=threshold)
    await say(hass, recognize, "Good night.")
    assert [call.data["trigger"]["confidence"] for call in calls] == [0.72] * fires


@pytest.mark.parametrize("recognizer", [{"text_form": "lexical"}])
async def test_text_as_the_assistant_gets_it(
    hass: HomeAssistant, recognize: Recognize, calls: list[ServiceCall]
) -> None:
    """The text has the recognizer's form."""
    await automate(hass)
    await say(hass, recognize, "Good night.")
    assert calls[0].data["trigger"]["text"] == "good night"


@pytest.mark.parametrize("recognizer", [{"fallback_entity": BACKUP_ENGINE_ID}])
@pytest.mark.parametrize(("threshold", "fires"), [(0, True), (0.1, False)])
async def test_without_confidence(
    hass: HomeAssistant,
    recognize: Recognize,
    calls: list[ServiceCall],
    emulator: Emulator,
    threshold: float,
    fires: bool,  # noqa: FBT001
) -> None:
    """Another engine's text has no confidence, and reaches no threshold."""
    await add_backup_engine(hass)
    emulator.keys.clear()
    await automate(hass, min_confidence=threshold)
    await say(hass, recognize, "Good night.")
    assert bool(calls) is fires


@pytest.mark.parametrize(
    "stream", [pytest.param(silence(0.5), id="silence"), pytest.param(noise(0.5), id="noise")]
)
async def test_nothing_said(
    hass: HomeAssistant, recognize: Recognize, calls: list[ServiceCall], stream: bytes
) -> None:
    """Nothing fires for nothing."""
    await automate(hass)
    await recognize(AudioStream(stream))
    await hass.async_block_till_done()
    assert not calls


async def test_two_satellites(
    hass: HomeAssistant, recognize: Recognize, calls: list[ServiceCall]
) -> None:
    """If two listen, it isn't known which of them was spoken to."""
    for room in ("kitchen", "bath"):
        hass.states.async_set(f"assist_satellite.{room}", "listening")
    await automate(hass)
    await say(hass, recognize, "Good night.")
    assert calls[0].data["trigger"]["satellite_id"] is None


@pytest.mark.parametrize("kind", ["device", "area", "label", "other", "other device"])
async def test_targets(
    hass: HomeAssistant,
    recognize: Recognize,
    calls: list[ServiceCall],
    entity_registry: er.EntityRegistry,
    kind: str,
) -> None:
    """A device, an area or a label stands for its recognizers."""
    entity = entity_registry.async_get(ENTITY_ID)
    assert entity is not None
    assert entity.device_id is not None
    area = ar.async_get(hass).async_create("Attic")
    label = lr.async_get(hass).async_create("Voice")
    dr.async_get(hass).async_update_device(entity.device_id, area_id=area.id)
    entity_registry.async_update_entity(ENTITY_ID, labels={label.label_id})
    target = {
        "device": {"device_id": entity.device_id},
        "area": {"area_id": area.id},
        "label": {"label_id": label.label_id},
        "other": {"entity_id": "stt.other"},
        "other device": {"device_id": "0" * 32},
    }[kind]
    await automate(hass, target=target)
    await say(hass, recognize, "Good night.")
    assert bool(calls) is not kind.startswith("other")


async def test_target_that_changes(
    hass: HomeAssistant,
    recognize: Recognize,
    calls: list[ServiceCall],
    entity_registry: er.EntityRegistry,
) -> None:
    """An area that the recognizer moves into, or out of, is followed."""
    area = ar.async_get(hass).async_create("Attic")
    entity = entity_registry.async_get(ENTITY_ID)
    assert entity is not None
    assert entity.device_id is not None
    devices = dr.async_get(hass)
    await automate(hass, target={"area_id": area.id})
    await say(hass, recognize, "One")
    assert not calls
    devices.async_update_device(entity.device_id, area_id=area.id)
    await hass.async_block_till_done()
    await say(hass, recognize, "Two")
    assert len(calls) == 1
    devices.async_update_device(entity.device_id, area_id=None)
    await hass.async_block_till_done()
    await say(hass, recognize, "Three")
    assert len(calls) == 1


async def test_renamed_entity(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    calls: list[ServiceCall],
    entity_registry: er.EntityRegistry,
) -> None:
    """A trigger on a device goes on after its entity got another id."""
    entity = entity_registry.async_get(ENTITY_ID)
    assert entity is not None
    await automate(hass, target={"device_id": entity.device_id})
    entity_registry.async_update_entity(ENTITY_ID, new_entity_id="stt.attic")
    await hass.async_block_till_done()
    await speak_to(hass, "stt.attic", AudioStream(speak("Good night.")))
    assert calls[0].data["trigger"]["entity_id"] == "stt.attic"


async def speak_to(hass: HomeAssistant, entity_id: str, stream: AsyncIterable[bytes]) -> None:
    """Give an entity a stream, as Assist does."""
    entity = hass.data[DATA_COMPONENT].get_entity(entity_id)
    assert entity is not None
    await entity.internal_async_process_audio_stream(metadata(), stream)
    await hass.async_block_till_done()


async def test_reload(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, calls: list[ServiceCall]
) -> None:
    """An automation outlives the reload of the resource."""
    await automate(hass)
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await speak_to(hass, ENTITY_ID, AudioStream(speak("Good night.")))
    assert len(calls) == 1


async def test_loaded_after_the_automation(
    hass: HomeAssistant, entry: MockConfigEntry, calls: list[ServiceCall]
) -> None:
    """An automation works that was there before the resource was set up."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "azure_stt", {})
    await automate(hass)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await speak_to(hass, ENTITY_ID, AudioStream(speak("Good night.")))
    assert len(calls) == 1


async def test_turned_off(
    hass: HomeAssistant, recognize: Recognize, calls: list[ServiceCall]
) -> None:
    """An automation that is turned off doesn't run."""
    await automate(hass, phrases=["good night"])
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.test"}, blocking=True
    )
    await say(hass, recognize, "Good night.")
    assert not calls


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [
        pytest.param({"options": {}}, "target", id="no target"),
        pytest.param({"target": {}}, "choose at least one recognizer", id="empty target"),
        pytest.param({"options": {"phrases": ["turn (on"]}}, "end of group", id="template"),
        pytest.param({"options": {"phrases": ["one", ""]}}, "no words", id="empty phrase"),
        pytest.param({"options": {"phrases": ["hi, you"]}}, "punctuation", id="punctuation"),
        pytest.param({"options": {"match": "maybe"}}, "match", id="match"),
        pytest.param({"options": {"min_confidence": 100.5}}, "min_confidence", id="confidence"),
        pytest.param({"options": {"phrase": "hello"}}, "phrase", id="unknown option"),
    ],
)
async def test_refused(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    trigger: dict[str, Any],
    reason: str,
) -> None:
    """An invalid trigger is refused when it's saved, with the reason."""
    whole = {"trigger": "azure_stt.phrase_recognized", **trigger}
    if "options" in trigger and reason != "target":
        whole["target"] = TARGET
    config = {"alias": "Test", "triggers": whole, "actions": []}
    assert await async_setup_component(hass, "automation", {"automation": config})
    state = hass.states.get("automation.test")
    assert state is None or state.state == "unavailable"
    assert reason in caplog.text


async def test_described(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """The editor knows the trigger's fields, and that its targets are our recognizers."""
    assert await async_setup_component(hass, "automation", {})
    await hass.async_block_till_done()
    description = (await async_get_all_descriptions(hass))["azure_stt.phrase_recognized"]
    assert description is not None
    assert description["target"]["entity"][0]["integration"] == "azure_stt"
    assert description["fields"].keys() == {"phrases", "match", "min_confidence"}
    number = description["fields"]["min_confidence"]["selector"]["number"]
    assert (number["max"], number["unit_of_measurement"]) == (100, "%")


async def test_devices(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """A recognizer's device hangs below that of its resource."""
    hub = device_registry.async_get_device_by_identifier(
        ("azure_stt", loaded_entry.entry_id), loaded_entry.entry_id
    )
    (subentry_id,) = loaded_entry.subentries
    recognizer = device_registry.async_get_device_by_identifier(
        ("azure_stt", subentry_id), loaded_entry.entry_id
    )
    assert hub is not None
    assert recognizer is not None
    assert hub.name == "Azure AI Speech 127.0.0.1"
    assert recognizer.via_device_id == hub.id
