"""What the home understands: the one place that touches Home Assistant's agent."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
import logging
import re

from hassil.recognize import RecognizeResult

from homeassistant.components.assist_pipeline.pipeline import Pipeline, async_get_pipelines
from homeassistant.components.conversation import (
    DOMAIN as CONVERSATION_DOMAIN,
    HOME_ASSISTANT_AGENT,
    ConversationInput,
)
from homeassistant.components.conversation.agent_manager import get_agent_manager
from homeassistant.components.conversation.default_agent import DefaultAgent
from homeassistant.components.conversation.gazetteer import GazetteerFallback
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import (
    area_registry as ar,
    entity_registry as er,
    floor_registry as fr,
    intent,
)
from homeassistant.util import language as language_util

from .azure_speech import Alternative
from .names import Mending, Names, differs_only_within, load_numbers
from .phrase_registry import async_get_phrase_registry
from .texts import join

_LOGGER = logging.getLogger(__name__)

_PLACES = {"area", "floor", "name"}

# What these are named after is often an action, which the name may turn around.
_ACTION_DOMAINS = {"automation", "button", "input_button", "scene", "script"}

# An alternative may be so much less likely than the best one.
_CONFIDENCE_RANGE = 0.15

# The first sentence of a conversation refers to nothing before it.
_NO_CONVERSATION = ""

# So many states are looked at before others have their turn.
_AT_A_STRETCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The alternative that is taken for each part, and what is mended in the text."""

    alternatives: tuple[Alternative, ...] = field(repr=False)
    mending: Mending | None = field(default=None, repr=False)

    def text(self, language: str) -> str:
        """Return the text as it is displayed, without the mending."""
        return join((alternative.display for alternative in self.alternatives), language)


async def async_is_whole(hass: HomeAssistant, entity_id: str, text: str, language: str) -> bool:
    """Tell whether a text is a command that nobody would go on with.

    Being understood is no proof: "turn off all the lights" is, and "… in the kitchen" may
    follow. So it must name a thing or a place itself, hold nothing that takes any words,
    and not end in a number ("twenty … five"). And whoever gets the text must be the agent
    that is asked here.
    """
    listener = _Listener.of(hass, entity_id, language)
    result = await listener.recognize(text) if listener.obeys else None
    if result is None:
        return False
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


async def async_understands(hass: HomeAssistant, entity_id: str, language: str, text: str) -> bool:
    """Tell whether those who get an entity's text can make something of it.

    `language` is the pipeline's, which reads the text in it whatever language was heard.
    Who isn't Home Assistant's agent is taken to understand what names a thing or a place.
    """
    listener = _Listener.of(hass, entity_id, language)
    if await listener.understands(text):
        return True
    if listener.obeys:
        return False
    return bool((await _async_names(hass, language)).found_in(text))


async def async_choose(
    hass: HomeAssistant, entity_id: str, parts: Sequence[Sequence[Alternative]], language: str
) -> Choice:
    """Return what the home understands, out of the alternatives of an utterance's parts.

    What is understood as it is stays. Else an alternative is taken that differs in a name
    only; else one name is mended by sound and spelling. What the text is to do is never
    changed.
    """
    best = Choice(alternatives=tuple(alternatives[0] for alternatives in parts))
    text = best.text(language)
    listener = _Listener.of(hass, entity_id, language)
    if not text or await listener.understands(text):
        return best
    names = await _async_names(hass, language)
    others = list(_others(parts, best))
    if other := await _understood(others, text, names, listener, language):
        _LOGGER.debug("Another alternative was taken for the sake of a name")
        return other
    if await listener.mends(text):
        return best
    if mended := await _mended([best, *others], names, listener, language):
        _LOGGER.debug("A name was mended")
        return mended
    return best


async def _understood(
    others: Sequence[Choice], text: str, names: Names, listener: _Listener, language: str
) -> Choice | None:
    """Return the first alternative that differs in a name only, and is understood."""
    known = names.found_in(text)
    for other in others:
        other_text = other.text(language)
        if (
            (spans := names.found_in(other_text, actions=False))
            and differs_only_within(text, other_text, known, spans, language)
            and (not listener.obeys or await listener.understands(other_text))
        ):
            return other
    return None


async def _mended(
    choices: Sequence[Choice], names: Names, listener: _Listener, language: str
) -> Choice | None:
    """Return the first alternative that is a command when a name in it is mended.

    The best one comes first; the others may differ from it in that name only.
    What is no command goes to an LLM mended only where there's next to no doubt, and what
    is one already goes as it is.
    """
    text = choices[0].text(language)
    if not listener.obeys and await listener.recognize(text):
        return None
    known = names.found_in(text)
    for choice in choices if listener.agent else ():
        heard = choice.text(language)
        mending = await _mend(names, heard, language, understood_later=True)
        if mending is None:
            continue
        meant = mending.applied_to(heard)
        if (
            heard == text
            or differs_only_within(
                text, meant, known, names.found_in(meant, actions=False), language
            )
        ) and await listener.could_understand(meant):
            return replace(choice, mending=mending)
    if listener.obeys:
        return None
    mending = await _mend(names, text, language, understood_later=False)
    return replace(choices[0], mending=mending) if mending else None


async def _mend(
    names: Names, text: str, language: str, *, understood_later: bool
) -> Mending | None:
    """Mend off the loop: it takes milliseconds."""
    return await asyncio.to_thread(names.mend, text, language, understood_later=understood_later)


def _others(parts: Sequence[Sequence[Alternative]], best: Choice) -> Iterator[Choice]:
    """Yield the choices that differ from the best one in a single part, likeliest first."""
    for index, alternatives in enumerate(parts):
        for alternative in alternatives[1:]:
            if _certainty(best.alternatives[index]) - _certainty(alternative) <= _CONFIDENCE_RANGE:
                changed = list(best.alternatives)
                changed[index] = alternative
                yield Choice(alternatives=tuple(changed))


def _certainty(alternative: Alternative) -> float:
    """Return an alternative's confidence; what has none counts as certain."""
    return 1.0 if alternative.confidence is None else alternative.confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    """Who gets the text: Home Assistant's agent with its sentences, or somebody else."""

    hass: HomeAssistant
    entity_id: str
    agent: DefaultAgent | None
    """Home Assistant's, if it has sentences in the language and a pipeline uses the entity."""
    obeys: bool
    """Whether it's the agent who gets the text. Else it isn't known what will be understood."""
    triggers: DefaultAgent | None
    """Sentence triggers come before any agent."""
    language: str
    gazetteer: GazetteerFallback | None
    """What mends names by itself when the agent has understood nothing."""

    @classmethod
    def of(cls, hass: HomeAssistant, entity_id: str, language: str) -> _Listener:
        """Find out who listens to an entity in a language."""
        pipelines = _pipelines(hass, entity_id, language)
        triggers = get_agent_manager(hass).default_agent if pipelines else None
        agent = triggers
        if pipelines:
            language = pipelines[0].conversation_language
        # Asked for a language that it doesn't have, it would log a warning each time.
        if agent and not language_util.matches(language, agent.supported_languages):
            agent = None
        gazetteer: GazetteerFallback | None = getattr(agent, "_gazetteer", None)
        alone = all(pipeline.conversation_engine == HOME_ASSISTANT_AGENT for pipeline in pipelines)
        if not alone or (gazetteer and not gazetteer.supports(language)):
            gazetteer = None
        return cls(
            hass=hass,
            entity_id=entity_id,
            agent=agent,
            obeys=agent is not None and all(map(_hears_the_agent, pipelines)),
            triggers=triggers,
            language=language,
            gazetteer=gazetteer,
        )

    async def understands(self, text: str) -> bool:
        """Tell whether a text is a command, a sentence trigger or a phrase of our own trigger."""
        if async_get_phrase_registry(self.hass).async_understands(self.entity_id, text):
            return True
        if self.triggers and await self.triggers.async_recognize_sentence_trigger(
            self._input(text, None)
        ):
            return True
        return self.obeys and await self.recognize(text) is not None

    async def could_understand(self, text: str) -> bool:
        """Tell whether a text would be a command if Home Assistant's agent got it."""
        return await self.understands(text) or await self.recognize(text) is not None

    async def mends(self, text: str) -> bool:
        """Tell whether Home Assistant will make something of a text that it doesn't understand."""
        if self.gazetteer is None:
            return False
        _, interpretation = await self.gazetteer.async_interpret(text, _NO_CONVERSATION, None)
        return bool(interpretation.accepted and interpretation.frames)

    async def recognize(self, text: str) -> RecognizeResult | None:
        """Recognise a text as the agent would, without doing what it says.

        Without a place the agent is blind for "turn on the lights". Which satellite the
        text comes from isn't said, but it is listening. None of this is a promised API of
        Home Assistant's.
        """
        if self.agent is None:
            return None
        for satellite_id in _listening_satellites(self.hass) or [None]:
            result = await self.agent.async_recognize_intent(
                self._input(text, satellite_id), strict_intents_only=True
            )
            if result is not None:
                return result
        return None

    def _input(self, text: str, satellite_id: str | None) -> ConversationInput:
        entity = er.async_get(self.hass).async_get(satellite_id) if satellite_id else None
        return ConversationInput(
            text=text,
            context=Context(),
            conversation_id=None,
            device_id=entity.device_id if entity else None,
            satellite_id=satellite_id,
            language=self.language,
            agent_id=HOME_ASSISTANT_AGENT,
        )


@callback
def async_listening_satellite(hass: HomeAssistant) -> str | None:
    """Return the satellite that an utterance comes from, if only one is listening."""
    listening = _listening_satellites(hass)
    return listening[0] if len(listening) == 1 else None


def _listening_satellites(hass: HomeAssistant) -> list[str | None]:
    return [
        state.entity_id
        for state in hass.states.async_all("assist_satellite")
        if state.state == "listening"
    ]


async def _async_names(hass: HomeAssistant, language: str) -> Names:
    """Return the names of all that is exposed to Assist, of areas and of floors."""
    areas = ar.async_get(hass).async_list_areas()
    floors = fr.async_get(hass).async_list_floors()
    names = [name for place in areas for name in (place.name, *place.aliases)]
    names += [name for place in floors for name in (place.name, *place.aliases)]
    actions: list[str] = []
    registry = er.async_get(hass)
    for index, state in enumerate(hass.states.async_all()):
        if index % _AT_A_STRETCH == _AT_A_STRETCH - 1:
            await asyncio.sleep(0)
        if async_should_expose(hass, CONVERSATION_DOMAIN, state.entity_id):
            aliases = intent.async_get_entity_aliases(
                hass, registry.async_get(state.entity_id), state=state
            )
            (actions if state.domain in _ACTION_DOMAINS else names).extend(aliases)
    return await hass.async_add_executor_job(_names, tuple(names), tuple(actions), language)


@lru_cache(maxsize=4)
def _names(names: tuple[str, ...], actions: tuple[str, ...], language: str) -> Names:
    """Return the names, prepared once until one changes, and load what they need later."""
    load_numbers(language)
    return Names(names, actions)


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
