"""Sound: what a host sends as 16 kHz 16-bit mono PCM, and how loud it is."""

from math import log10
import struct
from typing import Final

import audioop

SAMPLE_RATE: Final = 16_000
"""Samples per second of all audio behind this module."""

SAMPLE_WIDTH: Final = 2
"""Bytes per sample: 16-bit signed little-endian, one channel."""

FRAME: Final = SAMPLE_RATE // 50
"""Samples of the 20 ms whose loudness is looked at together."""

SILENT: Final = -100.0
"""The level of digital silence, in decibels of full scale."""

_PCM: Final = 1
_EXTENSIBLE: Final = 0xFFFE
_HEADER_MAX_SIZE: Final = 64 * 1024
_RIFF_SIZE: Final = 12
_FORMAT_SIZE: Final = 16
_EXTENSIBLE_FORMAT_SIZE: Final = 40


class AudioFormatError(Exception):
    """The audio isn't what the host declares."""


class PcmDecoder:
    """Takes 16 kHz 16-bit mono PCM, with or without a RIFF header, in chunks of any size.

    A header may be cut over chunks, and may come again where one file follows another.
    """

    def __init__(self) -> None:
        """Begin a stream."""
        self._rest = b""
        self._in_audio = False

    def feed(self, chunk: bytes) -> bytes:
        """Return whole samples, none while a header or a sample isn't complete.

        Raises AudioFormatError for a header that declares something else.
        """
        data = self._rest + chunk if self._rest else chunk
        while not self._in_audio or data.startswith(b"RIFF"):
            start = _audio_start(data)
            if start is None:
                if len(data) > _HEADER_MAX_SIZE:
                    msg = "The WAV header has no end"
                    raise AudioFormatError(msg)
                self._rest = data
                return b""
            # Until the audio begins there may come another header, cut wherever it likes.
            self._in_audio = start == 0
            data = data[start:]
            if self._in_audio:
                break
        whole = len(data) - len(data) % SAMPLE_WIDTH
        self._rest = data[whole:]
        return data[:whole]


def _audio_start(data: bytes) -> int | None:
    """Return where the audio begins: 0 without a header; None if more bytes must tell."""
    if len(data) < _RIFF_SIZE:
        return None if b"RIFF".startswith(data[:4]) or data.startswith(b"RIFF") else 0
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return 0
    position = _RIFF_SIZE
    while position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        position += 8
        if name == b"data":
            return position
        if name == b"fmt ":
            if position + size > len(data):
                return None
            _check_format(data[position : position + size])
        position += size + size % 2
    return None


def _check_format(format_chunk: bytes) -> None:
    if len(format_chunk) < _FORMAT_SIZE:
        msg = "The WAV header is broken"
        raise AudioFormatError(msg)
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", format_chunk)
    if code == _EXTENSIBLE and len(format_chunk) >= _EXTENSIBLE_FORMAT_SIZE:
        code = int.from_bytes(format_chunk[24:26], "little")
    if (code, channels, rate, bits) != (_PCM, 1, SAMPLE_RATE, 8 * SAMPLE_WIDTH):
        msg = (
            f"The WAV header says format {code}, {rate} Hz, {bits} bit, {channels} channels;"
            f" declared was PCM, {SAMPLE_RATE} Hz, {8 * SAMPLE_WIDTH} bit, 1 channel"
        )
        raise AudioFormatError(msg)


def levels(pcm: bytes) -> list[float]:
    """Return the level of each whole frame of 16-bit PCM, in decibels of full scale."""
    size = FRAME * SAMPLE_WIDTH
    loudness = (
        audioop.rms(pcm[start : start + size], SAMPLE_WIDTH)
        for start in range(0, len(pcm) - size + 1, size)
    )
    return [20 * log10(rms / 32768) if rms else SILENT for rms in loudness]
