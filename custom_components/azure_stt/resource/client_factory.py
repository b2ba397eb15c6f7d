"""Clients for config entries, in the one session that they share."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import ClientSession

from homeassistant.const import (
    CONF_API_KEY,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_REGION,
    EVENT_HOMEASSISTANT_CLOSE,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.singleton import singleton
from homeassistant.util.hass_dict import HassKey

from ..azure_speech import (
    TRACE_CONFIG,
    Cloud,
    Credential,
    Endpoint,
    EntraCredential,
    FastTranscriber,
    KeyCredential,
    Meter,
    SpeechClient,
    TranscriptionMeter,
    is_region,
    region_name,
)
from ..const import (
    CONF_CONNECTION,
    CONF_ENDPOINT,
    CONF_RESOURCE_ID,
    CONF_TENANT_ID,
    DOMAIN,
    Connection,
)
from .opus import new_encoder

_SESSION: Final[HassKey[ClientSession]] = HassKey(f"{DOMAIN}_session")

_CLOUDS: Final = {
    Connection.REGION: Cloud.PUBLIC,
    Connection.US_GOVERNMENT: Cloud.US_GOVERNMENT,
    Connection.CHINA: Cloud.CHINA,
}


@callback
@singleton(_SESSION)
def async_get_session(hass: HomeAssistant) -> ClientSession:
    """Return the session of all entries: Home Assistant's connections, and our tracing.

    It belongs to no entry, so that an utterance outlives a reload. Home Assistant's automatic
    cleanup would detach it when the entry that created it is unloaded, so it's detached here,
    at Home Assistant's end. The connections are Home Assistant's to close.
    """
    session = async_create_clientsession(hass, auto_cleanup=False, trace_configs=[TRACE_CONFIG])

    @callback
    def detach(_: Event) -> None:
        session.detach()

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_CLOSE, detach)
    return session


@callback
def async_create_client(
    hass: HomeAssistant,
    data: Mapping[str, Any],
    meter: Meter | None = None,
    on_lag: Callable[[float], None] | None = None,
) -> SpeechClient:
    """Return the client for an entry's data.

    `on_lag` is called with the seconds by which an upload as WAV fell behind a live voice.
    Raises InvalidEndpointError, and AuthenticationError for an impossible tenant.
    """
    session = async_get_session(hass)
    endpoint = endpoint_of(data)
    credential: Credential
    if data[CONF_CONNECTION] == Connection.ENTRA:
        credential = EntraCredential(
            session,
            endpoint.cloud.entra_token_url(data[CONF_TENANT_ID]),
            endpoint.cloud.entra_scope,
            client_id=data[CONF_CLIENT_ID],
            client_secret=data[CONF_CLIENT_SECRET],
            resource_id=data[CONF_RESOURCE_ID],
        )
    else:
        credential = KeyCredential(session, endpoint.token_url, data[CONF_API_KEY])
    return SpeechClient(session, endpoint, credential, meter=meter, opus=new_encoder, on_lag=on_lag)


@callback
def async_create_transcriber(
    hass: HomeAssistant, client: SpeechClient, meter: TranscriptionMeter | None = None
) -> FastTranscriber:
    """Return fast transcription for the resource of a client."""
    session = async_get_session(hass)
    return FastTranscriber(session, client.endpoint, client.credential, meter=meter)


def endpoint_of(data: Mapping[str, Any]) -> Endpoint:
    """Return the endpoint in an entry's data; raises InvalidEndpointError."""
    if cloud := _CLOUDS.get(data[CONF_CONNECTION]):
        return Endpoint.from_region(data[CONF_REGION], cloud)
    address = data[CONF_ENDPOINT]
    # With Entra, either host may be the right one, so its field takes a region as well.
    if data[CONF_CONNECTION] == Connection.ENTRA and is_region(region_name(address)):
        return Endpoint.from_region(address)
    return Endpoint.from_address(address)
