"""Every form of the endpoint over TLS, as the client speaks it to Azure itself."""

from collections.abc import AsyncGenerator, Callable
from http import HTTPStatus
import ssl
from typing import Final

from aiohttp import ClientSession
import pytest

from custom_components.azure_stt.azure_speech import (
    CertificateError,
    Cloud,
    Endpoint,
    EntraCredential,
    KeyCredential,
    OtherHostError,
    ResponseError,
    SpeechClient,
    UnknownHostError,
)
from tests.emulator import S0_KEY, Credential, Emulator, Endpoint as Service, Fault, speak
from tests.emulator.settings import Redirection
from tests.support.azure import UNKNOWN, Certificates, world

from .helpers import OPTIONS, PATIENT, RECOGNITION_PATH, SENTENCE, SPOKEN, causes


@pytest.fixture
async def emulator(certificates: Certificates) -> AsyncGenerator[Emulator]:
    """Give an emulator that speaks TLS."""
    async with Emulator(ssl_context=certificates.server) as emulator:
        yield emulator


@pytest.fixture
async def session(emulator: Emulator, certificates: Certificates) -> AsyncGenerator[ClientSession]:
    """Give a session that trusts the test's authority."""
    async with world(emulator, certificates.trust) as session:
        yield session


def with_key(session: ClientSession, endpoint: Endpoint) -> SpeechClient:
    """Return a client with a good key."""
    credential = KeyCredential(session, endpoint.token_url, S0_KEY)
    return SpeechClient(session, endpoint, credential, PATIENT)


@pytest.mark.parametrize(
    ("endpoint", "speech_host", "token_host", "path"),
    [
        pytest.param(
            Endpoint.from_region("westeurope"),
            "westeurope.stt.speech.microsoft.com",
            "westeurope.api.cognitive.microsoft.com",
            RECOGNITION_PATH,
            id="region",
        ),
        pytest.param(
            Endpoint.from_region("usgovarizona", Cloud.US_GOVERNMENT),
            "usgovarizona.stt.speech.azure.us",
            "usgovarizona.api.cognitive.microsoft.us",
            RECOGNITION_PATH,
            id="US Government",
        ),
        pytest.param(
            Endpoint.from_region("chinaeast2", Cloud.CHINA),
            "chinaeast2.stt.speech.azure.cn",
            "chinaeast2.api.cognitive.azure.cn",
            RECOGNITION_PATH,
            id="China",
        ),
        *(
            pytest.param(
                Endpoint.from_address(f"https://home.cognitiveservices.azure.{cloud}/"),
                f"home.cognitiveservices.azure.{cloud}",
                f"home.cognitiveservices.azure.{cloud}",
                f"/stt{RECOGNITION_PATH}",
                id=f"custom domain .{cloud}",
            )
            for cloud in ("com", "us", "cn")
        ),
    ],
)
async def test_recognizes_with_a_key(
    emulator: Emulator,
    session: ClientSession,
    endpoint: Endpoint,
    speech_host: str,
    token_host: str,
    path: str,
) -> None:
    """Each kind of resource gives a token at its own host, and hears with it."""
    recognition = await with_key(session, endpoint).recognize(SPOKEN, OPTIONS)
    assert recognition.text == SENTENCE
    token, speech = emulator.requests
    assert (token.kind, token.host, token.path) == (
        Service.TOKEN,
        token_host,
        "/sts/v1.0/issueToken",
    )
    assert (speech.host, speech.path) == (speech_host, path)
    assert speech.credential is Credential.TOKEN


@pytest.mark.parametrize(
    ("cloud", "login", "name"),
    [
        (Cloud.PUBLIC, "login.microsoftonline.com", "com"),
        (Cloud.US_GOVERNMENT, "login.microsoftonline.us", "us"),
        (Cloud.CHINA, "login.partner.microsoftonline.cn", "cn"),
    ],
)
async def test_recognizes_with_microsoft_entra(
    emulator: Emulator, session: ClientSession, cloud: Cloud, login: str, name: str
) -> None:
    """A custom domain in each cloud hears with a token of that cloud's Microsoft Entra."""
    application = emulator.entra
    endpoint = Endpoint.from_address(f"home.cognitiveservices.azure.{name}")
    assert endpoint.cloud is cloud
    credential = EntraCredential(
        session,
        cloud.entra_token_url(application.tenant_id),
        cloud.entra_scope,
        client_id=application.client_id,
        client_secret=application.client_secret,
        resource_id=application.resource_id,
    )
    client = SpeechClient(session, endpoint, credential, PATIENT)
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE
    token, speech = emulator.requests
    assert (token.kind, token.host) == (Service.ENTRA, login)
    assert (speech.host, speech.credential) == (endpoint.host, Credential.ENTRA)


def _trust_nobody(_: Certificates) -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _trust(certificates: Certificates) -> ssl.SSLContext:
    return certificates.trust


@pytest.mark.parametrize(
    ("host", "trust"),
    [
        pytest.param("home.cognitiveservices.azure.com", _trust_nobody, id="unknown authority"),
        pytest.param("speech.example.com", _trust, id="another host's"),
    ],
)
async def test_refuses_a_certificate(
    emulator: Emulator,
    certificates: Certificates,
    host: str,
    trust: Callable[[Certificates], ssl.SSLContext],
) -> None:
    """A host that can't prove its name gets neither key nor speech."""
    async with world(emulator, trust(certificates)) as session:
        client = with_key(session, Endpoint.from_address(host))
        with pytest.raises(CertificateError, match=host) as info:
            await client.recognize(SPOKEN, OPTIONS)
    assert info.value.retryable
    assert info.value.connection_id
    assert not emulator.requests


async def test_refuses_to_go_on_without_tls(certificates: Certificates) -> None:
    """A host that answers https with something else is a certificate error, too."""
    async with Emulator() as emulator, world(emulator, certificates.trust) as session:
        client = with_key(session, Endpoint.from_region("westeurope"))
        with pytest.raises(CertificateError):
            await client.recognize(SPOKEN, OPTIONS)


async def test_unknown_region(emulator: Emulator, session: ClientSession) -> None:
    """A region that doesn't exist is a host that isn't found."""
    client = with_key(session, Endpoint.from_region(UNKNOWN))
    with pytest.raises(UnknownHostError, match=f"{UNKNOWN}.stt.speech.microsoft.com") as info:
        await client.recognize(SPOKEN, OPTIONS)
    assert info.value.retryable
    assert info.value.connection_id
    assert S0_KEY not in "".join(repr(error) for error in causes(info.value))
    assert not emulator.requests


CUSTOM: Final = "https://home.cognitiveservices.azure.com"
REGION_HOST: Final = "westeurope.stt.speech.microsoft.com"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirect_to_a_speech_host(
    emulator: Emulator, session: ClientSession, status: int
) -> None:
    """The POST is repeated there with all audio and the query, and later goes there first."""
    location = f"https://{REGION_HOST}{RECOGNITION_PATH}?Ocp-Apim-Custom-Domain-Name=home"
    emulator.redirection = Redirection(location=location, status=HTTPStatus(status))
    client = with_key(session, Endpoint.from_address(CUSTOM))
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE
    first, second = emulator.requests_for(Service.RECOGNITION)
    assert (first.status, second.host) == (status, REGION_HOST)
    assert second.query["Ocp-Apim-Custom-Domain-Name"] == "home"
    assert {**first.query, "X-ConnectionId": ""}.items() <= {
        **second.query,
        "X-ConnectionId": "",
    }.items()
    assert (len(first.audio), bytes(second.audio)) == (0, speak(SENTENCE))
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE
    assert emulator.requests[-1].host == REGION_HOST
    assert len(emulator.requests_for(Service.RECOGNITION)) == 3


async def test_redirect_that_breaks_is_forgotten(
    emulator: Emulator, session: ClientSession
) -> None:
    """After trouble at the other host, the configured one is asked again."""
    emulator.redirection = Redirection(location=f"https://{REGION_HOST}{RECOGNITION_PATH}")
    client = with_key(session, Endpoint.from_address(CUSTOM))
    await client.recognize(SPOKEN, OPTIONS)
    emulator.redirection = None
    emulator.faults.append(Fault(status=503))
    with pytest.raises(ResponseError):
        await client.recognize(SPOKEN, OPTIONS)
    assert (await client.recognize(SPOKEN, OPTIONS)).text == SENTENCE
    assert emulator.requests[-1].host == "home.cognitiveservices.azure.com"


async def test_redirects_in_a_circle(emulator: Emulator, session: ClientSession) -> None:
    """A host that redirects to itself is given up soon."""
    circle = Redirection(location=f"https://{REGION_HOST}{RECOGNITION_PATH}")
    emulator.redirection = circle
    headers = {"Location": circle.location}
    emulator.faults.append(Fault(status=307, headers=headers, times=None))
    with pytest.raises(OtherHostError):
        await with_key(session, Endpoint.from_address(CUSTOM)).recognize(SPOKEN, OPTIONS)
    assert len(emulator.requests_for(Service.RECOGNITION)) == 3


@pytest.mark.parametrize(
    "location",
    [
        "https://westus.stt.speech.azure.us/",
        "https://evil.example.com/",
        f"http://{REGION_HOST}/",
        "https://home.cognitiveservices.azure.com/elsewhere",
    ],
)
async def test_redirect_elsewhere(
    emulator: Emulator, session: ClientSession, location: str
) -> None:
    """Another cloud, another host, plain http: nothing is sent on."""
    emulator.redirection = Redirection(location=location)
    with pytest.raises(OtherHostError) as caught:
        await with_key(session, Endpoint.from_address(CUSTOM)).recognize(SPOKEN, OPTIONS)
    assert not caught.value.retryable
    assert len(emulator.requests_for(Service.RECOGNITION)) == 1


@pytest.mark.parametrize("region", ["westeurope", None, "evil.example.com", 5, "a" * 99])
async def test_region_of_the_token(
    emulator: Emulator, session: ClientSession, region: str | None
) -> None:
    """A custom domain's token names its region; anything but a region's name is ignored."""
    emulator.token_region = region
    credential = with_key(session, Endpoint.from_address(CUSTOM)).credential
    assert await credential.region() == ("westeurope" if region == "westeurope" else None)
