"""A recognition that is cancelled, at any point, leaves nothing behind."""

import asyncio
from itertools import count

from aiohttp import ClientSession
import pytest

from custom_components.azure_stt.azure_speech import Credential, SpeechClient
from tests.emulator import Emulator, Endpoint as Service, Fault, Moment, silence, speak
from tests.support.streams import eventually

from .helpers import OPTIONS, SENTENCE, SPOKEN, Clock, Connect, Microphone, settle

MINUTE = 60.0


def connections_in_use(session: ClientSession) -> int:
    """Count the connections that requests hold."""
    assert session.connector is not None
    return len(session.connector._acquired)


def credential(client: SpeechClient) -> Credential:
    """Return a client's credential."""
    return client.credential


async def cancel_after(client: SpeechClient, microphone: Microphone, steps: int) -> bool:
    """Cancel a recognition after some steps of the loop; False if it came to its end."""
    task = asyncio.create_task(client.recognize(microphone, OPTIONS))
    for _ in range(steps):
        await asyncio.sleep(0)
    had_ended = task.done()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() is not had_ended
    return task.cancelled()


@pytest.mark.parametrize("kind", ["key", "entra"])
@pytest.mark.parametrize("case", ["no token yet", "token", "old token", "refused token"])
async def test_cancelled_anywhere(
    emulator: Emulator, session: ClientSession, connect: Connect, clock: Clock, kind: str, case: str
) -> None:
    """No task, connection or lock is held after a step, and the next recognition works."""
    before = asyncio.all_tasks()
    client = connect()
    for steps in count():
        if case == "no token yet" or steps == 0:
            client = connect() if kind == "key" else connect.entra()
        if case != "no token yet":
            await client.recognize(SPOKEN, OPTIONS)
        if case == "old token":
            clock.now += 7 * MINUTE
        if case == "refused token":
            emulator.expire_tokens()
        microphone = Microphone(speak("on"), silence(0.1))
        microphone.stop()
        cancelled = await cancel_after(client, microphone, steps)
        taken = microphone.taken
        await settle()
        assert microphone.taken == taken
        assert not connections_in_use(session)
        assert not credential(client)._lock.locked()
        if not cancelled:
            break
    assert steps > 10
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE
    await session.close()
    await emulator.stop()
    await eventually(lambda: asyncio.all_tasks() <= before)


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        pytest.param(Fault(where=Service.TOKEN, delay=30), 1, id="token"),
        pytest.param(Fault(delay=30), 2, id="100 Continue"),
        pytest.param(Fault(at=Moment.AFTER_BODY, delay=30), 2, id="person"),
    ],
)
async def test_cancelled_while_waiting(
    emulator: Emulator, session: ClientSession, client: SpeechClient, fault: Fault, requests: int
) -> None:
    """Any wait ends at once with a cancellation."""
    emulator.faults.append(fault)
    task = asyncio.create_task(client.recognize(Microphone(speak("Turn")), OPTIONS))
    await eventually(lambda: len(emulator.requests) == requests)
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await settle()
    assert not connections_in_use(session)
    assert not credential(client)._lock.locked()
    emulator.faults.clear()
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE


async def test_timeout_of_the_caller(emulator: Emulator, client: SpeechClient) -> None:
    """A caller's own timeout stays a TimeoutError, unlike one of the client's."""
    emulator.faults.append(Fault(delay=30))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.recognize(SPOKEN, OPTIONS)
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE
