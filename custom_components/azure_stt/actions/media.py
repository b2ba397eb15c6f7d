"""Home Assistant's media as audio: local files, and text-to-speech."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final

from homeassistant.components import media_source, tts
from homeassistant.components.tts.const import DOMAIN as TTS_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..audio.pcm import AudioFormatError
from ..const import DOMAIN

if TYPE_CHECKING:
    from ..audio.ffmpeg import MediaReader  # it loads PyAV

_TTS: Final = "media-source://tts/"

type OpenFile = Callable[[], BinaryIO]
"""Opens a media from its beginning; it blocks."""


@asynccontextmanager
async def async_open_media(hass: HomeAssistant, open_file: OpenFile) -> AsyncIterator[MediaReader]:
    """Provide a reader of a media's audio while the block runs.

    Raises AudioFormatError for a file without readable audio.
    """
    opening = hass.async_add_executor_job(_reader, open_file)
    try:
        # Not awaited directly: its thread can't be cancelled, and its file must be closed.
        await asyncio.wait([opening])
        yield opening.result()
    finally:
        await asyncio.shield(_async_close(hass, opening))


async def async_read(hass: HomeAssistant, reader: MediaReader) -> AsyncGenerator[bytes]:
    """Yield a reader's audio as 16 kHz 16-bit mono PCM."""
    while block := await hass.async_add_executor_job(reader.read):
        yield block


async def _async_close(hass: HomeAssistant, opening: asyncio.Future[MediaReader]) -> None:
    """Close a media, even if it's still being opened."""
    with suppress(AudioFormatError):
        reader = await opening
        await hass.async_add_executor_job(reader.close)


async def async_find_media(hass: HomeAssistant, media_id: str) -> OpenFile:
    """Return a function that opens a media.

    Files are reached only through the media source, which keeps to the allowed folders.
    Raises ServiceValidationError for anything but files and text-to-speech (a radio station
    has no end), and AudioFormatError for a name without a file.
    """
    if media_id.startswith(_TTS) and TTS_DOMAIN in hass.config.components:
        return partial(BytesIO, await _async_speech(hass, media_id))
    try:
        media = await media_source.async_resolve_media(hass, media_id, None)
    except (AssertionError, AttributeError) as err:
        # The media source raises these for a name without a known ending, and for no name.
        msg = "It names no file of a known kind"
        raise AudioFormatError(msg) from err
    except media_source.Unresolvable as err:
        raise _not_local() from err
    if (path := media.path) is None:
        raise _not_local()
    return lambda: path.open("rb")


async def _async_speech(hass: HomeAssistant, media_id: str) -> bytes:
    """Return the audio of a text-to-speech media."""
    try:
        _, audio = await tts.async_get_media_source_audio(hass, media_id)
    except (HomeAssistantError, ValueError) as err:
        raise AudioFormatError(str(err)) from err
    return audio


def _not_local() -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key="media_not_local")


def _reader(open_file: OpenFile) -> MediaReader:
    """Open a media. It loads PyAV, so it mustn't run on the event loop."""
    from ..audio.ffmpeg import MediaReader  # noqa: PLC0415

    try:
        return MediaReader(open_file())
    except OSError as err:
        msg = err.strerror or "The file can't be opened"
        raise AudioFormatError(msg) from err
