"""The adapter to Home Assistant's agent, with any of its private API missing or changed."""

from collections.abc import Callable
import logging
import subprocess
import sys
from typing import Any, Final

import pytest

from homeassistant.components import assist_pipeline, conversation
from homeassistant.components.conversation.default_agent import DefaultAgent
from homeassistant.components.conversation.gazetteer import GazetteerFallback
from homeassistant.components.homeassistant import exposed_entities
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.home import private_api
from custom_components.azure_stt.home.assist import async_get_assistant
from tests.conftest import Recognize
from tests.emulator import speak
from tests.support.home import ENTITY_ID, add_pipeline
from tests.support.streams import AudioStream

PRIVATE: Final = (
    "homeassistant.components.conversation",
    "homeassistant.components.conversation.agent_manager",
    "homeassistant.components.conversation.default_agent",
    "homeassistant.components.conversation.gazetteer",
    "homeassistant.components.assist_pipeline",
    "homeassistant.components.assist_pipeline.pipeline",
    "homeassistant.components.homeassistant.exposed_entities",
)

IMPORT_ALL: Final = """
import pkgutil, sys
sys.modules[sys.argv[1]] = None
import custom_components.azure_stt as package
names = [each.name for each in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
for name in names:
    __import__(name)
print(len(names))
"""


@pytest.fixture
async def home(hass: HomeAssistant, recognize: Recognize) -> None:
    """Set up Assist, with a pipeline that uses the entity."""
    for component in ("homeassistant", "conversation", "assist_pipeline"):
        assert await async_setup_component(hass, component, {})
    await add_pipeline(hass)
    hass.states.async_set("light.kitchen", "off", {"friendly_name": "Kitchen light"})
    await hass.async_block_till_done()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the adapter's own lines in the log."""
    return [record.getMessage() for record in caplog.records if record.name == private_api.__name__]


# Home Assistant itself can't be imported without the last one.
@pytest.mark.parametrize("name", PRIVATE[:-1])
def test_imports_without(name: str) -> None:
    """Every module of the integration can be imported while a private one is missing."""
    imported = subprocess.run(  # noqa: S603 - it is ours
        [sys.executable, "-c", IMPORT_ALL, name], check=True, capture_output=True, text=True
    )
    assert int(imported.stdout) > 50


@pytest.mark.parametrize("name", PRIVATE)
async def test_recognizes_without(
    recognize: Recognize,
    home: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    """A recognized text goes out while a private module is missing, with at most one warning."""
    monkeypatch.setitem(sys.modules, name, None)
    for text in ("Turn on the kitchen light", "What is the meaning of life"):
        assert (await recognize(AudioStream(speak(text)))).text == text
    assert len(warnings(caplog)) <= 1


def no_longer(*_: object, **__: object) -> None:
    """Refuse every call, as a function with other parameters does."""
    msg = "got an unexpected keyword argument"
    raise TypeError(msg)


CHANGES: Final[dict[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "intent, other parameters": lambda patch: patch.setattr(
        DefaultAgent, "async_recognize_intent", no_longer
    ),
    "intent, gone": lambda patch: patch.delattr(DefaultAgent, "async_recognize_intent"),
    "intent, other result": lambda patch: patch.setattr(
        DefaultAgent, "async_recognize_intent", returning(object())
    ),
    "sentence trigger, other parameters": lambda patch: patch.setattr(
        DefaultAgent, "async_recognize_sentence_trigger", no_longer
    ),
    "sentence trigger, gone": lambda patch: patch.delattr(
        DefaultAgent, "async_recognize_sentence_trigger"
    ),
    "languages, gone": lambda patch: patch.setattr(
        DefaultAgent, "supported_languages", property(no_longer)
    ),
    "gazetteer, other parameters": lambda patch: patch.setattr(
        GazetteerFallback, "async_interpret", no_longer
    ),
    "gazetteer, other result": lambda patch: patch.setattr(
        GazetteerFallback, "async_interpret", returning(None)
    ),
    "gazetteer, languages": lambda patch: patch.setattr(GazetteerFallback, "supports", no_longer),
    "input, other fields": lambda patch: patch.setattr(
        conversation, "ConversationInput", no_longer
    ),
    "agent, other parameters": lambda patch: patch.setattr(
        conversation, "async_get_agent", no_longer
    ),
    "pipelines, other parameters": lambda patch: patch.setattr(
        assist_pipeline, "async_get_pipelines", no_longer
    ),
    "pipelines, other fields": lambda patch: patch.setattr(
        assist_pipeline, "async_get_pipelines", lambda _: [object()]
    ),
    "exposure, other parameters": lambda patch: patch.setattr(
        exposed_entities, "async_should_expose", no_longer
    ),
}


def returning(value: object) -> Callable[..., Any]:
    """Return a coroutine function with a result of another kind."""

    async def changed(*_: object, **__: object) -> object:
        return value

    return changed


@pytest.mark.parametrize("change", CHANGES)
async def test_recognizes_after_a_change(
    hass: HomeAssistant,
    recognize: Recognize,
    home: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    change: str,
) -> None:
    """A recognized text goes out, and one line of the log names the broken part."""
    CHANGES[change](monkeypatch)
    for text in ("Turn on the kitchen light", "What is the meaning of life"):
        assert (await recognize(AudioStream(speak(text)))).text == text
        await async_get_assistant(hass, ENTITY_ID, "en-US").is_whole_command(text)
    [warning] = warnings(caplog)
    assert "can't be asked" in warning
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_gazetteer_gone(
    hass: HomeAssistant, recognize: Recognize, home: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Without Home Assistant's own correction of names, ours is used, and nothing is wrong."""
    agent: Any = conversation.async_get_agent(hass)  # type: ignore[attr-defined]
    del agent._gazetteer
    text = "What is the meaning of life"
    assert (await recognize(AudioStream(speak(text)))).text == text
    assert warnings(caplog) == []
