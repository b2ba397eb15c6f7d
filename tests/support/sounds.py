"""Speech in every format that a satellite may send."""

import io
from itertools import product
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from homeassistant.components.stt import AudioBitRates, AudioChannels, AudioSampleRates

from custom_components.azure_stt.audio.pcm import SAMPLE_RATE, PcmFormat
from tests.emulator import silence, speak, wav_header

type Sound = NDArray[np.float64]
"""Samples from -1 to 1."""

FORMATS: Final = [
    PcmFormat(rate=rate, bits=bits, channels=channels)
    for rate, bits, channels in product(
        map(int, AudioSampleRates), map(int, AudioBitRates), map(int, AudioChannels)
    )
]
FLOATS: Final = [
    PcmFormat(rate=44_100, bits=bits, channels=channels, floating=True)
    for bits, channels in product((32, 64), (1, 2))
]
SENTENCE: Final = "Turn on the kitchen light."

SPOKEN: Final = silence(0.1) + speak(SENTENCE, level=-36, pause_ms=100) + silence(0.1)
"""The quietest sound that survives Opus, which removes the lowest frequencies."""


def encode(sound: Sound, form: PcmFormat) -> bytes:
    """Make PCM of a sound, with the same in each channel."""
    if form.floating:
        samples: NDArray[Any] = sound.astype(f"<f{form.bits // 8}")
    else:
        samples = np.round(sound * (2 ** (form.bits - 1) - 1)).astype("<i4")
        if form.bits == 8:
            samples += 128
    frames = np.repeat(samples.reshape(-1, 1), form.channels, axis=1)
    if form.floating:
        return frames.tobytes()
    return frames.reshape(-1, 1).view("u1")[:, : form.bits // 8].tobytes()


def converted_audio(pcm: bytes, form: PcmFormat) -> bytes:
    """Convert 16 kHz 16-bit mono PCM to a format, by other means than the converter's."""
    sound = np.frombuffer(pcm, "<i2") / 32768
    length = round(len(sound) * form.rate / SAMPLE_RATE)
    spectrum = np.fft.rfft(sound)
    return encode(np.fft.irfft(spectrum, length) * length / len(sound), form)


def header(form: PcmFormat) -> bytes:
    """Return the header of a WAV file of that form."""
    return wav_header(
        sample_rate=form.rate,
        bits=form.bits,
        channels=form.channels,
        codec=3 if form.floating else 1,
    )


def ogg(pcm: bytes, *, layout: str = "mono", page_ms: int = 1000) -> bytes:
    """Make an OGG/Opus file of 16 kHz 16-bit mono PCM, with pages of that length."""
    file = io.BytesIO()
    options = {"page_duration": str(1000 * page_ms)}
    with av.open(file, "w", format="ogg", options=options) as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout=layout)
        stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").reshape(1, -1), layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()
