"""The actions' schemas, and their targets: the speech-to-text entities."""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Any, Final

import voluptuous as vol

from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import MediaSelector
from homeassistant.helpers.service import async_register_platform_entity_service
from homeassistant.helpers.typing import VolDictType

from .actions.languages import nearest_locale
from .actions.pronunciation import async_assess_pronunciation
from .actions.transcribe import Method, async_transcribe
from .azure_speech import (
    AudioFormat,
    Dimension,
    GradingSystem,
    Granularity,
    PhonemeAlphabet,
    Profanity,
    PronunciationAssessment,
)
from .azure_speech.locales import LOCALES
from .const import CONF_PROFANITY, CONF_TEXT_FORM, DOMAIN
from .home.text_format import TextForm
from .stt import AzureSpeechToTextEntity

ATTR_MEDIA: Final = "media"
ATTR_LANGUAGE: Final = "language"
ATTR_METHOD: Final = "method"

# The media selector's name for it.
ATTR_ID: Final = "media_content_id"

# Characters. The text goes into a header, and more can't be read aloud in the time allowed.
_REFERENCE_MAX: Final = 1000

_MEDIA: Final[VolDictType] = {
    vol.Required(ATTR_MEDIA): MediaSelector({"accept": ["audio/*", "video/*"]}),
    vol.Optional(ATTR_LANGUAGE): vol.In(LOCALES),
}


def _choice[E: Enum](options: type[E]) -> Callable[[Any], E]:
    """Return a validator of an enum's member names in lowercase."""
    named = {option.name.lower(): option for option in options}
    return vol.All(vol.In(named), named.__getitem__)


_TRANSCRIBE: Final[VolDictType] = {
    **_MEDIA,
    vol.Optional(CONF_PROFANITY): _choice(Profanity),
    vol.Optional(CONF_TEXT_FORM): _choice(TextForm),
    vol.Optional(ATTR_METHOD, default=Method.AUTOMATIC.value): _choice(Method),
}
_ASSESSMENT: Final[VolDictType] = {
    vol.Required("reference_text"): vol.All(
        cv.string, str.strip, vol.Length(min=1, max=_REFERENCE_MAX)
    ),
    vol.Optional("granularity"): _choice(Granularity),
    vol.Optional("dimension"): _choice(Dimension),
    vol.Optional("grading_system"): _choice(GradingSystem),
    vol.Optional("enable_miscue"): cv.boolean,
    vol.Optional("enable_prosody"): cv.boolean,
    vol.Optional("phoneme_alphabet"): _choice(PhonemeAlphabet),
    vol.Optional("nbest_phoneme_count"): vol.All(vol.Coerce(int), vol.Range(min=1, max=10)),
    vol.Optional("scenario_id"): cv.string,
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions, whose targets are the speech-to-text entities."""
    for name, schema, action in (
        ("transcribe", _TRANSCRIBE, _async_transcribe),
        ("assess_pronunciation", {**_MEDIA, **_ASSESSMENT}, _async_assess_pronunciation),
    ):
        async_register_platform_entity_service(
            hass,
            DOMAIN,
            name,
            entity_domain=STT_DOMAIN,
            schema=schema,
            func=action,
            supports_response=SupportsResponse.ONLY,
        )


async def _async_transcribe(entity: AzureSpeechToTextEntity, call: ServiceCall) -> ServiceResponse:
    """Transcribe a media."""
    text_format = replace(
        entity.text_format,
        profanity=call.data.get(CONF_PROFANITY, entity.text_format.profanity),
        form=call.data.get(CONF_TEXT_FORM, entity.text_format.form),
    )
    options = replace(entity.options_for(_language(call)), profanity=text_format.profanity)
    return await async_transcribe(
        call.hass,
        call.data[ATTR_MEDIA][ATTR_ID],
        entity.engines(),
        options,
        text_format,
        call.data[ATTR_METHOD],
    )


async def _async_assess_pronunciation(
    entity: AzureSpeechToTextEntity, call: ServiceCall
) -> ServiceResponse:
    """Assess how a text is read aloud in a media."""
    assessment = PronunciationAssessment(
        **{str(key): call.data[str(key)] for key in _ASSESSMENT if str(key) in call.data}
    )
    return await async_assess_pronunciation(
        call.hass,
        call.data[ATTR_MEDIA][ATTR_ID],
        entity.engines(),
        # Scores of pronunciation are for sound as it was recorded.
        replace(entity.options_for(_language(call)), audio_format=AudioFormat.WAV),
        assessment,
    )


def _language(call: ServiceCall) -> str:
    """Return the chosen language, or the nearest to Home Assistant's own."""
    return str(call.data.get(ATTR_LANGUAGE) or nearest_locale(call.hass))
