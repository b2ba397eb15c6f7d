"""The fixtures of the integration's tests: the emulator, a resource that uses it, a stream."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Iterator
from io import StringIO
import logging
from typing import Any

from hypothesis import settings
import pytest
from yarl import URL

from homeassistant.components.stt import SpeechResult
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.azure_speech import Cloud
from custom_components.azure_stt.const import DOMAIN
from tests.emulator import Emulator
from tests.emulator.authentication import Authentication
from tests.support.azure import Certificates, make_certificates, world
from tests.support.home import ENTITY_ID, metadata, resource_entry

# A language's data is loaded by the first example that needs it, and no test asserts a time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

type Recognize = Callable[[AsyncIterable[bytes]], Coroutine[None, None, SpeechResult]]


@pytest.fixture(autouse=True)
def custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant load the integration."""


@pytest.fixture(autouse=True)
def secretive_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Fail a test in whose log, ours at every level, is a secret of an emulator's."""
    emulators: list[Emulator] = []
    tokens: list[str] = []
    start, issue = Emulator.start, Authentication._issue

    async def remember(emulator: Emulator) -> None:
        emulators.append(emulator)
        await start(emulator)

    def remember_token(issuer: Authentication, account: str, audience: str, life: float) -> str:
        tokens.append(token := issue(issuer, account, audience, life))
        return token

    monkeypatch.setattr(Emulator, "start", remember)
    monkeypatch.setattr(Authentication, "_issue", remember_token)
    caplog.set_level(logging.DEBUG, f"custom_components.{DOMAIN}")
    # Not caplog's own, which forgets the records at the end of a test.
    log = logging.StreamHandler(StringIO())
    logging.getLogger().addHandler(log)
    yield
    logging.getLogger().removeHandler(log)
    secrets = [*tokens, *(emulator.entra.client_secret for emulator in emulators)]
    secrets += [key for emulator in emulators for key in emulator.keys]
    lines = log.stream.getvalue().splitlines()
    assert not [line for line in lines if any(secret in line for secret in secrets)]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Give a certificate for all of Azure's hosts, and the authority that vouches for it."""
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def azure(
    hass: HomeAssistant, socket_enabled: None, certificates: Certificates
) -> AsyncGenerator[Emulator]:
    """Give an emulator that is all of Azure for the integration's own session."""
    async with (
        Emulator(ssl_context=certificates.server) as emulator,
        world(emulator, certificates.trust) as session,
    ):
        hass.data[f"{DOMAIN}_session"] = session
        yield emulator


@pytest.fixture
async def emulator(socket_enabled: None) -> AsyncGenerator[Emulator]:
    """Yield an emulator of Azure."""
    async with Emulator() as emulator:
        yield emulator


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    """Make Microsoft Entra a part of the emulator."""
    monkeypatch.setattr(
        Cloud,
        "entra_token_url",
        lambda _, tenant: URL(emulator.url).joinpath(tenant, "oauth2", "v2.0", "token"),
    )


@pytest.fixture
def recognizer() -> dict[str, Any]:
    """Give the recognizer's options that aren't the defaults; tests parametrise it."""
    return {}


@pytest.fixture
def entry(emulator: Emulator, recognizer: dict[str, Any]) -> MockConfigEntry:
    """Give the entry of a resource on the emulator, not yet added."""
    return resource_entry(emulator.url, recognizer=recognizer, title="127.0.0.1")


@pytest.fixture
async def loaded_entry(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Give a resource that is set up."""
    assert await async_setup_component(hass, "homeassistant", {})
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    return entry


@pytest.fixture
def recognize(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> Recognize:
    """Return a function like Assist's call: a stream to the entity, a result from it."""

    async def recognize(stream: AsyncIterable[bytes]) -> SpeechResult:
        entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
        assert entity is not None
        return await entity.internal_async_process_audio_stream(metadata(), stream)

    return recognize
