"""Which host and path is which of the service's endpoints.

[doc] The regions' hosts and paths; [field] a custom domain's path, with `/stt` before it. [field] A
region's token host recognizes under `/stt` too: not here, so that nobody depends on it.
"""

from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final


class Endpoint(StrEnum):
    """The kinds of requests."""

    TOKEN = "token"
    """An access token in exchange for a key (`issueToken`)."""
    RECOGNITION = "recognition"
    """The text of spoken audio."""
    TRANSCRIPTION = "transcription"
    """All that is said in a file: fast transcription."""
    ENTRA = "entra"
    """A Microsoft Entra token in exchange for a client's secret."""
    UNKNOWN = "unknown"
    """Nothing that the service has: 404."""


class HostKind(StrEnum):
    """The kinds of hosts, each with paths of its own."""

    SPEECH = "speech"
    """A region's recognition: `westus.stt.speech.microsoft.com`."""
    TOKEN = "token"
    """A region's tokens: `westus.api.cognitive.microsoft.com`."""
    CUSTOM = "custom"
    """A resource's own domain or private endpoint: `NAME.cognitiveservices.azure.com`."""
    LOGIN = "login"
    """Microsoft Entra: `login.microsoftonline.com`."""
    LOOPBACK = "loopback"
    """This machine, which stands in for a custom domain and for Microsoft Entra."""


CLOUDS: Final = ("com", "us", "cn")
"""The last labels of the hosts: public, US Government, 21Vianet."""
CUSTOM_AUDIENCE: Final = "custom"
"""Where a token of a custom domain is good: at any custom domain."""

_HOSTS: Final = {
    HostKind.SPEECH: r"(?P<name>[a-z0-9]+)\.stt\.speech\.(?:microsoft\.com|azure\.us|azure\.cn)",
    HostKind.TOKEN: (
        r"(?P<name>[a-z0-9]+)\.api\.cognitive\.(?:microsoft\.com|microsoft\.us|azure\.cn)"
    ),
    HostKind.CUSTOM: r"(?P<name>[a-z0-9-]+)\.cognitiveservices\.azure\.(?:com|us|cn)",
    HostKind.LOGIN: (
        r"(?P<name>login)\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn)"
    ),
    HostKind.LOOPBACK: r"(?P<name>localhost|127\.[0-9.]+|\[::1\])",
}

_RECOGNITION: Final = r"/speech/recognition/conversation/cognitiveservices/v1"
_TRANSCRIPTION: Final = r"/speechtotext/transcriptions:transcribe"
_PATHS: Final = {
    HostKind.SPEECH: {Endpoint.RECOGNITION: _RECOGNITION},
    HostKind.TOKEN: {
        Endpoint.TOKEN: r"/sts/v1\.0/issueToken",
        Endpoint.TRANSCRIPTION: _TRANSCRIPTION,
    },
    HostKind.CUSTOM: {
        Endpoint.RECOGNITION: f"/stt{_RECOGNITION}",
        Endpoint.TOKEN: r"/sts/v1\.0/issueToken",
        Endpoint.TRANSCRIPTION: _TRANSCRIPTION,
    },
    HostKind.LOGIN: {Endpoint.ENTRA: r"/[^/]+/oauth2/v2\.0/token"},
}
_PATHS[HostKind.LOOPBACK] = _PATHS[HostKind.CUSTOM] | _PATHS[HostKind.LOGIN]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host of the service, as the `Host` header names it, without its port."""

    kind: HostKind
    name: str
    """The region, or the custom domain's first label."""
    cloud: str
    """The name's last label: `com` (public), `us` (US Government) or `cn` (21Vianet)."""

    @property
    def is_regional(self) -> bool:
        """Whether the host serves a whole region rather than one resource."""
        return self.kind in {HostKind.SPEECH, HostKind.TOKEN}

    @property
    def audience(self) -> str:
        """Where a token that this host issues is good: its region, or any custom domain."""
        return f"{self.name}.{self.cloud}" if self.is_regional else CUSTOM_AUDIENCE


def find_host(header: str) -> Host | None:
    """Find the host that a `Host` header names; `None` if the service has no such host."""
    name = re.sub(r":\d+$", "", header.lower())
    for kind, pattern in _HOSTS.items():
        if match := re.fullmatch(pattern, name):
            return Host(kind=kind, name=match["name"], cloud=name.rpartition(".")[2])
    return None


def find_endpoint(host: Host | None, method: str, path: str) -> Endpoint:
    """Find a request's endpoint. Every endpoint of the service is a `POST`."""
    if host is None or method != "POST":
        return Endpoint.UNKNOWN
    for endpoint, pattern in _PATHS[host.kind].items():
        if re.fullmatch(pattern, path):
            return endpoint
    return Endpoint.UNKNOWN
