"""Diagnostics of a resource, without secrets and spoken words."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_API_KEY, CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant

from .const import (
    CONF_CORRECTIONS,
    CONF_ENDPOINT,
    CONF_ENDPOINT_ID,
    CONF_REFUSED_CHANGES,
    CONF_RESOURCE_ID,
    CONF_SOUND_ALIKES,
    CONF_TENANT_ID,
)
from .home.recent import async_get_recent
from .home.signals import Utterance
from .resource.resource import AzureSttConfigEntry

# Titles are left out as well, because people choose them.
_PRIVATE: Final = {
    CONF_API_KEY,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_CORRECTIONS,
    CONF_ENDPOINT,
    CONF_ENDPOINT_ID,
    CONF_REFUSED_CHANGES,
    CONF_RESOURCE_ID,
    CONF_SOUND_ALIKES,
    CONF_TENANT_ID,
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: AzureSttConfigEntry
) -> dict[str, Any]:
    """Return a resource's settings, its use and its last requests."""
    resource = entry.runtime_data
    usage = resource.usage
    return {
        "connection": async_redact_data(dict(entry.data), _PRIVATE),
        "options": dict(entry.options),
        "recognizers": [
            {
                "options": async_redact_data(dict(subentry.data), _PRIVATE),
                "utterances": [
                    _without_words(utterance)
                    for utterance in async_get_recent(hass).of(subentry.subentry_id)
                ],
            }
            for subentry in entry.subentries.values()
        ],
        "down": resource.down,
        "token_age": resource.client.credential.token_age,
        "usage": {
            "seconds": usage.seconds,
            "seconds_month": usage.seconds_month,
            "bytes_sent": usage.bytes_sent,
            "bytes_sent_month": usage.bytes_sent_month,
            "requests_month": usage.requests_month,
            "fast_seconds": usage.fast_seconds,
            "fast_seconds_month": usage.fast_seconds_month,
            "fast_requests_month": usage.fast_requests_month,
            "lifted_limit": usage.lifted_limit,
        },
        "opus": resource.uploads.as_dict(),
        "fast_transcription": resource.fast_refusals.as_dict(),
        "test": resource.report and resource.report.as_dict(),
        "requests": [asdict(request) for request in resource.requests],
    }


def _without_words(utterance: Utterance) -> dict[str, Any]:
    """Return the outcome of an utterance, without anything that was said in it."""
    return {
        "outcome": utterance.outcome,
        "changes": utterance.changes,
        "language": utterance.language,
        "confidence": utterance.confidence,
        "duration": utterance.duration,
        "delay": utterance.delay,
    }
