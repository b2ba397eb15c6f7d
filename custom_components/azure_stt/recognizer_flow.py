"""The form of a recognizer: a speech-to-text engine for voice assistants."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
import re
from typing import Any, Final

import voluptuous as vol

from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    ConfigEntrySelector,
    ConfigEntrySelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    LanguageSelector,
    LanguageSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from .azure_speech import Profanity
from .azure_speech.locales import LOCALES
from .const import (
    CONF_CORRECTIONS,
    CONF_DEADLINE,
    CONF_END_OF_SPEECH,
    CONF_ENDPOINT_ID,
    CONF_ENDPOINT_LANGUAGE,
    CONF_FALLBACK_ENTITY,
    CONF_HEARD,
    CONF_HOME_AWARE,
    CONF_LANGUAGES,
    CONF_MEANT,
    CONF_PATIENCE,
    CONF_PROFANITY,
    CONF_REFUSED_CHANGES,
    CONF_REMEMBER_RECENT,
    CONF_SECOND_ENTRY,
    CONF_SECOND_OPINION,
    CONF_SECOND_OPINION_TIMEOUT,
    CONF_SEND_NAMES,
    CONF_SOUND_ALIKES,
    CONF_TEXT_FORM,
    CONF_TIER,
    CONF_UPLOAD,
    DEFAULT_NAME,
    DEFAULT_RECOGNIZER,
    DOMAIN,
    Tier,
    Upload,
)
from .correct_flow import CorrectFlow
from .home.learned import LEARNED_MAX, LISTS
from .home.text_format import TextForm
from .recognition.answering import EndOfSpeech, Patience
from .resource.opus import async_load_opus

LANGUAGES_MAX: Final = 3
"""Additional languages that a recognizer may have."""

# The sections of the form. The saved options are flat.
_SECTIONS = {
    "meaning": (
        CONF_HOME_AWARE,
        CONF_SECOND_OPINION,
        CONF_SEND_NAMES,
        CONF_SECOND_OPINION_TIMEOUT,
        CONF_CORRECTIONS,
        CONF_SOUND_ALIKES,
        CONF_REFUSED_CHANGES,
        CONF_REMEMBER_RECENT,
        CONF_LANGUAGES,
    ),
    "answer": (CONF_PATIENCE, CONF_END_OF_SPEECH, CONF_DEADLINE, CONF_UPLOAD),
    "backup": (CONF_SECOND_ENTRY, CONF_FALLBACK_ENTITY),
    "custom_speech": (CONF_ENDPOINT_ID, CONF_ENDPOINT_LANGUAGE),
}

_ENDPOINT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class RecognizerFlow(CorrectFlow):
    """Adds a recognizer and changes it."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add a recognizer."""
        if user_input is None:
            return self._async_show("user", {CONF_NAME: DEFAULT_NAME})
        data = _flat(user_input)
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
        data = _flat(user_input)
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
            error = error or _list_error(key, data.get(key, []))
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
            vol.Required(CONF_HOME_AWARE): BooleanSelector(),
            _with_default(CONF_SECOND_OPINION): BooleanSelector(),
            _with_default(CONF_SEND_NAMES): BooleanSelector(),
            _with_default(CONF_SECOND_OPINION_TIMEOUT): _seconds(least=0.5, most=10),
            vol.Optional(CONF_CORRECTIONS): _pairs(CONF_CORRECTIONS),
            vol.Optional(CONF_SOUND_ALIKES): _pairs(CONF_SOUND_ALIKES),
            vol.Optional(CONF_REFUSED_CHANGES): _pairs(CONF_REFUSED_CHANGES),
            _with_default(CONF_REMEMBER_RECENT): BooleanSelector(),
            vol.Optional(CONF_LANGUAGES): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=locale, label=name)
                        for locale, name in LOCALES.items()
                    ],
                    multiple=True,
                    mode=SelectSelectorMode.DROPDOWN,
                )
            ),
            vol.Required(CONF_PATIENCE): _choice(Patience, CONF_PATIENCE),
            _with_default(CONF_END_OF_SPEECH): _choice(EndOfSpeech, CONF_END_OF_SPEECH),
            vol.Required(CONF_DEADLINE): _seconds(least=1, most=60),
            _with_default(CONF_UPLOAD): _choice(Upload, CONF_UPLOAD),
            vol.Optional(CONF_SECOND_ENTRY): ConfigEntrySelector(
                ConfigEntrySelectorConfig(integration=DOMAIN)
            ),
            vol.Optional(CONF_FALLBACK_ENTITY): EntitySelector(
                EntitySelectorConfig(domain=STT_DOMAIN, exclude_entities=own_entities)
            ),
            vol.Optional(CONF_ENDPOINT_ID): TextSelector(),
            vol.Optional(CONF_ENDPOINT_LANGUAGE): LanguageSelector(
                LanguageSelectorConfig(languages=list(LOCALES))
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
                vol.Required(CONF_PROFANITY): _choice(Profanity, CONF_PROFANITY),
                vol.Required(CONF_TEXT_FORM): _choice(TextForm, CONF_TEXT_FORM),
                **sections,
            }
        )


def _pairs(key: str) -> ObjectSelector:
    """Return the selector for a list of corrections, sound-alikes or refused changes."""
    return ObjectSelector(
        ObjectSelectorConfig(
            fields={
                CONF_HEARD: {"selector": {"text": {}}, "required": True},
                # Only a correction may leave words out.
                CONF_MEANT: {"selector": {"text": {}}, "required": key != CONF_CORRECTIONS},
            },
            multiple=True,
            label_field=CONF_HEARD,
            description_field=CONF_MEANT,
            translation_key=key,
        )
    )


def _with_default(key: str) -> vol.Required:
    return vol.Required(key, default=DEFAULT_RECOGNIZER[key])


def _seconds(*, least: float, most: float) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=least, max=most, step=0.5, unit_of_measurement="s", mode=NumberSelectorMode.BOX
        )
    )


def _choice(options: type[StrEnum], translation_key: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=list(options), translation_key=translation_key)
    )


def _list_error(key: str, pairs: Sequence[Mapping[str, str]]) -> str | None:
    """Return the error in a list of corrections, or None."""
    if len(pairs) > LEARNED_MAX:
        return "too_many_corrections"
    if not all(pair[CONF_HEARD].strip() for pair in pairs):
        return "correction_empty"
    if key != CONF_CORRECTIONS and not all(pair[CONF_MEANT].strip() for pair in pairs):
        return "nothing_meant"
    # The same words may have been changed in several ways that were all wrong.
    sides = (CONF_HEARD, CONF_MEANT) if key == CONF_REFUSED_CHANGES else (CONF_HEARD,)
    unique = {tuple(" ".join(pair[side].split()).casefold() for side in sides) for pair in pairs}
    return None if len(unique) == len(pairs) else "correction_twice"


def _flat(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's input without its sections."""
    flat = {key: value for key, value in typed.items() if key not in _SECTIONS}
    for name in _SECTIONS:
        flat.update(typed[name])
    return flat
