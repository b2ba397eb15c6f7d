"""System health: whether Azure can be reached, and this month's usage."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from yarl import URL

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .resource.resource import AzureSttConfigEntry

_REACHED: Final = "ok"
_SECONDS_PER_MINUTE: Final = 60


@callback
def async_register(_: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the facts shown under *Settings, Repairs, System information*."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the facts about all loaded resources."""
    entries: list[AzureSttConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if not entries:
        return {"resources": 0}
    resources = [entry.runtime_data for entry in entries]
    clients = [resource.client for resource in resources]
    return {
        "resources": ", ".join(entry.title for entry in entries),
        "can_reach_speech": _async_reach(
            hass, {client.endpoint.recognition_url.origin() for client in clients}
        ),
        "can_reach_token": _async_reach(
            hass, {client.credential.token_url.origin() for client in clients}
        ),
        "token_age": ", ".join(_age(client.credential.token_age) for client in clients),
        "minutes_month": round(
            sum(resource.usage.seconds_month for resource in resources) / _SECONDS_PER_MINUTE, 1
        ),
        "requests_month": sum(resource.usage.requests_month for resource in resources),
    }


async def _async_reach(hass: HomeAssistant, urls: Iterable[URL]) -> str | dict[str, str]:
    """Return "ok" if every host answers, or the first failure."""
    answers = await asyncio.gather(
        *(system_health.async_check_can_reach_url(hass, str(url)) for url in urls)
    )
    return next((answer for answer in answers if answer != _REACHED), _REACHED)


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.0f} s"
