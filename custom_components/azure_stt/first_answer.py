"""The text that ends the set-up: how the resource answers."""

import asyncio
from typing import Final

from homeassistant.core import HomeAssistant

from .azure_speech import (
    BYTES_PER_SECOND,
    AudioFile,
    SpeechClient,
    SpeechError,
    TranscriptionOptions,
)
from .resource.client_factory import async_create_transcriber
from .resource.fast_refusals import FastRefusals

# Seconds for which the set-up waits for the text.
_LIMIT: Final = 8.0

_LANGUAGE: Final = "en-US"
_SILENCE: Final = bytes(BYTES_PER_SECOND // 5)


async def async_describe_answer(
    hass: HomeAssistant, client: SpeechClient
) -> tuple[str, dict[str, str]]:
    """Return the key of the set-up's last text, and its placeholders.

    The connection was proven before, so a failure only leaves something untold.
    """
    loop = asyncio.get_running_loop()
    refusals = FastRefusals(client.host)
    seconds: float | None = None
    has_fast = False
    try:
        async with asyncio.timeout(_LIMIT):
            began = loop.time()
            await client.check()
            seconds = loop.time() - began
            refusals.async_note_other_answer()
            await async_create_transcriber(hass, client).transcribe(
                AudioFile.from_pcm(_SILENCE), TranscriptionOptions(language=_LANGUAGE)
            )
            has_fast = True
    except TimeoutError:
        pass
    except SpeechError as err:
        refusals.async_note_failure(err, _LANGUAGE)
    if seconds is None:
        return "default", {"host": client.host}
    placeholders = {"host": client.host, "seconds": f"{seconds:.2f}"}
    if has_fast:
        return "fast", placeholders
    return "fast_unknown" if refusals.offered(_LANGUAGE) else "no_fast", placeholders
