"""The fixtures of the client's tests: the emulator, a session and clients that use them."""

from collections.abc import AsyncGenerator

from aiohttp import ClientSession
import pytest

from custom_components.azure_stt.azure_speech import (
    TRACE_CONFIG,
    SpeechClient,
    client as client_module,
    credentials,
)
from tests.emulator import Emulator

from .helpers import Clock, Connect


@pytest.fixture(autouse=True)
def custom_integrations(socket_enabled: None) -> None:
    """Open sockets; no Home Assistant is needed."""


@pytest.fixture
async def emulator() -> AsyncGenerator[Emulator]:
    """Yield an emulator of Azure."""
    async with Emulator() as emulator:
        yield emulator


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    """Give a session such as the client needs."""
    async with ClientSession(trace_configs=[TRACE_CONFIG]) as session:
        yield session


@pytest.fixture
def connect(session: ClientSession, emulator: Emulator) -> Connect:
    """Return a function that makes clients of the emulator."""
    return Connect(session=session, emulator=emulator)


@pytest.fixture
def client(connect: Connect) -> SpeechClient:
    """Give a client of the emulator with a good key."""
    return connect()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> Clock:
    """Return the clock by which tokens, and notes about a host, grow old."""
    clock = Clock()
    monkeypatch.setattr(client_module, "monotonic", clock)
    monkeypatch.setattr(credentials, "monotonic", clock)
    emulator.clock = clock
    return clock
