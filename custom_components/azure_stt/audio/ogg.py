"""The packets of an OGG stream (RFC 3533), as they come."""

from collections.abc import Iterator
from typing import Final

from .pcm import AudioFormatError

PACKET_MAX_SIZE: Final = 64 * 1024
"""Bytes after which a packet is cut off: an Opus packet has 61,440 at the most, and the
comment before the first may hold a picture that nobody here looks at."""

_CAPTURE: Final = b"OggS\0"
_PAGE_HEADER_SIZE: Final = 27
_LACE_MAX: Final = 255


class OggReader:
    """Takes an OGG stream in chunks of any size and cuts it into its packets.

    A demuxer of FFmpeg's would wait for seconds of audio before the first packet.
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
        """Take a page off the data: its table of segments and what they hold."""
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
