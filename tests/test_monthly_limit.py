"""The monthly limit: the remaining engines, the notices, and how to go on."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN, repairs_flow_manager
from homeassistant.components.stt import SpeechResultState
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.azure_speech import AudioFile, TranscriptionOptions
from custom_components.azure_stt.const import DOMAIN
from custom_components.azure_stt.recognition.policy import LimitReachedError
from custom_components.azure_stt.resource.monthly_limit import MonthlyLimit
from custom_components.azure_stt.resource.resource import Resource
from custom_components.azure_stt.resource.usage import Usage
from tests.conftest import Recognize
from tests.emulator import Emulator, Endpoint, silence, speak
from tests.support.home import BACKUP_ENGINE_ID, REACHABLE_ID, add_backup_engine, set_up_resource
from tests.support.sounds import SENTENCE, SPOKEN
from tests.support.streams import AudioStream, eventually
from tests.test_services import assess, folder, told, transcribe, wav

__all__ = ["folder"]

HOURS = 2.5
SECONDS = HOURS * 3600
OPTIONS = TranscriptionOptions(language="en-US")


@pytest.fixture
async def limited(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, emulator: Emulator
) -> MockConfigEntry:
    """Give a resource with a limit, of which next to nothing is used."""
    await set_limit(hass, loaded_entry, HOURS)
    emulator.requests.clear()
    return loaded_entry


async def set_limit(hass: HomeAssistant, entry: MockConfigEntry, hours: float | None) -> None:
    """Change the limit, which reloads the resource."""
    options = {**entry.options, "monthly_limit_hours": hours}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.async_block_till_done(wait_background_tasks=True)


def resource_of(entry: MockConfigEntry) -> Resource:
    """Return an entry's resource."""
    resource = entry.runtime_data
    assert isinstance(resource, Resource)
    return resource


def send(entry: MockConfigEntry, seconds: float, *, fast: bool = False) -> None:
    """Let a resource have been sent some audio."""
    usage: Usage = resource_of(entry).usage
    if fast:
        usage.count_fast_seconds(seconds)
    else:
        usage.count(int(seconds * 32_000), 0)
    usage.async_publish()


def notices(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return our repair notices."""
    return {
        issue.translation_key or "": issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
    }


@pytest.mark.parametrize("recognizer", [{"fallback_entity": BACKUP_ENGINE_ID}])
@pytest.mark.parametrize("fast", [False, True])
async def test_backup_engine(
    hass: HomeAssistant,
    recognize: Recognize,
    limited: MockConfigEntry,
    emulator: Emulator,
    fast: bool,  # noqa: FBT001
) -> None:
    """From the limit on, whichever service reached it, the backup engine hears all of it."""
    engine = await add_backup_engine(hass)
    send(limited, SECONDS - 5, fast=fast)
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    assert not engine.heard
    send(limited, 5, fast=fast)
    emulator.requests.clear()
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    assert len(engine.heard) == 1
    assert not emulator.requests


async def test_without_a_backup(
    hass: HomeAssistant,
    recognize: Recognize,
    limited: MockConfigEntry,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The utterance fails, and the reason is told; the resource isn't taken for unreachable."""
    send(limited, SECONDS)
    for _ in range(3):
        result = await recognize(AudioStream(speak(SENTENCE)))
        assert result.result is SpeechResultState.ERROR
    assert not emulator.requests
    assert "The limit of 2.5 hours a month is reached" in caplog.text
    issue = notices(hass)["monthly_limit_reached"]
    assert issue.severity is ir.IssueSeverity.ERROR
    assert issue.translation_placeholders == {"name": "127.0.0.1", "hours": "2.5"}
    state = hass.states.get(REACHABLE_ID)
    assert state is not None
    assert state.state == "on"
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize("recognizer", [{"second_entry": "second"}])
async def test_second_resource(
    hass: HomeAssistant, recognize: Recognize, limited: MockConfigEntry, emulator: Emulator
) -> None:
    """A second resource is asked as long as its own limit allows."""
    async with Emulator() as other:
        second = await set_up_resource(hass, other)
        subentry = next(iter(limited.subentries.values()))
        hass.config_entries.async_update_subentry(
            limited, subentry, data={**subentry.data, "second_entry": second.entry_id}
        )
        await hass.async_block_till_done(wait_background_tasks=True)
        send(limited, SECONDS)
        emulator.requests.clear()
        assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
        assert not emulator.requests
        await set_limit(hass, second, 1)
        send(second, 3600)
        other.requests.clear()
        result = await recognize(AudioStream(speak(SENTENCE)))
        assert result.result is SpeechResultState.ERROR
        assert not other.requests


async def test_fast_transcription(limited: MockConfigEntry, emulator: Emulator) -> None:
    """Nothing is sent to it either, be it a file or a second opinion."""
    send(limited, SECONDS)
    with pytest.raises(LimitReachedError):
        await resource_of(limited).transcribe_fast(AudioFile.from_pcm(SPOKEN), OPTIONS)
    assert not emulator.requests


# Notices.


@pytest.mark.parametrize(
    ("used", "notice"),
    [
        (0.79, None),
        (0.81, "monthly_limit_near"),
        (0.99, "monthly_limit_near"),
        (1.0, "monthly_limit_reached"),
        (1.5, "monthly_limit_reached"),
    ],
)
async def test_notices(
    hass: HomeAssistant, limited: MockConfigEntry, used: float, notice: str | None
) -> None:
    """They are shown at 80 % and at the limit, also after a reload, and go with the limit."""
    send(limited, used / 2 * SECONDS)
    send(limited, used / 2 * SECONDS, fast=True)
    assert list(notices(hass)) == ([notice] if notice else [])
    assert await hass.config_entries.async_reload(limited.entry_id)
    assert list(notices(hass)) == ([notice] if notice else [])
    await set_limit(hass, limited, None)
    assert not notices(hass)


async def test_next_month(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """A new month is noticed by the first request, if by nothing before."""
    usage = Usage(hass, "entry")
    limit = MonthlyLimit(usage, HOURS)
    usage.count_fast_seconds(SECONDS)
    with pytest.raises(LimitReachedError):
        limit.raise_if_reached()
    freezer.move_to(dt_util.now() + timedelta(days=40))
    limit.raise_if_reached()
    assert limit.seconds_left() == SECONDS


async def open_notice(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the notice about the reached limit."""
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    manager = repairs_flow_manager(hass)
    assert manager is not None
    issue_id = f"monthly_limit_reached_{entry.entry_id}"
    return await manager.async_init(DOMAIN, data={"issue_id": issue_id})  # type: ignore[return-value] # it has the same keys


async def go_on(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Answer the notice with "Continue this month"."""
    shown = await open_notice(hass, entry)
    manager = repairs_flow_manager(hass)
    assert manager is not None
    done = await manager.async_configure(shown["flow_id"], {"next_step_id": "go_on"})
    assert done["type"] is FlowResultType.CREATE_ENTRY


async def test_go_on(
    hass: HomeAssistant,
    recognize: Recognize,
    limited: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The answer lifts the limit, over reloads too, until the month ends."""
    send(limited, SECONDS)
    shown = await open_notice(hass, limited)
    assert (shown["type"], shown["menu_options"]) == (FlowResultType.MENU, ["go_on"])
    assert shown["description_placeholders"] == {"name": "127.0.0.1", "hours": "2.5"}
    assert (await recognize(AudioStream(speak(SENTENCE)))).result is SpeechResultState.ERROR
    await go_on(hass, limited)
    assert not notices(hass)
    assert await hass.config_entries.async_reload(limited.entry_id)
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    await hass.async_block_till_done()
    assert not notices(hass)
    freezer.move_to(dt_util.now() + timedelta(days=40))
    send(limited, 0)
    send(limited, SECONDS)
    assert (await recognize(AudioStream(speak(SENTENCE)))).result is SpeechResultState.ERROR
    assert list(notices(hass)) == ["monthly_limit_reached"]


async def test_another_limit(
    hass: HomeAssistant, recognize: Recognize, limited: MockConfigEntry
) -> None:
    """A limit that is set after going on counts in the same month."""
    send(limited, SECONDS)
    await go_on(hass, limited)
    await set_limit(hass, limited, HOURS + 1)
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    send(limited, 3600)
    assert (await recognize(AudioStream(speak(SENTENCE)))).result is SpeechResultState.ERROR


async def saved_usage(hass: HomeAssistant, entry: MockConfigEntry) -> Usage:
    """Return the usage as it is after a restart."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    usage = Usage(hass, entry.entry_id)
    await usage.async_load()
    return usage


async def test_lifted_limit_is_saved(
    hass: HomeAssistant, limited: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """A restart doesn't bring the limit back, and works with data of earlier versions."""
    send(limited, SECONDS)
    assert (await saved_usage(hass, limited)).lifted_limit is None
    await go_on(hass, limited)
    assert (await saved_usage(hass, limited)).lifted_limit == HOURS
    [stored] = [each for key, each in hass_storage.items() if limited.entry_id in key]
    del stored["data"]["lifted_limit"]
    earlier = Usage(hass, limited.entry_id)
    await earlier.async_load()
    assert earlier.lifted_limit is None
    assert earlier.hours_month == pytest.approx(HOURS, abs=0.001)


# The form.


@pytest.mark.parametrize("wrong", ["0", "-1", "0,0", "many", "inf", "nan", "1 2"])
async def test_wrong_limits(hass: HomeAssistant, loaded_entry: MockConfigEntry, wrong: str) -> None:
    """The form shows the error, keeps all input, and saves nothing."""
    options = dict(loaded_entry.options)
    flows = hass.config_entries.options
    form = await flows.async_init(loaded_entry.entry_id)
    typed = {**options, "price_per_hour": 0.5, "monthly_limit_hours": wrong}
    form = await flows.async_configure(form["flow_id"], typed)
    assert form["errors"] == {"monthly_limit_hours": "invalid_limit"}
    assert suggested(form) == typed
    assert dict(loaded_entry.options) == options
    done = await flows.async_configure(form["flow_id"], {**typed, "monthly_limit_hours": "7"})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_entry.options["monthly_limit_hours"] == 7
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("typed", "saved"), [("3,5", 3.5), (" 10 ", 10), ("0.01", 0.01), ("", None), (" ", None)]
)
async def test_limits(
    hass: HomeAssistant, limited: MockConfigEntry, typed: str, saved: float | None
) -> None:
    """A decimal comma is accepted, and an empty field means no limit; the saved value is shown."""
    flows = hass.config_entries.options
    form = await flows.async_init(limited.entry_id)
    assert suggested(form)["monthly_limit_hours"] == "2.5"
    options = {**limited.options, "monthly_limit_hours": typed}
    await flows.async_configure(form["flow_id"], options)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert limited.options.get("monthly_limit_hours") == saved
    assert resource_of(limited).limit.hours == saved


def suggested(form: ConfigFlowResult) -> dict[str, object]:
    """Return a form's suggested values."""
    schema = form["data_schema"]
    assert schema is not None
    keys = [key for key in schema.schema if key.description]
    return {str(key): key.description["suggested_value"] for key in keys}


# Actions.


@pytest.mark.parametrize("method", ["automatic", "fast", "short_audio"])
async def test_transcribe(
    hass: HomeAssistant, limited: MockConfigEntry, emulator: Emulator, folder: Path, method: str
) -> None:
    """From the limit on the action says so before it reads the file."""
    send(limited, SECONDS)
    with pytest.raises(HomeAssistantError) as error:
        await transcribe(hass, "missing.wav", method=method)
    assert told(error.value).startswith("The limit of 2.5 hours of audio a month has been reached.")
    assert not emulator.requests


async def test_assess_pronunciation(
    hass: HomeAssistant, limited: MockConfigEntry, emulator: Emulator, folder: Path
) -> None:
    """The other action says so too, and that a recording is too long for the rest."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN + silence(9)))
    send(limited, SECONDS - 6)
    with pytest.raises(HomeAssistantError) as error:
        await assess(hass)
    assert "but the monthly limit leaves only 0.1 minutes" in told(error.value)
    send(limited, 6)
    with pytest.raises(HomeAssistantError) as error:
        await assess(hass, "missing.wav")
    assert told(error.value).startswith("The limit of 2.5 hours of audio a month has been reached.")
    assert not emulator.requests


@pytest.mark.parametrize("method", ["automatic", "fast", "short_audio"])
async def test_recording_that_is_too_long(
    hass: HomeAssistant, limited: MockConfigEntry, emulator: Emulator, folder: Path, method: str
) -> None:
    """A recording longer than the rest isn't begun; a shorter one is transcribed."""
    (folder / "long.wav").write_bytes(wav(SPOKEN + silence(90)))
    (folder / "short.wav").write_bytes(wav(SPOKEN))
    send(limited, SECONDS - 60)
    with pytest.raises(HomeAssistantError) as error:
        await transcribe(hass, "long.wav", method=method)
    assert told(error.value).startswith("This recording is 1.5 minutes long, but the monthly")
    assert not emulator.requests
    assert (await transcribe(hass, "short.wav", method=method))["text"] == SENTENCE


async def test_limit_in_the_middle(
    hass: HomeAssistant, limited: MockConfigEntry, emulator: Emulator, folder: Path
) -> None:
    """Live voice may use up the rest: the text until then is kept, and the rest is named."""
    sentences = [f"a{index} b{index} c{index} d{index} e{index}" for index in range(40)]
    sound = b"".join(speak(sentence) + silence(2) for sentence in sentences)
    (folder / "speech.wav").write_bytes(wav(sound))
    call = asyncio.create_task(transcribe(hass))
    await eventually(lambda: len(emulator.requests_for(Endpoint.RECOGNITION)) == 2)
    send(limited, SECONDS)
    response = await call
    heard = [part["text"] for part in response["parts"]]
    assert 1 <= len(heard) < len(sentences)
    assert heard == sentences[: len(heard)]
    assert len(response["missing"]) == len(sentences) - len(heard)
