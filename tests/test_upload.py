"""Uploads as Opus: the format on the wire, the fallback to WAV, and the suggestion of Opus."""

from collections.abc import Callable
from typing import Final

import pytest

from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.audio import opus
from custom_components.azure_stt.audio.opus import can_encode
from custom_components.azure_stt.const import DOMAIN
from custom_components.azure_stt.diagnostics import async_get_config_entry_diagnostics
from custom_components.azure_stt.resource import uploads
from custom_components.azure_stt.resource.uploads import RESTS
from tests.emulator import (
    Answers,
    Emulator,
    Endpoint,
    Fault,
    Moment,
    RecordedRequest,
    ScriptedModel,
    silence,
    speak,
)
from tests.support.home import ENTITY_ID, metadata, second_emulator, set_up_resource
from tests.support.streams import AudioStream

OPUS: Final = {"upload": "opus"}
SENTENCE: Final = "Turn on the kitchen light."
SPOKEN: Final = silence(0.2) + speak(SENTENCE) + silence(0.7)


async def say(hass: HomeAssistant, audio: bytes = SPOKEN) -> str | None:
    """Return the text of the speech, None if that failed."""
    entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
    assert entity
    stream = AudioStream(audio)
    result = await entity.internal_async_process_audio_stream(metadata(), stream)
    assert stream.closed
    return result.text


def sent(emulator: Emulator) -> list[RecordedRequest]:
    """Return the recognitions so far, and forget them."""
    requests = emulator.requests_for(Endpoint.RECOGNITION)
    emulator.requests.clear()
    return requests


def formats(emulator: Emulator) -> list[str]:
    """Return how each request since the last call went up."""
    return [
        "opus" if "ogg" in request.headers["Content-Type"] else "wav" for request in sent(emulator)
    ]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Give a function that moves the clock by which Opus rests."""
    now = 1000.0

    def move(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(uploads, "monotonic", lambda: now)
    return move


async def test_wav_is_the_default(hass: HomeAssistant, emulator: Emulator) -> None:
    """Nothing changes for recognizers that were saved before there was a choice."""
    await set_up_resource(hass, emulator, {})
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["wav"]


async def test_opus(hass: HomeAssistant, emulator: Emulator) -> None:
    """Speech goes up as Opus: seconds are counted as ever, and few bytes."""
    entry = await set_up_resource(hass, emulator, OPUS)
    before = entry.runtime_data.usage.seconds, entry.runtime_data.usage.bytes_sent
    assert await say(hass) == SENTENCE
    [request] = sent(emulator)
    assert request.headers["Content-Type"] == "audio/ogg; codecs=opus"
    await hass.async_block_till_done()
    usage = (await async_get_config_entry_diagnostics(hass, entry))["usage"]
    seconds, size = usage["seconds"] - before[0], usage["bytes_sent"] - before[1]
    # The emulator answered early, so a little more may have gone up.
    assert seconds >= len(request.audio) / 32_000 > 1
    assert size == pytest.approx(request.body_bytes, abs=2000)
    assert size < seconds * 32_000 / 4
    assert usage["bytes_sent_month"] == usage["bytes_sent"]


async def test_it_goes_on_after_a_pause(hass: HomeAssistant, emulator: Emulator) -> None:
    """A pause needs no special case: each request is a file of its own."""
    emulator.answers = Answers.AT_END
    await set_up_resource(hass, emulator, {**OPUS, "patience": "to_the_end"})
    said = speak("Turn on") + silence(1.0) + speak("the kitchen light.") + silence(0.7)
    assert await say(hass, said) == SENTENCE
    assert set(formats(emulator)) == {"opus"}


@pytest.mark.parametrize("after", [20, 150, 1000, 1501])
async def test_broken_in_a_page(hass: HomeAssistant, emulator: Emulator, after: int) -> None:
    """A connection that breaks in the middle of a page is no fault of Opus."""
    await set_up_resource(hass, emulator, OPUS)
    emulator.faults.append(Fault(reset=True, at=Moment.DURING_BODY, after_bytes=after))
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["opus", "opus"]


async def test_breaks_twice(hass: HomeAssistant, emulator: Emulator) -> None:
    """A second break in a row may be: something may stand between that knows WAV only."""
    await set_up_resource(hass, emulator, OPUS)
    emulator.faults.append(Fault(reset=True, at=Moment.DURING_BODY, times=2))
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["opus", "opus", "wav"]
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["wav"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=400, body='{"Message": "Unsupported audio format"}'),
        Fault(status=400, at=Moment.DURING_BODY, after_bytes=500),
        Fault(status=415),
        Fault(status=500, at=Moment.AFTER_BODY),
        Fault(status=200, body='{"RecognitionStatus": "Error"}', at=Moment.AFTER_BODY),
    ],
    ids=["400", "400 in a page", "415", "500", "Error"],
)
async def test_refused(
    hass: HomeAssistant,
    emulator: Emulator,
    clock: Callable[[float], None],
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    """An upload that is refused as Opus and accepted as WAV pauses Opus for a day."""
    entry = await set_up_resource(hass, emulator, OPUS)
    emulator.faults.append(fault)
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["opus", "wav"]
    assert caplog.text.count("doesn't recognize Opus") == 1
    assert not entry.runtime_data.down
    known = (await async_get_config_entry_diagnostics(hass, entry))["opus"]
    assert known["rests_until"]
    assert known["reason"]
    clock(RESTS - 1)
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["wav"]
    clock(2)
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["opus"]
    assert not (await async_get_config_entry_diagnostics(hass, entry))["opus"]["rests_until"]


async def test_nothing_heard(hass: HomeAssistant, emulator: Emulator) -> None:
    """So does speech that is heard in WAV only."""
    emulator.speech_model = ScriptedModel([(), "Turn on.", "Turn off."])
    await set_up_resource(hass, emulator, OPUS)
    assert await say(hass) == "Turn on."
    assert formats(emulator) == ["opus", "wav"]
    assert await say(hass) == "Turn off."
    assert formats(emulator) == ["wav"]


async def test_no_words(hass: HomeAssistant, emulator: Emulator) -> None:
    """A sound in which WAV has no words either says nothing against Opus."""
    emulator.speech_model = ScriptedModel([(), (), "Turn off."])
    await set_up_resource(hass, emulator, OPUS)
    assert await say(hass) == ""
    assert formats(emulator) == ["opus", "wav"]
    assert await say(hass) == "Turn off."
    assert formats(emulator) == ["opus"]


async def test_the_service_has_trouble(hass: HomeAssistant, emulator: Emulator) -> None:
    """Trouble with both says nothing against Opus, and nothing is lost."""
    await set_up_resource(hass, emulator, OPUS)
    emulator.faults.append(Fault(status=503, times=2))
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["opus", "wav", "opus"]


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_not_about_opus(hass: HomeAssistant, emulator: Emulator, status: int) -> None:
    """Credentials, a quota and too many requests aren't tried again as WAV."""
    await set_up_resource(hass, emulator, {**OPUS, "deadline": 1.0})
    emulator.faults.append(Fault(status=status))
    await say(hass)
    assert "wav" not in formats(emulator)


async def test_no_answer(
    hass: HomeAssistant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that hangs as Opus is sent again as WAV, at half the deadline."""
    monkeypatch.setattr("custom_components.azure_stt.resource.resource.HANGS_AFTER", 0.2)
    await set_up_resource(hass, emulator, {**OPUS, "deadline": 1.0})
    emulator.faults.append(Fault(at=Moment.AFTER_BODY, delay=30))
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["opus", "wav"]


async def test_each_resource_for_itself(hass: HomeAssistant, emulator: Emulator) -> None:
    """A second resource is sent Opus too, and only the one that refuses it goes without."""
    async with second_emulator() as second:
        other = await set_up_resource(hass, second)
        await set_up_resource(hass, emulator, {**OPUS, "second_entry": other.entry_id})
        second.requests.clear()
        emulator.faults += [Fault(status=400), Fault(status=404)]
        assert await say(hass) == SENTENCE
        assert (formats(emulator), formats(second)) == (["opus", "wav"], ["opus"])


async def test_languages(hass: HomeAssistant, emulator: Emulator) -> None:
    """Each language is sent Opus."""
    await set_up_resource(hass, emulator, {**OPUS, "languages": ["de-DE"]})
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["opus", "opus"]


async def test_no_encoder(
    hass: HomeAssistant,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A PyAV without libopus, for which Opus was chosen, sends WAV and says so once."""
    monkeypatch.setattr(opus, "CODEC", "missing")
    entry = await set_up_resource(hass, emulator, OPUS)
    assert await say(hass) == await say(hass) == SENTENCE
    assert formats(emulator) == ["wav", "wav"]
    assert caplog.text.count("built without Opus") == 1
    assert (await async_get_config_entry_diagnostics(hass, entry))["opus"]["can_encode"] is False


async def test_the_encoder_is_loaded_before(
    hass: HomeAssistant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is loaded during speech; without Opus nothing is loaded at all."""
    loaded: list[bool] = []

    def load() -> bool:
        loaded.append(True)
        return can_encode()

    monkeypatch.setattr("custom_components.azure_stt.resource.opus._load", load)
    entry = await set_up_resource(hass, emulator, {})
    assert loaded == []
    (recognizer,) = entry.subentries.values()
    hass.config_entries.async_update_subentry(entry, recognizer, data={**recognizer.data, **OPUS})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert loaded == [True]
    emulator.requests.clear()
    assert await say(hass) == SENTENCE
    assert formats(emulator) == ["opus"]
    assert loaded == [True]


def notice(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the notice that suggests Opus."""
    (recognizer,) = entry.subentries
    return ir.async_get(hass).async_get_issue(DOMAIN, f"slow_upload_{recognizer}")


async def test_slow_uploads(hass: HomeAssistant, emulator: Emulator) -> None:
    """The third utterance for which the line is too slow brings a notice, which Opus ends."""
    entry = await set_up_resource(hass, emulator, {})
    known = entry.runtime_data.uploads
    for lags in ([1.5], [0.9], [], [1.2, 3.0]):
        for lag in lags:
            known.async_note_lag(lag)
        await say(hass)
        assert notice(hass, entry) is None
    known.async_note_lag(1.1)
    await say(hass)
    found = notice(hass, entry)
    assert found is not None
    assert (found.severity, found.is_fixable) == (ir.IssueSeverity.WARNING, True)
    (recognizer,) = entry.subentries.values()
    hass.config_entries.async_update_subentry(entry, recognizer, data={**recognizer.data, **OPUS})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert notice(hass, entry) is None
