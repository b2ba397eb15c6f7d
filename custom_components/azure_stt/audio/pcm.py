"""PCM: the one format of all decoded audio, and its level."""

from dataclasses import dataclass
from math import log10
from typing import Final, override

import audioop

SAMPLE_RATE: Final = 16_000
"""Samples per second of all decoded audio."""

SAMPLE_WIDTH: Final = 2
"""Bytes per sample: 16-bit signed little-endian, one channel."""

FRAME: Final = SAMPLE_RATE // 50
"""Samples in the 20 ms whose level is measured together."""

SILENT: Final = -100.0
"""The level of digital silence, in decibels of full scale."""

# Rates outside of these aren't a microphone's, and at 1 Hz a few bytes would be hours.
_RATE_MIN: Final = 8_000
_RATE_MAX: Final = 192_000


class AudioFormatError(Exception):
    """The audio isn't in the declared format, or in none that can be converted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PcmFormat:
    """A PCM format: little-endian, interleaved, signed except for 8 bits."""

    rate: int
    bits: int
    channels: int
    floating: bool = False

    @override
    def __str__(self) -> str:
        kind = "floating point" if self.floating else "PCM"
        return f"{kind}, {self.rate} Hz, {self.bits} bit, {self.channels} channels"

    @property
    def supported(self) -> bool:
        """Whether it can be converted: one or two channels of a usual width and rate."""
        widths = (32, 64) if self.floating else (8, 16, 24, 32)
        return (
            self.bits in widths and self.channels in (1, 2) and _RATE_MIN <= self.rate <= _RATE_MAX
        )


TARGET: Final = PcmFormat(rate=SAMPLE_RATE, bits=8 * SAMPLE_WIDTH, channels=1)
"""The format of all decoded audio."""


class WholeFrames:
    """Cuts a byte stream into whole frames (a sample of each channel)."""

    blocking: Final = False

    def __init__(self, size: int) -> None:
        """Initialize with the size of a frame in bytes."""
        self._size = size
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return the whole frames so far; keep the rest for the next chunk."""
        data = self._rest + chunk if self._rest else chunk
        whole = len(data) - len(data) % self._size
        self._rest = data[whole:]
        return data[:whole]

    def flush(self) -> bytes:
        """Return nothing, because part of a frame isn't sound."""
        return b""


def levels(pcm: bytes) -> list[float]:
    """Return the level of each whole FRAME of 16-bit PCM, in decibels of full scale."""
    size = FRAME * SAMPLE_WIDTH
    loudness = (
        audioop.rms(pcm[start : start + size], SAMPLE_WIDTH)
        for start in range(0, len(pcm) - size + 1, size)
    )
    return [20 * log10(rms / 32768) if rms else SILENT for rms in loudness]
