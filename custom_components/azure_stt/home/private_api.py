"""The guard around private API of Home Assistant, which may change."""

from collections.abc import Iterator
from contextlib import contextmanager
import logging
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

_LOGGER = logging.getLogger(__name__)

_REPORTED: Final[HassKey[bool]] = HassKey(f"{DOMAIN}_assist_reported")


@contextmanager
def private_api(hass: HomeAssistant) -> Iterator[None]:
    """Suppress any error of Home Assistant's private API, and log the first one."""
    try:
        yield
    except Exception as err:  # noqa: BLE001 - a change of the API can show as anything
        if not hass.data.get(_REPORTED):
            hass.data[_REPORTED] = True
            _LOGGER.warning(
                "Home Assistant's agent can't be asked, so names aren't matched and commands"
                " aren't answered early: %s",
                type(err).__name__,
            )
