"""The meter: audio is counted as it's sent, even if the request fails."""

import asyncio
from dataclasses import dataclass, replace

from aiohttp import ClientSession
import pytest

from custom_components.azure_stt.audio.opus import OpusEncoder
from custom_components.azure_stt.azure_speech import (
    AudioFormat,
    KeyCredential,
    ResponseError,
    SpeechClient,
)
from tests.emulator import S0_KEY, Emulator, Endpoint as Service, Fault, Moment, speak

from .helpers import OPTIONS, SENTENCE, SPOKEN, Clock, Connect, Microphone

SIZE = len(speak(SENTENCE))
HEADER = 44


@dataclass
class Meter:
    """Counts all its calls."""

    requests: int = 0
    size: int = 0
    sent: int = 0

    def count_request(self) -> None:
        """Count a request."""
        self.requests += 1

    def count(self, audio: int, sent: int) -> None:
        """Count bytes."""
        self.size += audio
        self.sent += sent


@pytest.fixture
def meter() -> Meter:
    """Give a meter that has counted nothing."""
    return Meter()


@pytest.fixture
def client(
    session: ClientSession, emulator: Emulator, connect: Connect, meter: Meter
) -> SpeechClient:
    """Give a client of the emulator with a meter."""
    endpoint = connect().endpoint
    credential = KeyCredential(session, endpoint.token_url, S0_KEY)
    return SpeechClient(session, endpoint, credential, meter=meter)


async def test_counts_audio(client: SpeechClient, meter: Meter) -> None:
    """The audio is counted without the WAV header, and the token's request isn't."""
    await client.recognize(SPOKEN, OPTIONS)
    assert meter == Meter(1, SIZE, HEADER + SIZE)
    await client.check()
    assert meter == Meter(2, SIZE + 6400, 2 * HEADER + SIZE + 6400)


async def test_counts_opus(client: SpeechClient, meter: Meter, emulator: Emulator) -> None:
    """Of Opus, seconds are counted as of PCM, and bytes as they are sent."""
    client._opus = OpusEncoder
    await client.recognize(SPOKEN, replace(OPTIONS, audio_format=AudioFormat.OGG))
    [request] = emulator.requests_for(Service.RECOGNITION)
    assert meter == Meter(1, SIZE, request.body_bytes)
    assert meter.sent < SIZE / 4


async def test_counts_while_it_is_sent(client: SpeechClient, meter: Meter) -> None:
    """A cancelled request counts as far as it was sent."""
    microphone = Microphone(speak(SENTENCE))
    task = asyncio.create_task(client.recognize(microphone, OPTIONS))
    await microphone.waiting.wait()
    task.cancel()
    await asyncio.wait([task])
    assert meter == Meter(1, SIZE, HEADER + SIZE)


async def test_counts_failures(client: SpeechClient, meter: Meter, emulator: Emulator) -> None:
    """So does a request without an answer."""
    emulator.faults.append(Fault(status=500, at=Moment.AFTER_BODY))
    with pytest.raises(ResponseError):
        await client.recognize(SPOKEN, OPTIONS)
    assert meter == Meter(1, SIZE, HEADER + SIZE)


async def test_counts_nothing_that_was_not_sent(
    client: SpeechClient, meter: Meter, emulator: Emulator
) -> None:
    """A request that is refused before `100 Continue` sent no audio."""
    emulator.faults.append(Fault(status=400))
    with pytest.raises(ResponseError):
        await client.recognize(SPOKEN, OPTIONS)
    assert meter == Meter(0, 0, 0)
    assert len(emulator.requests_for(Service.RECOGNITION)) == 1


async def test_token_age(client: SpeechClient, clock: Clock) -> None:
    """The token's age counts from when it was issued; one that is too old is none."""
    assert client.credential.token_age is None
    await client.recognize(SPOKEN, OPTIONS)
    clock.now += 100
    assert client.credential.token_age == 100
    clock.now += 8 * 60
    assert client.credential.token_age is None
