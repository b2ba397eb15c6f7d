"""The meters: their counts, their storage, and their display."""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.azure_stt.const import DEFAULT_RECOGNIZER, SUBENTRY_TYPE
from custom_components.azure_stt.resource.usage import FREE_SECONDS, Usage
from tests.conftest import Recognize
from tests.emulator import Emulator, Endpoint, Fault, Moment, silence, speak
from tests.support.home import ENTITY_ID, metadata
from tests.support.streams import AudioStream

PREFIX = "sensor.azure_ai_speech_127_0_0_1_"
RECOGNIZER = "sensor.azure_speech_to_text_"
CHECK = 0.2  # seconds of silence that are sent after the start
TEXT = "Turn on the kitchen light."
SECONDS = len(speak(TEXT)) / 32_000


def value(hass: HomeAssistant, key: str) -> float:
    """Return a meter's value."""
    return float(state(hass, key).state)


def state(hass: HomeAssistant, key: str) -> State:
    """Return a meter's state."""
    state = hass.states.get(PREFIX + key)
    assert state is not None
    return state


async def say(hass: HomeAssistant, recognize: Recognize, text: str = TEXT) -> None:
    """Say something, and let the meters follow."""
    await recognize(AudioStream(speak(text)))
    await hass.async_block_till_done()


async def test_counted(hass: HomeAssistant, recognize: Recognize) -> None:
    """Each second sent is counted, and its cost by the price."""
    assert value(hass, "requests_this_month") == 1
    await say(hass, recognize)
    await say(hass, recognize)
    sent = CHECK + 2 * SECONDS
    assert value(hass, "audio_sent") == pytest.approx(sent / 3600)
    assert value(hass, "audio_sent_this_month") == pytest.approx(sent / 60)
    assert value(hass, "requests_this_month") == 3
    assert value(hass, "estimated_cost_this_month") == pytest.approx(sent / 3600 * 1.0)


async def test_retries_are_counted(
    hass: HomeAssistant, recognize: Recognize, emulator: Emulator
) -> None:
    """Audio that is sent twice counts twice."""
    emulator.faults.append(Fault(status=500, at=Moment.AFTER_BODY))
    before = value(hass, "audio_sent_this_month") * 60
    await say(hass, recognize)
    requests = emulator.requests_for(Endpoint.RECOGNITION)[-2:]
    sent = sum(len(request.audio) for request in requests) / 32_000
    assert sent > SECONDS
    assert value(hass, "audio_sent_this_month") * 60 - before == pytest.approx(sent, abs=0.1)


async def test_entities(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """All sensors are diagnostic; those that change all the time are off."""
    meters = {
        entity.entity_id.removeprefix(PREFIX).removeprefix(RECOGNIZER): entity
        for entity in er.async_entries_for_config_entry(entity_registry, loaded_entry.entry_id)
        if entity.domain == SENSOR_DOMAIN
    }
    assert {key: meter.disabled for key, meter in meters.items()} == {
        "audio_sent": False,
        "audio_sent_this_month": False,
        "requests_this_month": False,
        "estimated_cost_this_month": False,
        "corrected_this_month": False,
        "last_response_time": True,
        "last_confidence": True,
    }
    assert {meter.entity_category for meter in meters.values()} == {EntityCategory.DIAGNOSTIC}
    cost = state(hass, "estimated_cost_this_month")
    assert cost.attributes["unit_of_measurement"] == "USD"
    assert cost.attributes["state_class"] == "total"


async def turn_on_answers(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Turn the recognizer's measurements on."""
    for key in ("last_response_time", "last_confidence"):
        er.async_get(hass).async_update_entity(RECOGNIZER + key, disabled_by=None)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def say_to(hass: HomeAssistant, entity_id: str, *audio: bytes) -> None:
    """Say something to a recognizer that was loaded again."""
    entity = hass.data[DATA_COMPONENT].get_entity(entity_id)
    assert entity is not None
    await entity.internal_async_process_audio_stream(metadata(), AudioStream(*audio))
    await hass.async_block_till_done()


def shown(hass: HomeAssistant, entity_id: str) -> str:
    """Return a state."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state.state


async def test_last_answer(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """The last answer's delay and confidence are shown, and stay after silence."""
    await turn_on_answers(hass, loaded_entry)
    assert shown(hass, RECOGNIZER + "last_confidence") == "unknown"
    await say_to(hass, ENTITY_ID, speak(TEXT), silence(1.3))
    delay = float(shown(hass, RECOGNIZER + "last_response_time"))
    assert delay == pytest.approx(1.3, abs=0.3)
    confidence = float(shown(hass, RECOGNIZER + "last_confidence"))
    assert confidence == pytest.approx(95, abs=5)
    await say_to(hass, ENTITY_ID, silence(0.5))
    assert float(shown(hass, RECOGNIZER + "last_confidence")) == confidence


async def test_answers_of_two_recognizers(
    hass: HomeAssistant, loaded_entry: MockConfigEntry
) -> None:
    """Each recognizer shows its own answers."""
    other = ConfigSubentry(
        data=MappingProxyType(dict(DEFAULT_RECOGNIZER)),
        subentry_type=SUBENTRY_TYPE,
        title="Other",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(loaded_entry, other)
    await hass.async_block_till_done(wait_background_tasks=True)
    er.async_get(hass).async_update_entity("sensor.other_last_confidence", disabled_by=None)
    await turn_on_answers(hass, loaded_entry)
    await say_to(hass, "stt.other", speak(TEXT))
    assert float(shown(hass, "sensor.other_last_confidence")) > 0
    assert shown(hass, RECOGNIZER + "last_confidence") == "unknown"


@pytest.mark.parametrize("recognizer", [{"corrections": [{"heard": "kitchen", "meant": "bath"}]}])
async def test_corrected(
    hass: HomeAssistant,
    recognize: Recognize,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Utterances whose text was changed are counted for a month, over a reload too."""
    corrected = RECOGNIZER + "corrected_this_month"
    assert shown(hass, corrected) == "0"
    await say(hass, recognize)
    await say(hass, recognize, "Turn on the hall light.")
    await say(hass, recognize)
    assert shown(hass, corrected) == "2"
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert shown(hass, corrected) == "2"
    freezer.move_to(dt_util.utcnow() + timedelta(days=32))
    loaded_entry.runtime_data.usage.async_publish()  # midnight
    await hass.async_block_till_done()
    assert shown(hass, corrected) == "0"


async def test_kept(
    hass: HomeAssistant,
    recognize: Recognize,
    loaded_entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    """The counts survive a reload at once, and a restart by the store."""
    await say(hass, recognize)
    counted = value(hass, "audio_sent")
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert value(hass, "audio_sent") == pytest.approx(counted + CHECK / 3600)
    freezer.tick(timedelta(seconds=61))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    saved = hass_storage[f"azure_stt.usage.{loaded_entry.entry_id}"]["data"]
    assert saved["audio"] == pytest.approx((2 * CHECK + SECONDS) * 32_000)
    assert saved["requests_month"] == 3
    again = Usage(hass, loaded_entry.entry_id)
    await again.async_load()
    assert again.seconds == pytest.approx(2 * CHECK + SECONDS)


async def test_removed(
    hass: HomeAssistant,
    recognize: Recognize,
    loaded_entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    """The store goes with the resource, even if an utterance is still counted."""
    await say(hass, recognize)
    usage = loaded_entry.runtime_data.usage
    freezer.tick(timedelta(seconds=61))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert f"azure_stt.usage.{loaded_entry.entry_id}" in hass_storage
    assert await hass.config_entries.async_remove(loaded_entry.entry_id)
    usage.count_request()
    usage.async_publish()
    await hass.async_stop(force=True)
    assert f"azure_stt.usage.{loaded_entry.entry_id}" not in hass_storage


async def test_month(
    hass: HomeAssistant, recognize: Recognize, freezer: FrozenDateTimeFactory
) -> None:
    """A month begins at midnight of Home Assistant's time zone; the total goes on."""
    await hass.config.async_set_time_zone("America/Los_Angeles")
    zone = ZoneInfo("America/Los_Angeles")
    month = dt_util.now()
    first = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    await say(hass, recognize)
    total = value(hass, "audio_sent")
    midnight = datetime(first.year, first.month, 1, tzinfo=zone)
    for moment, requests in ((midnight - timedelta(seconds=1), 2), (midnight, 0)):
        freezer.move_to(moment)
        async_fire_time_changed(hass, moment)
        await hass.async_block_till_done()
        assert value(hass, "requests_this_month") == requests
    assert value(hass, "audio_sent_this_month") == 0
    assert value(hass, "audio_sent") == total
    reset = state(hass, "requests_this_month").attributes["last_reset"]
    assert datetime.fromisoformat(reset) == midnight


async def test_clock_that_is_not_set(
    hass: HomeAssistant, recognize: Recognize, freezer: FrozenDateTimeFactory
) -> None:
    """A machine without a clock begins in the past, which isn't a new month."""
    freezer.move_to("1970-01-01")
    await say(hass, recognize)
    assert value(hass, "requests_this_month") == 2


@pytest.fixture
def free_tier(entry: MockConfigEntry) -> None:
    """Put the resource on the free tier."""
    object.__setattr__(entry, "options", {**entry.options, "tier": "f0"})


@pytest.mark.parametrize(
    ("used", "notice"),
    [
        (0.79, None),
        (0.81, "free_hours_low"),
        (0.99, "free_hours_low"),
        (1.01, "free_hours_used"),
    ],
)
async def test_free_hours(
    hass: HomeAssistant,
    free_tier: None,
    recognize: Recognize,
    loaded_entry: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
    used: float,
    notice: str | None,
) -> None:
    """The share that is used is shown, and noticed at 80 % and at 100 %."""
    loaded_entry.runtime_data.usage.count(int(used * FREE_SECONDS * 32_000), 0)
    await say(hass, recognize)
    assert value(hass, "free_quota_used") == pytest.approx(100 * used, abs=0.1)
    assert [issue.translation_key for issue in issue_registry.issues.values()] == (
        [notice] if notice else []
    )


async def test_free_hours_once_a_month(
    hass: HomeAssistant,
    free_tier: None,
    recognize: Recognize,
    loaded_entry: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A notice that is ignored doesn't come back before the next month."""
    usage = loaded_entry.runtime_data.usage
    usage.count(int(0.9 * FREE_SECONDS * 32_000), 0)
    usage.async_publish()
    issue_id = f"free_hours_low_{loaded_entry.entry_id}"
    issue_registry.async_ignore("azure_stt", issue_id, ignore=True)
    await say(hass, recognize)
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    issue = issue_registry.async_get_issue("azure_stt", issue_id)
    assert issue is not None
    assert issue.dismissed_version
    moment = dt_util.now() + timedelta(days=40)
    freezer.move_to(moment)
    usage.async_publish()
    assert issue_registry.async_get_issue("azure_stt", issue_id) is None
    usage.count(int(0.9 * FREE_SECONDS * 32_000), 0)
    usage.async_publish()
    issue = issue_registry.async_get_issue("azure_stt", issue_id)
    assert issue is not None
    assert not issue.dismissed_version


async def test_no_free_hours_any_more(
    hass: HomeAssistant,
    free_tier: None,
    loaded_entry: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
) -> None:
    """With another tier the meter and the notice go away."""
    usage = loaded_entry.runtime_data.usage
    usage.count(2 * FREE_SECONDS * 32_000, 0)
    usage.async_publish()
    assert issue_registry.issues
    hass.config_entries.async_update_entry(
        loaded_entry, options={**loaded_entry.options, "tier": "s0"}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get(f"{PREFIX}free_quota_used") is None
    assert not issue_registry.issues
