"""OGG streams (RFC 3533): their packets as they come, and their pages."""

from collections.abc import Iterator, Sequence
import struct
from typing import Final
from zlib import crc32

from .pcm import AudioFormatError

PACKET_MAX_SIZE: Final = 64 * 1024
"""Bytes after which a packet is cut off: an Opus packet has at most 61,440, and the
comment before the first may hold a picture, which isn't needed here."""

_CAPTURE: Final = b"OggS\0"
_PAGE_HEADER_SIZE: Final = 27
_LACE_MAX: Final = 255

_FIRST: Final = 2
_LAST: Final = 4
_CRC: Final = slice(22, 26)
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggReader:
    """Takes an OGG stream in chunks of any size and cuts it into its packets.

    FFmpeg's demuxer would wait for seconds of audio before the first packet.
    """

    def __init__(self) -> None:
        """Begin a stream."""
        self._data = b""
        self._packet = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the packets that are complete; it must be read to its end.

        Raises AudioFormatError where a page should begin and doesn't.
        """
        self._data += chunk
        while page := self._next_page():
            yield from self._packets(page)

    def _next_page(self) -> bytes | None:
        """Remove the next page from the data; return its segment table and its content."""
        if self._data[: len(_CAPTURE)] != _CAPTURE[: len(self._data)]:
            msg = "The OGG stream is broken"
            raise AudioFormatError(msg)
        if len(self._data) < _PAGE_HEADER_SIZE:
            return None
        body = _PAGE_HEADER_SIZE + self._data[_PAGE_HEADER_SIZE - 1]
        end = body + sum(self._data[_PAGE_HEADER_SIZE:body])
        if len(self._data) < end:
            return None
        page, self._data = self._data[_PAGE_HEADER_SIZE - 1 : end], self._data[end:]
        return page

    def _packets(self, page: bytes) -> Iterator[bytes]:
        """Yield the packets that end on a page; one that's shorter than its lace ends."""
        position = 1 + page[0]
        for size in page[1:position]:
            if len(self._packet) < PACKET_MAX_SIZE:
                self._packet += page[position : position + size]
            position += size
            if size < _LACE_MAX:
                yield self._packet
                self._packet = b""


class OggWriter:
    """Makes the pages of an OGG stream."""

    def __init__(self) -> None:
        """Begin a stream."""
        self._count = 0

    def page(self, packets: Sequence[bytes], position: int, *, last: bool = False) -> bytes:
        """Return a page of whole packets, of at most 64 kB together.

        `position` is the codec's, at the page's end; `last` ends the stream.
        """
        laces = b"".join(
            bytes([_LACE_MAX] * (len(packet) // _LACE_MAX)) + bytes([len(packet) % _LACE_MAX])
            for packet in packets
        )
        flags = (0 if self._count else _FIRST) | (_LAST if last else 0)
        header = struct.pack("<5sBqIIIB", _CAPTURE, flags, position, 1, self._count, 0, len(laces))
        page = bytearray(b"".join((header, laces, *packets)))
        page[_CRC] = _checksum(page)
        self._count += 1
        return bytes(page)


def _checksum(page: bytes | bytearray) -> bytes:
    """Return the checksum of a page whose own is 0.

    It is a CRC-32 like zlib's, with the bits in the other order, and nothing inverted.
    """
    inverted = crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return inverted.to_bytes(4, "big").translate(_REVERSED)
