"""The button that tests a resource: its requests, and its report."""

import asyncio
import json
from pathlib import Path
from typing import Any, override

import pytest

from homeassistant.components import persistent_notification
from homeassistant.components.button.const import DOMAIN as BUTTON_DOMAIN, SERVICE_PRESS
from homeassistant.components.tts.const import DATA_COMPONENT as TTS_COMPONENT
from homeassistant.const import ATTR_ENTITY_ID, EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.azure_stt.actions import check_up
from tests.conftest import Recognize
from tests.emulator import Emulator, Endpoint, Fault, speak
from tests.support.home import REACHABLE_ID, add_pipeline
from tests.support.sounds import SENTENCE
from tests.support.streams import AudioStream, eventually
from tests.test_services import Voice, folder, use_free_tier

__all__ = ["folder"]

BUTTON_ID = "button.azure_ai_speech_127_0_0_1_test"
TRANSLATIONS = sorted((Path(check_up.__file__).parents[1] / "translations").glob("*.json"))
SAMPLE = "The weather is so nice today that we want to take a walk in the park."
WORD_FOR_WORD = "The spoken sentence (en-US) was recognized word for word."
NO_SAMPLE = (
    "Spoken audio was not tested, because there is no text-to-speech engine, or no sample"
    " sentence in its language."
)
FAST = "Fast transcription is available."


class Mumbler(Voice):
    """A voice that leaves out every third word, and can fail."""

    entity_id = "tts.mumbler"
    _attr_name = "Mumbler"
    mute = False
    broken = False

    def __init__(self) -> None:
        """Initialize without having said anything."""
        self.said: list[str] = []

    @override
    def get_tts_audio(
        self, message: str, language: str, options: dict[str, Any]
    ) -> tuple[str | None, bytes | None]:
        if self.broken:
            raise ZeroDivisionError
        self.said.append(message)
        words = message.split()
        del words[2::3]
        return super().get_tts_audio("mute" if self.mute else " ".join(words), language, options)


@pytest.fixture
async def assist(hass: HomeAssistant) -> None:
    """Set up Assist, whose own pipeline finds no engine yet."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "assist_pipeline", {})


@pytest.fixture
async def tts(hass: HomeAssistant, tmp_path: Path) -> None:
    """Set up text-to-speech, without any engine."""
    assert await async_setup_component(hass, "tts", {"tts": {"cache_dir": str(tmp_path / "tts")}})


@pytest.fixture
async def voice(hass: HomeAssistant, tts: None) -> None:
    """Add a voice that the emulator understands."""
    await hass.data[TTS_COMPONENT].async_add_entities([Voice()])


async def press(hass: HomeAssistant) -> None:
    """Press the button."""
    await hass.services.async_call(
        BUTTON_DOMAIN, SERVICE_PRESS, {ATTR_ENTITY_ID: BUTTON_ID}, blocking=True
    )


async def told_by(hass: HomeAssistant, title: str = "Test of 127.0.0.1") -> list[str]:
    """Press the button and return the lines of the one notification."""
    seen: dict[str, persistent_notification.Notification] = {}

    @callback
    def note(
        _: persistent_notification.UpdateType,
        changed: dict[str, persistent_notification.Notification],
    ) -> None:
        seen.update(changed)

    signal = persistent_notification.SIGNAL_PERSISTENT_NOTIFICATIONS_UPDATED
    unsubscribe = async_dispatcher_connect(hass, signal, note)
    await press(hass)
    unsubscribe()
    (notification,) = seen.values()
    assert notification["title"] == title
    return notification["message"].split("\n")


def asked(emulator: Emulator) -> list[Endpoint]:
    """Return the emulator's requests, without tokens, and forget them."""
    kinds: list[Endpoint] = [
        each.kind for each in emulator.requests if each.kind is not Endpoint.TOKEN
    ]
    emulator.requests.clear()
    return kinds


@pytest.mark.parametrize("pipeline", [True, False])
async def test_all_is_well(
    hass: HomeAssistant,
    assist: None,
    loaded_entry: MockConfigEntry,
    emulator: Emulator,
    voice: None,
    pipeline: bool,  # noqa: FBT001
) -> None:
    """It tells the host, the time, the second service, and that a sentence came back as said."""
    if pipeline:
        await add_pipeline(hass, tts_engine="tts.voice", tts_language="en", stt_language="en-GB")
    asked(emulator)
    emulator.latency = 0.1
    answered, *lines = await told_by(hass)
    host, _, _, seconds, _ = answered.removeprefix("- ").split()
    assert host == "127.0.0.1"
    assert 0.1 <= float(seconds) < 5
    locale = "en-GB" if pipeline else "en-US"
    assert lines == [f"- {FAST}", f"- {WORD_FOR_WORD.replace('en-US', locale)}"]
    spoken = emulator.requests_for(Endpoint.RECOGNITION)[-1]
    assert (spoken.query["language"], SAMPLE in spoken.text) == (locale, True)
    assert asked(emulator) == [
        Endpoint.RECOGNITION,
        Endpoint.TRANSCRIPTION,
        Endpoint.RECOGNITION,
    ]


async def test_entity(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """It belongs to the resource, for diagnosis."""
    entity = entity_registry.async_get(BUTTON_ID)
    assert entity is not None
    assert entity.unique_id == f"{loaded_entry.entry_id}_test"
    assert entity.entity_category is EntityCategory.DIAGNOSTIC
    reachable = entity_registry.async_get(REACHABLE_ID)
    assert reachable is not None
    assert entity.device_id == reachable.device_id


async def test_pipelines_voice(
    hass: HomeAssistant, assist: None, loaded_entry: MockConfigEntry, voice: None
) -> None:
    """The voice of the pipeline is taken, and misheard words are reported."""
    await hass.data[TTS_COMPONENT].async_add_entities([Mumbler()])
    await add_pipeline(hass, tts_engine="tts.mumbler", tts_language="en")
    *_, line = await told_by(hass)
    heard = "The weather so nice that we to take walk in park."
    assert line == (
        "- 11 of 16 words in the spoken sentence (en-US) were recognized."
        f" Said: “{SAMPLE}” Recognized: “{heard}”"
    )


async def test_mute_voice(hass: HomeAssistant, loaded_entry: MockConfigEntry, tts: None) -> None:
    """An engine that fails is told of, and the rest is tested all the same."""
    mumbler = Mumbler()
    mumbler.mute = True
    await hass.data[TTS_COMPONENT].async_add_entities([mumbler])
    _, fast, line = await told_by(hass)
    assert fast == f"- {FAST}"
    assert line.startswith("- The spoken sentence (en-US) could not be tested: No TTS from Mumbler")


async def test_broken_voice(hass: HomeAssistant, loaded_entry: MockConfigEntry, tts: None) -> None:
    """Any error of an engine is reported."""
    mumbler = Mumbler()
    mumbler.broken = True
    await hass.data[TTS_COMPONENT].async_add_entities([mumbler])
    *_, line = await told_by(hass)
    assert line == "- The spoken sentence (en-US) could not be tested: ZeroDivisionError."


async def test_slow_voice(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    voice: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The test doesn't wait for a sample for ever."""
    monkeypatch.setattr(check_up, "_SAMPLE_LIMIT", 0.0)
    *_, line = await told_by(hass)
    assert "could not be tested: There was no answer within 0 s." in line


async def test_no_text_to_speech(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """Without it there is no sample."""
    assert (await told_by(hass))[1:] == [f"- {FAST}", f"- {NO_SAMPLE}"]


async def test_no_voice(hass: HomeAssistant, loaded_entry: MockConfigEntry, tts: None) -> None:
    """Nor without any engine."""
    assert (await told_by(hass))[1:] == [f"- {FAST}", f"- {NO_SAMPLE}"]


async def test_no_sentence(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator, voice: None
) -> None:
    """A voice isn't made to say a sentence of another language."""
    hass.config.language = "fi"
    assert (await told_by(hass))[-1] == f"- {NO_SAMPLE}"
    asked(emulator)


# The second service.


async def test_no_fast_transcription(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator
) -> None:
    """A refusal is told, and doesn't keep the next test from asking again."""
    emulator.fast_transcription = False
    assert (await told_by(hass))[1] == "- Fast transcription is not available."
    emulator.fast_transcription = True
    assert (await told_by(hass))[1] == f"- {FAST}"


async def test_fast_transcription_fails(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator
) -> None:
    """A failure that says nothing isn't taken for a refusal."""
    emulator.faults.append(Fault(where=Endpoint.TRANSCRIPTION, status=503))
    line = (await told_by(hass))[1]
    assert line == "- Could not check whether fast transcription is available."


# The connection.


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=503), "Azure could not be reached."),
        (Fault(status=403, times=None), "The free hours of this month are used up"),
    ],
)
async def test_failures(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    emulator: Emulator,
    voice: None,
    fault: Fault,
    error: str,
) -> None:
    """The reason is that of the set-up's form, and nothing more is tried."""
    asked(emulator)
    emulator.faults.append(fault)
    (line,) = await told_by(hass)
    assert line.startswith(f"- 127.0.0.1 did not recognize speech: {error}")
    assert Endpoint.TRANSCRIPTION not in asked(emulator)


async def test_outage_ends(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator
) -> None:
    """A test counts like any other request: an outage begins with it, or ends."""

    def reachable() -> str:
        state = hass.states.get(REACHABLE_ID)
        assert state is not None
        return state.state

    await emulator.stop()
    for _ in range(2):
        await press(hass)
    await hass.async_block_till_done()
    assert reachable() == "off"
    await emulator.start()
    await press(hass)
    await hass.async_block_till_done()
    assert reachable() == "on"


async def test_monthly_limit(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator, tts: None
) -> None:
    """From the limit on, the connection is all that is tested, and no voice is made to speak."""
    mumbler = Mumbler()
    await hass.data[TTS_COMPONENT].async_add_entities([mumbler])
    hass.config_entries.async_update_entry(
        loaded_entry, options={**loaded_entry.options, "monthly_limit_hours": 1}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    loaded_entry.runtime_data.usage.count(3600 * 32_000, 0)
    asked(emulator)
    assert (await told_by(hass))[1:] == [
        "- No other tests were run, because the monthly limit has been reached."
    ]
    assert asked(emulator) == [Endpoint.RECOGNITION]
    assert not mumbler.said


async def test_live_voice_first(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    emulator: Emulator,
    voice: None,
    recognize: Recognize,
) -> None:
    """During live voice, the test waits."""
    await use_free_tier(hass, loaded_entry)
    go_on = asyncio.Event()
    stream = AudioStream(speak(SENTENCE), go_on.wait())
    asked(emulator)
    speaking = asyncio.create_task(recognize(stream))
    await eventually(lambda: len(emulator.requests) == 1)
    testing = asyncio.create_task(press(hass))
    await asyncio.sleep(0.1)
    assert asked(emulator) == [Endpoint.RECOGNITION]
    go_on.set()
    assert (await speaking).text == SENTENCE
    await testing
    assert len(asked(emulator)) >= 2


# The stored outcome, and the language of the report.


async def test_diagnostics(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    voice: None,
    hass_client: ClientSessionGenerator,
) -> None:
    """They have the last outcome, without host and words."""
    assert await async_setup_component(hass, "diagnostics", {})

    async def diagnostics() -> dict[str, Any]:
        return await get_diagnostics_for_config_entry(hass, hass_client, loaded_entry)

    assert (await diagnostics())["test"] is None
    await press(hass)
    all_of_it = await diagnostics()
    test = all_of_it["test"]
    assert 0 < test.pop("seconds") < 10
    assert test.pop("tested_at").startswith("20")
    assert test == {
        "error": None,
        "limit_reached": False,
        "fast_transcription": True,
        "sample": {
            "language": "en-US",
            "words": 16,
            "right": 16,
            "is_exact": True,
            "failed": False,
        },
    }
    assert "weather" not in json.dumps(all_of_it)


async def test_failure_in_diagnostics(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
) -> None:
    """They have the kind of error."""
    assert await async_setup_component(hass, "diagnostics", {})
    emulator.faults.append(Fault(status=503))
    await press(hass)
    told: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, loaded_entry)
    assert (told["test"]["error"], told["test"]["seconds"]) == ("ResponseError 503", None)


async def test_other_language(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """The outcome is told in Home Assistant's language."""
    hass.config.language = "de"
    lines = await told_by(hass, "Test von 127.0.0.1")
    assert lines[1] == "- Schnelle Transkription ist verfügbar."


def test_sentences() -> None:
    """Every translation has a sentence, whose words can be compared, without a pause in it."""
    assert [path.stem for path in TRANSLATIONS] == sorted(check_up.SENTENCES)
    for path in TRANSLATIONS:
        sentence = json.loads(path.read_text())["common"]["test_sentence"]
        assert len(check_up.words_of(sentence, spaced=" " in sentence)) > 10
    assert check_up.words_of("今日は、天気。", spaced=False) == list("今日は天気")
