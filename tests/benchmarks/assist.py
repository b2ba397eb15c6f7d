"""Assist in a Home Assistant core: from the audio stream to the text, or to the action."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager
import logging
from typing import Any, Final, Self

from homeassistant.components.assist_pipeline import (
    AudioSettings,
    PipelineEvent,
    PipelineEventType,
    async_pipeline_from_audio_stream,
)
from homeassistant.components.assist_pipeline.models import PipelineStage
from homeassistant.components.assist_pipeline.pipeline import KEY_ASSIST_PIPELINE
from homeassistant.components.conversation import HOME_ASSISTANT_AGENT
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import area_registry as ar, entity_registry as er
from homeassistant.setup import async_setup_component

from tests.support.home import metadata

from .contenders import LANGUAGE
from .home import home_assistant

_COMPONENTS: Final = ("conversation", "intent", "assist_pipeline")
_DETECTOR: Final = AudioSettings()
_LLM: Final = "conversation.llm"


class Assist:
    """A home with lights in its kitchen, and pipelines with Home Assistant's own agent."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Be in a home that is set up."""
        self.hass = hass

    @classmethod
    @asynccontextmanager
    async def open(cls, lights: Iterable[str]) -> AsyncIterator[Self]:
        """Set a home up with lights of these names, which do nothing."""
        # It isn't installed everywhere, and nobody uses it here.
        logging.getLogger("haffmpeg").setLevel(logging.CRITICAL)
        async with home_assistant() as hass:
            for component in _COMPONENTS:
                assert await async_setup_component(hass, component, {})
            _add_lights(hass, lights)
            await hass.async_block_till_done()
            yield cls(hass)

    async def add_pipeline(self, engine: str, *, local: bool = True) -> str:
        """Add a pipeline that uses a speech-to-text entity; return the pipeline's ID.

        Its agent is Home Assistant's own if it's local, else one that can't be asked.
        """
        pipelines = self.hass.data[KEY_ASSIST_PIPELINE].pipeline_store
        pipeline = await pipelines.async_create_item(
            {
                "name": engine,
                "language": "en",
                "conversation_engine": HOME_ASSISTANT_AGENT if local else _LLM,
                "conversation_language": "en",
                "stt_engine": engine,
                "stt_language": LANGUAGE,
                "tts_engine": None,
                "tts_language": None,
                "tts_voice": None,
                "wake_word_entity": None,
                "wake_word_id": None,
            }
        )
        return pipeline.id

    async def hear(
        self,
        pipeline: str,
        stream: AsyncIterable[bytes],
        settings: AudioSettings = _DETECTOR,
    ) -> str:
        """Return a stream's text; Assist's detector may end the stream."""
        events = await self._run(pipeline, stream, PipelineStage.STT, settings)
        return _text(events)

    async def do(self, pipeline: str, stream: AsyncIterable[bytes]) -> str:
        """Carry out the command in a stream, and return its text once that is done."""
        settings = AudioSettings(is_vad_enabled=False)
        events = await self._run(pipeline, stream, PipelineStage.INTENT, settings)
        done = events.get(PipelineEventType.INTENT_END, {}).get("intent_output", {})
        if done.get("response", {}).get("response_type") != "action_done":
            return f"[not understood] {_text(events)}"
        return _text(events)

    async def _run(
        self,
        pipeline: str,
        stream: AsyncIterable[bytes],
        end_stage: PipelineStage,
        settings: AudioSettings,
    ) -> dict[PipelineEventType, dict[str, Any]]:
        events: dict[PipelineEventType, dict[str, Any]] = {}

        def note(event: PipelineEvent) -> None:
            events[event.type] = event.data or {}

        await async_pipeline_from_audio_stream(
            self.hass,
            context=Context(),
            event_callback=note,
            stt_metadata=metadata(LANGUAGE),
            stt_stream=stream,
            pipeline_id=pipeline,
            audio_settings=settings,
            end_stage=end_stage,
        )
        return events


def _text(events: dict[PipelineEventType, dict[str, Any]]) -> str:
    if heard := events.get(PipelineEventType.STT_END):
        text: str = heard["stt_output"]["text"]
        return text
    return f"[{events.get(PipelineEventType.ERROR, {}).get('code')}]"


def _add_lights(hass: HomeAssistant, names: Iterable[str]) -> None:
    async def switch(_: ServiceCall) -> None:
        """Do nothing: the time of a light isn't measured."""

    for service in ("turn_on", "turn_off"):
        hass.services.async_register("light", service, switch)
    kitchen = ar.async_get(hass).async_get_or_create("Kitchen")
    registry = er.async_get(hass)
    for name in names:
        light = registry.async_get_or_create("light", "test", name, original_name=name)
        registry.async_update_entity(light.entity_id, area_id=kitchen.id)
        hass.states.async_set(light.entity_id, "off", {"friendly_name": name})
