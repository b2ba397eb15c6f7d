"""Decodes a host's stream, PCM or OGG/Opus, to 16 kHz 16-bit mono PCM as it comes."""

import logging
from typing import Final, Protocol

from .pcm import SAMPLE_WIDTH, TARGET, AudioFormatError, PcmFormat, WholeFrames
from .wav import HEADER_MAX_SIZE, RIFF, read_header

_LOGGER = logging.getLogger(__name__)

_OGG: Final = b"OggS"
_OPUS: Final = "OGG/Opus"


class _Stage(Protocol):
    """A conversion of headerless audio to 16 kHz 16-bit mono PCM."""

    @property
    def blocking(self) -> bool: ...

    def feed(self, chunk: bytes) -> bytes: ...

    def flush(self) -> bytes: ...


class StreamDecoder:
    """Decodes PCM with or without a RIFF header, or OGG/Opus, in chunks of any size.

    The stream's own header wins over the declared format. A RIFF header may be spread over
    several chunks, and may come again at the beginning of a chunk, where another file follows.
    """

    def __init__(self, declared: PcmFormat | None = TARGET) -> None:
        """Initialize with the declared format: PCM, or None for OGG/Opus."""
        self._format = declared
        self._held = b""
        self._stage: _Stage | None = None

    @property
    def blocking(self) -> bool:
        """Whether the next call takes longer than an event loop allows."""
        return self._stage is not None and self._stage.blocking

    def feed(self, chunk: bytes) -> bytes:
        """Return the complete samples so far, as TARGET.

        Raises AudioFormatError for audio that can't be converted.
        """
        data = self._held + chunk
        self._held = b""
        if self._stage is None or data.startswith(RIFF):
            return self._begin(data)
        return self._stage.feed(data)

    def flush(self) -> bytes:
        """Return the last samples at the stream's end.

        Raises AudioFormatError for audio that can't be converted.
        """
        return self._stage.flush() if self._stage else b""

    def _begin(self, data: bytes) -> bytes:
        """Strip the headers and decode the audio behind them."""
        rest = b""
        while (found := _read_header(data, self._format)) is not None:
            start, audio_format = found
            if start == 0:
                return rest + self._enter_stage(audio_format).feed(data)
            rest += self.flush()
            self._stage = None
            self._take_format(audio_format)
            data = data[start:]
        if len(data) > HEADER_MAX_SIZE:
            msg = "The WAV header has no end"
            raise AudioFormatError(msg)
        self._held = data
        return rest

    def _take_format(self, audio_format: PcmFormat | None) -> None:
        if audio_format != self._format:
            _LOGGER.debug("The audio is %s, not %s", audio_format or _OPUS, self._format or _OPUS)
            self._format = audio_format

    def _enter_stage(self, audio_format: PcmFormat | None) -> _Stage:
        if self._stage is None:
            self._take_format(audio_format)
            pcm = audio_format == TARGET
            self._stage = WholeFrames(SAMPLE_WIDTH) if pcm else _Conversion(audio_format)
        return self._stage


class _Conversion:
    """Conversion by FFmpeg, loaded in the second call because the first mustn't block."""

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
        from .ffmpeg import OpusDecoder, PcmConverter  # noqa: PLC0415 - it loads PyAV

        self._converter = PcmConverter(self._format) if self._format else OpusDecoder()
        self.blocking = self._converter.blocking
        return self._converter

    def _feed_all(self, converter: _Stage, chunk: bytes) -> bytes:
        held, self._held = self._held, b""
        return converter.feed(held + chunk)


def _read_header(data: bytes, declared: PcmFormat | None) -> tuple[int, PcmFormat | None] | None:
    """Return where the audio begins and its format (None: OGG/Opus).

    Returns None if more bytes are needed. Raises AudioFormatError for a format that can't be
    converted.
    """
    if data[: len(_OGG)] == _OGG[: len(data)]:
        return (0, None) if len(data) >= len(_OGG) else None
    found = read_header(data)
    if found is None:
        return None
    start, audio_format = found
    return start, audio_format or declared
