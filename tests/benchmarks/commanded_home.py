"""The awkward home in a Home Assistant that reports the actions for a text."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
import re
from typing import Any, Final

from homeassistant.components.assist_pipeline.pipeline import KEY_ASSIST_PIPELINE
from homeassistant.components.conversation import (
    DOMAIN as CONVERSATION_DOMAIN,
    HOME_ASSISTANT_AGENT,
    ConversationInput,
    async_converse,
    async_get_chat_log,
    async_handle_intents,
)
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import (
    area_registry as ar,
    chat_session,
    entity_registry as er,
    floor_registry as fr,
)
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.azure_speech import Alternative, Profanity
from custom_components.azure_stt.home.second_opinion import AskAgain, async_ask_second_opinion
from custom_components.azure_stt.home.selection import async_select
from custom_components.azure_stt.home.text_format import Corrections, TextForm, TextFormat
from tests.emulator import BYTES_PER_SECOND

from .awkward_home import AwkwardHome, Command, Thing
from .hearing import SpeechModel
from .home import home_assistant
from .trials import Action, Deeds, Trial

DISPLAY: Final = TextFormat(
    form=TextForm.DISPLAY, profanity=Profanity.MASKED, corrections=Corrections([])
)
"""The text format of a recognizer without options."""

_SERVICES: Final = {
    "light": ("turn_on", "turn_off"),
    "switch": ("turn_on", "turn_off"),
    "fan": ("turn_on", "turn_off", "set_percentage"),
    "cover": ("open_cover", "close_cover", "set_cover_position"),
    "lock": ("lock", "unlock"),
    "vacuum": ("start", "return_to_base"),
    "media_player": ("turn_on", "turn_off", "media_pause", "volume_set"),
}
_ATTRIBUTES: Final[dict[str, dict[str, Any]]] = {
    "light": {"supported_color_modes": ["brightness"]},
    "fan": {"supported_features": 49},
    "cover": {"supported_features": 15},
    "vacuum": {"supported_features": 8212},
    "media_player": {"supported_features": 389},
}
_STATES: Final = {
    "lock": "locked",
    "cover": "closed",
    "vacuum": "docked",
    "media_player": "playing",
}


class Way(StrEnum):
    """The agents that get the text."""

    AGENT = "Home Assistant's agent"
    """With its gazetteer, which corrects names itself."""
    LOCAL_FIRST = "LLM, local intents first"
    LLM = "LLM"
    """Its action isn't known; it is judged as if it took the names literally."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A command, its sound, and the recognized alternatives."""

    command: Command
    sound: bytes = field(repr=False)
    alternatives: Sequence[Alternative]


class SecondHearing:
    """Lets the model hear a sound again, and notes how many seconds of it."""

    def __init__(self, speech_model: SpeechModel, sound: bytes) -> None:
        """Initialize with a sound that was heard once."""
        self.seconds = 0.0
        self._speech_model = speech_model
        self._sound = sound

    async def __call__(self, names: Sequence[str]) -> str:
        """Return the text with these names as the model's prompt."""
        self.seconds += len(self._sound) / BYTES_PER_SECOND
        return await self._speech_model.hear_again(self._sound, names)


class CommandedHome:
    """The awkward home in a Home Assistant, which reports the actions for a text."""

    def __init__(self, hass: HomeAssistant, plan: AwkwardHome) -> None:
        """Have nothing done yet."""
        self.hass = hass
        self._plan = plan
        self._done: list[Action] = []
        self._known: dict[tuple[bool, str], Deeds] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, plan: AwkwardHome) -> AsyncIterator[CommandedHome]:
        """Set it all up."""
        async with home_assistant() as hass:
            home = cls(hass, plan)
            components = ("homeassistant", "conversation", "assist_pipeline", "intent", *_SERVICES)
            for component in components:
                assert await async_setup_component(hass, component, {})
            home._furnish()
            for way in Way:
                await home._add_pipeline(way)
            await hass.async_block_till_done()
            yield home

    async def deeds(self, text: str, way: Way) -> Deeds:
        """Return the actions for a text."""
        key = way is Way.AGENT, text
        if key not in self._known:
            self._done.clear()
            await (self._ask_agent if way is Way.AGENT else self._ask_locally)(text)
            await self.hass.async_block_till_done()
            self._known[key] = frozenset(self._done)
        return self._known[key]

    async def texts(
        self, alternatives: Sequence[Alternative], way: Way, ask_again: AskAgain
    ) -> tuple[str, str, str]:
        """Return the first alternative, the selected text, and that after a second opinion."""
        if not alternatives:
            return "", "", ""
        entity_id, locale = _entity_id(way), self._plan.locale
        selected = await async_select(self.hass, entity_id, [alternatives], locale, DISPLAY)
        final = await async_ask_second_opinion(
            self.hass, entity_id, selected, locale, DISPLAY, ask_again
        )
        return selected.heard, selected.text, final.text

    async def try_out(self, heard: Heard, way: Way, speech_model: SpeechModel) -> Trial:
        """Select among the alternatives, and carry out the text."""
        second = SecondHearing(speech_model, heard.sound)
        command = heard.command
        texts = await self.texts(heard.alternatives, way, second)
        first, selected, final = [await self.deeds(text, way) for text in texts]
        return Trial(
            command=command,
            wanted=await self.deeds(command.text, way),
            texts=texts,
            asked_again=second.seconds,
            deeds=(first, selected, final),
            misheard_name=self._misheard_name(command, texts[0]),
        )

    def _misheard_name(self, command: Command, text: str) -> bool:
        before, after = (_words(part) for part in command.text.split(command.name))
        heard = _words(text.replace("%", f" {self._plan.percent}"))
        end = len(heard) - len(after)
        return len(before) < end and heard[: len(before)] == before and heard[end:] == after

    async def _ask_agent(self, text: str) -> None:
        language = self._plan.language
        await async_converse(self.hass, text, None, Context(), language, HOME_ASSISTANT_AGENT)

    async def _ask_locally(self, text: str) -> None:
        """Do as a pipeline with an LLM does first, if it prefers local intents."""
        user_input = ConversationInput(
            text=text,
            context=Context(),
            conversation_id=None,
            device_id=None,
            satellite_id=None,
            language=self._plan.language,
            agent_id=HOME_ASSISTANT_AGENT,
        )
        with (
            chat_session.async_get_chat_session(self.hass) as session,
            async_get_chat_log(self.hass, session, user_input) as chat_log,
        ):
            await async_handle_intents(self.hass, user_input, chat_log)

    def _furnish(self) -> None:
        """Add floors, areas, things, and services that only note their calls."""
        areas = {name: ar.async_get(self.hass).async_create(name) for name in self._plan.areas}
        for floor_name, area_names in self._plan.floors.items():
            floor = fr.async_get(self.hass).async_create(floor_name)
            for name in area_names:
                ar.async_get(self.hass).async_update(areas[name].id, floor_id=floor.floor_id)
        for thing in self._plan.things:
            self._add(thing, areas[thing.area].id if thing.area else None)
        for domain, services in _SERVICES.items():
            for service in services:
                self.hass.services.async_register(domain, service, self._note)

    def _add(self, thing: Thing, area_id: str | None) -> None:
        registry = er.async_get(self.hass)
        entity = registry.async_get_or_create(
            thing.domain,
            "test",
            thing.name,
            object_id_base=thing.name,
            original_name=thing.name,
        )
        aliases: list[str | er.ComputedNameType] = [er.COMPUTED_NAME]
        if thing.alias:
            aliases.append(thing.alias)
        registry.async_update_entity(entity.entity_id, area_id=area_id, aliases=aliases)
        self.hass.states.async_set(
            entity.entity_id,
            _STATES.get(thing.domain, "off"),
            {"friendly_name": thing.name, **_ATTRIBUTES.get(thing.domain, {})},
        )
        async_expose_entity(self.hass, CONVERSATION_DOMAIN, entity.entity_id, should_expose=True)

    async def _add_pipeline(self, way: Way) -> None:
        language = self._plan.language
        await self.hass.data[KEY_ASSIST_PIPELINE].pipeline_store.async_create_item(
            {
                "name": way.value,
                "language": language,
                "conversation_engine": HOME_ASSISTANT_AGENT
                if way is Way.AGENT
                else "conversation.llm",
                "conversation_language": language,
                "prefer_local_intents": way is Way.LOCAL_FIRST,
                "stt_engine": _entity_id(way),
                "stt_language": self._plan.locale,
                "tts_engine": None,
                "tts_language": None,
                "tts_voice": None,
                "wake_word_entity": None,
                "wake_word_id": None,
            }
        )

    async def _note(self, call: ServiceCall) -> None:
        entity_ids = call.data["entity_id"]
        values = {name: str(value) for name, value in call.data.items() if name != "entity_id"}
        for entity_id in [entity_ids] if isinstance(entity_ids, str) else entity_ids:
            self._done.append(
                Action(
                    service=call.service,
                    entity_id=entity_id,
                    values=tuple(sorted(values.items())),
                )
            )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _entity_id(way: Way) -> str:
    return f"stt.{way.name.lower()}"
