"""The form of a recognizer: a speech-to-text engine for voice assistants."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    ConfigEntrySelector,
    ConfigEntrySelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)

from .azure_speech import Profanity
from .const import (
    CONF_DEADLINE,
    CONF_FALLBACK_ENTITY,
    CONF_PATIENCE,
    CONF_PROFANITY,
    CONF_SECOND_ENTRY,
    DEFAULT_NAME,
    DEFAULT_RECOGNIZER,
    DOMAIN,
)
from .transcriber import Patience

# What stands together in the form; what is saved is flat.
_SECTIONS = {
    "answer": (CONF_PATIENCE, CONF_DEADLINE),
    "backup": (CONF_SECOND_ENTRY, CONF_FALLBACK_ENTITY),
}


class RecognizerFlow(ConfigSubentryFlow):
    """Adds a recognizer and changes it."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add a recognizer."""
        if user_input is None:
            return self._async_show("user", {CONF_NAME: DEFAULT_NAME})
        data = _flat(user_input)
        if errors := self._errors(data):
            return self._async_show("user", data, errors)
        return self.async_create_entry(title=data.pop(CONF_NAME), data=data)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a recognizer."""
        subentry = self._get_reconfigure_subentry()
        if user_input is None:
            return self._async_show("reconfigure", {CONF_NAME: subentry.title, **subentry.data})
        data = _flat(user_input)
        if errors := self._errors(data):
            return self._async_show("reconfigure", data, errors)
        return self.async_update_and_abort(
            self._get_entry(), subentry, title=data.pop(CONF_NAME), data=data
        )

    def _errors(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Return what can't be: standing in for oneself."""
        if data.get(CONF_SECOND_ENTRY) == self._get_entry().entry_id:
            return {"base": "same_resource"}
        return {}

    @callback
    def _async_show(
        self, step_id: str, shown: Mapping[str, Any], errors: dict[str, str] | None = None
    ) -> SubentryFlowResult:
        values = {**DEFAULT_RECOGNIZER, **shown}
        grouped = {
            name: {key: values[key] for key in keys if key in values}
            for name, keys in _SECTIONS.items()
        }
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(self._schema(), {**values, **grouped}),
            errors=errors,
        )

    def _schema(self) -> vol.Schema:
        own_entities = [
            entity.entity_id
            for entity in er.async_entries_for_config_entry(
                er.async_get(self.hass), self._get_entry().entry_id
            )
        ]
        fields = {
            vol.Required(CONF_PATIENCE): SelectSelector(
                SelectSelectorConfig(options=list(Patience), translation_key=CONF_PATIENCE)
            ),
            vol.Required(CONF_DEADLINE): NumberSelector(
                NumberSelectorConfig(
                    min=1, max=60, step=0.5, unit_of_measurement="s", mode=NumberSelectorMode.BOX
                )
            ),
            vol.Optional(CONF_SECOND_ENTRY): ConfigEntrySelector(
                ConfigEntrySelectorConfig(integration=DOMAIN)
            ),
            vol.Optional(CONF_FALLBACK_ENTITY): EntitySelector(
                EntitySelectorConfig(domain=STT_DOMAIN, exclude_entities=own_entities)
            ),
        }
        sections = {
            vol.Required(name): section(
                vol.Schema({key: fields[key] for key in fields if key in keys}),
                {"collapsed": True},
            )
            for name, keys in _SECTIONS.items()
        }
        return vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_PROFANITY): SelectSelector(
                    SelectSelectorConfig(options=list(Profanity), translation_key=CONF_PROFANITY)
                ),
                **sections,
            }
        )


def _flat(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed without the form's sections."""
    flat = {key: value for key, value in typed.items() if key not in _SECTIONS}
    for name in _SECTIONS:
        flat.update(typed[name])
    return flat
