"""Sound: what a host sends as 16 kHz 16-bit mono PCM, and how loud it is."""

from dataclasses import dataclass
import logging
from math import log10
import struct
from typing import Final, Protocol, override

import audioop

_LOGGER = logging.getLogger(__name__)

SAMPLE_RATE: Final = 16_000
"""Samples per second of all audio behind this module."""

SAMPLE_WIDTH: Final = 2
"""Bytes per sample: 16-bit signed little-endian, one channel."""

FRAME: Final = SAMPLE_RATE // 50
"""Samples of the 20 ms whose loudness is looked at together."""

SILENT: Final = -100.0
"""The level of digital silence, in decibels of full scale."""

_RIFF: Final = b"RIFF"
_OGG: Final = b"OggS"
_OPUS: Final = "OGG/Opus"
_PCM: Final = 1
_FLOAT: Final = 3
_EXTENSIBLE: Final = 0xFFFE
_HEADER_MAX_SIZE: Final = 64 * 1024
_RIFF_SIZE: Final = 12
_FORMAT_SIZE: Final = 16
_EXTENSIBLE_FORMAT_SIZE: Final = 40

# Below and above are no microphones: a rate of 1 Hz would make much out of little.
_RATE_MIN: Final = 8_000
_RATE_MAX: Final = 192_000


class AudioFormatError(Exception):
    """The audio isn't what the host declares, or nothing that can be converted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PcmFormat:
    """A form of PCM: little-endian, interleaved, signed but for 8 bit."""

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
"""The form of all audio behind this module."""


class _Stage(Protocol):
    """Turns audio without a header into 16 kHz 16-bit mono PCM."""

    @property
    def blocking(self) -> bool: ...

    def feed(self, chunk: bytes) -> bytes: ...

    def flush(self) -> bytes: ...


class PcmDecoder:
    """Takes PCM with or without a RIFF header, or OGG/Opus, in chunks of any size.

    What the stream says of itself wins over what was declared. A RIFF header may be cut
    over chunks, and may come again at the beginning of a chunk, where another file follows.
    """

    def __init__(self, declared: PcmFormat | None = TARGET) -> None:
        """Begin a stream: PCM if it says nothing else itself, or OGG/Opus (None)."""
        self._format = declared
        self._held = b""
        self._stage: _Stage | None = None

    @property
    def blocking(self) -> bool:
        """Whether the next call takes longer than an event loop allows."""
        return self._stage is not None and self._stage.blocking

    def feed(self, chunk: bytes) -> bytes:
        """Return the samples that are complete, in the form of TARGET.

        Raises AudioFormatError for what can't be converted.
        """
        data = self._held + chunk
        self._held = b""
        if self._stage is None or data.startswith(_RIFF):
            return self._begin(data)
        return self._stage.feed(data)

    def flush(self) -> bytes:
        """Return what is left at the stream's end.

        Raises AudioFormatError for what can't be converted.
        """
        return self._stage.flush() if self._stage else b""

    def _begin(self, data: bytes) -> bytes:
        """Take off what headers there are, and decode what follows."""
        rest = b""
        while (found := _read_header(data, self._format)) is not None:
            start, audio_format = found
            if start == 0:
                return rest + self._enter_stage(audio_format).feed(data)
            rest += self.flush()
            self._stage = None
            self._take_format(audio_format)
            data = data[start:]
        if len(data) > _HEADER_MAX_SIZE:
            msg = "The WAV header has no end"
            raise AudioFormatError(msg)
        self._held = data
        return rest

    def _take_format(self, audio_format: PcmFormat | None) -> None:
        if audio_format != self._format:
            _LOGGER.debug("It is %s, not %s", audio_format or _OPUS, self._format or _OPUS)
            self._format = audio_format

    def _enter_stage(self, audio_format: PcmFormat | None) -> _Stage:
        if self._stage is None:
            self._take_format(audio_format)
            pcm = audio_format == TARGET
            self._stage = WholeFrames(SAMPLE_WIDTH) if pcm else _Conversion(audio_format)
        return self._stage


class _Conversion:
    """Conversion by FFmpeg, which it loads in the second call: the first mustn't block."""

    def __init__(self, audio_format: PcmFormat | None) -> None:
        self.blocking = False
        self._format = audio_format
        self._held = b""
        self._converter: _Stage | None = None

    def feed(self, chunk: bytes) -> bytes:
        if not self._converter and not self.blocking:
            self._held = chunk
            self.blocking = True
            return b""
        return self._feed_all(self._converter or self._load(), chunk)

    def flush(self) -> bytes:
        converter = self._converter or self._load()
        return self._feed_all(converter, b"") + converter.flush()

    def _load(self) -> _Stage:
        from .conversion import OpusDecoder, PcmConverter  # noqa: PLC0415 - it loads PyAV

        self._converter = PcmConverter(self._format) if self._format else OpusDecoder()
        self.blocking = self._converter.blocking
        return self._converter

    def _feed_all(self, converter: _Stage, chunk: bytes) -> bytes:
        held, self._held = self._held, b""
        return converter.feed(held + chunk)


class WholeFrames:
    """Keeps what isn't a whole frame (a sample of each channel) for the next chunk."""

    blocking: Final = False

    def __init__(self, size: int) -> None:
        """Cut into frames of so many bytes."""
        self._size = size
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return the whole frames."""
        data = self._rest + chunk if self._rest else chunk
        whole = len(data) - len(data) % self._size
        self._rest = data[whole:]
        return data[:whole]

    def flush(self) -> bytes:
        """Return nothing: half a frame is no sound."""
        return b""


def _read_header(data: bytes, declared: PcmFormat | None) -> tuple[int, PcmFormat | None] | None:
    """Return where what follows the header begins, and its format.

    That is 0 where the audio begins at once, and the format None if it's OGG/Opus. Returns
    None if more bytes must tell. Raises AudioFormatError for what can't be converted.
    """
    if data[:4] == _RIFF[: len(data)] and len(data) < _RIFF_SIZE:
        return None
    if data[:4] == _OGG[: len(data)]:
        return (0, None) if len(data) >= len(_OGG) else None
    if data[:4] == _RIFF and data[8:12] == b"WAVE":
        return _read_chunks(data, declared)
    return 0, declared


def _read_chunks(
    data: bytes, audio_format: PcmFormat | None
) -> tuple[int, PcmFormat | None] | None:
    """Return where a RIFF file's audio begins, and its format; None if more must tell."""
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


def _read_format(format_chunk: bytes) -> PcmFormat:
    if len(format_chunk) < _FORMAT_SIZE:
        msg = "The WAV header is broken"
        raise AudioFormatError(msg)
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", format_chunk)
    if code == _EXTENSIBLE and len(format_chunk) >= _EXTENSIBLE_FORMAT_SIZE:
        code = int.from_bytes(format_chunk[24:26], "little")
    found = PcmFormat(rate=rate, bits=bits, channels=channels, floating=code == _FLOAT)
    if code not in (_PCM, _FLOAT) or not found.supported:
        msg = (
            f"The WAV header says format {code}, {rate} Hz, {bits} bit, {channels} channels,"
            " which can't be converted"
        )
        raise AudioFormatError(msg)
    return found


def levels(pcm: bytes) -> list[float]:
    """Return the level of each whole frame of 16-bit PCM, in decibels of full scale."""
    size = FRAME * SAMPLE_WIDTH
    loudness = (
        audioop.rms(pcm[start : start + size], SAMPLE_WIDTH)
        for start in range(0, len(pcm) - size + 1, size)
    )
    return [20 * log10(rms / 32768) if rms else SILENT for rms in loudness]
