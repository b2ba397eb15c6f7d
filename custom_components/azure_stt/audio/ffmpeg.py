"""Conversion of sound by FFmpeg. Importing it loads PyAV: not on an event loop."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from threading import Lock
from typing import BinaryIO, Final, cast

import audioop
import av
from av.audio.frame import AudioFrame
from av.error import FFmpegError, InvalidDataError
from av.filter import Graph

from .media_kind import media_kind
from .ogg import OggReader
from .pcm import SAMPLE_RATE, SAMPLE_WIDTH, TARGET, AudioFormatError, PcmFormat, WholeFrames
from .wav import HEADER_MAX_SIZE, read_header

# FFmpeg's names, by bits and whether they are floating point. It has no 24 bit, which
# is made 32 first.
_UNKNOWN_BITS: Final = 24
_UNKNOWN_BITS_AS: Final = 32
_SAMPLE_FORMATS: Final = {
    (8, False): "u8",
    (16, False): "s16",
    (24, False): "s32",
    (32, False): "s32",
    (32, True): "flt",
    (64, True): "dbl",
}
_LAYOUTS: Final = {1: "mono", 2: "stereo"}

# A steep filter that begins to fall at 94 % of 8 kHz: nothing that would be mirrored
# into speech is left, and everything up to 7 kHz is.
_FILTER: Final = "filter_size=64:cutoff=0.94"

# Files that hold their sound themselves. A playlist or a description of a stream would make
# FFmpeg open what it names: https://ffmpeg.org/ffmpeg-formats.html#Format-Options
_CONTAINERS: Final = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dss,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,tta"
    ",voc,w64,wav,webm,wv"
)

# FFmpeg's names of containers whose duration is a guess from their size and bit rate.
_GUESSED: Final = frozenset({"aac", "ac3", "asf", "eac3", "mp3", "mpeg", "mpegts"})

# Seconds, and the part of a file, that may be missing without a damage: encoders' delays.
_MISSING_MAX: Final = 0.1
_MISSING_PART_MAX: Final = 0.001

_HEAD: Final = b"OpusHead"
_TAGS: Final = b"OpusTags"
_HEAD_SIZE: Final = 19


class PcmConverter:
    """Converts PCM to 16 kHz 16-bit mono as it comes, 2 to 4 ms behind.

    The bytes are the same for chunks of any size.
    """

    blocking: Final = False

    def __init__(self, source: PcmFormat) -> None:
        """Convert from a supported format."""
        self._source = source
        self._frame_size = source.channels * source.bits // 8
        self._frames = WholeFrames(self._frame_size)
        self._sample_format = _SAMPLE_FORMATS[source.bits, source.floating]
        self._layout = _LAYOUTS[source.channels]
        self._resampler = _Resampler(source.rate, self._sample_format, self._layout)

    def feed(self, chunk: bytes) -> bytes:
        """Return the samples that are complete."""
        data = self._frames.feed(chunk)
        return self._resampler.push(self._frame(data)) if data else b""

    def flush(self) -> bytes:
        """Return the last samples."""
        return self._resampler.push(None)

    def _frame(self, data: bytes) -> AudioFrame:
        samples = len(data) // self._frame_size
        if self._source.bits == _UNKNOWN_BITS:
            data = audioop.lin2lin(data, 3, 4)
        frame = AudioFrame(self._sample_format, self._layout, samples)
        frame.sample_rate = self._source.rate
        (plane,) = frame.planes
        # FFmpeg rounds a plane's size up.
        plane.update(data.ljust(plane.buffer_size, b"\0"))
        return frame


class PcmEncoder:
    """Converts 16 kHz 16-bit mono PCM, in whole samples, to another format as it comes."""

    def __init__(self, target: PcmFormat) -> None:
        """Convert to a supported format."""
        self._target = target
        self._resampler = _Resampler(SAMPLE_RATE, "s16", "mono", target)

    def feed(self, pcm: bytes) -> bytes:
        """Return the encoded bytes that are complete."""
        frame = AudioFrame("s16", "mono", len(pcm) // SAMPLE_WIDTH)
        frame.sample_rate = SAMPLE_RATE
        (plane,) = frame.planes
        plane.update(pcm.ljust(plane.buffer_size, b"\0"))
        return self._packed(self._resampler.push(frame))

    def flush(self) -> bytes:
        """Return the last samples."""
        return self._packed(self._resampler.push(None))

    def _packed(self, pcm: bytes) -> bytes:
        return audioop.lin2lin(pcm, 4, 3) if self._target.bits == _UNKNOWN_BITS else pcm


class OpusDecoder:
    """Decodes OGG/Opus of one or two channels to 16 kHz 16-bit mono PCM, page by page."""

    # A small Opus packet can decode to minutes of audio.
    blocking: Final = True

    def __init__(self) -> None:
        """Begin a stream."""
        self._packets = OggReader()
        self._codec: av.AudioCodecContext | None = None
        self._resampler: _Resampler | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Return the samples of the pages that are complete.

        A page has at most half a minute. Raises AudioFormatError for anything but Opus.
        """
        try:
            return b"".join([self._take(packet) for packet in self._packets.feed(chunk)])
        except FFmpegError as err:
            msg = f"The Opus stream is broken: {err.strerror}"
            raise AudioFormatError(msg) from err

    def flush(self) -> bytes:
        """Return the last samples."""
        return self._resampler.push(None) if self._resampler else b""

    def _take(self, packet: bytes) -> bytes:
        if packet.startswith(_HEAD):
            return self._begin(packet)
        if self._codec is None:
            msg = "The OGG stream isn't Opus"
            raise AudioFormatError(msg)
        # An empty packet means the end to FFmpeg.
        if not packet or packet.startswith(_TAGS):
            return b""
        return b"".join([self._resample(frame) for frame in self._codec.decode(av.Packet(packet))])

    def _begin(self, head: bytes) -> bytes:
        """Begin a file; where another one ends here, return its last samples."""
        channels, mapping = head[9:10], head[18:_HEAD_SIZE]
        if channels not in (b"\1", b"\2") or mapping != b"\0":
            msg = "The Opus header is broken, or has more than two channels"
            raise AudioFormatError(msg)
        rest = self.flush()
        self._codec = av.CodecContext.create("opus", "r")
        self._codec.extradata = head[:_HEAD_SIZE]
        self._resampler = None
        return rest

    def _resample(self, frame: AudioFrame) -> bytes:
        if self._resampler is None:
            self._resampler = _Resampler(frame.sample_rate, frame.format.name, frame.layout.name)
        return self._resampler.push(frame)


class MediaReader:
    """Reads the sound of a media file as 16 kHz 16-bit mono PCM, a second at a time.

    Its calls block. `close` may be called while another one runs, and waits for it.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Open a file, which is closed with the reader.

        Raises AudioFormatError if it has no sound that can be read.
        """
        self._file = file
        self._lock = Lock()
        try:
            self.is_open_ended: Final = _is_open_ended(file)
            """Whether it's a WAV file that doesn't say how much sound it has."""
            self._container = av.open(
                file, "r", options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
            )
        except (FFmpegError, OSError) as err:
            file.close()
            msg = "It is no audio file of a known kind"
            raise AudioFormatError(msg) from err
        duration = self._container.duration
        self.duration: Final = duration / av.time_base if duration else None
        """Seconds; None if the file doesn't say."""
        self.kind: Final = media_kind(self._container)
        """The container and the codec of the sound."""
        self.damaged = False
        """Whether some of the sound couldn't be read, as far as it's known by now."""
        self._seconds = 0.0
        self._blocks = self._read()

    def read(self) -> bytes:
        """Return about a second of samples, and nothing at the end.

        Raises AudioFormatError for audio that can't be decoded.
        """
        with self._lock:
            block = bytearray()
            try:
                while len(block) < SAMPLE_RATE * SAMPLE_WIDTH:
                    block += next(self._blocks)
            except StopIteration:
                pass
            except (FFmpegError, OSError) as err:
                msg = "The file is broken"
                raise AudioFormatError(msg) from err
            return bytes(block)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._blocks.close()
            self._container.close()
            self._file.close()

    def _read(self) -> Generator[bytes]:
        if not self._container.streams.audio:
            msg = "The file has no sound"
            raise AudioFormatError(msg)
        resampler: _Resampler | None = None
        form: tuple[int, str, str] | None = None
        for frame in self._frames():
            frame.pts = None
            found = frame.sample_rate, frame.format.name, frame.layout.name
            if resampler is None or form != found:
                if resampler:
                    yield resampler.push(None)
                resampler, form = _Resampler(*found), found
            self._seconds += frame.samples / frame.sample_rate
            yield resampler.push(frame)
        if resampler is None:
            msg = "No sound in the file can be decoded"
            raise AudioFormatError(msg)
        self.damaged |= self._seconds < self._seconds_expected()
        yield resampler.push(None)

    def _frames(self) -> Iterator[AudioFrame]:
        """Yield the frames that can be decoded; a broken packet only loses its own sound."""
        for packet in self._packets():
            # FFmpeg also raises this at the end of a WAV file of unknown size.
            self.damaged |= packet.is_corrupt and not self.is_open_ended
            try:
                yield from filter(_is_usual, packet.decode())
            except FFmpegError, ValueError:
                # PyAV raises ValueError for a codec that can't be opened.
                self.damaged = True

    def _packets(self) -> Iterator[av.Packet[av.AudioStream]]:
        """Yield the packets up to where the container is broken."""
        packets = self._container.demux(self._container.streams.audio[0])
        try:
            yield from packets
        except InvalidDataError:
            self.damaged = True

    def _seconds_expected(self) -> float:
        """Return the least seconds of sound of a file without damage; 0 if it isn't known."""
        stream = self._container.streams.audio[0]
        if self.is_open_ended or self._container.format.name in _GUESSED:
            return 0
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        elif len(self._container.streams) == 1:
            seconds = self.duration or 0
        else:
            return 0
        return seconds - max(_MISSING_MAX, seconds * _MISSING_PART_MAX)


def _is_open_ended(file: BinaryIO) -> bool:
    """Return whether a WAV file doesn't say how much sound it has."""
    head = file.read(HEADER_MAX_SIZE)
    file.seek(0)
    try:
        header = read_header(head)
    except AudioFormatError:
        return False
    return header is not None and header.start > 0 and header.size is None


def _is_usual(frame: AudioFrame) -> bool:
    """Return whether it can be a microphone's rate: at 1 Hz a few bytes would be hours."""
    return replace(TARGET, rate=frame.sample_rate).supported


class _Resampler:
    """FFmpeg's filters from any frames to PCM, 16 kHz 16-bit mono unless told otherwise."""

    def __init__(
        self, rate: int, sample_format: str, layout: str, target: PcmFormat = TARGET
    ) -> None:
        form = _SAMPLE_FORMATS[target.bits, target.floating]
        bits = _UNKNOWN_BITS_AS if target.bits == _UNKNOWN_BITS else target.bits
        self._frame_size = target.channels * bits // 8
        self._graph = Graph()
        self._graph.threads = 1
        self._graph.link_nodes(
            self._graph.add_abuffer(sample_rate=rate, format=sample_format, layout=layout),
            self._graph.add("aresample", f"{target.rate}:{_FILTER}"),
            self._graph.add(
                "aformat", f"sample_fmts={form}:channel_layouts={_LAYOUTS[target.channels]}"
            ),
            self._graph.add("abuffersink"),
        ).configure()

    def push(self, frame: AudioFrame | None) -> bytes:
        """Return the samples that come out after a frame, or at the end (None)."""
        self._graph.push(frame)
        pcm = bytearray()
        while True:
            try:
                converted = cast("AudioFrame", self._graph.pull())
            except BlockingIOError, EOFError:
                return bytes(pcm)
            # The plane is larger than its content.
            pcm += memoryview(converted.planes[0])[: converted.samples * self._frame_size]
