"""The language of a recording if none is chosen."""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import language as language_util

from ..azure_speech.locales import LOCALES

# Used if none of Azure's locales is near Home Assistant's language.
_LANGUAGE: Final = "en-US"

# Where Home Assistant's own matching doesn't give the nearest locale: it doesn't know that
# Nynorsk is Norwegian, and without a country it takes traditional Chinese to be Hong Kong's.
_SAME_LANGUAGE: Final = {"nn": "nb"}
_USUAL_COUNTRY: Final = {"zh-Hant": "TW"}


def nearest_locale(hass: HomeAssistant) -> str:
    """Return the locale of Azure's that is the nearest to Home Assistant's own language."""
    language = _SAME_LANGUAGE.get(hass.config.language, hass.config.language)
    country = hass.config.country or _USUAL_COUNTRY.get(language)
    matches = language_util.matches(language, LOCALES, country=country)
    return matches[0] if matches else _LANGUAGE
