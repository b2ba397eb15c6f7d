"""A resource's health, its limits, and its notices for the user."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
import logging
from time import monotonic

import pytest

from homeassistant.components.stt import SpeechResultState
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.azure_speech import (
    RecognitionOptions,
    ResponseError,
    SpeechConnectionError,
)
from custom_components.azure_stt.const import DOMAIN
from custom_components.azure_stt.resource import health
from custom_components.azure_stt.resource.resource import Resource
from tests.conftest import Recognize
from tests.emulator import F0_KEY, S0_KEY, Emulator, Endpoint, Fault, Moment, Tier, speak
from tests.emulator.faults import BARE_401
from tests.emulator.settings import Networking
from tests.support.home import ENTITY_ID, REACHABLE_ID, set_up_resource
from tests.support.streams import AudioStream, eventually

SENTENCE = "Turn on the kitchen light."
OPTIONS = RecognitionOptions(language="en-US")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a resource that is down be probed at once."""
    monkeypatch.setattr(health, "_PROBE_FIRST", 0.01)
    monkeypatch.setattr(health, "_PROBE_LAST", 0.02)


@pytest.fixture
def resource(loaded_entry: MockConfigEntry) -> Resource:
    """Give the resource of the loaded entry."""
    data = loaded_entry.runtime_data
    assert isinstance(data, Resource)
    return data


async def speech() -> AsyncIterator[bytes]:
    """Say a sentence."""
    yield speak(SENTENCE)


def issues(hass: HomeAssistant) -> set[str]:
    """Return the keys of our repair notices."""
    registry = ir.async_get(hass)
    return {
        issue.translation_key or ""
        for (domain, _), issue in registry.issues.items()
        if domain == DOMAIN and issue.active
    }


def ours(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Return our log messages of a level."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == level and record.name.startswith("custom_components.azure_stt")
    ]


async def test_outage_is_noticed_once_and_so_is_its_end(
    hass: HomeAssistant, resource: Resource, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning, one line for the return, and the entity shows it."""
    caplog.set_level(logging.INFO)
    await emulator.stop()
    for _ in range(4):
        with pytest.raises(SpeechConnectionError):
            await resource.recognize(speech, OPTIONS)
    assert resource.down
    await hass.async_block_till_done()
    state = hass.states.get(REACHABLE_ID)
    assert state is not None
    assert state.state == STATE_OFF
    assert len(ours(caplog, logging.WARNING)) == 1
    await emulator.start()
    await eventually(lambda: not resource.down)
    await hass.async_block_till_done()
    state = hass.states.get(ENTITY_ID)
    assert state is not None
    assert state.state != STATE_UNAVAILABLE
    assert len(ours(caplog, logging.WARNING)) == 1
    assert len([line for line in ours(caplog, logging.INFO) if "again" in line]) == 1


async def test_one_failure_is_no_outage(resource: Resource, emulator: Emulator) -> None:
    """A single reset is not worth a word, and a success makes it forgotten."""
    for _ in range(3):
        emulator.faults.append(Fault(reset=True))
        with pytest.raises(SpeechConnectionError):
            await resource.recognize(speech, OPTIONS)
        assert not resource.down
        await resource.recognize(speech, OPTIONS)


async def test_no_probe_while_all_is_well(resource: Resource, emulator: Emulator) -> None:
    """A house that doesn't speak asks for nothing."""
    asked = len(emulator.requests)
    await asyncio.sleep(0.1)
    assert len(emulator.requests) == asked


async def test_probing_ends_with_the_entry(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, resource: Resource, emulator: Emulator
) -> None:
    """An entry that is unloaded while Azure is down asks no more."""
    emulator.faults.append(Fault(status=503, times=None))
    for _ in range(2):
        with pytest.raises(ResponseError):
            await resource.recognize(speech, OPTIONS)
    assert await hass.config_entries.async_unload(loaded_entry.entry_id)
    asked = len(emulator.requests)
    await asyncio.sleep(0.1)
    assert len(emulator.requests) == asked


async def test_long_outage(
    hass: HomeAssistant,
    resource: Resource,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An outage that lasts becomes a notice, which goes away by itself."""
    monkeypatch.setattr(health, "LONG_OUTAGE", 0.03)
    emulator.faults.append(Fault(status=503, times=None))
    for _ in range(2):
        with pytest.raises(ResponseError):
            await resource.recognize(speech, OPTIONS)
    assert issues(hass) == set()
    await eventually(lambda: issues(hass) == {"unreachable"})
    emulator.faults.clear()
    await eventually(lambda: not issues(hass))


async def test_calls_are_served_while_unreachable(
    hass: HomeAssistant, recognize: Recognize, emulator: Emulator, entry: MockConfigEntry
) -> None:
    """An entity stays available, and hears as soon as Azure does."""
    await emulator.stop()
    for _ in range(2):
        with pytest.raises(SpeechConnectionError):
            await entry.runtime_data.recognize(speech, OPTIONS)
    state = hass.states.get(ENTITY_ID)
    assert state is not None
    assert state.state != STATE_UNAVAILABLE
    await emulator.start()
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE


async def test_quota(
    hass: HomeAssistant, recognize: Recognize, emulator: Emulator, resource: Resource
) -> None:
    """A used-up quota is noticed, isn't tried again, and isn't a matter of the key."""
    emulator.audio_left[S0_KEY] = 0
    asked = len(emulator.requests_for(Endpoint.RECOGNITION))
    result = await recognize(AudioStream(speak(SENTENCE)))
    assert result.result is SpeechResultState.ERROR
    assert len(emulator.requests_for(Endpoint.RECOGNITION)) == asked + 1
    assert issues(hass) == {"quota_exceeded"}
    assert not hass.config_entries.flow.async_progress()
    del emulator.audio_left[S0_KEY]
    # For an hour, nothing is asked.
    assert (await recognize(AudioStream(speak(SENTENCE)))).result is SpeechResultState.ERROR
    assert len(emulator.requests_for(Endpoint.RECOGNITION)) == asked + 1
    assert not resource.down
    resource.health._quota = (0.0, dt_util.utcnow().month)
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    assert issues(hass) == set()


async def test_quota_of_the_last_month(
    recognize: Recognize, emulator: Emulator, resource: Resource
) -> None:
    """A new month is tried at once."""
    now = monotonic()
    resource.health._quota = (now + 3600, dt_util.utcnow().month)
    assert (await recognize(AudioStream(speak(SENTENCE)))).result is SpeechResultState.ERROR
    resource.health._quota = (now + 3600, dt_util.utcnow().month % 12 + 1)
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE


async def test_network_rules(hass: HomeAssistant, recognize: Recognize, emulator: Emulator) -> None:
    """A 403 about networking isn't taken for the quota."""
    emulator.networking = Networking.SELECTED
    assert (await recognize(AudioStream(speak(SENTENCE)))).result is SpeechResultState.ERROR
    assert issues(hass) == {"network_rules"}
    emulator.networking = Networking.ALL
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    assert issues(hass) == set()


async def test_retry_after_ends_with_a_success(emulator: Emulator, resource: Resource) -> None:
    """A Retry-After counts for a minute at most, and a success clears it."""
    emulator.faults.append(Fault(status=503, headers={"Retry-After": "86400"}))
    with pytest.raises(ResponseError):
        await resource.recognize(speech, OPTIONS)
    assert 0 < resource.health._not_before - monotonic() <= 60
    await resource.health.async_check()
    assert (await resource.recognize(speech, OPTIONS)).text


@pytest.mark.parametrize("recognizer", [{"deadline": 1.0}])
async def test_throttled_utterances(
    hass: HomeAssistant, recognize: Recognize, emulator: Emulator, resource: Resource
) -> None:
    """A bare 401 is a throttle; only the third utterance in a row asks for a new key."""
    emulator.faults.append(replace(BARE_401, times=None))
    for flows in (0, 0, 1):
        assert not resource.down
        assert (await recognize(AudioStream(speak(SENTENCE)))).result is SpeechResultState.ERROR
        assert len(hass.config_entries.flow.async_progress()) == flows
    assert resource.down


async def test_throttled_now_and_then(
    hass: HomeAssistant, recognize: Recognize, emulator: Emulator, resource: Resource
) -> None:
    """A success in between starts the count again."""
    for _ in range(3):
        emulator.faults.append(replace(BARE_401, times=3))
        assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    assert not resource.down
    assert not hass.config_entries.flow.async_progress()


async def test_revoked_key_with_a_bare_401(
    hass: HomeAssistant, recognize: Recognize, emulator: Emulator
) -> None:
    """The token service says that the key is refused, so a new one is asked for at once."""
    emulator.revoked_keys.add(S0_KEY)
    assert (await recognize(AudioStream(speak(SENTENCE)))).result is SpeechResultState.ERROR
    assert len(hass.config_entries.flow.async_progress()) == 1


@pytest.mark.parametrize("recognizer", [{"endpoint_id": "not-there"}])
async def test_refused_custom_endpoint(
    hass: HomeAssistant, resource: Resource, emulator: Emulator
) -> None:
    """A custom endpoint that Azure refuses is noticed until it's taken; an ordinary 400 isn't."""
    custom = RecognitionOptions(language="en-US", endpoint_id="not-there")
    with pytest.raises(ResponseError):
        await resource.recognize(speech, custom)
    await resource.recognize(speech, OPTIONS)
    assert issues(hass) == {"endpoint_refused"}
    emulator.custom_speech["not-there"] = "en-US"
    await resource.recognize(speech, custom)
    assert issues(hass) == set()
    emulator.faults.append(Fault(status=400))
    with pytest.raises(ResponseError):
        await resource.recognize(speech, OPTIONS)
    assert issues(hass) == set()


async def test_retry_after_is_kept_across_utterances(
    resource: Resource, emulator: Emulator
) -> None:
    """While the service asks for a pause it gets it, from every caller."""
    emulator.faults.append(Fault(status=429, headers={"Retry-After": "1"}))
    with pytest.raises(ResponseError):
        await resource.recognize(speech, OPTIONS)
    asked = len(emulator.requests)
    with pytest.raises(ResponseError) as caught:
        await resource.recognize(speech, OPTIONS)
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 1
    assert len(emulator.requests) == asked
    assert not resource.down
    await asyncio.sleep(caught.value.retry_after)
    assert (await resource.recognize(speech, OPTIONS)).text == SENTENCE


async def test_free_tier_takes_one_at_a_time(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    """On the free tier utterances wait for each other, first come first served."""
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry,
        data={**entry.data, "api_key": F0_KEY},
        options={**entry.options, "tier": "f0"},
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    done: list[int] = []

    async def ask(number: int) -> None:
        async def audio() -> AsyncIterator[bytes]:
            yield speak(f"Light {number}.")

        recognition = await entry.runtime_data.recognize(audio, OPTIONS)
        assert recognition.text == f"Light {number}."
        done.append(number)

    await asyncio.gather(*(ask(number) for number in range(8)))
    assert done == list(range(8))
    assert {request.status for request in emulator.requests} == {200}


@pytest.mark.parametrize("recognizer", [{"second_entry": "gone"}])
async def test_second_entry_is_gone(
    hass: HomeAssistant, recognize: Recognize, loaded_entry: MockConfigEntry
) -> None:
    """A second resource that was removed is noticed, and nothing else suffers."""
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    assert issues(hass) == {"second_entry_missing"}
    assert await hass.config_entries.async_remove(loaded_entry.entry_id)
    assert issues(hass) == set()


async def test_revoked_key(
    hass: HomeAssistant, resource: Resource, recognize: Recognize, emulator: Emulator
) -> None:
    """A revoked key is asked for once, and shows until a new one works."""
    emulator.keys.clear()
    emulator.expire_tokens()
    for _ in range(2):
        result = await recognize(AudioStream(speak(SENTENCE)))
        assert result.result is SpeechResultState.ERROR
    await hass.async_block_till_done()
    assert resource.down
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    state = hass.states.get(REACHABLE_ID)
    assert state is not None
    assert state.state == STATE_OFF


async def test_check_waits_for_voice(hass: HomeAssistant, emulator: Emulator) -> None:
    """On the free tier, which takes one request, a check waits, and makes way for voice."""
    emulator.keys = {F0_KEY: Tier.F0}
    entry = await set_up_resource(hass, emulator, {}, tier=Tier.F0)
    resource: Resource = entry.runtime_data
    hangs = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield speak(SENTENCE)
        await hangs.wait()

    voice = asyncio.create_task(resource.recognize(endless, OPTIONS))
    await eventually(lambda: len(emulator.requests_for(Endpoint.RECOGNITION)) == 1)
    check = asyncio.create_task(resource.check())
    await asyncio.sleep(0.1)
    assert len(emulator.requests_for(Endpoint.RECOGNITION)) == 1
    hangs.set()
    await asyncio.gather(voice, check)
    assert not resource.down

    emulator.faults.append(Fault(at=Moment.AFTER_BODY, delay=60.0))
    check = asyncio.create_task(resource.check())
    await eventually(lambda: len(emulator.requests_for(Endpoint.RECOGNITION)) == 3)
    async with asyncio.timeout(5):
        assert (await resource.recognize(speech, OPTIONS)).text == SENTENCE
        await check
    assert not resource.down
