"""A media file of any kind as OGG/Opus. Importing it loads PyAV: not on an event loop."""

from collections.abc import Callable
from threading import Lock
from typing import BinaryIO, Final

import av
from av.audio.frame import AudioFrame

from .ffmpeg import MediaReader
from .pcm import SAMPLE_RATE, SAMPLE_WIDTH, AudioFormatError

BYTES_PER_SECOND: Final = 4_000
"""About as many as a second of sound becomes: 32 kbit/s, of which speech needs less."""


class OpusFile:
    """Encodes the sound of a media file as it is read, about a second at a time.

    Its calls block. `close` may be called while another one runs, and waits for it.
    """

    def __init__(self, open_file: Callable[[], BinaryIO]) -> None:
        """Initialize with a function that opens the file; it's opened when it's read."""
        self._open_file = open_file
        self._lock = Lock()
        self._encoder: _Encoder | None = None
        self._reader: MediaReader | None = None
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

        Raises AudioFormatError for what can't be read.
        """
        with self._lock:
            if self._closed:
                return b""
            if self._reader is None or self._encoder is None:
                self._reader, self._encoder = self._open(), _Encoder()
            while not self._encoder.has_ended:
                self._encoder.feed(self._reader.read())
                if written := self._encoder.take():
                    return written
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


class _Encoder:
    """Makes an OGG/Opus file of 16 kHz 16-bit mono PCM."""

    def __init__(self) -> None:
        self.samples = 0
        self.has_ended = False
        self._written = _Written()
        self._container = av.open(self._written, "w", format="ogg")
        self._stream = self._container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        self._stream.bit_rate = 8 * BYTES_PER_SECOND

    def feed(self, pcm: bytes) -> None:
        """Encode whole samples; nothing is the end."""
        if not pcm:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self.has_ended = True
            return
        frame = AudioFrame("s16", "mono", len(pcm) // SAMPLE_WIDTH)
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self.samples
        self.samples += frame.samples
        (plane,) = frame.planes
        # FFmpeg rounds a plane's size up.
        plane.update(pcm.ljust(plane.buffer_size, b"\0"))
        self._container.mux(self._stream.encode(frame))

    def take(self) -> bytes:
        """Return what was written since."""
        return self._written.take()


class _Written:
    """Holds the bytes that FFmpeg has written until they are taken."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken
