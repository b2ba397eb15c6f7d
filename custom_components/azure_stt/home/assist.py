"""The adapter to Home Assistant's agent: which agents get a text, and whether it's understood.

Only this module uses Home Assistant's private API. If any of it is missing or
has changed, that is logged once and the answer is "unknown": a recognized text is never
lost because of it. So nothing of it is imported before it's needed.
"""

from dataclasses import dataclass, replace
import logging
import re
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import language as language_util

from .phrases import async_get_phrase_registry
from .private_api import private_api
from .satellites import async_listening_satellites

if TYPE_CHECKING:
    from hassil.recognize import RecognizeResult

    from homeassistant.components.assist_pipeline import Pipeline
    from homeassistant.components.conversation import ConversationInput
    from homeassistant.components.conversation.default_agent import DefaultAgent
    from homeassistant.components.conversation.gazetteer import GazetteerFallback

_LOGGER = logging.getLogger(__name__)

# homeassistant.components.conversation.HOME_ASSISTANT_AGENT
_HOME_ASSISTANT_AGENT: Final = "conversation.home_assistant"

_PLACES: Final = frozenset({"area", "floor", "name"})

# Intents that do nothing: they answer questions, or hold a conversation.
_QUESTIONS: Final = frozenset(
    {
        "HassBroadcast",
        "HassClimateGetTemperature",
        "HassGetCurrentDate",
        "HassGetCurrentTime",
        "HassGetState",
        "HassGetWeather",
        "HassNevermind",
        "HassRespond",
        "HassTimerStatus",
    }
)

# The first sentence of a conversation refers to nothing before it.
_NO_CONVERSATION: Final = ""

# A text that no agent understands.
_UNKNOWN_TEXT: Final = "-"

_ROBOTS: Final = ("HassVacuum", "HassLawnMower")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownName:
    """The words of a command that would be a name."""

    text: str
    certain: bool
    """Whether it's a command regardless of its other words: it sets a number, or moves a robot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """The agents that get the text of an entity in one language of its pipelines."""

    hass: HomeAssistant
    entity_id: str
    language: str
    """The language in which the agents read the text."""
    default_agent: DefaultAgent | None = None
    """Home Assistant's agent. Its sentence triggers come before any other agent."""
    has_sentences: bool = False
    """Whether Home Assistant's agent has sentences in the language."""
    decides: bool = False
    """Whether Home Assistant's agent gets the text first in every pipeline. Otherwise we can't
    tell which texts will be understood."""
    alone: bool = False
    """Whether no other agent gets the text in any pipeline."""
    gazetteer: GazetteerFallback | None = None
    """Home Assistant's own correction of names, if it gets the text at all."""

    async def understands(self, text: str) -> bool:
        """Return whether a text is a command, a sentence trigger or an automation's phrase."""
        phrases = async_get_phrase_registry(self.hass)
        if phrases.async_understands(self.entity_id, text, self.language):
            return True
        if await self._triggers_sentence(text):
            return True
        return self.decides and await self.recognize(text) is not None

    async def could_understand(self, text: str) -> bool:
        """Return whether a text would be a command if Home Assistant's agent got it."""
        return await self.understands(text) or await self.recognize(text) is not None

    async def is_whole_command(self, text: str) -> bool:
        """Return whether a text is a complete command, which people don't continue.

        Being understood is no proof: "turn off all the lights" is, and "… in the kitchen" may
        follow. So the command must name a device, area or floor, have no wildcard, and not
        end in a number ("twenty … five").
        """
        result = await self.recognize(text) if self.decides else None
        if result is not None:
            with private_api(self.hass):
                return _is_whole(result, text)
        return False

    async def prepare(self) -> None:
        """Let Home Assistant load its sentences and its own correction of names."""
        await self.recognize(_UNKNOWN_TEXT)
        await self.corrects(_UNKNOWN_TEXT)

    async def corrects(self, text: str) -> bool:
        """Return whether Home Assistant makes a command of a text that it doesn't recognize.

        It corrects names by itself, or the text goes on from the command before ("turn them
        off").
        """
        if self.gazetteer is not None:
            with private_api(self.hass):
                from homeassistant.components.conversation.gazetteer import (  # noqa: PLC0415
                    async_refers_back,
                )

                _, interpretation = await self.gazetteer.async_interpret(
                    text, _NO_CONVERSATION, None
                )
                accepted = bool(interpretation.accepted and interpretation.frames)
                return accepted or async_refers_back(interpretation)
        return False

    async def unknown_name(self, text: str) -> UnknownName | None:
        """Return the name in a text that would be a command if the name existed; or None.

        A question has none, because it has no effect.
        """
        result = await self.recognize(text, strict=False)
        if result is not None:
            with private_api(self.hass):
                return _unknown_name(result)
        return None

    async def recognize(self, text: str, *, strict: bool = True) -> RecognizeResult | None:
        """Recognize a text as Home Assistant's agent would, without carrying it out.

        Without a place the agent doesn't understand "turn on the lights". The text's satellite
        isn't known, but it is listening. Unless it's `strict`, names may be unknown.
        """
        if not self.default_agent or not self.has_sentences:
            return None
        # The agent keeps results by their text. After a strict one without a match it would no
        # longer tell later which name it doesn't know. With spaces it is another text.
        text += " " if strict else "  "
        satellites: list[str | None] = [*async_listening_satellites(self.hass)]
        for satellite_id in satellites or [None]:
            with private_api(self.hass):
                result = await self.default_agent.async_recognize_intent(
                    self._input(text, satellite_id), strict_intents_only=strict
                )
                if result is not None:
                    return result
        return None

    async def _triggers_sentence(self, text: str) -> bool:
        if self.default_agent:
            with private_api(self.hass):
                return bool(
                    await self.default_agent.async_recognize_sentence_trigger(
                        self._input(text, None)
                    )
                )
        return False

    def _input(self, text: str, satellite_id: str | None) -> ConversationInput:
        from homeassistant.components.conversation import ConversationInput  # noqa: PLC0415

        entity = er.async_get(self.hass).async_get(satellite_id) if satellite_id else None
        return ConversationInput(
            text=text,
            context=Context(),
            conversation_id=None,
            device_id=entity.device_id if entity else None,
            satellite_id=satellite_id,
            language=self.language,
            agent_id=_HOME_ASSISTANT_AGENT,
        )


@callback
def async_get_assistant(hass: HomeAssistant, entity_id: str, language: str) -> Assistant:
    """Return the agents that get an entity's text in a language (of speech)."""
    assistant = Assistant(hass=hass, entity_id=entity_id, language=language)
    with private_api(hass):
        pipelines = [
            pipeline
            for pipeline in _pipelines(hass, entity_id)
            if pipeline.stt_language == language
        ]
        if pipelines:
            assistant = replace(assistant, language=pipelines[0].conversation_language)
            return _with_agent(assistant, pipelines)
    return assistant


@callback
def async_languages(hass: HomeAssistant, entity_id: str) -> set[str]:
    """Return the languages (of speech) of the pipelines that use an entity."""
    with private_api(hass):
        return {
            pipeline.stt_language
            for pipeline in _pipelines(hass, entity_id)
            if pipeline.stt_language
        }
    return set()


@callback
def async_is_exposed(hass: HomeAssistant, entity_id: str) -> bool:
    """Return whether an entity is exposed to Assist; not if that can't be told."""
    with private_api(hass):
        from homeassistant.components.homeassistant.exposed_entities import (  # noqa: PLC0415
            async_should_expose,
        )

        return bool(async_should_expose(hass, "conversation", entity_id))
    return False


@callback
def async_wake_word_ids(hass: HomeAssistant, entity_id: str) -> list[str]:
    """Return the ids of the wake words of the pipelines that use an entity."""
    with private_api(hass):
        return [each.wake_word_id for each in _pipelines(hass, entity_id) if each.wake_word_id]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """An engine for text-to-speech, and the languages in which it speaks and is recognized."""

    engine: str
    language: str
    stt_language: str
    voice: str | None = None


@callback
def async_get_voice(hass: HomeAssistant, entity_id: str) -> Voice | None:
    """Return the voice of the first pipeline that uses an entity and speaks."""
    with private_api(hass):
        for pipeline in _pipelines(hass, entity_id):
            if pipeline.tts_engine and pipeline.stt_language:
                return Voice(
                    engine=pipeline.tts_engine,
                    language=pipeline.tts_language or pipeline.stt_language,
                    stt_language=pipeline.stt_language,
                    voice=pipeline.tts_voice,
                )
    return None


def _pipelines(hass: HomeAssistant, entity_id: str) -> list[Pipeline]:
    if "assist_pipeline" not in hass.config.components:
        return []
    from homeassistant.components.assist_pipeline import async_get_pipelines  # noqa: PLC0415

    return [pipeline for pipeline in async_get_pipelines(hass) if pipeline.stt_engine == entity_id]


def _with_agent(assistant: Assistant, pipelines: list[Pipeline]) -> Assistant:
    """Return an assistant with Home Assistant's agent, as the pipelines use it."""
    # Listed in __all__ since 2026.11 only.
    from homeassistant.components.conversation import (  # type: ignore[attr-defined] # noqa: PLC0415
        async_get_agent,
    )

    # Its type is that of all agents; the private methods are its own.
    agent: Any = async_get_agent(assistant.hass)
    if agent is None:
        return assistant
    # For a language that it doesn't have, it would log a warning each time.
    known = bool(language_util.matches(assistant.language, agent.supported_languages))
    only = all(pipeline.conversation_engine == _HOME_ASSISTANT_AGENT for pipeline in pipelines)
    gazetteer = getattr(agent, "_gazetteer", None) if known and only else None
    if gazetteer and not gazetteer.supports(assistant.language):
        gazetteer = None
    return replace(
        assistant,
        default_agent=agent,
        has_sentences=known,
        decides=known and all(map(_asks_default_agent, pipelines)),
        alone=known and only,
        gazetteer=gazetteer,
    )


def _asks_default_agent(pipeline: Pipeline) -> bool:
    return pipeline.conversation_engine == _HOME_ASSISTANT_AGENT or pipeline.prefer_local_intents


def _unknown_name(result: RecognizeResult) -> UnknownName | None:
    from hassil.models import UnmatchedTextEntity  # noqa: PLC0415
    from hassil.recognize import MISSING_ENTITY  # noqa: PLC0415

    unmatched = {
        name: entity.text
        for name, entity in result.unmatched_entities.items()
        if isinstance(entity, UnmatchedTextEntity) and entity.text != MISSING_ENTITY
    }
    if len(unmatched) != 1 or not _PLACES.issuperset(unmatched):
        return None
    if result.intent.name in _QUESTIONS:
        return None
    return UnknownName(
        text=next(iter(unmatched.values())),
        certain=result.intent.name.startswith(_ROBOTS)
        or any(isinstance(entity.value, int | float) for entity in result.entities_list),
    )


def _is_whole(result: RecognizeResult, text: str) -> bool:
    words = _words(text)
    spoken = [entity for entity in result.entities_list if entity.text.strip()]
    return (
        any(entity.name in _PLACES for entity in spoken)
        and not any(entity.is_wildcard for entity in spoken)
        and not any(
            isinstance(entity.value, int | float) and words.endswith(_words(entity.text))
            for entity in spoken
        )
    )


def _words(text: str) -> str:
    """Return a text in lowercase without punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))
