"""Whether the line keeps up with a voice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
import sys

from aiohttp import ClientSession
import pytest

from custom_components.azure_stt.audio.opus import OpusEncoder
from custom_components.azure_stt.azure_speech import (
    AudioFormat,
    Endpoint,
    KeyCredential,
    SpeechClient,
)
from tests.emulator import S0_KEY, Answers, Emulator, speak
from tests.support.line import thin_line

from .helpers import OPTIONS, playing

BLOCK = 640
TEXT = "one two three"
AUDIO = speak(TEXT, pause_ms=1500)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system doesn't tell")


async def voice() -> AsyncIterator[bytes]:
    """Speak in real time."""
    now = asyncio.get_running_loop().time
    began = now()
    for start in range(0, len(AUDIO), BLOCK):
        await asyncio.sleep(began + start / 32_000 - now())
        yield AUDIO[start : start + BLOCK]


async def late_bursts() -> AsyncIterator[bytes]:
    """Speak in a burst of all there is, after a moment without any sound."""
    yield AUDIO[:BLOCK]
    await asyncio.sleep(0.5)
    yield AUDIO[BLOCK:]


@pytest.fixture
def lags() -> list[float]:
    """Return the reported lags."""
    return []


@pytest.fixture
async def client(
    session: ClientSession, emulator: Emulator, lags: list[float], line: float | None
) -> AsyncIterator[SpeechClient]:
    """Give a client behind a line of some bytes in a second."""
    emulator.answers = Answers.AT_END_EVERYTHING
    if line is None:
        yield _client(session, emulator.url, lags)
        return
    async with thin_line(emulator.port, line) as address:
        yield _client(session, address, lags)


def _client(session: ClientSession, address: str, lags: list[float]) -> SpeechClient:
    endpoint = Endpoint.from_address(address)
    credential = KeyCredential(session, endpoint.token_url, S0_KEY)
    return SpeechClient(session, endpoint, credential, opus=OpusEncoder, on_lag=lags.append)


@pytest.mark.parametrize("line", [16_000])
async def test_slow(client: SpeechClient, lags: list[float]) -> None:
    """A line with half the needed speed falls behind by half the duration."""
    assert (await client.recognize(voice, OPTIONS)).text == TEXT
    [lag] = lags
    assert 1.0 < lag < 0.6 * len(AUDIO) / 32_000 + 0.5


@pytest.mark.parametrize("line", [None, 80_000])
async def test_fast_enough(client: SpeechClient, lags: list[float]) -> None:
    """A line that carries more than is said keeps up."""
    assert (await client.recognize(voice, OPTIONS)).text == TEXT
    assert not lags or max(lags) < 0.7


@pytest.mark.parametrize("line", [24_000])
@pytest.mark.parametrize("burst", [playing(AUDIO, 32_000), late_bursts], ids=["file", "at once"])
async def test_bursts(client: SpeechClient, lags: list[float], burst: object) -> None:
    """Sound that comes at once isn't a voice that is left behind."""
    assert callable(burst)
    assert (await client.recognize(burst, OPTIONS)).text == TEXT
    assert lags == []


@pytest.mark.parametrize("line", [16_000])
async def test_opus(client: SpeechClient, lags: list[float]) -> None:
    """Of Opus nothing is reported, because it's the remedy."""
    options = replace(OPTIONS, audio_format=AudioFormat.OGG)
    assert (await client.recognize(voice, options)).text == TEXT
    assert lags == []
