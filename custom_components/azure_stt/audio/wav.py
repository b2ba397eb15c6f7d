"""The header of a WAV file (RIFF), which may come in pieces."""

import struct
from typing import Final

from .pcm import AudioFormatError, PcmFormat

RIFF: Final = b"RIFF"
"""The first bytes of a WAV file."""

HEADER_MAX_SIZE: Final = 64 * 1024
"""Bytes after which a header without a `data` chunk is refused."""

_PCM: Final = 1
_FLOAT: Final = 3
_EXTENSIBLE: Final = 0xFFFE
_RIFF_SIZE: Final = 12
_FORMAT_SIZE: Final = 16
_EXTENSIBLE_FORMAT_SIZE: Final = 40


def read_header(data: bytes) -> tuple[int, PcmFormat | None] | None:
    """Return where the audio begins and its format; None if more bytes are needed.

    The audio begins at 0 if the data has no header. The format is None if no header says it.
    Raises AudioFormatError for a format that can't be converted.
    """
    if data[:4] != RIFF[: len(data)]:
        return 0, None
    if len(data) < _RIFF_SIZE:
        return None
    return _read_chunks(data) if data[8:12] == b"WAVE" else (0, None)


def _read_chunks(data: bytes) -> tuple[int, PcmFormat | None] | None:
    audio_format: PcmFormat | None = None
    position = _RIFF_SIZE
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        position += 8
        if name == b"data":
            return position, audio_format
        if name == b"fmt ":
            if position + size > len(data):
                return None
            audio_format = _read_format(data[position : position + size])
        position += size + size % 2
    return None


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
