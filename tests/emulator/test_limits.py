"""A key's limits in the emulator, and the answers beyond them."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest

from tests.emulator import (
    F0_KEY,
    S0_KEY,
    Emulator,
    OverLimit,
    Tier,
    silence,
    speak,
    wav_header,
)
from tests.emulator.caller import (
    TOKEN_PATH,
    Caller,
    Reply,
    bearer,
    calling,
    eventually,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

KEY_HEADER = "Ocp-Apim-Subscription-Key"


async def occupy(caller: Caller) -> tuple[asyncio.Task[Reply], asyncio.Event]:
    """Begin a recognition that goes on until the event is set."""
    end = asyncio.Event()

    async def upload() -> AsyncIterator[bytes]:
        yield wav_header() + speak("on")
        await end.wait()

    running = len(caller.emulator.requests)
    task = asyncio.create_task(caller.recognize(upload()))
    await eventually(lambda: any(r.body_bytes for r in caller.emulator.requests[running:]))
    return task, end


async def test_a_free_key_has_one_place() -> None:
    """A second recognition at the same time is refused before its audio; a later one isn't."""
    async with calling(Emulator(retry_after=7)) as caller:
        free = caller.with_credentials({KEY_HEADER: F0_KEY})
        task, end = await occupy(free)
        refused = await free.recognize(speak("on"), expect=True)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "7")
        assert caller.emulator.requests[-1].body_bytes == 0
        assert (await caller.recognize(speak("on"))).status == 200
        end.set()
        assert (await task).status == 200
        assert (await free.recognize(speak("on"))).status == 200


async def test_a_token_counts_for_its_key() -> None:
    """Both ways of authentication share the place."""
    async with calling() as caller:
        free = caller.with_credentials({KEY_HEADER: F0_KEY})
        holder = caller.with_credentials(bearer(await free.fetch_token()))
        task, end = await occupy(free)
        refused = await holder.recognize(speak("on"))
        end.set()
        await task
    assert refused.status == 429
    assert "Retry-After" not in refused.headers


async def test_a_client_that_goes_away_leaves_its_place() -> None:
    """Even while the emulator would take its time to answer."""
    async with calling(Emulator(latency=60)) as caller:
        free = caller.with_credentials({KEY_HEADER: F0_KEY})
        task = asyncio.create_task(free.recognize(speak("on")))
        await eventually(lambda: any(request.audio for request in caller.emulator.requests))
        task.cancel()
        await asyncio.wait([task])
        caller.emulator.latency = 0
        async with asyncio.timeout(5):
            while (
                reply := await free.recognize(speak("on"))
            ).status == HTTPStatus.TOO_MANY_REQUESTS:
                pass
    assert reply.status == 200
    assert caller.emulator.requests[0].status is None


async def test_a_paid_key_has_a_hundred_places() -> None:
    """The limit is a setting, with Azure's numbers by default."""
    assert Emulator().concurrency == {Tier.F0: 1, Tier.S0: 100}
    async with calling(Emulator(concurrency={Tier.S0: 2, Tier.F0: 1})) as caller:
        first, second = await occupy(caller), await occupy(caller)
        refused = await caller.recognize(speak("on"))
        for task, end in (first, second):
            end.set()
            await task
    assert refused.status == HTTPStatus.TOO_MANY_REQUESTS


async def test_the_free_hours_run_out() -> None:
    """Then 403, before any audio; all audio sent was counted, with and without speech."""
    async with calling() as caller:
        free = caller.with_credentials({KEY_HEADER: F0_KEY})
        assert (await free.recognize(silence(2))).status == 200
        assert caller.emulator.audio_left[F0_KEY] == pytest.approx(5 * 3600 - 2)
        caller.emulator.audio_left[F0_KEY] = 1.5
        assert (await free.recognize(silence(2))).status == 200
        reply = await free.recognize(silence(2), expect=True)
        assert (reply.status, reply.content["error"]["code"]) == (403, "403")
        assert caller.emulator.requests[-1].body_bytes == 0
        assert (await caller.recognize(silence(2))).status == 200
        assert S0_KEY not in caller.emulator.audio_left


@pytest.mark.parametrize("status", [HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS])
async def test_the_quota_is_named(status: HTTPStatus) -> None:
    """In a 403 or a 429, with a wish that no client should take at its word."""
    emulator = Emulator(quota_status=status, audio_left={S0_KEY: 0})
    async with calling(emulator) as caller:
        reply = await caller.recognize(speak("on"), expect=True)
    assert reply.status == status
    assert "quota" in reply.content["error"]["message"]
    assert "12 days" in reply.content["error"]["message"]


async def test_a_throttle_can_be_a_bare_401() -> None:
    """Over the limit, or whenever the switch is on; tokens are issued all the same."""
    emulator = Emulator(over_limit=OverLimit.BARE_401)
    async with calling(emulator) as caller:
        free = caller.with_credentials({KEY_HEADER: F0_KEY})
        task, end = await occupy(free)
        over = await free.recognize(speak("on"), expect=True)
        end.set()
        await task
        assert (await free.recognize(speak("on"))).status == 200
        emulator.throttles = True
        switched = await free.recognize(speak("on"), expect=True)
        issued = await caller.post(TOKEN_PATH, headers=free.credentials)
        wrong = await caller.with_credentials({KEY_HEADER: "0" * 32}).recognize(speak("on"))
    assert (over.status, over.text) == (switched.status, switched.text) == (401, "")
    assert issued.status == 200
    assert wrong.content["error"]["code"] == "401"
