"""The blueprints: automations are made of them, and really run."""

from pathlib import Path
from typing import Any

import pytest

from homeassistant.components import conversation
from homeassistant.components.blueprint.models import Blueprint, DomainBlueprints
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.emulator import Emulator, Fault, silence, speak
from tests.support.home import ENTITY_ID, metadata
from tests.support.streams import AudioStream

BLUEPRINTS = Path(__file__).parent.parent / "blueprints/automation"
EVENT_ID = "event.azure_speech_to_text_speech"
ACTION = [{"action": "test.run", "data": {"by": "{{ trigger.id }}"}}]


@pytest.fixture
def runs(hass: HomeAssistant) -> list[ServiceCall]:
    """Return the calls that the automations make."""
    return async_mock_service(hass, "test", "run")


@pytest.fixture(autouse=True)
def imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Home Assistant find our blueprints, as if they were imported."""
    monkeypatch.setattr(
        DomainBlueprints, "_load_blueprint", lambda _, path: blueprint(BLUEPRINTS / path)
    )


def blueprint(path: Path) -> Blueprint:
    """Read a blueprint."""
    return Blueprint(
        load_yaml_dict(str(path)),
        expected_domain="automation",
        path=path.name,
        schema=BLUEPRINT_SCHEMA,
    )


@pytest.fixture
async def speech(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, entity_registry: er.EntityRegistry
) -> str:
    """Give the event entity, turned on as its user would."""
    entity_registry.async_update_entity(EVENT_ID, disabled_by=None)
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    return EVENT_ID


async def automate(hass: HomeAssistant, name: str, **inputs: object) -> None:
    """Make an automation of a blueprint."""
    config = {"alias": "Test", "use_blueprint": {"path": name, "input": inputs}}
    for component in ("homeassistant", "conversation"):
        assert await async_setup_component(hass, component, {})
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    state = hass.states.get("automation.test")
    assert state is not None
    assert state.state == "on"


async def say(hass: HomeAssistant, audio: bytes) -> str:
    """Say something to the recognizer."""
    entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
    assert entity is not None
    result = await entity.internal_async_process_audio_stream(metadata(), AudioStream(audio))
    await hass.async_block_till_done()
    return result.text or ""


async def ask(hass: HomeAssistant, text: str) -> str:
    """Send Assist a text; return its answer."""
    result = await conversation.async_converse(
        hass, text, None, Context(), language="en", agent_id="conversation.home_assistant"
    )
    await hass.async_block_till_done()
    speech: dict[str, Any] = result.response.speech
    return str(speech["plain"]["speech"])


@pytest.mark.parametrize("path", sorted(BLUEPRINTS.iterdir()), ids=lambda path: path.name)
def test_schema(path: Path) -> None:
    """A blueprint can be imported, and names its requirements."""
    assert blueprint(path).validate() is None
    assert blueprint(path).metadata["description"]


async def test_phrase_heard(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, runs: list[ServiceCall]
) -> None:
    """The phrase's action runs once, and Assist answers it instead of not understanding it."""
    await automate(
        hass,
        "phrase_heard.yaml",
        recognizers={"entity_id": ENTITY_ID},
        phrases=["good night [everybody]"],
        actions=ACTION,
        answer="Sleep well",
    )
    text = await say(hass, speak("Good night everybody."))
    assert await ask(hass, text) == "Sleep well"
    assert [run.data["by"] for run in runs] == ["heard"]


async def test_phrase_typed(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, runs: list[ServiceCall]
) -> None:
    """The action also runs for a typed phrase."""
    await automate(
        hass,
        "phrase_heard.yaml",
        recognizers={"entity_id": ENTITY_ID},
        phrases=["good night"],
        actions=ACTION,
    )
    assert await ask(hass, "good night") == "Done"
    assert [run.data["by"] for run in runs] == ["asked"]


@pytest.mark.parametrize(
    ("audio", "fails", "told"),
    [
        pytest.param(silence(0.5), False, ["no_speech"], id="silence"),
        pytest.param(speak("Hello"), True, ["failed"], id="failure"),
        pytest.param(speak("Hello"), False, [], id="understood"),
    ],
)
async def test_speech_not_understood(
    hass: HomeAssistant,
    speech: str,
    runs: list[ServiceCall],
    emulator: Emulator,
    audio: bytes,
    fails: bool,  # noqa: FBT001
    told: list[str],
) -> None:
    """Silence and failures are told, and nothing else."""
    action = {"action": "test.run", "data": {"outcome": "{{ outcome }}"}}
    await automate(hass, "speech_not_understood.yaml", speech=[speech], actions=[action])
    if fails:
        emulator.faults.append(Fault(status=405))
    await say(hass, audio)
    assert [run.data["outcome"] for run in runs] == told


async def test_default_notification(hass: HomeAssistant, speech: str) -> None:
    """Without the user's own actions a notification says that it happened."""
    calls = async_mock_service(hass, "persistent_notification", "create")
    await automate(hass, "speech_not_understood.yaml", speech=[speech])
    await say(hass, silence(0.5))
    (call,) = calls
    assert call.data["message"] == "Azure Speech to Text Speech: No words were heard."
