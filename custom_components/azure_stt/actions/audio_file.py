"""A media as a file for fast transcription: in its own format if Azure takes it, or as OGG/Opus."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
import os
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from homeassistant.core import HomeAssistant

from ..audio.pcm import AudioFormatError
from ..azure_speech import AudioFile, FileFormat
from .media import OpenFile

if TYPE_CHECKING:
    from ..audio.ffmpeg import MediaReader  # it loads PyAV
    from ..audio.media_kind import MediaKind

LARGEST: Final = 250_000_000
"""Bytes of a file that is sent as it is. Microsoft's reference says 250 MB, its guide 300 MB.

https://learn.microsoft.com/rest/api/speechtotext/transcriptions/transcribe
"""

_BLOCK: Final = 64 * 1024
_STEREO: Final = 2

# The documented formats, by FFmpeg's names of container and codec. Any other codec in the same
# container is encoded, and so is WebM's relative Matroska.
_TAKEN: Final = {
    ("wav", "pcm_s16le"): FileFormat.WAV,
    ("wav", "pcm_mulaw"): FileFormat.WAV,
    ("wav", "pcm_alaw"): FileFormat.WAV,
    ("mp3", "mp3"): FileFormat.MP3,
    ("ogg", "opus"): FileFormat.OGG,
    ("ogg", "speex"): FileFormat.SPEEX,
    ("flac", "flac"): FileFormat.FLAC,
    ("asf", "wmav1"): FileFormat.WMA,
    ("asf", "wmav2"): FileFormat.WMA,
    ("aac", "aac"): FileFormat.AAC,
    ("amr", "amr_nb"): FileFormat.AMR,
    ("amr", "amr_wb"): FileFormat.AMR,
    ("matroska,webm", "opus"): FileFormat.WEBM,
    ("matroska,webm", "vorbis"): FileFormat.WEBM,
}
_DOCTYPE: Final = b"webm"
_DOCTYPE_WITHIN: Final = 64

type OnSent = Callable[[float | None], None]
"""Called with the part of the file, 0-1, that was read; None if that isn't known."""


class SentFile:
    """A media as a file to send, any number of times."""

    def __init__(self, hass: HomeAssistant, on_sent: OnSent) -> None:
        """Initialize without having read anything."""
        self.audio: AudioFile
        self._hass = hass
        self._on_sent = on_sent
        self._sources: list[_Source] = []

    @property
    def damaged(self) -> bool:
        """Whether some of the sound couldn't be read; False for a file that goes as it is."""
        return any(source.damaged for source in self._sources)

    def read(self, source: _Source, whole: float | None) -> AsyncIterable[bytes]:
        """Return a source's blocks; `whole` is its length, in the unit of its `done`."""
        self._sources.append(source)
        return _Blocks(self, source, whole)

    async def next_block(self, source: _Source, whole: float | None) -> bytes:
        """Return the next block of a source, and nothing at its end."""
        block = await self._hass.async_add_executor_job(source.read)
        self._on_sent(source.done / whole if whole else None)
        return block

    async def close(self) -> None:
        """Close the file, after any read that is under way."""
        for source in self._sources:
            await self._hass.async_add_executor_job(source.close)


@asynccontextmanager
async def async_sent_file(
    hass: HomeAssistant, open_file: OpenFile, reader: MediaReader, on_sent: OnSent
) -> AsyncIterator[SentFile]:
    """Provide the file of a media, which a reader has opened, while the block runs.

    Raises AudioFormatError for a media without sound.
    """
    if reader.kind is None:
        msg = "The file has no sound"
        raise AudioFormatError(msg)
    size, head, opus_file = await hass.async_add_executor_job(_look_into, open_file)
    file_format = _taken(reader.kind, head)
    sent = SentFile(hass, on_sent)
    if file_format is None or reader.is_open_ended or size >= LARGEST:
        sent.audio = AudioFile(
            format=FileFormat.OGG,
            open=lambda: sent.read(opus_file.OpusFile(open_file), reader.duration),
            bytes_per_second=opus_file.BYTES_PER_SECOND,
        )
    else:
        sent.audio = AudioFile(
            format=file_format,
            open=lambda: sent.read(_RawFile(open_file), size),
            size=size,
            bytes_per_second=size / reader.duration if reader.duration else None,
        )
    try:
        yield sent
    finally:
        await asyncio.shield(sent.close())


class _Source(Protocol):
    """A file's bytes. Its calls block."""

    @property
    def done(self) -> float: ...

    @property
    def damaged(self) -> bool: ...

    def read(self) -> bytes: ...

    def close(self) -> None: ...


class _Blocks:
    """A source's blocks. Not a generator, which aiohttp would drop unfinished."""

    def __init__(self, sent: SentFile, source: _Source, whole: float | None) -> None:
        self._sent = sent
        self._source = source
        self._whole = whole

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if block := await self._sent.next_block(self._source, self._whole):
            return block
        raise StopAsyncIteration


class _RawFile:
    """A file as it is, opened when it's read."""

    damaged: Final = False

    def __init__(self, open_file: OpenFile) -> None:
        self._open_file = open_file
        self._lock = Lock()
        self._file: BinaryIO | None = None
        self._closed = False
        self.done = 0

    def read(self) -> bytes:
        with self._lock:
            if self._closed:
                return b""
            try:
                self._file = self._file or self._open_file()
                block = self._file.read(_BLOCK)
            except OSError as err:
                msg = err.strerror or "The file can't be read"
                raise AudioFormatError(msg) from err
            self.done += len(block)
            return block

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._file:
                self._file.close()


def _look_into(open_file: OpenFile) -> tuple[int, bytes, ModuleType]:
    """Return a file's size, its beginning, and the encoder, which loads PyAV."""
    from ..audio import opus_file  # noqa: PLC0415

    try:
        with open_file() as file:
            head = file.read(_DOCTYPE_WITHIN)
            return file.seek(0, os.SEEK_END), head, opus_file
    except OSError as err:
        msg = err.strerror or "The file can't be read"
        raise AudioFormatError(msg) from err


def _taken(kind: MediaKind, head: bytes) -> FileFormat | None:
    """Return the format of a file that is sent as it is; None for any other file.

    A film isn't, and neither is sound of more than two channels.
    """
    if kind.streams > 1 or kind.channels > _STEREO:
        return None
    file_format = _TAKEN.get((kind.container, kind.codec))
    return None if file_format is FileFormat.WEBM and _DOCTYPE not in head else file_format
