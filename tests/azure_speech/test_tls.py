"""Every form of the endpoint over TLS, as the client speaks it to Azure itself."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
import socket
import ssl
from typing import Final, override

from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from custom_components.azure_stt.azure_speech import (
    TRACE_CONFIG,
    CertificateError,
    Cloud,
    Endpoint,
    EntraCredential,
    KeyCredential,
    SpeechClient,
    UnknownHostError,
)
from tests.emulator import S0_KEY, Credential, Emulator, Endpoint as Service

from .helpers import OPTIONS, PATIENT, RECOGNITION_PATH, SENTENCE, SPOKEN, causes

NAMES: Final = (
    *("*.stt.speech.microsoft.com", "*.stt.speech.azure.us", "*.stt.speech.azure.cn"),
    *("*.api.cognitive.microsoft.com", "*.api.cognitive.microsoft.us", "*.api.cognitive.azure.cn"),
    *("*.cognitiveservices.azure.com", "*.cognitiveservices.azure.us"),
    *("*.cognitiveservices.azure.cn", "login.microsoftonline.com", "login.microsoftonline.us"),
    "login.partner.microsoftonline.cn",
)
UNKNOWN: Final = "nowhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """A server's certificate, and the authority that vouches for it."""

    server: ssl.SSLContext
    trust: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Make an authority, and a certificate for all of Azure's hosts, good for an hour."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
    server = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test server")])
    authority_certificate = (
        _certificate(authority, authority, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    certificate = (
        _certificate(server, authority, key)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES]), critical=False
        )
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(authority_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    _write(file, key, certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    pem = authority_certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Certificates(server=context, trust=ssl.create_default_context(cadata=pem))


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _write(file: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


class Resolver(AbstractResolver):
    """Finds every host at the emulator, but for one that doesn't exist."""

    def __init__(self, emulator: Emulator) -> None:
        """Take what stands in for the world."""
        self._emulator = emulator

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if UNKNOWN in host:
            message = "Name or service not known"
            raise OSError(message)
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._emulator.port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    @override
    async def close(self) -> None:
        pass


@pytest.fixture
async def emulator(certificates: Certificates) -> AsyncGenerator[Emulator]:
    """Give an emulator that speaks TLS."""
    async with Emulator(ssl_context=certificates.server) as emulator:
        yield emulator


@asynccontextmanager
async def world(emulator: Emulator, trust: ssl.SSLContext) -> AsyncIterator[ClientSession]:
    """Give a session for which all of Azure is the emulator."""
    connector = TCPConnector(resolver=Resolver(emulator), ssl=trust, use_dns_cache=False)
    async with ClientSession(connector=connector, trace_configs=[TRACE_CONFIG]) as session:
        yield session


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
