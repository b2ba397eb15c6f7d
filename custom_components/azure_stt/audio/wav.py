"""The header of a WAV file (RIFF), which may come in pieces."""

import struct
from typing import Final, NamedTuple

from .pcm import AudioFormatError, PcmFormat

RIFF: Final = b"RIFF"
"""The first bytes of a WAV file."""

HEADER_MAX_SIZE: Final = 64 * 1024
"""Bytes after which a header without a `data` chunk is refused."""

# Sizes from here on, and 0, are written by programs that don't know how long the sound will be:
# 0xFFFFFFFF (FFmpeg), 0x7FFFF000 (SoX), 0x80000000 (ALSA).
_UNKNOWN_SIZE: Final = 0x7FFF_0000

_PCM: Final = 1
_FLOAT: Final = 3
_EXTENSIBLE: Final = 0xFFFE
_RIFF_SIZE: Final = 12
_FORMAT_SIZE: Final = 16
_EXTENSIBLE_FORMAT_SIZE: Final = 40


class WavHeader(NamedTuple):
    """The place where the sound begins in the data (0 if there is no header), and its format.

    `format` is None if no header says it, `size` (bytes) if there is none or it isn't plausible.
    """

    start: int
    format: PcmFormat | None = None
    size: int | None = None


def read_header(data: bytes) -> WavHeader | None:
    """Return the header at the beginning of the data; None if more bytes are needed.

    Raises AudioFormatError for a format that can't be converted.
    """
    if data[:4] != RIFF[: len(data)]:
        return WavHeader(0)
    if len(data) < _RIFF_SIZE:
        return None
    return _read_chunks(data) if data[8:12] == b"WAVE" else WavHeader(0)


def _read_chunks(data: bytes) -> WavHeader | None:
    audio_format: PcmFormat | None = None
    position = _RIFF_SIZE
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        position += 8
        if name == b"data":
            return WavHeader(position, audio_format, _plausible(data, position, size))
        if name == b"fmt ":
            if position + size > len(data):
                return None
            audio_format = _read_format(data[position : position + size])
        position += size + size % 2
    return None


def _plausible(data: bytes, start: int, size: int) -> int | None:
    """Return the sound's size, or None if it's larger than the file's own size."""
    whole = int.from_bytes(data[4:8], "little")
    fits = whole == 0 or 8 + whole >= start + size
    return size if fits and 0 < size < _UNKNOWN_SIZE else None


def _read_format(chunk: bytes) -> PcmFormat:
    if len(chunk) < _FORMAT_SIZE:
        msg = "The WAV header is broken"
        raise AudioFormatError(msg)
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and len(chunk) >= _EXTENSIBLE_FORMAT_SIZE:
        code = int.from_bytes(chunk[24:26], "little")
    found = PcmFormat(rate=rate, bits=bits, channels=channels, floating=code == _FLOAT)
    if code not in (_PCM, _FLOAT) or not found.supported:
        msg = (
            f"The WAV header says format {code}, {rate} Hz, {bits} bit, {channels} channels,"
            " which can't be converted"
        )
        raise AudioFormatError(msg)
    return found
