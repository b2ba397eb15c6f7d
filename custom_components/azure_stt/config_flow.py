"""Set-up in the UI: the ways to a resource, its options and its recognizers."""

from collections.abc import Mapping
import logging
from typing import Any, override

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
    CONF_CLIENT_SECRET,
    CONF_REGION,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow

from .azure_speech import (
    AuthenticationError,
    InvalidAnswerError,
    OtherHostError,
    SpeechClient,
    SpeechError,
)
from .connection_form import (
    PLACEHOLDERS,
    SECRETS,
    cleaned,
    fields_of,
    form_errors,
    title_of,
)
from .const import (
    CONF_CONNECTION,
    CONF_TIER,
    DEFAULT_NAME,
    DEFAULT_RECOGNIZER,
    DOMAIN,
    SUBENTRY_TYPE,
    Connection,
    Tier,
)
from .first_answer import async_describe_answer
from .options_flow import DEFAULT_OPTIONS, TIER, AzureSttOptionsFlow
from .recognizer_flow import RecognizerFlow
from .resource.client_factory import async_create_client, endpoint_of
from .resource.other_host import async_find_other_host
from .resource.resource import AzureSttConfigEntry

_LOGGER = logging.getLogger(__name__)

# Errors after which the resource may answer at another host.
_ELSEWHERE = (AuthenticationError, InvalidAnswerError, OtherHostError)


class AzureSttConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds a resource, and changes how it is reached."""

    VERSION = 1

    _other: dict[str, Any] | None = None
    """The data of another host at which the resource answers."""
    _client: SpeechClient | None = None
    """The client that was answered, with its token and its connection."""
    _tier = Tier.F0

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
        """Reach a resource by its custom domain or private endpoint."""
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
        fields = fields_of(Connection(entry.data[CONF_CONNECTION]))
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await self._async_try({**entry.data, **user_input})
            if self._other:
                return await self.async_step_other_host()
            if not errors:
                return await self._async_finish(data)
        schema = vol.Schema(
            {vol.Required(key): field for key, field in fields.items() if key in SECRETS}
        )
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders=PLACEHOLDERS,
        )

    async def _async_connect(
        self, connection: Connection, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show a connection's form until the input works; keep the input after an error.

        When a connection is changed, a saved secret isn't shown, and stays if none is typed.
        """
        changing = self.source == SOURCE_RECONFIGURE
        saved = dict(self._get_reconfigure_entry().data) if changing else {}
        errors: dict[str, str] = {}
        if user_input is not None:
            typed = dict(user_input)
            self._tier = Tier(typed.pop(CONF_TIER, self._tier))
            data, errors = await self._async_try({**saved, CONF_CONNECTION: connection, **typed})
            if self._other:
                return await self.async_step_other_host()
            if not errors:
                return await self._async_finish(data)
        fields: dict[vol.Marker, Any] = {
            # Of a list that is required, the frontend chooses the first one.
            vol.Optional(key, default=saved.get(key, ""))
            if key == CONF_REGION
            else vol.Optional(key)
            if changing and key in SECRETS
            else vol.Required(key): field
            for key, field in fields_of(connection).items()
        }
        if not changing:
            fields[vol.Required(CONF_TIER, default=Tier.F0)] = TIER
        schema = vol.Schema(fields)
        shown = {key: value for key, value in saved.items() if key not in SECRETS}
        return self.async_show_form(
            step_id=SOURCE_RECONFIGURE if changing else connection,
            data_schema=self.add_suggested_values_to_schema(schema, user_input or shown),
            errors=errors,
            description_placeholders=PLACEHOLDERS,
        )

    async def async_step_other_host(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer the other host at which the resource answers."""
        assert self._other is not None  # noqa: S101 - for the type checker
        if user_input is not None:
            self._async_abort_if_known(self._other)
            return await self._async_finish(self._other)
        return self.async_show_form(
            step_id="other_host",
            data_schema=vol.Schema({}),
            description_placeholders={"host": endpoint_of(self._other).host},
        )

    @callback
    def _async_abort_if_known(self, data: Mapping[str, Any]) -> None:
        self._async_abort_entries_match(
            {key: value for key, value in data.items() if key != CONF_CLIENT_SECRET}
        )

    async def _async_try(self, typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the data to save, and the form's errors if the connection doesn't work.

        Looks for another host if this one doesn't serve the resource.
        """
        data: dict[str, Any] = {}
        self._other = None
        try:
            data = cleaned(typed)
            self._async_abort_if_known(data)
            client = async_create_client(self.hass, data)
            await client.check()
        except SpeechError as err:
            if isinstance(err, _ELSEWHERE):
                self._other = await async_find_other_host(self.hass, data)
            return {}, form_errors(err, typed)
        except AbortFlow:
            raise
        except Exception:
            _LOGGER.exception("Unexpected exception")
            return {}, {"base": "unknown"}
        self._client = client
        return data, {}

    async def _async_finish(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Save a new resource with one recognizer, or the changed connection."""
        if self.source == SOURCE_USER:
            description, placeholders = await async_describe_answer(
                self.hass, self._client or async_create_client(self.hass, data)
            )
            return self.async_create_entry(
                title=title_of(data),
                data=data,
                description=description,
                description_placeholders=placeholders,
                options={**DEFAULT_OPTIONS, CONF_TIER: self._tier},
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
        title = title_of(data) if entry.title == title_of(entry.data) else entry.title
        # The listener of an entry that is loaded reloads it; one that isn't has none.
        if entry.update_listeners:
            return self.async_update_and_abort(entry, title=title, data=data)
        return self.async_update_reload_and_abort(entry, title=title, data=data)
