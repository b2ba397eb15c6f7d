"""Decodes an audio stream to 16 kHz 16-bit mono PCM: PCM and OGG/Opus as it comes."""

from io import BytesIO
import logging
from typing import TYPE_CHECKING, Final, Protocol

from .pcm import SAMPLE_WIDTH, TARGET, AudioFormatError, PcmFormat, WholeFrames
from .signature import is_media_file
from .wav import HEADER_MAX_SIZE, RIFF, WavHeader, read_header

if TYPE_CHECKING:
    from .ffmpeg import MediaReader  # it loads PyAV

_LOGGER = logging.getLogger(__name__)

FILE_MAX_SIZE: Final = 16 * 1024 * 1024
"""Bytes of a media file that is kept until its end, because it may not be readable before."""

_OGG: Final = b"OggS"
_OPUS: Final = "OGG/Opus"
_CHUNK_HEADER: Final = 8


class _Stage(Protocol):
    """A conversion of headerless audio to 16 kHz 16-bit mono PCM."""

    @property
    def blocking(self) -> bool: ...

    def feed(self, chunk: bytes) -> bytes: ...

    def flush(self) -> bytes: ...


class StreamDecoder:
    """Decodes PCM with or without a RIFF header, OGG/Opus, or a media file, in any chunks.

    The stream's own header wins over the declared format. A RIFF header may be spread over
    several chunks. It may come again where another file follows: behind the chunks of a file
    whose sound has ended, or at the beginning of a chunk. A media file is decoded at its end.
    """

    def __init__(self, declared: PcmFormat | None = TARGET) -> None:
        """Initialize with the declared format: PCM, or None for OGG/Opus."""
        self._format = declared
        self._held = b""
        self._stage: _Stage | None = None
        self._at_start = True
        # Bytes of sound that the file still has, if it says so, and of a chunk behind it.
        self._left: int | None = None
        self._behind = 0

    @property
    def blocking(self) -> bool:
        """Whether the next call takes longer than an event loop allows."""
        return self._stage is not None and self._stage.blocking

    def feed(self, chunk: bytes) -> bytes:
        """Return the complete samples so far, as TARGET.

        Raises AudioFormatError for audio that can't be converted.
        """
        data = self._held + chunk if self._held else chunk
        self._held = b""
        if self._at_start:
            return self._begin_stream(data)
        if self._stage is None or data.startswith(RIFF):
            return self._begin(data)
        return self._decode(self._stage, data)

    def flush(self) -> bytes:
        """Return some of the last samples at the stream's end, nothing when there are no more.

        Raises AudioFormatError for audio that can't be converted.
        """
        rest = b""
        if self._at_start:
            self._at_start = False
            # A stream that is too short to be a media file, or the beginning of a header.
            if not self._held.startswith(RIFF):
                ogg = self._held.startswith(_OGG)
                rest = self._enter_stage(None if ogg else self._format).feed(self._held)
        stage = self._stage
        if stage is None:
            return rest
        if not isinstance(stage, _MediaFile):
            self._stage = None
        return rest + stage.flush()

    def _begin_stream(self, data: bytes) -> bytes:
        """Tell a media file from audio, as soon as there are enough bytes."""
        is_file = is_media_file(data)
        if is_file is None:
            self._held = data
            return b""
        self._at_start = False
        if not is_file:
            return self._begin(data)
        _LOGGER.debug("The audio is a media file, not %s", self._format or _OPUS)
        self._stage = _MediaFile()
        return self._stage.feed(data)

    def _begin(self, data: bytes) -> bytes:
        """Strip the headers and decode the audio behind them."""
        rest = b""
        while (header := _read_header(data, self._format)) is not None:
            if header.start == 0:
                return rest + self._decode(self._enter_stage(header.format), data)
            rest += self.flush()
            self._stage = None
            self._take_format(header.format)
            self._left = header.size
            self._behind = (header.size or 0) % 2
            data = data[header.start :]
        if len(data) > HEADER_MAX_SIZE:
            msg = "The WAV header has no end"
            raise AudioFormatError(msg)
        self._held = data
        return rest

    def _decode(self, stage: _Stage, data: bytes) -> bytes:
        """Decode audio, up to the end of the file's sound."""
        if self._left is None:
            return stage.feed(data)
        sound, behind = data[: self._left], data[self._left :]
        self._left -= len(sound)
        pcm = stage.feed(sound)
        return pcm + self._pass_over(behind) if behind else pcm

    def _pass_over(self, data: bytes) -> bytes:
        """Pass over the chunks behind a file's sound, such as tags, up to another file."""
        while len(data) > self._behind:
            data = data[self._behind :]
            self._behind = 0
            if data.startswith(RIFF) and read_header(data) != WavHeader(0):
                return self._begin(data)
            if len(data) < _CHUNK_HEADER:
                self._held = data
                return b""
            size = int.from_bytes(data[4:_CHUNK_HEADER], "little")
            self._behind = _CHUNK_HEADER + size + size % 2
        self._behind -= len(data)
        return b""

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


class _MediaFile:
    """A media file of any kind, which is kept until its end and then read."""

    blocking: Final = True

    def __init__(self) -> None:
        self._file = BytesIO()
        self._reader: MediaReader | None = None

    def feed(self, chunk: bytes) -> bytes:
        if self._file.tell() + len(chunk) > FILE_MAX_SIZE:
            msg = f"The file has more than {FILE_MAX_SIZE // 1024 // 1024} MiB"
            raise AudioFormatError(msg)
        self._file.write(chunk)
        return b""

    def flush(self) -> bytes:
        if self._reader is None:
            from .ffmpeg import MediaReader  # noqa: PLC0415 - it loads PyAV

            self._file.seek(0)
            self._reader = MediaReader(self._file)
        block = self._reader.read()
        if not block and self._reader.damaged:
            _LOGGER.warning("Part of a file in the stream is damaged and couldn't be read")
        return block


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


def _read_header(data: bytes, declared: PcmFormat | None) -> WavHeader | None:
    """Return the header at the beginning of the data, with its format (None: OGG/Opus).

    Returns None if more bytes are needed. Raises AudioFormatError for a format that can't be
    converted.
    """
    if data[: len(_OGG)] == _OGG[: len(data)]:
        return WavHeader(0) if len(data) >= len(_OGG) else None
    header = read_header(data)
    return header and header._replace(format=header.format or declared)
