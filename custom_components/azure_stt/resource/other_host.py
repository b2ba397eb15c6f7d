"""The other host of a resource: its region's, when its custom domain doesn't serve it.

Microsoft's private-link page says that short audio is used at the region's host; other accounts
have it at the custom domain. Which one it is can only be tried. A custom domain's token names the
region. https://learn.microsoft.com/azure/ai-services/speech-service/speech-services-private-link
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import CONF_REGION
from homeassistant.core import HomeAssistant

from ..azure_speech import Cloud, Endpoint, SpeechError
from ..const import CONF_CONNECTION, CONF_ENDPOINT, Connection
from .client_factory import async_create_client, endpoint_of

_CONNECTIONS: Final = {
    Cloud.PUBLIC: Connection.REGION,
    Cloud.US_GOVERNMENT: Connection.US_GOVERNMENT,
    Cloud.CHINA: Connection.CHINA,
}


async def async_find_other_host(
    hass: HomeAssistant, data: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return an entry's data for its region's host, if the resource answers there.

    Nothing is changed: the user decides, because a private endpoint's audio mustn't go to a
    public host by itself.
    """
    if CONF_ENDPOINT not in data or not _is_custom_domain(endpoint_of(data)):
        return None
    try:
        region = await async_create_client(hass, data).credential.region()
        if region is None:
            return None
        other = _at_region(data, region)
        await async_create_client(hass, other).check()
    except SpeechError:
        return None
    return other


def _is_custom_domain(endpoint: Endpoint) -> bool:
    return endpoint.host.endswith(f".{endpoint.cloud.value.custom}")


def _at_region(data: Mapping[str, Any], region: str) -> dict[str, Any]:
    cloud = endpoint_of(data).cloud
    if data[CONF_CONNECTION] == Connection.ENTRA:
        origin = Endpoint.from_region(region, cloud).recognition_url.origin()
        return {**data, CONF_ENDPOINT: str(origin)}
    others = {key: value for key, value in data.items() if key != CONF_ENDPOINT}
    return {**others, CONF_CONNECTION: _CONNECTIONS[cloud], CONF_REGION: region}
