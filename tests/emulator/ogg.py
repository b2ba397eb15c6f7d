"""How long the Opus audio of an OGG file is (RFC 3533, RFC 7845)."""

import struct

_HEADER_TYPE = 6
_OPUS_RATE = 48_000


def is_opus(data: bytes | bytearray) -> bool:
    """Whether this is the beginning of an OGG file with Opus."""
    return data.startswith(b"OggS") and b"OpusHead" in data[:64]


def opus_seconds(data: bytes | bytearray) -> float:
    """Give the length in seconds, from the last page's position."""
    page = data.rfind(b"OggS")
    position = data[page + _HEADER_TYPE : page + _HEADER_TYPE + 8]
    return struct.unpack("<q", position)[0] / _OPUS_RATE if len(position) == 8 else 0.0
