"""Home Assistant Cloud's client (`hass_nabucasa`), which uses the same service; unchanged."""

from collections.abc import AsyncIterable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

from aiohttp import ClientSession
from hass_nabucasa.voice import Voice

from homeassistant.components.stt import SpeechMetadata
from homeassistant.util.dt import utcnow

from custom_components.azure_stt.azure_speech import Endpoint

from .tokens import fetch_token

# Azure's tokens are good for ten minutes.
_TOKEN_LIFE: Final = timedelta(minutes=9)


def voice_of(session: ClientSession, address: str) -> Voice:
    """Return the client, with the parts of the cloud that it uses: the address and a token."""

    async def connection_details() -> dict[str, str]:
        return {
            "authorized_key": await fetch_token(session, address),
            "endpoint_stt": str(Endpoint.from_address(address).recognition_url),
            "endpoint_tts": "",
            "valid": str((utcnow() + _TOKEN_LIFE).timestamp()),
        }

    cloud: Any = SimpleNamespace(
        valid_subscription=True,
        websession=session,
        client=SimpleNamespace(client_name="benchmark"),
        voice_api=SimpleNamespace(connection_details=connection_details),
    )
    return Voice(cloud)


async def recognize_as_cloud(
    voice: Voice, metadata: SpeechMetadata, stream: AsyncIterable[bytes]
) -> str:
    """Call the client as Home Assistant does (components/cloud/stt.py): without a WAV header."""
    result = await voice.process_stt(
        stream=stream,
        content_type=(
            f"audio/{metadata.format!s}; codecs=audio/{metadata.codec!s}; samplerate=16000"
        ),
        language=metadata.language,
    )
    return result.text or ""
