"""The encoder for Opus, which PyAV may be built without."""

import logging
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..azure_speech import Encoder
from ..const import DOMAIN

_LOGGER = logging.getLogger(__name__)

CAN_ENCODE: Final[HassKey[bool]] = HassKey(f"{DOMAIN}_can_encode_opus")
"""Whether there is an encoder; missing until it's loaded."""


async def async_load_opus(hass: HomeAssistant) -> bool:
    """Load the encoder, and return whether there is one: PyAV may be built without it."""
    if CAN_ENCODE not in hass.data:
        hass.data[CAN_ENCODE] = await hass.async_add_executor_job(_load)
        if not hass.data[CAN_ENCODE]:
            _LOGGER.warning("PyAV was built without Opus, so audio is sent as WAV")
    return hass.data[CAN_ENCODE]


def _load() -> bool:
    from ..audio.opus import can_encode  # noqa: PLC0415 - it loads PyAV

    return can_encode()


def new_encoder() -> Encoder:
    """Begin an OGG/Opus file. The encoder must have been loaded, since this doesn't wait."""
    from ..audio.opus import OpusEncoder  # noqa: PLC0415 - it loads PyAV

    return OpusEncoder()
