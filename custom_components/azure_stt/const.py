"""Constants that the integration's modules share."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

DOMAIN: Final = "azure_stt"

CONF_CONNECTION: Final = "connection"
CONF_ENDPOINT: Final = "endpoint"
CONF_TENANT_ID: Final = "tenant_id"
CONF_RESOURCE_ID: Final = "resource_id"

CONF_TIER: Final = "tier"
CONF_PRICE_PER_HOUR: Final = "price_per_hour"
CONF_SECOND_PRICE_PER_HOUR: Final = "second_price_per_hour"
DEFAULT_SECOND_PRICE_PER_HOUR: Final = 0.36
"""US dollars for an hour of fast transcription, as public notes of 2026 have it."""
CONF_MONTHLY_LIMIT_HOURS: Final = "monthly_limit_hours"

CONF_PROFANITY: Final = "profanity"
CONF_TEXT_FORM: Final = "text_form"
CONF_HOME_AWARE: Final = "home_aware"
CONF_CORRECTIONS: Final = "corrections"
CONF_HEARD: Final = "heard"
CONF_MEANT: Final = "meant"
CONF_SOUND_ALIKES: Final = "sound_alikes"
CONF_REFUSED_CHANGES: Final = "refused_changes"
CONF_REMEMBER_RECENT: Final = "remember_recent"
CONF_LANGUAGES: Final = "languages"
CONF_ENDPOINT_ID: Final = "endpoint_id"
CONF_ENDPOINT_LANGUAGE: Final = "endpoint_language"
CONF_PATIENCE: Final = "patience"
CONF_END_OF_SPEECH: Final = "end_of_speech"
CONF_DEADLINE: Final = "deadline"
CONF_SECOND_ENTRY: Final = "second_entry"
CONF_FALLBACK_ENTITY: Final = "fallback_entity"
CONF_SECOND_OPINION: Final = "second_opinion"
CONF_SECOND_OPINION_TIMEOUT: Final = "second_opinion_timeout"
CONF_SEND_NAMES: Final = "send_names"
CONF_UPLOAD: Final = "upload"

SUBENTRY_TYPE: Final = "stt"
DEFAULT_NAME: Final = "Azure Speech to Text"


DEFAULT_RECOGNIZER: Final[Mapping[str, Any]] = MappingProxyType(
    {
        CONF_PROFANITY: "masked",
        CONF_TEXT_FORM: "display",
        CONF_HOME_AWARE: True,
        CONF_PATIENCE: "automatic",
        CONF_END_OF_SPEECH: "home_assistant",
        CONF_DEADLINE: 8.0,
        CONF_SECOND_OPINION: True,
        CONF_SECOND_OPINION_TIMEOUT: 2.5,
        CONF_SEND_NAMES: True,
        CONF_REMEMBER_RECENT: True,
        CONF_UPLOAD: "wav",
    }
)
"""The default options of a recognizer; the other options have none."""


class Connection(StrEnum):
    """The ways to reach a resource: the steps of the config flow's menu."""

    REGION = "region"
    US_GOVERNMENT = "us_government"
    CHINA = "china"
    CUSTOM_ENDPOINT = "custom_endpoint"
    ENTRA = "entra"


class Tier(StrEnum):
    """A resource's pricing tier, which limits its requests at once to 1 or 100.

    https://learn.microsoft.com/azure/ai-services/speech-service/speech-services-quotas-and-limits
    """

    F0 = "f0"
    S0 = "s0"


class Upload(StrEnum):
    """The format in which a recognizer's audio is sent."""

    WAV = "wav"
    OPUS = "opus"
