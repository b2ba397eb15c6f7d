"""The gateway: decisions by the host alone, before authentication and any audio."""

from http import HTTPStatus
from typing import Final

from .answer import refuse, refuse_bare, refuse_path
from .authentication import refuse_credential
from .endpoints import Endpoint, Host
from .settings import Networking, Settings

# [doc] https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
_NETWORKING: Final = {
    Networking.SELECTED: "Access denied due to Virtual Network/Firewall rules.",
    Networking.DISABLED: "Public access is disabled. Please configure private endpoint.",
}


def pass_gateway(settings: Settings, host: Host | None, endpoint: Endpoint) -> Host:
    """Return the host if the request may go on to the service.

    Raises `RefusedError`: 404, a redirection, 403 for networking, or 401 at a region's host.
    """
    if host is None or endpoint is Endpoint.UNKNOWN:
        refuse_path()
    if endpoint is Endpoint.ENTRA:
        return host
    if endpoint is Endpoint.TRANSCRIPTION and not settings.fast_transcription:
        refuse_path()
    if message := _NETWORKING.get(settings.networking):
        refuse(HTTPStatus.FORBIDDEN, message)
    if host.is_regional:
        if settings.private_endpoint:
            refuse_credential()
        return host
    if endpoint is Endpoint.TOKEN and not settings.issues_tokens:
        refuse(HTTPStatus.FORBIDDEN, _NETWORKING[Networking.SELECTED])
    if endpoint is Endpoint.RECOGNITION:
        _pass_custom_domain(settings)
    return host


def _pass_custom_domain(settings: Settings) -> None:
    if settings.redirection is not None:
        location = settings.redirection.location
        refuse_bare(settings.redirection.status, {"Location": location})
    if not settings.custom_domain_recognizes:
        refuse_path()
