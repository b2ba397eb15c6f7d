"""Media files in every container, made when they are needed."""

from dataclasses import dataclass
import io
from typing import Final

import av
import numpy as np

from custom_components.azure_stt.audio.pcm import PcmFormat
from tests.support.sounds import converted_audio


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of media file, in FFmpeg's names."""

    container: str
    codec: str
    rate: int = 44_100
    layout: str = "stereo"
    sample_format: str | None = None


KINDS: Final = {
    "aac": Kind(container="adts", codec="aac"),
    "ac3": Kind(container="ac3", codec="ac3", rate=48_000),
    "aiff": Kind(container="aiff", codec="pcm_s16be"),
    "au": Kind(container="au", codec="pcm_mulaw", rate=16_000, layout="mono"),
    "avi": Kind(container="avi", codec="mp2"),
    "caf": Kind(container="caf", codec="pcm_s16le"),
    "eac3": Kind(container="eac3", codec="eac3", rate=48_000),
    "flac": Kind(container="flac", codec="flac", rate=96_000),
    "flac 5.1": Kind(container="flac", codec="flac", layout="5.1"),
    "flv": Kind(container="flv", codec="libmp3lame"),
    "m4a": Kind(container="ipod", codec="aac"),
    "m4a alac": Kind(container="ipod", codec="alac"),
    "mka": Kind(container="matroska", codec="aac"),
    "mkv": Kind(container="matroska", codec="pcm_s16le"),
    "mov": Kind(container="mov", codec="pcm_s16le"),
    "mp2": Kind(container="mp2", codec="mp2", rate=48_000),
    "mp3": Kind(container="mp3", codec="libmp3lame"),
    "mp3 mono": Kind(container="mp3", codec="libmp3lame", rate=16_000, layout="mono"),
    "mp4 5.1": Kind(container="mp4", codec="aac", rate=48_000, layout="5.1"),
    "mpg": Kind(container="mpeg", codec="mp2"),
    "ogg opus": Kind(container="ogg", codec="libopus", rate=48_000),
    "ogg opus 5.1": Kind(container="ogg", codec="libopus", rate=48_000, layout="5.1"),
    "ogg vorbis": Kind(container="ogg", codec="vorbis"),
    "ts": Kind(container="mpegts", codec="aac"),
    "tta": Kind(container="tta", codec="tta", sample_format="s16"),
    "voc": Kind(container="voc", codec="pcm_s16le"),
    "w64": Kind(container="w64", codec="pcm_s16le"),
    "wav": Kind(container="wav", codec="pcm_s16le"),
    "wav 8 kHz": Kind(container="wav", codec="pcm_s16le", rate=8_000, layout="mono"),
    "wav 24 bit": Kind(container="wav", codec="pcm_s24le", rate=48_000),
    "wav float": Kind(container="wav", codec="pcm_f32le", rate=192_000),
    "webm opus": Kind(container="webm", codec="libopus", rate=48_000),
    "webm vorbis": Kind(container="webm", codec="vorbis"),
    "wma": Kind(container="asf", codec="wmav2"),
    "wv": Kind(container="wv", codec="wavpack", sample_format="s16p"),
}


def media(pcm: bytes, kind: Kind, **options: str) -> bytes:
    """Make a file of 16 kHz 16-bit mono PCM, with the same in each channel.

    The options are the container's.
    """
    sound = converted_audio(pcm, PcmFormat(rate=kind.rate, bits=16, channels=1))
    channels = len(av.AudioLayout(kind.layout).channels)
    planes = np.repeat(np.frombuffer(sound, "<i2").reshape(1, -1), channels, axis=0)
    file = io.BytesIO()
    with av.open(file, "w", format=kind.container, options=options) as container:
        # FFmpeg calls its own encoder of Vorbis experimental.
        stream = container.add_stream(
            kind.codec, rate=kind.rate, layout=kind.layout, options={"strict": "experimental"}
        )
        assert isinstance(stream, av.AudioStream)
        if kind.sample_format:
            stream.format = kind.sample_format
        stream.bit_rate = 128_000 * channels
        frame = av.AudioFrame.from_ndarray(planes, format="s16p", layout=kind.layout)
        frame.sample_rate = kind.rate
        frame.pts = 0
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()
