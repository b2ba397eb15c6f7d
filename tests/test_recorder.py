"""The recorder: statistics that add up, and no spoken words."""

from datetime import timedelta
from functools import partial
import json
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest
from sqlalchemy import text

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import session_scope
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.azure_stt.diagnostics import async_get_config_entry_diagnostics
from tests.conftest import Recognize
from tests.emulator import Emulator, Fault, speak
from tests.support.home import ENTITY_ID, metadata
from tests.support.streams import AudioStream

PREFIX = "sensor.azure_ai_speech_127_0_0_1_"
SECRET = "My diary is under the mattress"


@pytest.fixture(autouse=True)
def custom_integrations(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let Home Assistant record, and load the integration."""


def recorded(hass: HomeAssistant) -> str:
    """Return all that the recorder has stored, in one piece."""
    tables = ("states", "state_attributes", "events", "event_data", "states_meta")
    with session_scope(hass=hass, read_only=True) as session:
        rows = [
            str(row)
            for table in tables
            for row in session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    return "\n".join(rows)


@pytest.mark.parametrize("fails", [False, True])
async def test_nothing_said_is_stored(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    recognize: Recognize,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    fails: bool,  # noqa: FBT001
) -> None:
    """Spoken words are in no state, no event, none of our logs and no diagnostics."""
    caplog.set_level(logging.DEBUG)
    trigger = {
        "trigger": "azure_stt.phrase_recognized",
        "target": {"entity_id": ENTITY_ID},
        "options": {"phrases": ["my diary is {place}"]},
    }
    action = {"event": "heard"}
    config = {"alias": "Diary", "triggers": trigger, "actions": action}
    assert await async_setup_component(hass, "automation", {"automation": config})
    heard: list[object] = []
    hass.bus.async_listen("heard", heard.append)
    if fails:
        emulator.faults.append(Fault(times=None, status=400, body=SECRET))
    await recognize(AudioStream(speak(SECRET)))
    await hass.async_block_till_done()
    assert bool(heard) is not fails
    await async_wait_recording_done(hass)
    diagnostics = await async_get_config_entry_diagnostics(hass, loaded_entry)
    ours = "\n".join(record.getMessage() for record in caplog.records if "azure_stt" in record.name)
    stored = await hass.async_add_executor_job(recorded, hass)
    assert "automation.diary" in stored
    assert ("could not recognize" in ours) is fails
    for place in (stored, ours, json.dumps(diagnostics, default=str)):
        assert "mattress" not in place.casefold()
        assert "diary is" not in place.casefold()


async def test_event_is_stored_without_words(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """The event entity shows the words, and the recorder keeps the rest of it."""
    event_id = "event.azure_speech_to_text_speech"
    entity_registry.async_update_entity(event_id, disabled_by=None)
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
    assert entity is not None
    await entity.internal_async_process_audio_stream(metadata(), AudioStream(speak(SECRET)))
    await hass.async_block_till_done()
    assert "mattress" in str(hass.states.get(event_id))
    await async_wait_recording_done(hass)
    stored = await hass.async_add_executor_job(recorded, hass)
    assert '"event_type":"recognized"' in stored
    assert "mattress" not in stored


async def test_statistics(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    recognize: Recognize,
    loaded_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Long-term statistics add up the audio, over the end of a month too."""
    usage = loaded_entry.runtime_data.usage
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    for days, minutes in ((0, 10), (0, 20), (40, 5), (0, 5)):
        start += timedelta(days=days, minutes=5)
        freezer.move_to(start)
        usage.async_publish()  # midnight
        usage.count(minutes * 60 * 32_000, 0)
        freezer.tick(1)
        usage.async_publish()
        await async_wait_recording_done(hass)
        do_adhoc_statistics(hass, start=start)
        await async_wait_recording_done(hass)
    rows = await hass.async_add_executor_job(
        partial(
            statistics_during_period,
            hass,
            start - timedelta(days=60),
            None,
            {PREFIX + "audio_sent_this_month", PREFIX + "audio_sent"},
            "5minute",
            None,
            {"sum"},
        )
    )
    month = [row["sum"] for row in rows[PREFIX + "audio_sent_this_month"]]
    total = [row["sum"] for row in rows[PREFIX + "audio_sent"]]
    assert month[-1] == pytest.approx(40, abs=0.1)
    assert total[-1] == pytest.approx(40 / 60, abs=0.01)
