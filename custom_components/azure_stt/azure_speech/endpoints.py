"""Where a resource answers: hosts and paths of Azure's clouds.

https://learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short
https://learn.microsoft.com/azure/ai-services/speech-service/sovereign-clouds
"""

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from ipaddress import ip_address
import re
from typing import Self
from unicodedata import category

from yarl import URL

from .errors import AuthenticationError, InvalidEndpointError

_RECOGNITION_PATH = "/speech/recognition/conversation/cognitiveservices/v1"
_TOKEN_PATH = "/sts/v1.0/issueToken"  # noqa: S105

# https://learn.microsoft.com/rest/api/speechtotext/transcriptions/transcribe
_TRANSCRIPTION_PATH = "/speechtotext/transcriptions:transcribe"
_TRANSCRIPTION_VERSION = "2025-10-15"

_REGION = re.compile(r"[a-z][a-z0-9]{1,39}")

# The portal writes "(Europe) West Europe".
_GEOGRAPHY = re.compile(r"^\s*\([^)]*\)")
# Pasted along with an address or a region.
_QUOTES = " \t\r\n\"'<>\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"

_HOST_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_HOST_LABEL}(?:\.{_HOST_LABEL})*")


@dataclass(frozen=True, slots=True)
class _Domains:
    recognition: str
    synthesis: str
    token: str
    custom: str
    aliases: tuple[str, ...]
    login: str


class Cloud(Enum):
    """One of Azure's separate clouds, with the domains of its services."""

    PUBLIC = _Domains(
        recognition="stt.speech.microsoft.com",
        synthesis="tts.speech.microsoft.com",
        token="api.cognitive.microsoft.com",  # noqa: S106
        custom="cognitiveservices.azure.com",
        aliases=("services.ai.azure.com", "openai.azure.com"),
        login="login.microsoftonline.com",
    )
    US_GOVERNMENT = _Domains(
        recognition="stt.speech.azure.us",
        synthesis="tts.speech.azure.us",
        token="api.cognitive.microsoft.us",  # noqa: S106
        custom="cognitiveservices.azure.us",
        aliases=("services.ai.azure.us", "openai.azure.us"),
        login="login.microsoftonline.us",
    )
    CHINA = _Domains(
        recognition="stt.speech.azure.cn",
        synthesis="tts.speech.azure.cn",
        token="api.cognitive.azure.cn",  # noqa: S106
        custom="cognitiveservices.azure.cn",
        aliases=("openai.azure.cn",),
        login="login.partner.microsoftonline.cn",
    )

    def entra_token_url(self, tenant_id: str) -> URL:
        """Return where this cloud's Microsoft Entra issues tokens for a tenant.

        Raises AuthenticationError if the tenant is neither a GUID nor a domain.
        """
        tenant = tenant_id.strip().lower()
        if not _HOST.fullmatch(tenant):
            msg = "The tenant is a GUID or a domain name"
            raise AuthenticationError(msg, status=HTTPStatus.BAD_REQUEST)
        return URL.build(scheme="https", host=self.value.login, path=f"/{tenant}/oauth2/v2.0/token")

    @property
    def entra_scope(self) -> str:
        """The scope that an Entra token needs to be good for Azure AI services."""
        return f"https://{self.value.custom}/.default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The two addresses of one Speech resource."""

    recognition_url: URL
    token_url: URL
    cloud: Cloud

    @property
    def host(self) -> str:
        """The host that recognizes speech, without a port."""
        return self.recognition_url.host or ""

    @property
    def transcription_url(self) -> URL:
        """The address of fast transcription, at the host that issues tokens."""
        return self.token_url.with_path(_TRANSCRIPTION_PATH).with_query(
            {"api-version": _TRANSCRIPTION_VERSION}
        )

    def follow(self, location: str) -> URL | None:
        """Return the address of a redirect, if it leads to a speech host of the same cloud.

        Returns None for any other one, which mustn't get the audio and the token.
        """
        url = self.recognition_url
        with suppress(ValueError):
            url = self.recognition_url.join(URL(location))
        host = url.host or ""
        if (
            url.scheme == "https"
            and url.is_default_port()
            and url.user is None
            and host.endswith(f".{self.cloud.value.recognition}")
            and _HOST.fullmatch(host)
        ):
            return url
        return None

    @classmethod
    def from_region(cls, region: str, cloud: Cloud = Cloud.PUBLIC) -> Self:
        """Return a region's endpoint; "West Europe" is taken for westeurope.

        DNS tells whether the region exists, because Azure adds regions. Raises
        InvalidEndpointError for text that can't be a region's name.
        """
        name = region_name(region)
        if not is_region(name):
            msg = "A region is a word such as westeurope"
            raise InvalidEndpointError(msg)
        return cls(
            recognition_url=URL.build(
                scheme="https", host=f"{name}.{cloud.value.recognition}", path=_RECOGNITION_PATH
            ),
            token_url=URL.build(
                scheme="https", host=f"{name}.{cloud.value.token}", path=_TOKEN_PATH
            ),
            cloud=cloud,
        )

    @classmethod
    def from_address(cls, address: str) -> Self:
        """Return the endpoint of a custom domain or private endpoint.

        `address` is the one in the Azure portal, `https://NAME.cognitiveservices.azure.com/`;
        the scheme may be left out. On Azure's own domains the host is enough, and the
        rest is ignored: a region's address (of speech to text, text to speech or tokens) gives that
        region's endpoint, and the names of Foundry and OpenAI resources give their custom
        domain. Plain http is only for loopback and private addresses, because the key would be
        readable on its way. Raises InvalidEndpointError for anything else.
        """
        address = _cleaned(address)
        if endpoint := cls._from_azure_host(_host_of(address)):
            return endpoint
        return cls._custom(_parse_address(address), Cloud.PUBLIC)

    @classmethod
    def _from_azure_host(cls, host: str) -> Self | None:
        """Return the endpoint of a host on one of Azure's domains; None for other hosts."""
        for cloud in Cloud:
            domains = cloud.value
            for domain in (domains.recognition, domains.synthesis, domains.token):
                if host.endswith(f".{domain}"):
                    return cls.from_region(host.removesuffix(f".{domain}"), cloud)
            for domain in (domains.custom, *domains.aliases):
                name = host.removesuffix(f".{domain}")
                if name != host and _HOST.fullmatch(name):
                    return cls._custom(URL(f"https://{name}.{domains.custom}"), cloud)
        return None

    @classmethod
    def _custom(cls, url: URL, cloud: Cloud) -> Self:
        return cls(
            recognition_url=url.with_path(f"/stt{_RECOGNITION_PATH}"),
            token_url=url.with_path(_TOKEN_PATH),
            cloud=cloud,
        )


def is_region(name: str) -> bool:
    """Return whether a name can be a region's, as Azure spells it."""
    return _REGION.fullmatch(name) is not None


def region_name(region: str) -> str:
    """Return a region as Azure spells it.

    The portal's "(Europe) West Europe", and any address of the region, are westeurope.
    """
    name = "".join(_GEOGRAPHY.sub("", _cleaned(region)).split()).lower()
    if "." in name and (endpoint := Endpoint._from_azure_host(_host_of(name))):  # noqa: SLF001
        host, _, domain = endpoint.host.partition(".")
        if domain == endpoint.cloud.value.recognition:
            return host
    return name


def _cleaned(text: str) -> str:
    """Strip quotes, spaces and invisible marks, which are often pasted too."""
    visible = "".join(char for char in text if category(char) != "Cf")
    return visible.strip(
        " \t\r\n\"'<>\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
    )


def _host_of(address: str) -> str:
    """Return the host of an address with or without a scheme, in lowercase; "" without one."""
    with suppress(ValueError, IndexError):
        url = URL(address if "://" in address else f"https://{address}")
        if url.user is None and url.scheme in ("https", "wss") and address.isprintable():
            return (url.host or "").lower() if address.isascii() else ""
    return ""


def _parse_address(address: str) -> URL:
    """Return scheme, host and port of an address that has nothing else."""
    if "://" not in address:
        address = f"https://{address}"
    try:
        url = URL(address)
        origin = url.origin()
        host = origin.host or ""
    except (ValueError, IndexError) as err:  # yarl raises IndexError for "[]@"
        msg = "This is not an address"
        raise InvalidEndpointError(msg) from err
    if url.user is not None or url.password is not None:
        msg = "The address must not contain credentials"
    elif url.path != "/" or url.raw_query_string or url.raw_fragment:
        msg = "The address ends after the host"
    elif not (
        address.isascii() and address.isprintable() and _is_host(host)
    ):  # yarl maps look-alikes to ASCII
        msg = "The address has no valid host"
    elif origin.scheme != "https" and not (origin.scheme == "http" and _is_private(host)):
        msg = "The address must begin with https://"
    else:
        return origin
    raise InvalidEndpointError(msg)


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return bool(_HOST.fullmatch(host))
    return True


def _is_private(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_private
