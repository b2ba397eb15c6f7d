"""The helpers of the actions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.actions.common import (
    async_recognize_pcm,
    async_transcribe_pcm,
    recording_policy,
)
from custom_components.azure_stt.azure_speech import RecognitionOptions
from custom_components.azure_stt.recognition import recording
from custom_components.azure_stt.recognition.policy import Policy
from custom_components.azure_stt.recognition.transcript import Transcript
from custom_components.azure_stt.resource.resource import Resource
from tests.emulator import speak

type Transcribe = Callable[
    [AsyncIterator[bytes], Sequence[Resource], Policy], Awaitable[tuple[Transcript, float]]
]

SENTENCE = "Turn on the kitchen light."


@pytest.mark.parametrize("transcribe", [async_transcribe_pcm, async_recognize_pcm])
async def test_slow_media(
    loaded_entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch, transcribe: Transcribe
) -> None:
    """Media may pause for longer than a live stream, because a disk may have to wake up."""
    monkeypatch.setattr(recording, "IDLE_LIMIT", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield speak(SENTENCE)[:20_000]
        await asyncio.sleep(0.5)
        yield speak(SENTENCE)[20_000:]

    policy = recording_policy(RecognitionOptions(language="en-US"))
    transcript, _ = await transcribe(slow(), [loaded_entry.runtime_data], policy)
    assert transcript.text == SENTENCE
