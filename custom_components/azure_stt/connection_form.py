"""The connection forms: fields, cleaning and errors."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import (
    CONF_API_KEY,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_REGION,
)
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .azure_speech import (
    AuthenticationError,
    CertificateError,
    InvalidAnswerError,
    InvalidEndpointError,
    NetworkRulesError,
    QuotaExceededError,
    ResponseError,
    SpeechError,
    UnknownHostError,
    clean_key,
    region_name,
)
from .azure_speech.regions import CHINA_REGIONS, PUBLIC_REGIONS, US_GOVERNMENT_REGIONS
from .const import CONF_ENDPOINT, CONF_RESOURCE_ID, CONF_TENANT_ID, Connection
from .resource.client_factory import endpoint_of

# Texts may not hold addresses; forms get them from here.
PLACEHOLDERS = {
    "portal_url": "https://portal.azure.com/#view/Microsoft_Azure_ProjectOxford/CognitiveServicesHub/~/SpeechServices",
    "example_endpoint": "https://my-speech.cognitiveservices.azure.com",
}

_TEXT = TextSelector()
_SECRET = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
_REGIONS = {
    Connection.REGION: PUBLIC_REGIONS,
    Connection.US_GOVERNMENT: US_GOVERNMENT_REGIONS,
    Connection.CHINA: CHINA_REGIONS,
}
_KNOWN_REGIONS = {region for regions in _REGIONS.values() for region in regions}
SECRETS = {CONF_API_KEY, CONF_CLIENT_SECRET}

_ERRORS: dict[type[SpeechError], str] = {
    AuthenticationError: "invalid_auth",
    QuotaExceededError: "quota_exceeded",
    NetworkRulesError: "network_rules",
    CertificateError: "invalid_certificate",
    InvalidAnswerError: "not_azure",
}


def fields_of(connection: Connection) -> dict[str, TextSelector | SelectSelector]:
    """Return the fields of a connection's form."""
    if regions := _REGIONS.get(connection):
        region = SelectSelector(
            SelectSelectorConfig(
                options=list(regions), custom_value=True, mode=SelectSelectorMode.DROPDOWN
            )
        )
        return {CONF_REGION: region, CONF_API_KEY: _SECRET}
    if connection is Connection.CUSTOM_ENDPOINT:
        return {CONF_ENDPOINT: _TEXT, CONF_API_KEY: _SECRET}
    return {
        CONF_ENDPOINT: _TEXT,
        CONF_TENANT_ID: _TEXT,
        CONF_CLIENT_ID: _TEXT,
        CONF_CLIENT_SECRET: _SECRET,
        CONF_RESOURCE_ID: _TEXT,
    }


def cleaned(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's data as it is saved and compared.

    Raises InvalidEndpointError for an impossible address or region.
    """
    data = {key: str(value).strip() for key, value in typed.items()}
    if CONF_API_KEY in data:
        data[CONF_API_KEY] = clean_key(data[CONF_API_KEY])
    if CONF_REGION in data:
        data[CONF_REGION] = region_name(data[CONF_REGION])
    endpoint = endpoint_of(data)
    if CONF_ENDPOINT in data:
        data[CONF_ENDPOINT] = str(endpoint.recognition_url.origin())
    return data


def title_of(data: Mapping[str, Any]) -> str:
    """Return the title of an entry: its region or its host."""
    return str(data.get(CONF_REGION) or endpoint_of(data).host)


def form_errors(err: SpeechError, typed: Mapping[str, Any]) -> dict[str, str]:
    """Return the form's error, at its field if it has one."""
    if isinstance(err, InvalidEndpointError):
        if CONF_REGION in typed:
            return {CONF_REGION: "unknown_region"}
        return {CONF_ENDPOINT: "invalid_endpoint"}
    region = region_name(typed.get(CONF_REGION, ""))
    if isinstance(err, UnknownHostError) and region and region not in _KNOWN_REGIONS:
        return {CONF_REGION: "unknown_region"}
    for kind, error in _ERRORS.items():
        if isinstance(err, kind):
            return {"base": error}
    refused = isinstance(err, ResponseError) and not err.retryable
    return {"base": "not_azure" if refused else "cannot_connect"}
