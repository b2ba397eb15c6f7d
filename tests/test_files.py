"""Files: their cost, and their time limits, by action and by POST."""

import asyncio
from math import ceil
from typing import Final

import pytest

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import Recognize
from tests.emulator import (
    BYTES_PER_SECOND,
    SERVICE_KINDS,
    Emulator,
    Endpoint,
    noise,
    silence,
    speak,
)
from tests.support.streams import AudioStream

SENTENCES: Final = [
    " ".join(str(1000 * sentence + word) for word in range(20)) for sentence in range(14)
]
PAUSES: Final = [0.6, 1.1, 0.8, 2.4]
MEMO: Final = b"".join(
    speak(sentence, pause_ms=100) + silence(PAUSES[index % len(PAUSES)])
    for index, sentence in enumerate(SENTENCES)
)


@pytest.fixture(autouse=True)
def after_the_start(loaded_entry: MockConfigEntry, emulator: Emulator) -> None:
    """Leave out the request by which the entry is checked."""
    emulator.requests.clear()


@pytest.mark.parametrize("kind", SERVICE_KINDS)
async def test_each_piece_goes_up_once(recognize: Recognize, emulator: Emulator, kind: str) -> None:
    """A memo with pauses costs at most 1.2 times its length, with any kind of service."""
    emulator.answers, emulator.pause = SERVICE_KINDS[kind]
    assert (await recognize(AudioStream(MEMO))).text == " ".join(SENTENCES)
    requests = emulator.requests_for(Endpoint.RECOGNITION)
    billed = sum(ceil(len(request.audio) / BYTES_PER_SECOND) for request in requests)
    assert billed <= 1.2 * len(MEMO) / BYTES_PER_SECOND


async def test_twice_real_time(recognize: Recognize, emulator: Emulator) -> None:
    """The answer to audio that was sent at once may take half its length longer."""
    emulator.speed = 2.0
    emulator.latency = 0.1
    text = " ".join(map(str, range(100, 400)))
    audio = speak(text)
    assert len(audio) / BYTES_PER_SECOND > 20
    assert (await recognize(AudioStream(audio))).text == text
    assert len(emulator.requests_for(Endpoint.RECOGNITION)) == 1


@pytest.mark.parametrize(
    "sound",
    [silence(120), noise(60, level=-20), noise(60, level=-45)],
    ids=["digital silence", "loud even noise", "hum"],
)
async def test_sound_without_speech_costs_nothing(
    recognize: Recognize, emulator: Emulator, sound: bytes
) -> None:
    """Nothing is invented in it either."""
    assert (await recognize(AudioStream(sound))).text == ""
    assert not emulator.requests_for(Endpoint.RECOGNITION)


async def test_live_voice_goes_first(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, recognize: Recognize, emulator: Emulator
) -> None:
    """The upload of a file waits during live voice."""
    resource = loaded_entry.runtime_data
    more = asyncio.Event()
    live = asyncio.create_task(recognize(AudioStream(speak("one"), silence(0.2), more.wait())))
    while not resource._live:  # noqa: ASYNC110 - what it waits for has no event
        await asyncio.sleep(0.01)
    assert not resource._no_live_voice.is_set()
    more.set()
    assert (await live).text == "one"
    assert resource._no_live_voice.is_set()
