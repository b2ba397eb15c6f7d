"""OGG/Opus, decoded while it comes (RFC 3533, RFC 7845), and refused where it's broken.

[?] Azure's answer to a broken page isn't known, so nobody may depend on it.
"""

from collections.abc import Iterator
import struct
from typing import TYPE_CHECKING, Final
from zlib import crc32

from .answer import refuse_audio_format, refuse_content
from .speech_model import SAMPLE_RATE, SAMPLE_WIDTH

if TYPE_CHECKING:
    import av

_CAPTURE: Final = b"OggS\0"
_PAGE_HEADER: Final = struct.Struct("<5sBqIIIB")
_CHECKSUM: Final = slice(22, 26)
_FIRST, _LAST, _CONTINUED = 2, 4, 1
_LACE_MAX: Final = 255
_HEAD: Final = 19
_TICKS: Final = 48_000 // SAMPLE_RATE
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OpusReader:
    """Decodes an upload of OGG/Opus, of one or two channels, to 16 kHz 16-bit mono PCM."""

    is_understood: Final = True
    sample_rate: Final = SAMPLE_RATE

    def __init__(self) -> None:
        """Begin an upload."""
        self.header = b""
        """The pages before the sound."""
        self._unread = b""
        self._pages = 0
        self._packets = 0
        self._serial: int | None = None
        self._position = 0
        self._has_ended = False
        self._decoder: _Decoder | None = None

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the upload and give the sound of the pages that are complete.

        Raises `RefusedError` (400) for a page that is broken, or isn't of Opus.
        """
        self._unread += data
        return b"".join([self._sound(page) for page in self._complete_pages()])

    def finish(self) -> None:
        """Check the end. Raises `RefusedError` (400) if the last page isn't whole, or missing."""
        if self._unread or not self._has_ended:
            refuse_content("The OGG file has no end")

    def _complete_pages(self) -> Iterator[bytes]:
        while True:
            data = self._unread
            if data[: len(_CAPTURE)] != _CAPTURE[: len(data)]:
                refuse_audio_format()
            if len(data) < _PAGE_HEADER.size:
                return
            body = _PAGE_HEADER.size + data[_PAGE_HEADER.size - 1]
            end = body + sum(data[_PAGE_HEADER.size : body])
            if len(data) < max(body, end):
                return
            self._unread = data[end:]
            yield data[:end]

    def _sound(self, page: bytes) -> bytes:
        _, flags, position, serial, number, _, laces = _PAGE_HEADER.unpack_from(page)
        if page[_CHECKSUM] != _checksum(page):
            refuse_content("The checksum of an OGG page is wrong")
        if number != self._pages or self._has_ended or (self._serial or serial) != serial:
            refuse_content("An OGG page isn't in its place")
        if bool(flags & _FIRST) != (number == 0) or flags & _CONTINUED:
            refuse_content("An OGG page has wrong flags")
        if position < self._position:
            refuse_content("An OGG page goes back in time")
        self._serial, self._position, self._pages = serial, position, number + 1
        self._has_ended = bool(flags & _LAST)
        sizes = page[_PAGE_HEADER.size : _PAGE_HEADER.size + laces]
        sound = b"".join([self._packet(each) for each in _packets(page, sizes)])
        if self._packets <= 2:  # the head and the tags
            self.header += page
        if self._has_ended and self._decoder:
            return self._decoder.finish(sound, position)
        return sound

    def _packet(self, packet: bytes) -> bytes:
        self._packets += 1
        if self._packets == 1:
            if not packet.startswith(b"OpusHead") or len(packet) != _HEAD:
                refuse_audio_format()
            self._decoder = _Decoder(packet)
            return b""
        if self._packets == 2:
            if not packet.startswith(b"OpusTags"):
                refuse_audio_format()
            return b""
        assert self._decoder
        return self._decoder.decode(packet)


class _Decoder:
    """Decodes the packets of one file."""

    def __init__(self, head: bytes) -> None:
        import av  # noqa: PLC0415  # the emulator runs without it

        self._av = av
        self._codec: av.AudioCodecContext = av.AudioCodecContext.create("opus", "r")
        self._codec.extradata = head
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        # The decoder leaves it out by itself.
        self._before = int.from_bytes(head[10:12], "little") // _TICKS
        self._made = 0

    def decode(self, packet: bytes) -> bytes:
        """Return the sound of a packet, as far as it's complete."""
        try:
            frames = self._codec.decode(self._av.Packet(packet))
        except self._av.FFmpegError:
            refuse_content("An Opus packet can't be decoded")
        return b"".join([self._resampled(frame) for frame in frames])

    def finish(self, sound: bytes, position: int) -> bytes:
        """Return the last page's sound up to the position where the file ends."""
        before = self._made - len(sound) // SAMPLE_WIDTH
        sound += self._resampled(None)
        return sound[: max(0, position // _TICKS - self._before - before) * SAMPLE_WIDTH]

    def _resampled(self, frame: av.AudioFrame | None) -> bytes:
        made = b"".join(
            [
                bytes(each.planes[0])[: SAMPLE_WIDTH * each.samples]
                for each in self._resampler.resample(frame)
            ]
        )
        self._made += len(made) // SAMPLE_WIDTH
        return made


def _packets(page: bytes, sizes: bytes) -> Iterator[bytes]:
    """Yield a page's packets, none of which may go on in the next page."""
    position, begin = _PAGE_HEADER.size + len(sizes), None
    for size in sizes:
        begin = position if begin is None else begin
        position += size
        if size < _LACE_MAX:
            yield page[begin:position]
            begin = None
    if begin is not None:
        refuse_content("An OGG page ends in a packet")


def _checksum(page: bytes) -> bytes:
    blank = page[: _CHECKSUM.start] + bytes(4) + page[_CHECKSUM.stop :]
    inverted = crc32(blank.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return inverted.to_bytes(4, "big").translate(_REVERSED)
