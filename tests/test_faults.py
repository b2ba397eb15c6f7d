"""The table of faults: each fault and its outcome."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, repeat
from typing import Any, Final
from unittest.mock import ANY

import pytest

from homeassistant.components.stt import SpeechResult, SpeechResultState
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.azure_speech import Timeouts, credentials
from custom_components.azure_stt.recognition import retry
from custom_components.azure_stt.resource import resource
from custom_components.azure_stt.resource.resource import Resource
from tests.emulator import (
    F0_KEY,
    Emulator,
    Endpoint,
    Fault,
    Moment,
    Tier,
    noise,
    silence,
    speak,
)
from tests.emulator.faults import BARE_401, PASSING_400
from tests.support.home import (
    BACKUP_ENGINE_ID,
    ENTITY_ID,
    BackupEngine,
    add_backup_engine,
    metadata,
    second_emulator,
    set_up_resource,
)
from tests.support.streams import AudioStream

SENTENCE: Final = "Turn on the kitchen light."
SPOKEN: Final = speak(SENTENCE) + silence(0.3)

TRIES: Final = 4
"""How often a resource is asked if nothing else could answer: then the next pause is past the
deadline."""
BACKOFF: Final = (*[0.0, 0.02, 0.04][: TRIES - 1], 99.0)
TIMEOUTS: Final = Timeouts(connect=2.0, go_ahead=0.6, answer=1.0)

DEADLINE: Final = 10.0
HANGS: Final = 30.0
HALF: Final = len(SPOKEN) // 2

type Preparation = Callable[["House"], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A fault, and the expected outcome.

    `requests` are the recognitions that reach the resource; `second` and `backup_engine` those that
    reach another resource and another engine, None if there's no such thing. `text` is None for
    an error.
    """

    name: str
    tier: Tier = Tier.S0
    faults: Sequence[Fault] = ()
    second_faults: Sequence[Fault] = ()
    prepare: Preparation | None = None
    entra: bool = False
    backup_engine_fails: bool = False
    text: str | None = SENTENCE
    requests: int = 1
    second: int | None = None
    backup_engine: int | None = None
    reauth: bool = False


class Breath:
    """A moment in the middle of speech."""

    def __await__(self) -> Generator[Any]:
        """Take it."""
        return asyncio.sleep(0.005).__await__()


@dataclass(kw_only=True)
class House:
    """A home with a resource, and perhaps others that could answer."""

    hass: HomeAssistant
    emulator: Emulator
    resource: Resource
    second: Emulator | None
    backup_engine: BackupEngine | None
    parts: list[bytes | BaseException | Awaitable[object]] = field(
        default_factory=lambda: [SPOKEN[:HALF], Breath(), SPOKEN[HALF:]]
    )
    """The incoming audio stream."""

    @classmethod
    @asynccontextmanager
    async def built(cls, hass: HomeAssistant, emulator: Emulator, row: Row) -> AsyncIterator[House]:
        """Set up a row's conditions."""
        recognizer: dict[str, object] = {"deadline": DEADLINE}
        assert await async_setup_component(hass, "stt", {})
        async with AsyncExitStack() as stack:
            second = backup_engine = None
            if row.second is not None:
                second = await stack.enter_async_context(second_emulator())
                entry = await set_up_resource(hass, second, timeouts=TIMEOUTS)
                recognizer["second_entry"] = entry.entry_id
            if row.backup_engine is not None:
                backup_engine = await add_backup_engine(hass, fails=row.backup_engine_fails)
                recognizer["fallback_entity"] = BACKUP_ENGINE_ID
            if row.tier is Tier.F0:
                emulator.keys = {F0_KEY: Tier.F0}
            entry = await set_up_resource(
                hass, emulator, recognizer, entra=row.entra, timeouts=TIMEOUTS, tier=row.tier
            )
            yield cls(
                hass=hass,
                emulator=emulator,
                resource=entry.runtime_data,
                second=second,
                backup_engine=backup_engine,
            )

    async def recognize(self) -> SpeechResult:
        """Say the sentence."""
        entity = self.hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
        assert entity is not None
        stream = AudioStream(*self.parts)
        result = await entity.internal_async_process_audio_stream(metadata(), stream)
        assert stream.closed
        return result


async def stop(house: House) -> None:
    """Take the service from the net."""
    await house.emulator.stop()


async def stop_both(house: House) -> None:
    """Take the network away."""
    await house.emulator.stop()
    assert house.second
    await house.second.stop()


async def restart(house: House) -> None:
    """Take the service from the net, and bring it back while the person speaks."""
    await house.emulator.stop()
    house.parts[1] = house.emulator.start()


async def expire(house: House) -> None:
    """Make the token that is in use a bad one."""
    house.emulator.expire_tokens()


async def forget(house: House) -> None:
    """Make the client need a new token."""
    house.resource.client.credential._token = None


async def revoke(house: House) -> None:
    """Revoke the key and its tokens."""
    house.emulator.keys.clear()
    house.emulator.expire_tokens()


async def revoke_secret(house: House) -> None:
    """Revoke the application's secret and its tokens."""
    house.emulator.entra = replace(house.emulator.entra, client_secret="another")
    house.emulator.expire_tokens()


TOKEN: Final = partial(Fault, where=Endpoint.TOKEN)
ENTRA: Final = partial(Fault, where=Endpoint.ENTRA)
RESET: Final = Fault(reset=True)
TROUBLE: Final = Fault(status=503)
QUOTA: Final = Fault(status=403, times=None)
HANGING: Final = Fault(at=Moment.AFTER_BODY, delay=HANGS)

PASSING: Final = {
    "408": Fault(status=408),
    "429": Fault(status=429),
    "429, wait": Fault(status=429, headers={"Retry-After": "0.1"}),
    "500": Fault(status=500),
    "502": Fault(status=502),
    "503": Fault(status=503),
    "504": Fault(status=504),
    "reset": RESET,
    "portal": Fault(status=200, body="<html>Log in</html>"),
    "not JSON": Fault(status=200, body='{"RecognitionStatus": "Succ'),
    "error inside": Fault(status=200, body='{"RecognitionStatus": "Error"}'),
}
"""Faults that a retry helps against."""

FINAL: Final = {
    "400, language": Fault(status=400, body='{"Message":"Invalid CID or language"}'),
    "400, format": Fault(status=400, body='{"Message":"Unsupported audio format"}'),
    "403": QUOTA,
    "403, quota": Fault(status=403, body='{"error":{"code":"403","message":"Out of quota."}}'),
    "429, quota": Fault(status=429, body='{"error":{"code":"429","message":"Quota exceeded."}}'),
    "403, network": Fault(
        status=403, body='{"error":{"message":"Access denied due to Virtual Network rules."}}'
    ),
    "404": Fault(status=404),
    "redirect": Fault(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    "forbidden inside": Fault(status=200, body='{"RecognitionStatus": "Forbidden"}'),
}
"""Faults that a retry doesn't help against."""

MOMENTS: Final[dict[str, Any]] = {
    "before the body": {"at": Moment.BEFORE_BODY},
    "mid-body": {"at": Moment.DURING_BODY, "after_bytes": HALF},
    "after the body": {"at": Moment.AFTER_BODY},
    "in the answer": {"at": Moment.DURING_ANSWER},
}


def moments() -> Iterator[Row]:
    """Yield each passing fault, once, at each moment."""
    for what, fault in PASSING.items():
        for when, moment in MOMENTS.items():
            yield Row(name=f"{what}, {when}", faults=[replace(fault, **moment)], requests=2)


def finals() -> Iterator[Row]:
    """Yield each final fault: alone, with another resource, with another engine."""
    for what, fault in FINAL.items():
        lasting = replace(fault, times=None)
        yield Row(name=what, faults=[lasting], text=None)
        yield Row(name=f"{what}, second", faults=[lasting], second=1)
        yield Row(name=f"{what}, backup engine", faults=[lasting], backup_engine=1)


def repeated() -> Iterator[Row]:
    """Yield the usual faults, twice and for good, with all that could answer instead."""
    usual = {
        "reset": RESET,
        "reset mid-body": replace(RESET, **MOMENTS["mid-body"]),
        "reset in the answer": replace(RESET, **MOMENTS["in the answer"]),
        "503": TROUBLE,
        "500 after the body": Fault(status=500, at=Moment.AFTER_BODY),
    }
    for what, fault in usual.items():
        twice, lasting = replace(fault, times=2), replace(fault, times=None)
        yield Row(name=f"{what}, twice", faults=[twice], requests=3)
        yield Row(name=f"{what}, for good", faults=[lasting], requests=TRIES, text=None)
        yield Row(name=f"{what}, once, second", faults=[fault], requests=2, second=0)
        yield Row(name=f"{what}, for good, second", faults=[lasting], requests=2, second=1)
        yield Row(
            name=f"{what}, for good, backup engine", faults=[lasting], requests=2, backup_engine=1
        )
        yield Row(
            name=f"{what}, for good, both",
            faults=[lasting],
            second_faults=[lasting],
            requests=2,
            second=2,
            backup_engine=1,
        )


def unexplained() -> Iterator[Row]:
    """Yield refusals without a reason: a 400 may pass, a 401 may be a throttle."""
    yield Row(name="passing 400", faults=[PASSING_400], requests=2)
    yield Row(name="400 for good", faults=[replace(PASSING_400, times=None)], requests=2, text=None)
    yield Row(
        name="400 for good, backup engine",
        faults=[replace(PASSING_400, times=None)],
        requests=2,
        backup_engine=1,
    )
    yield Row(name="bare 401", faults=[BARE_401], requests=2)
    yield Row(name="throttled once", faults=[replace(BARE_401, times=3)], requests=4)
    yield Row(name="throttled twice", faults=[replace(BARE_401, times=5)], requests=6)
    yield Row(
        name="throttled for good, second",
        faults=[replace(BARE_401, times=None)],
        requests=ANY,
        second=1,
    )


def others() -> Iterator[Row]:
    """Yield the rest."""
    # Nobody there.
    yield Row(name="refused", prepare=stop, requests=0, text=None)
    yield Row(name="refused, second", prepare=stop, requests=0, second=1)
    yield Row(name="refused, backup engine", prepare=stop, requests=0, backup_engine=1)
    yield Row(name="no network", prepare=stop_both, requests=0, second=0, backup_engine=1)
    yield Row(
        name="no network, backup engine fails",
        prepare=stop_both,
        requests=0,
        second=0,
        backup_engine=1,
        backup_engine_fails=True,
        text=None,
    )
    yield Row(name="back while the person speaks", prepare=restart)
    # Time.
    yield Row(name="no 100", faults=[Fault(withhold_continue=True)], requests=2)
    yield Row(name="hangs before the 100", faults=[Fault(delay=HANGS)], requests=2)
    yield Row(name="hangs after the body", faults=[HANGING], requests=2)
    yield Row(name="hangs after the body, twice", faults=[replace(HANGING, times=2)], requests=3)
    yield Row(name="hangs after the body, free tier", tier=Tier.F0, faults=[HANGING], requests=2)
    yield Row(
        name="hangs after the body for good, free tier",
        tier=Tier.F0,
        faults=[replace(HANGING, times=None)],
        requests=ANY,
        text=None,
    )
    yield Row(
        name="hangs in the answer",
        faults=[Fault(at=Moment.DURING_ANSWER, delay=HANGS)],
        requests=2,
    )
    yield Row(
        name="answer drips",
        faults=[Fault(at=Moment.DURING_ANSWER, bytes_per_second=10)],
        requests=2,
    )
    yield Row(
        name="hangs for good, backup engine",
        faults=[replace(HANGING, times=None)],
        requests=2,
        backup_engine=1,
    )
    yield Row(
        name="asked to wait too long",
        faults=[Fault(status=429, headers={"Retry-After": "60"})],
        text=None,
    )
    yield Row(
        name="asked to wait too long, second",
        faults=[Fault(status=429, headers={"Retry-After": "60"})],
        second=1,
    )
    yield Row(
        name="asked to wait too long, backup engine",
        faults=[Fault(status=503, headers={"Retry-After": "60"})],
        backup_engine=1,
    )
    yield Row(
        name="asked to wait for a day, backup engine",
        faults=[Fault(status=503, headers={"Retry-After": "86400"})],
        backup_engine=1,
    )
    # The token, and then the key itself.
    yield Row(name="token expired", prepare=expire, requests=2)
    yield Row(name="token service: 500", prepare=forget, faults=[TOKEN(status=500)])
    yield Row(name="token service: reset", prepare=forget, faults=[TOKEN(reset=True)])
    yield Row(name="token service: hangs", prepare=forget, faults=[TOKEN(delay=HANGS)])
    yield Row(name="token service: not a token", prepare=forget, faults=[TOKEN(status=200)])
    yield Row(
        name="token expired, its service down, and a reset",
        prepare=expire,
        faults=[TOKEN(status=500, times=None), Fault(), RESET],
        requests=3,
    )
    yield Row(
        name="token expired, then a reset in the body",
        prepare=expire,
        faults=[Fault(), replace(RESET, **MOMENTS["mid-body"])],
        requests=3,
    )
    yield Row(name="key revoked", prepare=revoke, requests=2, text=None, reauth=True)
    yield Row(name="key revoked, second", prepare=revoke, requests=2, second=1, reauth=True)
    yield Row(
        name="key revoked, backup engine", prepare=revoke, requests=2, backup_engine=1, reauth=True
    )
    # Microsoft Entra.
    entra = partial(Row, entra=True)
    yield entra(name="Entra: token expired", prepare=expire, requests=2)
    yield entra(name="Entra: token 500", prepare=forget, faults=[ENTRA(status=500)])
    yield entra(name="Entra: token reset", prepare=forget, faults=[ENTRA(reset=True, times=2)])
    yield entra(name="Entra: token hangs", prepare=forget, faults=[ENTRA(delay=HANGS)])
    yield entra(
        name="Entra: token in half",
        prepare=forget,
        faults=[ENTRA(at=Moment.DURING_ANSWER, reset=True)],
    )
    yield entra(
        name="Entra: token 503 for good",
        prepare=forget,
        faults=[ENTRA(status=503, times=None)],
        requests=0,
        text=None,
    )
    yield entra(
        name="Entra: token 503 for good, second",
        prepare=forget,
        faults=[ENTRA(status=503, times=None)],
        requests=0,
        second=1,
    )
    yield entra(
        name="Entra: secret revoked", prepare=revoke_secret, requests=1, text=None, reauth=True
    )
    yield entra(
        name="Entra: secret revoked, backup engine",
        prepare=revoke_secret,
        requests=1,
        backup_engine=1,
        reauth=True,
    )
    yield entra(
        name="Entra: reset mid-body", faults=[replace(RESET, **MOMENTS["mid-body"])], requests=2
    )
    yield entra(name="Entra: 403", faults=[QUOTA], text=None)
    # Several together.
    yield Row(name="reset, then 429", faults=[RESET, Fault(status=429)], requests=3)
    yield Row(
        name="503, then in half",
        faults=[TROUBLE, replace(RESET, **MOMENTS["in the answer"])],
        requests=3,
    )
    yield Row(name="reset, then 403", faults=[RESET, QUOTA], requests=2, text=None)
    yield Row(name="reset, then 403, second", faults=[RESET, QUOTA], requests=2, second=1)
    yield Row(
        name="403 here, reset there", faults=[QUOTA], second_faults=[RESET], requests=1, second=2
    )
    yield Row(
        name="403 on both, backup engine",
        faults=[QUOTA],
        second_faults=[QUOTA],
        second=1,
        backup_engine=1,
    )
    yield Row(name="403 on both", faults=[QUOTA], second_faults=[QUOTA], second=1, text=None)
    yield Row(
        name="403, backup engine fails",
        faults=[QUOTA],
        backup_engine=1,
        backup_engine_fails=True,
        text=None,
    )


ROWS: Final = [*moments(), *finals(), *repeated(), *unexplained(), *others()]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch, entra: None) -> None:
    """Make the pauses short."""
    monkeypatch.setattr(retry, "_BACKOFF", BACKOFF)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_fault(
    hass: HomeAssistant, emulator: Emulator, row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Speech is recognized if any engine can, with as few requests as that takes."""
    async with House.built(hass, emulator, row) as house:
        monkeypatch.setattr(credentials, "TOKEN_TIMEOUT", 0.6)
        emulator.faults += row.faults
        if house.second:
            house.second.faults += row.second_faults
        if row.prepare:
            await row.prepare(house)
        result = await house.recognize()
        assert result.text == row.text
        assert (result.result is SpeechResultState.SUCCESS) is (row.text is not None)
        assert check_requests(emulator, row.faults) == row.requests
        if house.second:
            assert check_requests(house.second, row.second_faults) == row.second
        if house.backup_engine:
            assert house.backup_engine.heard == [SPOKEN] * (row.backup_engine or 0)
        assert bool(hass.config_entries.flow.async_progress()) is row.reauth


async def test_stream_breaks_while_the_backup_engine_hears(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """That is the stream's error, and not the backup engine's."""
    row = Row(name="refused, backup engine", prepare=stop, backup_engine=0)
    async with House.built(hass, emulator, row) as house:
        await stop(house)
        error = OSError("host")
        house.parts += [Breath(), error]
        with pytest.raises(OSError, match="host") as caught:
            await house.recognize()
        assert caught.value is error
        assert "failed as the backup engine" not in caplog.text


QUIET: Final = {
    "digital silence": silence(2),
    "hum": noise(2, level=-40),
    "click": silence(1) + speak("a")[:640] + silence(1),
}


@pytest.mark.parametrize("sound", QUIET.values(), ids=QUIET)
async def test_backup_engine_is_not_asked_about_sound_without_speech(
    hass: HomeAssistant, emulator: Emulator, sound: bytes
) -> None:
    """Without speech nothing was said, and the other engine can't invent it."""
    row = Row(name="refused, backup engine", prepare=stop, backup_engine=0)
    async with House.built(hass, emulator, row) as house:
        await stop(house)
        house.parts = [sound]
        assert await house.recognize() == SpeechResult("", SpeechResultState.SUCCESS)
        assert house.backup_engine
        assert not house.backup_engine.heard


async def test_backup_engine_hears_speech_after_silence(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Sound that stands out is recognized from before its beginning."""
    row = Row(name="refused, backup engine", prepare=stop, backup_engine=0)
    async with House.built(hass, emulator, row) as house:
        await stop(house)
        house.parts = [silence(70), SPOKEN]
        assert (await house.recognize()).text == SENTENCE


async def test_speaker_who_stops_gives_the_only_slot_away(
    hass: HomeAssistant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the free tier, the next speaker is heard at once; the first one when sound comes."""
    monkeypatch.setattr(resource, "STALLED_AFTER", 0.3)
    async with House.built(hass, emulator, Row(name="stalls", tier=Tier.F0)) as house:
        more = asyncio.Event()
        house.parts = [SPOKEN[:HALF], more.wait(), SPOKEN[HALF:]]
        first = asyncio.create_task(house.recognize())
        await asyncio.sleep(0.1)
        house.parts = [SPOKEN]
        async with asyncio.timeout(3):
            assert (await house.recognize()).text == SENTENCE
        assert not first.done()
        more.set()
        assert (await first).text == SENTENCE
        assert not house.resource.down
        # Without anyone else who waits, a pause costs nothing.
        emulator.requests.clear()
        house.parts = [SPOKEN[:HALF], asyncio.sleep(0.6), SPOKEN[HALF:]]
        assert (await house.recognize()).text == SENTENCE
        assert len(emulator.requests_for(Endpoint.RECOGNITION)) == 1


def check_requests(emulator: Emulator, faults: Sequence[Fault]) -> int:
    """Count the recognitions; each began with the first sample, and went as far as it could."""
    requests = emulator.requests_for(Endpoint.RECOGNITION)
    struck = chain.from_iterable(
        repeat(fault, len(requests) if fault.times is None else fault.times)
        for fault in faults
        if fault.where is Endpoint.RECOGNITION
    )
    for request, fault in zip(requests, chain(struck, repeat(Fault())), strict=False):
        assert SPOKEN.startswith(request.audio)
        if request.status == 200 and "Success" in request.text:
            assert request.audio == SPOKEN
        if fault.at in {Moment.AFTER_BODY, Moment.DURING_ANSWER}:
            assert request.audio == SPOKEN
        if fault.at is Moment.DURING_BODY:
            assert request.body_bytes >= fault.after_bytes
    return len(requests)


def test_table_is_complete() -> None:
    """No name stands twice."""
    assert len({row.name for row in ROWS}) == len(ROWS) >= 60
