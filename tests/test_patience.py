"""When Assist answers: its pipeline, its agent, and people who pause."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from time import monotonic
from typing import Any, Final

import pytest

from homeassistant.components.assist_pipeline import (
    AudioSettings,
    PipelineEvent,
    PipelineEventType,
    async_pipeline_from_audio_stream,
)
from homeassistant.components.assist_pipeline.pipeline import KEY_ASSIST_PIPELINE, PipelineStage
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import area_registry as ar, entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.azure_stt.home.assist import async_get_assistant
from custom_components.azure_stt.recognition.recording import CAPACITY, Recording
from tests.conftest import Recognize
from tests.emulator import BYTES_PER_SECOND, SERVICE_KINDS, Emulator, Endpoint, silence, speak
from tests.emulator.profile import Answers
from tests.support.home import ENTITY_ID, add_backup_engine, add_pipeline, metadata
from tests.support.streams import AudioStream

HOST_END: Final = 1.35
"""Seconds of quiet after which Assist's own detector ends the stream."""

COMMANDS: Final = [
    ("Turn off all the lights", "in the kitchen"),
    ("Set a timer for five minutes", "and thirty seconds"),
    ("Turn on the kitchen light", "in five minutes"),
    ("Add milk", "to my shopping list"),
]
"""Commands whose first part is one by itself, or anything at all, and how they go on."""

CHUNK: Final = BYTES_PER_SECOND // 100


@pytest.fixture
async def home(hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator) -> None:
    """Give a kitchen with a light, and Assist with a pipeline that uses the entity."""
    for component in ("homeassistant", "conversation", "intent", "assist_pipeline"):
        assert await async_setup_component(hass, component, {})
    kitchen = ar.async_get(hass).async_get_or_create("Kitchen")
    registry = er.async_get(hass)
    light = registry.async_get_or_create("light", "test", "1", original_name="Kitchen light")
    registry.async_update_entity(light.entity_id, area_id=kitchen.id)
    hass.states.async_set(light.entity_id, "off", {"friendly_name": "Kitchen light"})
    await add_pipeline(hass)
    await hass.async_block_till_done()
    # The first sentence in a language loads it.
    assert await async_get_assistant(hass, ENTITY_ID, "en-US").is_whole_command(
        "Turn on the kitchen light"
    )
    emulator.requests.clear()


class Person:
    """Speaks in real time, as Assist passes it on; the stream ends after the last word."""

    def __init__(self, *parts: bytes) -> None:
        """Take the words to say."""
        self._audio = b"".join(parts) + silence(HOST_END)
        self._speech = len(self._audio) - len(silence(HOST_END))
        self.last_word_at = 0.0
        self.ended = False

    async def speak(self) -> AsyncIterator[bytes]:
        """Yield chunks when their time has come."""
        began = monotonic()
        for start in range(0, len(self._audio), CHUNK):
            await asyncio.sleep(began + start / BYTES_PER_SECOND - monotonic())
            if start <= self._speech:
                self.last_word_at = monotonic()
            yield self._audio[start : start + CHUNK]
        self.ended = True


async def text_of(hass: HomeAssistant, person: Person) -> tuple[str, float]:
    """Run Assist's pipeline; return its text, and the seconds from the last word to it."""
    texts: list[tuple[str, float]] = []

    def note(event: PipelineEvent) -> None:
        if event.type is PipelineEventType.STT_END:
            assert event.data
            text = event.data["stt_output"]["text"]
            texts.append((text, monotonic() - person.last_word_at))

    pipelines = hass.data[KEY_ASSIST_PIPELINE].pipeline_store.async_items()
    await async_pipeline_from_audio_stream(
        hass,
        context=Context(),
        event_callback=note,
        stt_metadata=metadata(),
        stt_stream=person.speak(),
        pipeline_id=next(item.id for item in pipelines if item.stt_engine == ENTITY_ID),
        audio_settings=AudioSettings(is_vad_enabled=False),
        end_stage=PipelineStage.STT,
    )
    (text,) = texts
    return text


@pytest.mark.parametrize(
    "recognizer",
    [{"patience": "automatic"}, {"patience": "to_the_end"}],
    ids=lambda item: item["patience"],
)
async def test_no_word_is_lost_in_a_pause(hass: HomeAssistant, home: None, any_kind: str) -> None:
    """Commands come through whole, be their beginning a command or not."""
    said = [
        (f"{first} {second}", Person(speak(first), silence(pause), speak(second)))
        for first, second in COMMANDS
        for pause in (0.3, 0.4, 0.6, 0.7)
    ]
    # Only incomplete commands may pause for longer.
    said += [
        (f"{first} {second}", Person(speak(first), silence(0.9), speak(second)))
        for first, second in [*COMMANDS[:2], ("Turn on the", "kitchen light")]
    ]
    heard = await asyncio.gather(*(text_of(hass, person) for _, person in said))
    assert [text for text, _ in heard] == [text for text, _ in said]


@pytest.fixture(params=SERVICE_KINDS)
def any_kind(request: pytest.FixtureRequest, emulator: Emulator) -> str:
    """Make the service one of the four kinds that Azure may be."""
    emulator.answers, emulator.pause = SERVICE_KINDS[request.param]
    emulator.latency = 0.1
    return str(request.param)


@pytest.mark.parametrize("recognizer", [{"patience": "first_pause"}])
async def test_first_pause(hass: HomeAssistant, home: None, any_kind: str) -> None:
    """The option for the first answer gives it, at once, with any kind of service."""
    first, second = COMMANDS[0]
    persons = [Person(speak(first), silence(pause), speak(second)) for pause in (0.3, 0.75, 1.2)]
    heard = await asyncio.gather(*(text_of(hass, person) for person in persons))
    assert [text for text, _ in heard] == [f"{first} {second}", first, first]


async def test_a_whole_command_is_answered_before_the_stream_ends(
    hass: HomeAssistant, home: None, emulator: Emulator, any_kind: str
) -> None:
    """After 0.8 s of quiet, by one request, with any kind of service."""
    person = Person(speak("Turn on the kitchen light"))
    text, seconds = await text_of(hass, person)
    assert text == "Turn on the kitchen light"
    assert not person.ended
    assert 0.75 < seconds < HOST_END
    assert len(emulator.requests_for(Endpoint.RECOGNITION)) == 1


@pytest.mark.parametrize(
    "recognizer", [{"corrections": [{"heard": "kitchen lite", "meant": "kitchen light"}]}]
)
async def test_the_corrected_text_is_judged_as_whole(
    hass: HomeAssistant, home: None, any_kind: str
) -> None:
    """A command that is whole only after the user's corrections is answered early, too."""
    person = Person(speak("Turn on the kitchen lite"))
    text, _ = await text_of(hass, person)
    assert text == "Turn on the kitchen light"
    assert not person.ended


async def test_another_text_is_answered_when_the_stream_ends(
    hass: HomeAssistant, home: None, emulator: Emulator
) -> None:
    """It isn't delayed any longer, and the silence costs no request."""
    person = Person(speak("What is the meaning of life"))
    text, seconds = await text_of(hass, person)
    assert text == "What is the meaning of life"
    assert person.ended
    assert seconds < HOST_END + 0.2
    assert len(emulator.requests_for(Endpoint.RECOGNITION)) == 1


@pytest.mark.parametrize(("answers", "_"), SERVICE_KINDS.values(), ids=SERVICE_KINDS)
@pytest.mark.parametrize("seed", range(8))
async def test_any_conversation(
    recognize: Recognize, emulator: Emulator, seed: int, answers: Answers, _: float
) -> None:
    """Every word once and in order, over the wire too, with each kind of service."""
    emulator.answers = answers
    random = Random(seed)  # noqa: S311
    emulator.pause = random.choice([0.3, 0.5, 0.8, 2.0])
    emulator.initial_silence = random.choice([1.0, 5.0])
    parts, words = [silence(random.choice([0, 0.4, 6]))], list[str]()
    for _ in range(random.randint(1, 8)):
        some = [str(len(words) + number) for number in range(random.randint(1, 5))]
        words += some
        parts += [speak(" ".join(some)), silence(random.choice([0.06, 0.4, 0.6, 0.9, 2, 8]))]
    assert (await recognize(AudioStream(*parts))).text == " ".join(words)


# Beyond 60 seconds.


class Ahead:
    """Measures how far streams are ahead of the recognition."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Look at every chunk that is recorded."""
        self.most = 0
        append = Recording.append

        def watched(recording: Recording, pcm: bytes) -> None:
            append(recording, pcm)
            self.most = max(self.most, recording.length - recording._recognized)

        monkeypatch.setattr(Recording, "append", watched)


def speech_of(seconds: float) -> tuple[bytes, str]:
    """Return numbers with a pause between sentences, and their text."""
    audio, words = bytearray(), list[str]()
    while len(audio) < seconds * BYTES_PER_SECOND:
        some = [str(10_000 + len(words) + number) for number in range(40 + len(words) % 7)]
        words += some
        audio += speak(" ".join(some)) + silence(0.2 + len(words) % 5 * 0.2)
    return bytes(audio), " ".join(words)


async def test_ten_minutes(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A long file is recognized whole, in the memory of a minute."""
    ahead = Ahead(monkeypatch)
    audio, text = speech_of(600)
    client = await hass_client()
    response = await client.post(
        f"/api/stt/{ENTITY_ID}",
        headers={
            "X-Speech-Content": (
                "format=wav; codec=pcm; sample_rate=16000; bit_rate=16; channel=1; language=en-US"
            )
        },
        data=audio,
    )
    assert await response.json() == {"text": text, "result": "success"}
    assert ahead.most <= CAPACITY + 4096
    assert all(request.status == 200 for request in emulator.requests_for(Endpoint.RECOGNITION))


async def test_stream_is_held_back(recognize: Recognize, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that is faster than the service isn't read further than a minute ahead."""
    audio, text = speech_of(150)
    ahead = Ahead(monkeypatch)
    result = await recognize(AudioStream(audio))
    assert result.text == text
    assert CAPACITY - CHUNK <= ahead.most <= CAPACITY + CHUNK


@pytest.mark.parametrize("recognizer", [{"fallback_entity": "stt.house", "deadline": 1.0}])
async def test_long_speech_for_the_backup_engine(
    hass: HomeAssistant, emulator: Emulator, recognize: Recognize, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Azure the other engine hears all of it."""
    ahead = Ahead(monkeypatch)
    backup_engine = await add_backup_engine(hass)
    await emulator.stop()
    audio, text = speech_of(150)
    result: Any = await recognize(AudioStream(audio))
    assert result.text == text
    assert backup_engine.heard == [audio]
    assert ahead.most <= CAPACITY + CHUNK
