"""What the home understands: the one place that touches Home Assistant's agent."""

import re

from hassil.recognize import RecognizeResult

from homeassistant.components.assist_pipeline.pipeline import Pipeline, async_get_pipelines
from homeassistant.components.conversation import HOME_ASSISTANT_AGENT, ConversationInput
from homeassistant.components.conversation.agent_manager import get_agent_manager
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.util import language as language_util

_PLACES = {"area", "floor", "name"}


async def async_is_whole(hass: HomeAssistant, entity_id: str, text: str, language: str) -> bool:
    """Tell whether a text is a command that nobody would go on with.

    Being understood is no proof: "turn off all the lights" is, and "… in the kitchen" may
    follow. So it must name a thing or a place itself, hold nothing that takes any words,
    and not end in a number ("twenty … five"). And whoever gets the text must be the agent
    that is asked here.
    """
    pipelines = _pipelines(hass, entity_id, language)
    if not pipelines or not all(_hears_the_agent(pipeline) for pipeline in pipelines):
        return False
    result = await _recognize(hass, text, pipelines[0].conversation_language)
    if result is None:
        return False
    spoken = [entity for entity in result.entities_list if entity.text.strip()]
    words = _words(text)
    return (
        any(entity.name in _PLACES for entity in spoken)
        and not any(entity.is_wildcard for entity in spoken)
        and not any(
            isinstance(entity.value, int | float) and words.endswith(_words(entity.text))
            for entity in spoken
        )
    )


def _words(text: str) -> str:
    """Return a text without capitals and punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))


@callback
def _pipelines(hass: HomeAssistant, entity_id: str, language: str) -> list[Pipeline]:
    """Return the pipelines that use an entity in a language."""
    if "assist_pipeline" not in hass.config.components:
        return []
    return [
        pipeline
        for pipeline in async_get_pipelines(hass)
        if pipeline.stt_engine == entity_id and pipeline.stt_language == language
    ]


def _hears_the_agent(pipeline: Pipeline) -> bool:
    return pipeline.conversation_engine == HOME_ASSISTANT_AGENT or pipeline.prefer_local_intents


async def _recognize(hass: HomeAssistant, text: str, language: str) -> RecognizeResult | None:
    """Recognise a text as the default agent would, without doing what it says.

    This isn't a promised API of Home Assistant's; without it nothing counts as whole.
    """
    agent = get_agent_manager(hass).default_agent
    # Asked for a language that it doesn't have, the agent would log a warning each time.
    if agent is None or not language_util.matches(language, agent.supported_languages):
        return None
    return await agent.async_recognize_intent(
        ConversationInput(
            text=text,
            context=Context(),
            conversation_id=None,
            device_id=None,
            satellite_id=None,
            language=language,
            agent_id=HOME_ASSISTANT_AGENT,
        ),
        strict_intents_only=True,
    )
