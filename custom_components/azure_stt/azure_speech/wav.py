"""The RIFF header before the audio."""

import struct
from typing import Final

SAMPLE_RATE: Final = 16_000
"""Samples per second: the only rate that the service takes for WAV."""

SAMPLE_WIDTH: Final = 2
"""Bytes per sample: 16-bit signed little-endian PCM, mono."""

BYTES_PER_SECOND: Final = SAMPLE_RATE * SAMPLE_WIDTH


def wav_header(size: int | None = None) -> bytes:
    """Return the 44 bytes that announce 16 kHz 16-bit mono PCM, of `size` bytes if it's known.

    Otherwise both sizes are 0. Microsoft's streaming samples send a data size of 0 too, with a
    RIFF size that isn't that of an empty file: 36 and 0 would say "a finished, empty file".
    """
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        0 if size is None else 36 + size,
        b"WAVE",
        b"fmt ",
        16,
        1,  # PCM
        1,  # mono
        SAMPLE_RATE,
        BYTES_PER_SECOND,
        SAMPLE_WIDTH,
        8 * SAMPLE_WIDTH,
        b"data",
        size or 0,
    )
