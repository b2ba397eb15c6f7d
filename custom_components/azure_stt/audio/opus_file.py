"""A media file of any kind as OGG/Opus. Importing it loads PyAV: not on an event loop."""

from collections.abc import Callable
from threading import Lock
from typing import BinaryIO, Final

from .ffmpeg import MediaReader
from .opus import OpusEncoder
from .pcm import SAMPLE_RATE, AudioFormatError

BYTES_PER_SECOND: Final = 4_000
"""Approximate bytes for a second of sound: 32 kbit/s. Speech needs less."""

# A page for each second, because a file's first sounds aren't urgent.
_FRAMES_PER_PAGE: Final = 50


class OpusFile:
    """Encodes the sound of a media file as it is read, about a second at a time.

    Its calls block. `close` may be called while another one runs, and waits for it.
    """

    def __init__(self, open_file: Callable[[], BinaryIO]) -> None:
        """Initialize with a function that opens the file; it's opened when it's read."""
        self._open_file = open_file
        self._lock = Lock()
        self._encoder: OpusEncoder | None = None
        self._reader: MediaReader | None = None
        self._has_ended = False
        self._closed = False

    @property
    def done(self) -> float:
        """Seconds of sound that were read."""
        return self._encoder.samples / SAMPLE_RATE if self._encoder else 0.0

    @property
    def damaged(self) -> bool:
        """Whether some of the sound couldn't be read, as far as it's known by now."""
        return self._reader is not None and self._reader.damaged

    def read(self) -> bytes:
        """Return some bytes of the file, and nothing at its end or once it's closed.

        Raises AudioFormatError for a file that can't be read.
        """
        with self._lock:
            if self._closed:
                return b""
            if self._reader is None or self._encoder is None:
                self._reader = self._open()
                self._encoder = OpusEncoder(
                    bit_rate=8 * BYTES_PER_SECOND, frames_per_page=_FRAMES_PER_PAGE
                )
            while not self._has_ended:
                pcm = self._reader.read()
                self._has_ended = not pcm
                if pages := self._encoder.feed(pcm) if pcm else self._encoder.flush():
                    return pages
            return b""

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closed = True
            if self._reader:
                self._reader.close()

    def _open(self) -> MediaReader:
        try:
            return MediaReader(self._open_file())
        except OSError as err:
            msg = err.strerror or "The file can't be opened"
            raise AudioFormatError(msg) from err
