"""Fast transcription as a part of a resource: its refusals, its meter, its limit."""

import asyncio
from dataclasses import replace
from datetime import timedelta
import json
from time import monotonic
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.azure_stt.azure_speech import (
    AudioFile,
    AuthenticationError,
    Endpoint as Address,
    InvalidRequestError,
    LocaleNotOfferedError,
    QuotaExceededError,
    RecognitionOptions,
    ResponseError,
    ServiceNotOfferedError,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
    TranscriptionOptions,
    UnknownHostError,
)
from custom_components.azure_stt.resource import fast_refusals
from custom_components.azure_stt.resource.resource import Resource
from custom_components.azure_stt.resource.usage import Usage
from tests.emulator import F0_KEY, Emulator, Endpoint, Fault, Moment, speak
from tests.support.azure import UNKNOWN
from tests.support.home import ENTITY_ID, resource_entry, set_up_resource
from tests.support.streams import eventually

from .test_health import issues, speech

SENTENCE: Final = "Turn on the kitchen light."
FILE: Final = AudioFile.from_pcm(speak(SENTENCE))
SECONDS: Final = len(speak(SENTENCE)) / 32_000
OPTIONS: Final = TranscriptionOptions(language="en-US")
SHORT: Final = RecognitionOptions(language="en-US")
DAY: Final = 24 * 60 * 60.0


@pytest.fixture
def resource(loaded_entry: MockConfigEntry) -> Resource:
    """Give the resource of the loaded entry."""
    data = loaded_entry.runtime_data
    assert isinstance(data, Resource)
    return data


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the offset of the clock by which refusals are forgotten."""
    added = [0.0]
    monkeypatch.setattr(fast_refusals, "monotonic", lambda: monotonic() + added[0])
    return added


def asked(emulator: Emulator) -> int:
    """Count the transcriptions that were asked for."""
    return len(emulator.requests_for(Endpoint.TRANSCRIPTION))


def fault(status: int, **options: Any) -> Fault:  # noqa: ANN401 - a fault's own
    """Return an answer of fast transcription."""
    return Fault(where=Endpoint.TRANSCRIPTION, status=status, **options)


async def test_transcribes(resource: Resource) -> None:
    """The answer is the client's, and the request is logged."""
    transcription = await resource.transcribe_fast(FILE, OPTIONS)
    assert transcription.text == SENTENCE
    logged = resource.requests[-1]
    assert (logged.status, logged.connection_id) == ("transcribed", transcription.connection_id)


async def test_tier_is_refused_once(
    hass: HomeAssistant,
    emulator: Emulator,
    clock: list[float],
    hass_client: ClientSessionGenerator,
) -> None:
    """A feature missing in the free tier is asked for once a day, and the diagnostics tell."""
    emulator.keys = {F0_KEY: emulator.keys[F0_KEY]}
    entry = await set_up_resource(hass, emulator, {})
    resource: Resource = entry.runtime_data
    for _ in range(3):
        with pytest.raises(ServiceNotOfferedError, match="Standard"):
            await resource.transcribe_fast(FILE, OPTIONS)
    with pytest.raises(ServiceNotOfferedError):
        await resource.transcribe_fast(FILE, replace(OPTIONS, language="de-DE"))
    assert asked(emulator) == 1
    assert not resource.fast_refusals.offered("en-US")
    assert await async_setup_component(hass, "diagnostics", {})
    told: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    refusal = told["fast_transcription"]["all"]
    assert refusal["error"] == "ServiceNotOfferedError 400"
    until = dt_util.parse_datetime(refusal["until"], raise_on_error=True)
    assert until - dt_util.utcnow() > timedelta(hours=23)
    assert F0_KEY not in json.dumps(told)
    clock[0] += DAY + 1
    assert resource.fast_refusals.offered("en-US")
    emulator.fast_tiers |= set(emulator.keys.values())
    assert (await resource.transcribe_fast(FILE, OPTIONS)).text == SENTENCE
    assert asked(emulator) == 2


async def test_locale_is_refused_once(resource: Resource, emulator: Emulator) -> None:
    """Other locales are asked for all the same, and a success doesn't make it forgotten."""
    emulator.fast_locales = {"en-US"}
    welsh = replace(OPTIONS, language="cy-GB")
    for _ in range(2):
        with pytest.raises(LocaleNotOfferedError):
            await resource.transcribe_fast(FILE, welsh)
        assert (await resource.transcribe_fast(FILE, OPTIONS)).text == SENTENCE
    assert asked(emulator) == 3
    assert resource.fast_refusals.offered("en-US")
    assert not resource.fast_refusals.offered("cy-GB")
    assert list(resource.fast_refusals.as_dict()) == ["cy-GB"]


@pytest.mark.parametrize(
    ("answer", "kind", "remembered"),
    [
        (fault(401, body='{"error": {"message": "No."}}'), AuthenticationError, DAY),
        (fault(403), ServiceNotOfferedError, DAY),
        (fault(404), ServiceNotOfferedError, DAY),
        (fault(403, body='{"message": "Out of quota."}'), QuotaExceededError, 3600),
        (fault(429, headers={"Retry-After": "7"}), ResponseError, 7),
        (fault(429), ResponseError, 0),
        (fault(401), ResponseError, 0),
        (fault(400), ResponseError, 0),
        (fault(400, body='{"code": "InvalidAudio"}'), InvalidRequestError, 0),
        (fault(413), InvalidRequestError, 0),
        (fault(503), ResponseError, 0),
        (Fault(where=Endpoint.TRANSCRIPTION, reset=True), SpeechConnectionError, 0),
    ],
    ids=lambda value: f"{value.status} {value.body}" if isinstance(value, Fault) else None,
)
async def test_failures(
    hass: HomeAssistant,
    resource: Resource,
    emulator: Emulator,
    clock: list[float],
    answer: Fault,
    kind: type[SpeechError],
    remembered: float,
) -> None:
    """Requests that would be refused again aren't made; the resource's health stays."""
    emulator.faults.append(answer)
    with pytest.raises(kind):
        await resource.transcribe_fast(FILE, OPTIONS)
    assert asked(emulator) == 1
    if remembered:
        with pytest.raises(kind):
            await resource.transcribe_fast(FILE, OPTIONS)
        clock[0] += remembered - 2
        with pytest.raises(kind):
            await resource.transcribe_fast(FILE, OPTIONS)
        clock[0] += 3
    assert asked(emulator) == 1
    assert (await resource.transcribe_fast(FILE, OPTIONS)).text == SENTENCE
    assert resource.fast_refusals.as_dict() == {}
    assert not resource.down
    assert not issues(hass)
    assert not hass.config_entries.flow.async_progress()
    assert (await resource.recognize(speech, SHORT)).text == SENTENCE


async def test_outage_of_fast_transcription_alone(
    hass: HomeAssistant, resource: Resource, emulator: Emulator
) -> None:
    """However often it fails, voice has its resource."""
    emulator.faults.append(fault(500, times=None))
    for _ in range(5):
        with pytest.raises(ResponseError):
            await resource.transcribe_fast(FILE, OPTIONS)
    assert not resource.down
    state = hass.states.get(ENTITY_ID)
    assert state is not None
    assert state.state != STATE_UNAVAILABLE
    assert asked(emulator) == 5


async def test_outage_of_the_other_service_alone(resource: Resource, emulator: Emulator) -> None:
    """A success here says nothing of the other service either."""
    emulator.faults.append(Fault(status=500, times=None))
    for _ in range(2):
        with pytest.raises(ResponseError):
            await resource.recognize(speech, SHORT)
    assert resource.down
    assert (await resource.transcribe_fast(FILE, OPTIONS)).text == SENTENCE
    assert resource.down


async def test_unknown_host(hass: HomeAssistant, azure: Emulator, clock: list[float]) -> None:
    """It's a region without it if the other service just answered, otherwise perhaps an outage."""
    entry = resource_entry("https://home.cognitiveservices.azure.com")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    resource: Resource = entry.runtime_data
    assert (await resource.transcribe_fast(FILE, OPTIONS)).text == SENTENCE
    object.__setattr__(resource.transcriber, "endpoint", Address.from_region(UNKNOWN))
    clock[0] += 3600
    with pytest.raises(UnknownHostError):
        await resource.transcribe_fast(FILE, OPTIONS)
    assert resource.fast_refusals.offered("en-US")
    await resource.recognize(speech, SHORT)
    with pytest.raises(UnknownHostError):
        await resource.transcribe_fast(FILE, OPTIONS)
    assert not resource.fast_refusals.offered("en-US")
    assert asked(azure) == 1


async def test_limit(resource: Resource, emulator: Emulator) -> None:
    """It counts from the call, including all waiting, and the connection is closed."""
    emulator.fast_latency = 30
    with pytest.raises(SpeechTimeoutError, match="in time"):
        async with asyncio.timeout(2):
            await resource.transcribe_fast(FILE, OPTIONS, limit=0.2)
    assert resource.requests[-1].status == "cancelled"
    connector = resource.transcriber._session.connector
    assert connector is not None
    await eventually(lambda: not connector._acquired)
    emulator.fast_latency = 0
    assert (await resource.transcribe_fast(FILE, OPTIONS, limit=5)).text == SENTENCE


async def test_live_voice_goes_first(resource: Resource, emulator: Emulator) -> None:
    """A recording waits for the only slot of the tier behind live voice."""
    resource._queue.free = 1
    emulator.latency = 0.2
    running = asyncio.create_task(resource.recognize(speech, SHORT))
    await asyncio.sleep(0)
    recording = asyncio.create_task(resource.transcribe_fast(FILE, OPTIONS, background=True))
    await asyncio.sleep(0)
    voice = asyncio.create_task(resource.recognize(speech, SHORT))
    await asyncio.gather(running, recording, voice)
    assert [record.kind for record in emulator.requests][-3:] == [
        Endpoint.RECOGNITION,
        Endpoint.RECOGNITION,
        Endpoint.TRANSCRIPTION,
    ]


async def test_cancelled(resource: Resource, emulator: Emulator) -> None:
    """The slot comes back, and the audio sent is counted."""
    emulator.faults.append(Fault(where=Endpoint.TRANSCRIPTION, at=Moment.AFTER_BODY, delay=30))
    free = resource._queue.free
    task = asyncio.create_task(resource.transcribe_fast(FILE, OPTIONS))
    await eventually(lambda: bool(asked(emulator) and emulator.requests[-1].body_bytes))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert resource._queue.free == free
    assert resource.usage.fast_seconds == pytest.approx(SECONDS, abs=0.01)


# The meter.


async def test_counted_apart(hass: HomeAssistant, resource: Resource, emulator: Emulator) -> None:
    """Its seconds are no short audio's, have a price of their own, and are in the hours."""
    before, requests = resource.usage.seconds_month, resource.usage.requests_month
    for _ in range(2):
        await resource.transcribe_fast(FILE, OPTIONS)
    usage = resource.usage
    assert (usage.seconds_month, usage.requests_month) == (before, requests)
    assert usage.fast_requests_month == 2
    assert usage.fast_seconds == usage.fast_seconds_month == pytest.approx(2 * SECONDS, abs=0.01)
    assert usage.hours_month == (before + usage.fast_seconds_month) / 3600
    cost = before / 3600 * 1.0 + usage.fast_seconds_month / 3600 * 0.36
    assert usage.cost_month(1.0, 0.36) == pytest.approx(cost)
    await hass.async_block_till_done()
    state = hass.states.get("sensor.azure_ai_speech_127_0_0_1_estimated_cost_this_month")
    assert state is not None
    assert float(state.state) == pytest.approx(cost)


async def test_price_of_an_older_entry(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, resource: Resource
) -> None:
    """Options that were saved before the price was there have the usual one."""
    options = {"tier": "s0", "price_per_hour": 2.0, "currency": "USD"}
    hass.config_entries.async_update_entry(loaded_entry, options=options)
    await hass.async_block_till_done(wait_background_tasks=True)
    usage = resource.usage
    usage.count_fast_seconds(3600)
    usage.async_publish()
    await hass.async_block_till_done()
    state = hass.states.get("sensor.azure_ai_speech_127_0_0_1_estimated_cost_this_month")
    assert state is not None
    assert float(state.state) == pytest.approx(usage.seconds_month / 3600 * 2.0 + 0.36)


async def test_months(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """A new month begins at nothing; the total goes on."""
    freezer.move_to("2026-11-15 12:00:00+00:00")
    usage = Usage(hass, "entry")
    usage.fast.count_request()
    usage.fast.count_seconds(10)
    usage.fast.count_seconds(-4)
    assert (usage.fast_seconds, usage.fast_seconds_month) == (6, 6)
    freezer.move_to("2026-12-15 12:00:00+00:00")
    usage.fast.count_request()
    assert (usage.fast_seconds, usage.fast_seconds_month) == (6, 0)
    assert usage.fast_requests_month == 1
    usage.fast.count_seconds(-4)
    assert usage.fast_seconds_month == 0


async def test_saved_before_it_was_there(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """Counts of an earlier version are kept."""
    month = dt_util.now().strftime("%Y-%m")
    hass_storage["azure_stt.usage.entry"] = {
        "version": 1,
        "key": "azure_stt.usage.entry",
        "data": {"audio": 64_000, "month": month, "audio_month": 32_000, "requests_month": 3},
    }
    usage = Usage(hass, "entry")
    await usage.async_load()
    assert (usage.seconds, usage.seconds_month, usage.requests_month) == (2, 1, 3)
    usage.fast.count_seconds(5)
    assert (usage.fast_seconds, usage.fast_seconds_month, usage.fast_requests_month) == (5, 5, 0)
