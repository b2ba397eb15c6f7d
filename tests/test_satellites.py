"""Real satellites: when they stop listening, and the leftovers when they go away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Set as AbstractSet
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

import pytest

from homeassistant.components.assist_pipeline import (
    PipelineEvent,
    PipelineEventType,
    async_pipeline_from_audio_stream,
)
from homeassistant.components.assist_pipeline.pipeline import KEY_ASSIST_PIPELINE, PipelineStage
from homeassistant.core import Context, HomeAssistant

from tests.emulator import BYTES_PER_SECOND, SERVICE_KINDS, Emulator, Endpoint, silence, speak
from tests.support.home import ENTITY_ID, metadata
from tests.support.streams import eventually
from tests.test_patience import home  # noqa: F401 - a fixture

COMMAND: Final = "Turn on the kitchen light"

ENDS: Final[dict[str, AbstractSet[PipelineEventType]]] = {
    # https://github.com/esphome/esphome/blob/dev/esphome/components/voice_assistant/voice_assistant.cpp
    # goes on listening until one of these; the end of speech to text isn't one.
    "ESPHome": {
        PipelineEventType.STT_VAD_END,
        PipelineEventType.TTS_END,
        PipelineEventType.RUN_END,
        PipelineEventType.ERROR,
    },
    # https://github.com/rhasspy/wyoming-satellite stops at the transcript, and at an error.
    "Wyoming": {
        PipelineEventType.STT_VAD_END,
        PipelineEventType.STT_END,
        PipelineEventType.RUN_END,
        PipelineEventType.ERROR,
    },
}
CHUNKS: Final = {"ESPHome": 1024, "Wyoming": 2048}
"""Bytes that they send at a time."""


@dataclass(kw_only=True)
class Satellite:
    """Sends speech, and the quiet of the room after it, until it's told that it may stop."""

    name: str
    audio: bytes
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    text: str | None = None
    last_word_at: float = 0.0
    heard_at: float = 0.0
    events: list[PipelineEventType] = field(default_factory=list)
    closed: bool = False

    def on_event(self, event: PipelineEvent) -> None:
        """Take an event of the pipeline."""
        self.events.append(event.type)
        if event.type is PipelineEventType.STT_END:
            assert event.data
            self.text = event.data["stt_output"]["text"]
            self.heard_at = monotonic()
        if event.type in ENDS[self.name]:
            self.stopped.set()

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the audio in real time."""
        began, sent, size = monotonic(), 0, CHUNKS[self.name]
        try:
            while not self.stopped.is_set():
                await asyncio.sleep(began + sent / BYTES_PER_SECOND - monotonic())
                chunk = self.audio[sent : sent + size].ljust(size, b"\0")
                if sent < len(self.audio):
                    self.last_word_at = monotonic()
                sent += size
                yield chunk
        finally:
            self.closed = True

    async def run(self, hass: HomeAssistant) -> None:
        """Run the pipeline."""
        pipelines = hass.data[KEY_ASSIST_PIPELINE].pipeline_store.async_items()
        await async_pipeline_from_audio_stream(
            hass,
            context=Context(),
            event_callback=self.on_event,
            stt_metadata=metadata(),
            stt_stream=self.stream(),
            pipeline_id=next(item.id for item in pipelines if item.stt_engine == ENTITY_ID),
            end_stage=PipelineStage.INTENT,
        )


@pytest.fixture(params=ENDS)
def satellite(request: pytest.FixtureRequest) -> Callable[[bytes], Satellite]:
    """Return a function that makes a satellite with some speech."""
    return lambda audio: Satellite(name=request.param, audio=audio)


@pytest.fixture(params=SERVICE_KINDS)
def any_kind(request: pytest.FixtureRequest, emulator: Emulator) -> None:
    """Make the service one of the four kinds that Azure may be."""
    emulator.answers, emulator.pause = SERVICE_KINDS[request.param]
    emulator.latency = 0.1


@pytest.mark.parametrize(
    "recognizer", [{}, {"end_of_speech": "recognizer"}], ids=["host", "recognizer"]
)
@pytest.mark.usefixtures("home", "any_kind")
async def test_whole_command(
    hass: HomeAssistant, emulator: Emulator, satellite: Callable[[bytes], Satellite]
) -> None:
    """It is done soon after the last word, and the satellite stops by itself."""
    speaker = satellite(silence(0.8) + speak("Turn on") + silence(0.4) + speak("the kitchen light"))
    async with asyncio.timeout(10):
        await speaker.run(hass)
    assert speaker.text == COMMAND
    assert 0.7 < speaker.heard_at - speaker.last_word_at < 1.3
    assert PipelineEventType.INTENT_END in speaker.events
    assert speaker.stopped.is_set()
    await eventually(lambda: speaker.closed)
    assert all(request.answered for request in emulator.requests_for(Endpoint.RECOGNITION))


@pytest.mark.parametrize(
    "recognizer", [{}, {"end_of_speech": "recognizer"}], ids=["host", "recognizer"]
)
@pytest.mark.usefixtures("home")
async def test_gone_in_the_middle(
    hass: HomeAssistant, emulator: Emulator, satellite: Callable[[bytes], Satellite]
) -> None:
    """Home Assistant cancels the pipeline; no upload and no task stays."""
    before = asyncio.all_tasks()
    speaker = satellite(speak(COMMAND) * 5)
    running = asyncio.create_task(speaker.run(hass))
    await eventually(
        lambda: any(request.audio for request in emulator.requests_for(Endpoint.RECOGNITION))
    )
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await eventually(lambda: speaker.closed)
    [request] = emulator.requests_for(Endpoint.RECOGNITION)
    received = len(request.audio)
    await asyncio.sleep(0.3)
    assert len(request.audio) == received
    assert not request.answered
    ours = [task for task in asyncio.all_tasks() - before if "azure_stt" in repr(task.get_coro())]
    assert not ours
