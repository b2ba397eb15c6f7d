"""All of Azure's hosts, over TLS, on one emulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
import socket
import ssl
from typing import Final, override

from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from custom_components.azure_stt.azure_speech import TRACE_CONFIG
from tests.emulator import Emulator

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


def make_certificates(folder: Path) -> Certificates:
    """Make an authority, and a certificate for all of Azure's hosts and for 127.0.0.1.

    They are good for an hour. The folder gets `server.pem`, with its key, and `authority.pem`.
    """
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
            x509.SubjectAlternativeName(
                [*map(x509.DNSName, NAMES), x509.IPAddress(IPv4Address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(authority_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    file = folder / "server.pem"
    _write(file, key, certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    pem = authority_certificate.public_bytes(serialization.Encoding.PEM).decode()
    (folder / "authority.pem").write_text(pem)
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
        """Take the emulated network."""
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


@asynccontextmanager
async def world(emulator: Emulator, trust: ssl.SSLContext) -> AsyncIterator[ClientSession]:
    """Give a session for which all of Azure is the emulator."""
    connector = TCPConnector(resolver=Resolver(emulator), ssl=trust, use_dns_cache=False)
    async with ClientSession(connector=connector, trace_configs=[TRACE_CONFIG]) as session:
        yield session
