"""Set-up in the UI: the ways to a resource, its options and its recognizers."""

from collections.abc import Mapping
import logging
from types import MappingProxyType
from typing import Any, Final, override

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryData,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import (
    CONF_API_KEY,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_CURRENCY,
    CONF_REGION,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
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
    QuotaExceededError,
    ResponseError,
    SpeechError,
    UnknownHostError,
    clean_key,
    region_name,
)
from .azure_speech.regions import CHINA_REGIONS, PUBLIC_REGIONS, US_GOVERNMENT_REGIONS
from .const import (
    CONF_CONNECTION,
    CONF_ENDPOINT,
    CONF_PRICE_PER_HOUR,
    CONF_RESOURCE_ID,
    CONF_TENANT_ID,
    CONF_TIER,
    DEFAULT_NAME,
    DEFAULT_RECOGNIZER,
    DOMAIN,
    SUBENTRY_TYPE,
    Connection,
    Tier,
)
from .recognizer_flow import RecognizerFlow
from .resource.client_factory import async_create_client, endpoint_of
from .resource.resource import AzureSttConfigEntry

_LOGGER = logging.getLogger(__name__)

DEFAULT_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {CONF_TIER: Tier.S0, CONF_PRICE_PER_HOUR: 1.0, CONF_CURRENCY: "USD"}
)

# Texts may not hold addresses; forms get them from here.
_PLACEHOLDERS = {
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
_SECRETS = {CONF_API_KEY, CONF_CLIENT_SECRET}

_ERRORS: dict[type[SpeechError], str] = {
    AuthenticationError: "invalid_auth",
    QuotaExceededError: "quota_exceeded",
    CertificateError: "invalid_certificate",
    InvalidAnswerError: "not_azure",
}


def _fields(connection: Connection) -> dict[str, TextSelector | SelectSelector]:
    """Return what a connection needs to be told."""
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


def _cleaned(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's data in the one form in which it is saved and compared.

    Raises InvalidEndpointError for an address that can't be one.
    """
    cleaned = {key: str(value).strip() for key, value in data.items()}
    if CONF_API_KEY in cleaned:
        cleaned[CONF_API_KEY] = clean_key(cleaned[CONF_API_KEY])
    if CONF_REGION in cleaned:
        cleaned[CONF_REGION] = region_name(cleaned[CONF_REGION])
    endpoint = endpoint_of(cleaned)
    if CONF_ENDPOINT in cleaned:
        cleaned[CONF_ENDPOINT] = str(endpoint.recognition_url.origin())
    return cleaned


def _title(data: Mapping[str, Any]) -> str:
    return str(data.get(CONF_REGION) or endpoint_of(data).host)


class AzureSttConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds a resource, and changes how it is reached."""

    VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: AzureSttConfigEntry) -> OptionsFlow:
        return AzureSttOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: AzureSttConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        return {SUBENTRY_TYPE: RecognizerFlow}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where the resource is."""
        return self.async_show_menu(step_id=SOURCE_USER, menu_options=list(Connection))

    async def async_step_region(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Reach a resource by its region and key."""
        return await self._async_connect(Connection.REGION, user_input)

    async def async_step_us_government(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Reach a resource in the US Government's cloud."""
        return await self._async_connect(Connection.US_GOVERNMENT, user_input)

    async def async_step_china(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Reach a resource in 21Vianet's cloud."""
        return await self._async_connect(Connection.CHINA, user_input)

    async def async_step_custom_endpoint(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Reach a resource by its own domain, a private endpoint or a container."""
        return await self._async_connect(Connection.CUSTOM_ENDPOINT, user_input)

    async def async_step_entra(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Reach a resource as an app that is registered with Microsoft Entra."""
        return await self._async_connect(Connection.ENTRA, user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the form again with which the resource was set up."""
        entry = self._get_reconfigure_entry()
        return await self._async_connect(Connection(entry.data[CONF_CONNECTION]), user_input)

    async def async_step_reauth(
        self,
        entry_data: Mapping[str, Any],  # noqa: ARG002 - the entry is at hand
    ) -> ConfigFlowResult:
        """Ask for new credentials after the old ones were refused."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take the new key or secret."""
        entry = self._get_reauth_entry()
        fields = _fields(Connection(entry.data[CONF_CONNECTION]))
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await self._async_try({**entry.data, **user_input})
            if not errors:
                return self._async_finish(data)
        schema = vol.Schema(
            {vol.Required(key): field for key, field in fields.items() if key in _SECRETS}
        )
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders=_PLACEHOLDERS,
        )

    async def _async_connect(
        self, connection: Connection, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show a connection's form until what is typed works; what was typed stays.

        When a connection is changed, a saved secret isn't shown, and stays if none is typed.
        """
        changing = self.source == SOURCE_RECONFIGURE
        saved = dict(self._get_reconfigure_entry().data) if changing else {}
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await self._async_try(
                {**saved, CONF_CONNECTION: connection, **user_input}
            )
            if not errors:
                return self._async_finish(data)
        schema = vol.Schema(
            {
                # Of a list that is required, the frontend chooses the first one.
                vol.Optional(key, default=saved.get(key, ""))
                if key == CONF_REGION
                else vol.Optional(key)
                if changing and key in _SECRETS
                else vol.Required(key): field
                for key, field in _fields(connection).items()
            }
        )
        shown = {key: value for key, value in saved.items() if key not in _SECRETS}
        return self.async_show_form(
            step_id=SOURCE_RECONFIGURE if changing else connection,
            data_schema=self.add_suggested_values_to_schema(schema, user_input or shown),
            errors=errors,
            description_placeholders=_PLACEHOLDERS,
        )

    async def _async_try(self, typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the data to save, and what the form must say if it doesn't work."""
        try:
            data = _cleaned(typed)
            self._async_abort_entries_match(
                {key: value for key, value in data.items() if key != CONF_CLIENT_SECRET}
            )
            await async_create_client(self.hass, data).check()
        except SpeechError as err:
            return {}, _form_errors(err, typed)
        except AbortFlow:
            raise
        except Exception:
            _LOGGER.exception("Unexpected exception")
            return {}, {"base": "unknown"}
        return data, {}

    @callback
    def _async_finish(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Save a new resource with one recognizer, or what was changed."""
        if self.source == SOURCE_USER:
            return self.async_create_entry(
                title=_title(data),
                data=data,
                options=dict(DEFAULT_OPTIONS),
                subentries=[
                    ConfigSubentryData(
                        subentry_type=SUBENTRY_TYPE,
                        title=DEFAULT_NAME,
                        data=dict(DEFAULT_RECOGNIZER),
                        unique_id=None,
                    )
                ],
            )
        changing = self.source == SOURCE_RECONFIGURE
        entry = self._get_reconfigure_entry() if changing else self._get_reauth_entry()
        title = _title(data) if entry.title == _title(entry.data) else entry.title
        # The listener of an entry that is loaded reloads it; one that isn't has none.
        if entry.update_listeners:
            return self.async_update_and_abort(entry, title=title, data=data)
        return self.async_update_reload_and_abort(entry, title=title, data=data)


class AzureSttOptionsFlow(OptionsFlow):
    """What the resource costs and how much it takes at once."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for tier and price."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        schema = vol.Schema(
            {
                vol.Required(CONF_TIER): SelectSelector(
                    SelectSelectorConfig(options=list(Tier), translation_key=CONF_TIER)
                ),
                vol.Required(CONF_PRICE_PER_HOUR): NumberSelector(
                    NumberSelectorConfig(
                        min=0, max=1_000_000, step="any", mode=NumberSelectorMode.BOX
                    )
                ),
                vol.Required(CONF_CURRENCY): SelectSelector(
                    SelectSelectorConfig(
                        options=sorted(ACTIVE_CURRENCIES), mode=SelectSelectorMode.DROPDOWN
                    )
                ),
            }
        )
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                schema, {**DEFAULT_OPTIONS, **self.config_entry.options}
            ),
        )


def _form_errors(err: SpeechError, typed: Mapping[str, Any]) -> dict[str, str]:
    """Return the form's error for what went wrong, at its field where it has one."""
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
