"""Files of any format, decoded to 16 kHz 16-bit mono PCM."""

from io import BytesIO

from .speech_model import SAMPLE_RATE
from .wav import wav_header

# [doc] WAV, MP3, OPUS/OGG, FLAC, WMA, AAC, AMR, WebM, SPEEX: FFmpeg's names of the containers.
# FFmpeg has one demuxer for WebM and Matroska.
_CONTAINERS = "aac,amr,asf,flac,matroska,mp3,ogg,wav,webm"
_EBML = b"\x1aE\xdf\xa3"
_OWN_HEADER = wav_header()
_SIZES = (slice(4, 8), slice(-4, None))


class DecodingError(Exception):
    """A file without any sound that can be read."""


def decode(file: bytes) -> bytes:
    """Return a file's sound. It blocks. Raises `DecodingError`.

    16 kHz 16-bit mono WAV can be read everywhere, anything else needs PyAV. A WAV file says how
    much sound it has: 0 is none at all, as in any other file.
    """
    if (header := file[: len(_OWN_HEADER)]) and _without_sizes(header) == _without_sizes(
        _OWN_HEADER
    ):
        size = int.from_bytes(header[-4:], "little")
        sound = file[len(header) :]
        if not 0 < size <= len(sound):
            message = "The file states another size"
            raise DecodingError(message)
        return sound[:size]
    return _decode_with_av(file)


def _without_sizes(header: bytes) -> bytes:
    rest = bytearray(header)
    for place in _SIZES:
        rest[place] = bytes(4)
    return bytes(rest)


def _decode_with_av(file: bytes) -> bytes:
    try:
        import av  # noqa: PLC0415  # the emulator runs without it
    except ImportError as error:
        message = "Without PyAV, only WAV files of 16 kHz can be read"
        raise DecodingError(message) from error
    if file.startswith(_EBML) and b"webm" not in file[:64]:
        message = "Of Matroska, only WebM is taken"
        raise DecodingError(message)
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
    pcm = bytearray()
    try:
        with av.open(BytesIO(file), "r", options=options) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            for frame in container.decode(audio=0):
                for made in resampler.resample(frame):
                    pcm += bytes(made.planes[0])[: 2 * made.samples]
            for made in resampler.resample(None):
                pcm += bytes(made.planes[0])[: 2 * made.samples]
    except (av.FFmpegError, ValueError, IndexError) as error:
        message = "The file can't be read"
        raise DecodingError(message) from error
    return bytes(pcm)
