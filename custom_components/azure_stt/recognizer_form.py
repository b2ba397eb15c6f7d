"""The form of a recognizer: its sections, their fields, and the errors of its lists."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import voluptuous as vol

from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.const import CONF_NAME
from homeassistant.data_entry_flow import section
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
    CONF_UPLOAD,
    DEFAULT_RECOGNIZER,
    DOMAIN,
    Upload,
)
from .home.learned import LEARNED_MAX
from .home.text_format import TextForm
from .recognition.answering import EndOfSpeech, Patience

_EXPANDED: Final = ("pauses", "backup")

SECTIONS: Final = (*_EXPANDED, "languages", "names", "text", "connection", "custom_speech")
"""The form's sections, in the order in which people need them. The saved options are flat."""

_ADDITIONAL_LANGUAGES: Final = SelectSelector(
    SelectSelectorConfig(
        options=[SelectOptionDict(value=locale, label=name) for locale, name in LOCALES.items()],
        multiple=True,
        mode=SelectSelectorMode.DROPDOWN,
    )
)


def schema(own_entities: list[str]) -> vol.Schema:
    """Return the form's schema. A recognizer can't be the backup of `own_entities`."""
    fields: dict[str, dict[vol.Marker, Any]] = {
        "pauses": {
            _with_default(CONF_PATIENCE): _choice(Patience, CONF_PATIENCE),
            _with_default(CONF_END_OF_SPEECH): _choice(EndOfSpeech, CONF_END_OF_SPEECH),
        },
        "backup": {
            vol.Optional(CONF_SECOND_ENTRY): ConfigEntrySelector(
                ConfigEntrySelectorConfig(integration=DOMAIN)
            ),
            vol.Optional(CONF_FALLBACK_ENTITY): EntitySelector(
                EntitySelectorConfig(domain=STT_DOMAIN, exclude_entities=own_entities)
            ),
            _with_default(CONF_DEADLINE): _seconds(least=1, most=60),
        },
        "languages": {vol.Optional(CONF_LANGUAGES): _ADDITIONAL_LANGUAGES},
        "names": {
            _with_default(CONF_HOME_AWARE): BooleanSelector(),
            vol.Optional(CONF_CORRECTIONS): _pairs(CONF_CORRECTIONS),
            vol.Optional(CONF_SOUND_ALIKES): _pairs(CONF_SOUND_ALIKES),
            vol.Optional(CONF_REFUSED_CHANGES): _pairs(CONF_REFUSED_CHANGES),
            _with_default(CONF_SECOND_OPINION): BooleanSelector(),
            _with_default(CONF_SEND_NAMES): BooleanSelector(),
            _with_default(CONF_SECOND_OPINION_TIMEOUT): _seconds(least=0.5, most=10),
            _with_default(CONF_REMEMBER_RECENT): BooleanSelector(),
        },
        "text": {
            _with_default(CONF_TEXT_FORM): _choice(TextForm, CONF_TEXT_FORM),
            _with_default(CONF_PROFANITY): _choice(Profanity, CONF_PROFANITY),
        },
        "connection": {_with_default(CONF_UPLOAD): _choice(Upload, CONF_UPLOAD)},
        "custom_speech": {
            vol.Optional(CONF_ENDPOINT_ID): TextSelector(),
            vol.Optional(CONF_ENDPOINT_LANGUAGE): LanguageSelector(
                LanguageSelectorConfig(languages=list(LOCALES))
            ),
        },
    }
    sections = {
        vol.Required(name): section(vol.Schema(fields[name]), {"collapsed": name not in _EXPANDED})
        for name in SECTIONS
    }
    return vol.Schema({vol.Required(CONF_NAME): TextSelector(), **sections})


def nested(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the form shows; each section takes its own from all of them."""
    return {**options, **dict.fromkeys(SECTIONS, options)}


def flat(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's input without its sections, as it is saved."""
    options: dict[str, Any] = {}
    for key, value in typed.items():
        options |= value if key in SECTIONS else {key: value}
    return options


def list_error(key: str, pairs: Sequence[Mapping[str, str]]) -> str | None:
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


def _with_default(key: str) -> vol.Required:
    return vol.Required(key, default=DEFAULT_RECOGNIZER[key])


def _choice(options: type[StrEnum], translation_key: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=list(options), translation_key=translation_key)
    )


def _seconds(*, least: float, most: float) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=least, max=most, step=0.5, unit_of_measurement="s", mode=NumberSelectorMode.BOX
        )
    )


def _pairs(key: str) -> ObjectSelector:
    """Return the selector of a list of corrections."""
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
