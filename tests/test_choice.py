"""What the home takes for a whole command."""

from typing import Any

import pytest

from homeassistant.components.assist_pipeline.pipeline import KEY_ASSIST_PIPELINE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, entity_registry as er
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.choice import async_is_whole

ENTITY_ID = "stt.azure"


@pytest.fixture(autouse=True)
async def home(hass: HomeAssistant) -> None:
    """Give a kitchen with two lights, a sentence with a wildcard, and Assist."""
    for component in ("homeassistant", "conversation", "assist_pipeline"):
        assert await async_setup_component(hass, component, {})
    kitchen = ar.async_get(hass).async_get_or_create("Kitchen")
    registry = er.async_get(hass)
    for name in ("Kitchen light", "Lamp 20"):
        entity = registry.async_get_or_create("light", "test", name, original_name=name)
        registry.async_update_entity(entity.entity_id, area_id=kitchen.id)
        hass.states.async_set(
            entity.entity_id,
            "off",
            {"friendly_name": name, "supported_color_modes": ["brightness"]},
        )
    await hass.async_block_till_done()


async def add_pipeline(hass: HomeAssistant, **settings: object) -> None:
    """Add a pipeline that uses our entity in English, with Home Assistant's agent."""
    await hass.data[KEY_ASSIST_PIPELINE].pipeline_store.async_create_item(
        {
            "name": f"Pipeline {len(settings)}",
            "language": "en",
            "conversation_engine": "conversation.home_assistant",
            "conversation_language": "en",
            "stt_engine": ENTITY_ID,
            "stt_language": "en-US",
            "tts_engine": None,
            "tts_language": None,
            "tts_voice": None,
            "wake_word_entity": None,
            "wake_word_id": None,
            **settings,
        }
    )


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Turn on the kitchen light.", True),
        ("turn on the kitchen light", True),
        ("Turn off all the lights in the kitchen.", True),
        ("Set Lamp 20 brightness to 50 percent.", True),
        ("Turn on lamp 20.", True),
        ("Turn off all the lights.", False),
        ("Set a timer for five minutes.", False),
        ("Set Lamp 20 brightness to 50.", False),
        ("Add milk to my shopping list.", False),
        ("Turn on the", False),
        ("Turn on the kitchen lite.", False),
        ("What is the meaning of life?", False),
        ("", False),
    ],
)
async def test_whole(hass: HomeAssistant, text: str, whole: bool) -> None:  # noqa: FBT001
    """A command is whole that names a thing or a place and can't easily go on."""
    await add_pipeline(hass)
    assert await async_is_whole(hass, ENTITY_ID, text, "en-US") is whole


@pytest.mark.parametrize(
    ("settings", "whole"),
    [
        pytest.param({"conversation_engine": "conversation.llm"}, False, id="LLM"),
        pytest.param(
            {"conversation_engine": "conversation.llm", "prefer_local_intents": True},
            True,
            id="LLM, local first",
        ),
        pytest.param({"stt_engine": "stt.other"}, False, id="other engine"),
        pytest.param({"stt_language": "de-DE"}, False, id="other language"),
        pytest.param({"conversation_language": "tlh"}, False, id="language without sentences"),
    ],
)
async def test_pipelines(hass: HomeAssistant, settings: dict[str, Any], whole: bool) -> None:  # noqa: FBT001
    """Only what is said to Home Assistant's own agent can be whole."""
    await add_pipeline(hass, **settings)
    assert await async_is_whole(hass, ENTITY_ID, "Turn on the kitchen light.", "en-US") is whole


async def test_one_pipeline_of_two(hass: HomeAssistant) -> None:
    """One pipeline with an LLM is enough to wait for the end: which one listens isn't known."""
    await add_pipeline(hass)
    await add_pipeline(hass, conversation_engine="conversation.llm")
    assert not await async_is_whole(hass, ENTITY_ID, "Turn on the kitchen light.", "en-US")


async def test_no_warning_for_a_language_without_sentences(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """The agent isn't asked for a language that it would complain about each time."""
    await add_pipeline(hass, conversation_language="tlh")
    await async_is_whole(hass, ENTITY_ID, "Turn on the kitchen light.", "en-US")
    assert "No intents were loaded" not in caplog.text
