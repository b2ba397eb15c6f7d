"""The header of a WAV file, read from an upload that comes in pieces.

Format: "Multimedia Programming Interface and Data Specifications 1.0", IBM and Microsoft, 1991.
"""

from dataclasses import dataclass, replace
import struct
from typing import Final

from .answer import refuse_audio_format, refuse_content, refuse_empty_audio
from .settings import Settings
from .speech_model import SAMPLE_RATE, SAMPLE_WIDTH

# A writer that can't go back to fill in the size leaves one of these.
_UNKNOWN_SIZES: Final = frozenset({0, 0xFFFFFFFF})
_RIFF_HEADER: Final = 12
_CHUNK_HEADER: Final = 8
_SECOND_HEADER: Final = b"WAVEfmt "


@dataclass(frozen=True, slots=True, kw_only=True)
class WavFormat:
    """The format that a header declares."""

    codec: int
    """1 is PCM."""
    channels: int
    sample_rate: int
    """Samples a second."""
    bits: int
    """Bits of one sample."""


_EXPECTED: Final = WavFormat(codec=1, channels=1, sample_rate=SAMPLE_RATE, bits=8 * SAMPLE_WIDTH)


class WavReader:
    """Tells the header from the audio. Audio without any header passes as it is."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Use the settings for which headers are taken."""
        self._settings = settings or Settings()
        self.header = b""
        """The header's bytes as they came."""
        self.format: WavFormat | None = None
        """The format in the header; `None` without one."""
        self._size = 0
        self._audio_bytes = 0
        self._unread: bytes | None = b""
        self._tail = b""

    @property
    def is_understood(self) -> bool:
        """Whether the audio is in the service's format, by its header if there is one.

        [field] A header that disagrees with the audio isn't an error: it comes back as silence.
        """
        return replace(self.format or _EXPECTED, sample_rate=SAMPLE_RATE) == _EXPECTED and (
            self._settings.other_sample_rates or self.sample_rate == SAMPLE_RATE
        )

    @property
    def sample_rate(self) -> int:
        """Samples a second of the audio, as far as the header says it."""
        return SAMPLE_RATE if self.format is None else self.format.sample_rate

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the upload and give those of them that are audio.

        Raises `RefusedError` (400) if a header is broken or comes a second time. [doc] Only the
        first chunk carries it; [?] Azure's answer to a second one.
        """
        if self._unread is not None:
            data = self._read_header(self._unread + data)
        audio = self._tail + data
        if _SECOND_HEADER in audio:
            refuse_content("Only the first chunk may contain the audio file's header")
        self._tail = audio[1 - len(_SECOND_HEADER) :]
        self._audio_bytes += len(data)
        return data

    def finish(self) -> None:
        """Check the whole at the upload's end. Raises `RefusedError` (400) if it isn't sound.

        [?] Azure's answer to a wrong size isn't known, so nobody may depend on it.
        """
        if self._unread:
            refuse_audio_format()
        if self._size not in _UNKNOWN_SIZES and self._size != self._audio_bytes:
            refuse_content("The audio file's header states another size")

    def _read_header(self, data: bytes) -> bytes:
        """Give the audio after the header, or nothing while the header isn't complete."""
        if not data.startswith(b"RIFF"[: len(data)]):
            if not self._settings.headerless:
                refuse_audio_format()
            self._unread = None
            return data
        end = self._find_audio(data)
        if end is None:
            self._unread = data
            return b""
        self._unread = None
        self.header = data[:end]
        return data[end:]

    def _find_audio(self, data: bytes) -> int | None:
        if len(data) < _RIFF_HEADER:
            return None
        if data[8:12] != b"WAVE":
            refuse_audio_format()
        position = _RIFF_HEADER
        while len(data) >= position + _CHUNK_HEADER:
            name, size = struct.unpack_from("<4sI", data, position)
            position += _CHUNK_HEADER
            if name == b"data":
                self._size = size
                if self.format is None:
                    refuse_audio_format()
                if size == 0 and not self._settings.empty_file_header:
                    _refuse_finished(data, position)
                return position
            if name == b"fmt " and len(data) >= position + size:
                self.format = _read_format(data[position : position + size])
            position += size + size % 2  # a chunk of odd size is padded
        return None


def _refuse_finished(data: bytes, header_size: int) -> None:
    """Refuse a header whose RIFF size, too, says that the file ends with it [?]."""
    if struct.unpack_from("<I", data, 4)[0] == header_size - _CHUNK_HEADER:
        refuse_empty_audio()


def _read_format(chunk: bytes) -> WavFormat:
    try:
        codec, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    except struct.error:
        refuse_audio_format()
    return WavFormat(codec=codec, channels=channels, sample_rate=sample_rate, bits=bits)


def wav_header(
    *,
    sample_rate: int = SAMPLE_RATE,
    bits: int = 8 * SAMPLE_WIDTH,
    channels: int = 1,
    codec: int = 1,
    size: int = 0,
) -> bytes:
    """Make a header: samples a second, bits of a sample, the audio's size in bytes (0: unknown).

    A file of unknown size has 0 for its own size as well: otherwise it would be an empty one.
    """
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", codec, channels, sample_rate, sample_rate * block, block, bits)
    riff = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data"
    whole = min(len(riff) + 4 + size, 0xFFFFFFFF) if size else 0
    return b"RIFF" + struct.pack("<I", whole) + riff + struct.pack("<I", size)
