"""The emulator's trouble on demand."""

import asyncio
from dataclasses import replace
import time

import aiohttp
import pytest

from tests.emulator import (
    BARE_401,
    PASSING_400,
    Endpoint,
    Fault,
    Moment,
    silence,
    speak,
    wav_header,
)
from tests.emulator.caller import TOKEN_PATH, calling, stream

pytestmark = pytest.mark.usefixtures("socket_enabled")

SPEECH = speak("Turn on the light and the fan")


async def test_faults_strike_in_order_and_so_often() -> None:
    """The first of the list for as long as it lasts, then the next, then none."""
    async with calling() as caller:
        caller.emulator.faults += [Fault(status=503, times=2), Fault(status=500)]
        statuses = [(await caller.recognize(speak("on"))).status for _ in range(4)]
    assert statuses == [503, 503, 500, 200]
    assert caller.emulator.faults == []


async def test_a_fault_for_good() -> None:
    """It strikes until it is taken off the list."""
    async with calling() as caller:
        caller.emulator.faults.append(Fault(status=503, times=None))
        statuses = [(await caller.recognize(speak("on"))).status for _ in range(3)]
        caller.emulator.faults.clear()
        assert (await caller.recognize(speak("on"))).status == 200
    assert statuses == [503] * 3


async def test_a_fault_is_for_its_endpoint() -> None:
    """A token's fault leaves recognition alone, and the other way round."""
    async with calling() as caller:
        caller.emulator.faults += [
            Fault(where=Endpoint.TOKEN, status=500, at=Moment.AFTER_BODY),
            Fault(where=Endpoint.ENTRA, status=500),
        ]
        assert (await caller.recognize(speak("on"))).status == 200
        assert (await caller.post(TOKEN_PATH, headers=caller.credentials)).status == 500
        assert (await caller.post(TOKEN_PATH, headers=caller.credentials)).status == 200
        assert (await caller.post("/tenant/oauth2/v2.0/token")).status == 500


async def test_a_scripted_answer() -> None:
    """Any status with any headers and body, before authentication and audio."""
    fault = Fault(
        status=429, headers={"Retry-After": "3", "Content-Type": "text/plain"}, body="Slow down"
    )
    async with calling() as caller:
        caller.emulator.faults.append(fault)
        reply = await caller.recognize(speak("on"), expect=True)
    assert (reply.status, reply.text, reply.headers["Retry-After"]) == (429, "Slow down", "3")
    record = caller.emulator.requests[0]
    assert (record.status, record.text, record.body_bytes) == (429, "Slow down", 0)


async def test_known_troubles_by_their_names() -> None:
    """A 400 that passes, and a 401 without a body."""
    async with calling() as caller:
        caller.emulator.faults += [replace(PASSING_400, times=2), BARE_401]
        replies = [await caller.recognize(speak("on")) for _ in range(4)]
    assert [reply.status for reply in replies] == [400, 400, 401, 200]
    assert replies[0].content == {"Message": "Invalid HTTP request"}
    assert replies[2].text == ""


async def test_a_redirection() -> None:
    """With its `Location`."""
    async with calling() as caller:
        caller.emulator.faults.append(Fault(status=307, headers={"Location": "http://127.0.0.1/"}))
        reply = await caller.recognize(speak("on"))
    assert (reply.status, reply.headers["Location"]) == (307, "http://127.0.0.1/")


async def test_a_captive_portal() -> None:
    """A page of HTML with status 200."""
    page = "<html><body>Please log in</body></html>"
    async with calling() as caller:
        caller.emulator.faults.append(
            Fault(status=200, headers={"Content-Type": "text/html"}, body=page)
        )
        reply = await caller.recognize(speak("on"))
    assert (reply.status, reply.headers["Content-Type"], reply.text) == (200, "text/html", page)


async def test_a_huge_answer() -> None:
    """As many bytes as are asked for."""
    async with calling() as caller:
        caller.emulator.faults += [Fault(status=200, body="[1, ", body_size=3_000_001)]
        reply = await caller.recognize(speak("on"))
    assert len(reply.text) == 3_000_001
    assert reply.text.startswith("[1, [1, ")


async def test_a_delay() -> None:
    """Without anything else the request goes on after it."""
    async with calling() as caller:
        caller.emulator.faults.append(Fault(delay=0.2))
        started = time.monotonic()
        reply = await caller.recognize(speak("on"))
    assert reply.status == 200
    assert time.monotonic() - started >= 0.2


async def test_a_dripping_answer() -> None:
    """The true answer, but slow."""
    async with calling() as caller:
        caller.emulator.faults.append(Fault(bytes_per_second=400))
        started = time.monotonic()
        reply = await caller.recognize(speak("on"))
    assert reply.content["DisplayText"] == "on"
    assert time.monotonic() - started > 0.9 * len(reply.text) / 400


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        (Fault(reset=True), 0, 0),
        (Fault(reset=True, at=Moment.DURING_BODY, after_bytes=5000), 5000, 9600),
        (Fault(reset=True, at=Moment.AFTER_BODY), 44 + len(SPEECH), 44 + len(SPEECH)),
    ],
)
async def test_a_reset(fault: Fault, least: int, most: int) -> None:
    """The client's connection breaks without an answer, at its moment."""
    async with calling() as caller:
        caller.emulator.faults.append(fault)
        with pytest.raises(aiohttp.ClientOSError, match="reset"):
            await caller.recognize(SPEECH)
        record = caller.emulator.requests[0]
        assert record.status is None
        assert least <= record.body_bytes <= most
        assert (await caller.recognize(speak("on"))).status == 200


async def test_a_status_in_the_middle_of_the_upload() -> None:
    """The service gives up while audio still comes."""
    async with calling() as caller:
        caller.emulator.faults.append(Fault(status=500, at=Moment.DURING_BODY, after_bytes=10_000))
        reply = await caller.recognize(stream(wav_header() + silence(4), pause=0.001))
    assert reply.status == 500
    assert 10_000 <= caller.emulator.requests[0].body_bytes < 20_000


async def test_a_status_after_the_upload() -> None:
    """The audio is spent, the answer is an error."""
    async with calling() as caller:
        caller.emulator.faults.append(Fault(status=503, at=Moment.AFTER_BODY))
        reply = await caller.recognize(speak("on"))
    assert reply.status == 503
    assert caller.emulator.requests[0].body_bytes == 44 + len(speak("on"))


@pytest.mark.parametrize("status", [None, 200])
async def test_a_truncated_answer(status: int | None) -> None:
    """The true answer or a scripted one breaks off in its middle."""
    async with calling() as caller:
        caller.emulator.faults.append(
            Fault(reset=True, at=Moment.DURING_ANSWER, delay=0.05, status=status, body="{}" * 50)
        )
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
            await caller.recognize(speak("on"))
    assert caller.emulator.requests[0].answered is None


async def test_no_continue() -> None:
    """A client that waits for it waits in vain; one that doesn't is served."""
    async with calling() as caller:
        caller.emulator.faults.append(Fault(withhold_continue=True, times=2))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await caller.recognize(speak("on"), expect=True)
        assert caller.emulator.requests[0].body_bytes == 0
        assert (await caller.recognize(speak("on"))).status == 200


async def test_faults_and_records_over_http() -> None:
    """For tests that run in another process."""
    async with calling() as caller:
        control = f"{caller.emulator.url}/emulator"
        script = {"where": "token", "status": 500, "at": "after_body", "times": 2}
        async with caller.session.post(f"{control}/faults", json=script) as reply:
            assert await reply.json() == {"faults": 1}
        assert caller.emulator.faults == [
            Fault(where=Endpoint.TOKEN, status=500, at=Moment.AFTER_BODY, times=2)
        ]
        assert (await caller.post(TOKEN_PATH, headers=caller.credentials)).status == 500
        async with caller.session.delete(f"{control}/faults") as reply:
            assert await reply.json() == {"faults": 0}
        assert (await caller.recognize(speak("on"))).status == 200
        async with caller.session.get(f"{control}/requests") as reply:
            records = await reply.json()
    assert [record["kind"] for record in records] == ["token", "recognition"]
    assert records[1]["audio_bytes"] == len(speak("on"))
    assert records[1]["headers"]["Content-Type"].startswith("audio/wav")


@pytest.mark.parametrize("script", ["nonsense", "[]", '{"when": "now"}', '{"where": "nowhere"}'])
async def test_refuses_a_wrong_script(script: str) -> None:
    """400, and no fault."""
    async with calling() as caller:
        reply = await caller.post("/emulator/faults", data=script)
        unknown = await caller.post("/emulator/weather")
    assert (reply.status, unknown.status) == (400, 404)
    assert caller.emulator.faults == []
