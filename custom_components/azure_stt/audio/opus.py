"""16 kHz 16-bit mono PCM as OGG/Opus. Importing it loads PyAV: not on an event loop."""

from typing import Final

import av
from av.audio.frame import AudioFrame

from .ogg import OggWriter
from .pcm import FRAME, SAMPLE_RATE, SAMPLE_WIDTH

CODEC: Final = "libopus"

SPEECH_BIT_RATE: Final = 24_000
"""Bits per second at which wideband speech is as good as transparent.

https://datatracker.ietf.org/doc/html/rfc7587#section-3.1.1
"""

# Opus counts its samples at 48 kHz, regardless of the sound's rate:
# https://datatracker.ietf.org/doc/html/rfc7845#section-4
_TICKS: Final = 48_000 // SAMPLE_RATE
_PRE_SKIP: Final = slice(10, 12)
_TAGS: Final = b"OpusTags" + len(CODEC).to_bytes(4, "little") + CODEC.encode() + bytes(4)


class OpusEncoder:
    """Encodes PCM to an OGG/Opus file as it comes, in frames of 20 ms.

    With one frame to a page, only a partial frame waits for more sound.
    """

    def __init__(self, *, bit_rate: int = SPEECH_BIT_RATE, frames_per_page: int = 1) -> None:
        """Begin a file. Raises ValueError if PyAV has no encoder for Opus."""
        self.samples = 0
        """Samples so far."""
        self._codec = av.AudioCodecContext.create(CODEC, "w")
        self._codec.rate = SAMPLE_RATE
        self._codec.layout = "mono"
        self._codec.format = "s16"
        self._codec.bit_rate = bit_rate
        self._codec.options = {"frame_duration": str(1000 * FRAME // SAMPLE_RATE)}
        self._codec.open()
        self._frames_per_page = frames_per_page
        head = bytes(self._codec.extradata or b"")
        self._pre_skip = int.from_bytes(head[_PRE_SKIP], "little")
        self._pages = OggWriter()
        self._start = self._pages.page([head], 0) + self._pages.page([_TAGS], 0)
        self._frames: list[bytes] = []
        self._fed = 0
        self._encoded = 0

    def feed(self, pcm: bytes) -> bytes:
        """Return the pages that whole samples complete."""
        self.samples += len(pcm) // SAMPLE_WIDTH
        return self._take_start() + self._encode(pcm)

    def flush(self) -> bytes:
        """Return the rest of the file."""
        end = self.samples + self._pre_skip // _TICKS
        rest = -end % FRAME + end - self.samples
        pages = self._take_start() + self._encode(bytes(rest * SAMPLE_WIDTH), keep_last=True)
        # The position leaves out the padding of the last frame.
        return pages + self._pages.page(self._frames, _TICKS * end, last=True)

    def _take_start(self) -> bytes:
        start, self._start = self._start, b""
        return start

    def _encode(self, pcm: bytes, *, keep_last: bool = False) -> bytes:
        """Return the pages that are full; the last one isn't returned if it may be the file's."""
        pages = b""
        for packet in self._codec.encode(self._frame(pcm)):
            if len(self._frames) == self._frames_per_page:
                pages += self._page()
            self._frames.append(bytes(packet))
        if not keep_last and len(self._frames) == self._frames_per_page:
            pages += self._page()
        return pages

    def _frame(self, pcm: bytes) -> AudioFrame:
        frame = AudioFrame("s16", "mono", len(pcm) // SAMPLE_WIDTH)
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._fed
        self._fed += frame.samples
        (plane,) = frame.planes
        # FFmpeg rounds a plane's size up.
        plane.update(pcm.ljust(plane.buffer_size, b"\0"))
        return frame

    def _page(self) -> bytes:
        self._encoded += len(self._frames) * FRAME
        frames, self._frames = self._frames, []
        return self._pages.page(frames, _TICKS * self._encoded)


def can_encode() -> bool:
    """Return whether PyAV has an encoder for Opus. This blocks."""
    try:
        OpusEncoder()
    except ValueError:
        return False
    return True
