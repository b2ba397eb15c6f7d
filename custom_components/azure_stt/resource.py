"""The Azure resource behind a config entry."""

from collections.abc import Mapping
from dataclasses import dataclass
import logging
from typing import Any

from aiohttp import ClientSession

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_API_KEY,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_REGION,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.singleton import singleton
from homeassistant.util.hass_dict import HassKey

from .azure_speech import (
    TRACE_CONFIG,
    AuthenticationError,
    Cloud,
    Credential,
    Endpoint,
    EntraCredential,
    KeyCredential,
    SpeechClient,
    SpeechError,
)
from .const import (
    CONF_CONNECTION,
    CONF_ENDPOINT,
    CONF_RESOURCE_ID,
    CONF_TENANT_ID,
    DOMAIN,
    Connection,
)

_LOGGER = logging.getLogger(__name__)

_SESSION: HassKey[ClientSession] = HassKey(f"{DOMAIN}_session")

_CLOUDS = {
    Connection.REGION: Cloud.PUBLIC,
    Connection.US_GOVERNMENT: Cloud.US_GOVERNMENT,
    Connection.CHINA: Cloud.CHINA,
}

type AzureSttConfigEntry = ConfigEntry[Resource]


@dataclass(kw_only=True, slots=True)
class Resource:
    """What an entry's entities share while it is loaded."""

    client: SpeechClient


@callback
@singleton(_SESSION)
def async_get_session(hass: HomeAssistant) -> ClientSession:
    """Return the session of all entries: Home Assistant's connections, and our tracing.

    It belongs to no entry, so that an utterance outlives a reload; it ends with Home
    Assistant, which closes the connections.
    """
    return async_create_clientsession(hass, auto_cleanup=False, trace_configs=[TRACE_CONFIG])


@callback
def async_create_client(hass: HomeAssistant, data: Mapping[str, Any]) -> SpeechClient:
    """Return the client for an entry's data.

    Raises InvalidEndpointError, and AuthenticationError for a tenant that can't be one.
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
    return SpeechClient(session, endpoint, credential)


def endpoint_of(data: Mapping[str, Any]) -> Endpoint:
    """Return the endpoint that an entry's data names; raises InvalidEndpointError."""
    if cloud := _CLOUDS.get(data[CONF_CONNECTION]):
        return Endpoint.from_region(data[CONF_REGION], cloud)
    return Endpoint.from_address(data[CONF_ENDPOINT])


async def async_check(hass: HomeAssistant, entry: AzureSttConfigEntry) -> None:
    """Try the resource once after the start, and ask for a new key if it's refused."""
    client = entry.runtime_data.client
    try:
        await client.check()
    except AuthenticationError:
        entry.async_start_reauth(hass)
    except SpeechError as err:
        _LOGGER.warning(
            "%s can't be used now and will be tried again with the next utterance: %s",
            entry.title,
            err,
        )
