"""The flow of a recognizer: a speech-to-text engine for voice assistants."""

from collections.abc import Mapping
import re
from typing import Any, Final

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er

from .const import (
    CONF_ENDPOINT_ID,
    CONF_ENDPOINT_LANGUAGE,
    CONF_LANGUAGES,
    CONF_SECOND_ENTRY,
    CONF_TIER,
    CONF_UPLOAD,
    DEFAULT_NAME,
    DEFAULT_RECOGNIZER,
    Tier,
    Upload,
)
from .correct_flow import CorrectFlow
from .home.learned import LISTS
from .recognizer_form import flat, list_error, nested, schema
from .resource.opus import async_load_opus

LANGUAGES_MAX: Final = 3
"""Additional languages that a recognizer may have."""

_ENDPOINT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class RecognizerFlow(CorrectFlow):
    """Adds a recognizer and changes it."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add a recognizer."""
        if user_input is None:
            return self._async_show("user", {CONF_NAME: DEFAULT_NAME})
        data = flat(user_input)
        if errors := await self._errors(data):
            return self._async_show("user", data, errors)
        return self.async_create_entry(title=data.pop(CONF_NAME), data=data)

    async def async_step_reconfigure(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Let the user choose between the options and the last utterances."""
        return self.async_show_menu(step_id="reconfigure", menu_options=["settings", "correct"])

    async def async_step_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a recognizer."""
        subentry = self._get_reconfigure_subentry()
        if user_input is None:
            return self._async_show("settings", {CONF_NAME: subentry.title, **subentry.data})
        data = flat(user_input)
        if errors := await self._errors(data):
            return self._async_show("settings", data, errors)
        return self.async_update_and_abort(
            self._get_entry(), subentry, title=data.pop(CONF_NAME), data=data
        )

    async def _errors(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Return the first validation error."""
        entry = self._get_entry()
        languages = data.get(CONF_LANGUAGES, [])
        error = None
        for key in LISTS:
            error = error or list_error(key, data.get(key, []))
        if error is None and len(languages) > LANGUAGES_MAX:
            error = "too_many_languages"
        if error is None and languages and entry.options[CONF_TIER] == Tier.F0:
            error = "one_at_a_time"
        if error is None and data.get(CONF_SECOND_ENTRY) == entry.entry_id:
            error = "same_resource"
        if error is None and (endpoint_id := data.get(CONF_ENDPOINT_ID)):
            if not _ENDPOINT_ID.fullmatch(endpoint_id):
                error = "invalid_endpoint_id"
            elif CONF_ENDPOINT_LANGUAGE not in data:
                error = "endpoint_language_missing"
        if error is None and data[CONF_UPLOAD] == Upload.OPUS:
            error = None if await async_load_opus(self.hass) else "opus_missing"
        return {"base": error} if error else {}

    @callback
    def _async_show(
        self, step_id: str, shown: Mapping[str, Any], errors: dict[str, str] | None = None
    ) -> SubentryFlowResult:
        own = er.async_entries_for_config_entry(er.async_get(self.hass), self._get_entry().entry_id)
        form = schema([entity.entity_id for entity in own])
        values = nested({**DEFAULT_RECOGNIZER, **shown})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(form, values),
            errors=errors,
        )
