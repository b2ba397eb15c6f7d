"""Synthetic voices, which read standard input aloud, each line into a file.

It runs in the emulator's environment, for Piper; the other voices are Debian's packages.
"""

from collections.abc import Callable
from pathlib import Path
import subprocess
import sys
from tempfile import NamedTemporaryFile
from typing import Final
import unicodedata
import wave

import numpy as np

from tests.e2e.connection import SAMPLE_RATE
from tests.e2e.voice import resample, speak

_PEAK: Final = 10 ** (-3 / 20)
_QUIET: Final = round(0.3 * SAMPLE_RATE)


def main() -> None:
    """Say each line, which is a path and a text, with the voice that is named."""
    say = VOICES[sys.argv[1]]
    for line in sys.stdin:
        path, text = line.rstrip("\n").split("\t")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(say(text))


def _flite(voice: str) -> Callable[[str], bytes]:
    """Return a voice of Debian's flite."""

    def say(text: str) -> bytes:
        # It reads ASCII only.
        letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        with NamedTemporaryFile(suffix=".wav") as file:
            command = ("flite", "-voice", voice, "-t", letters, "-o", file.name)
            subprocess.run(command, check=True)  # noqa: S603 - no shell reads it
            return _as_by_microphone(file.name)

    return say


def _festival(voice: str) -> Callable[[str], bytes]:
    """Return one of Debian's Italian voices for Festival."""

    def say(text: str) -> bytes:
        with NamedTemporaryFile(suffix=".wav") as file:
            command = ("text2wave", "-eval", f"(voice_{voice}_diphone)", "-o", file.name)
            subprocess.run(command, check=True, input=text.encode("latin-1"))  # noqa: S603
            return _as_by_microphone(file.name)

    return say


def _as_by_microphone(path: str) -> bytes:
    """Return a WAV file's sound at 16 kHz, -3 dB at most, with some quiet around it."""
    with wave.open(path) as sound:
        rate, pcm = sound.getframerate(), sound.readframes(sound.getnframes())
    samples = resample(np.frombuffer(pcm, "<i2").astype(np.float64), rate)
    samples *= _PEAK / np.abs(samples).max()
    return np.round(np.pad(samples, _QUIET) * 32767).astype("<i2").tobytes()


VOICES: Final[dict[str, Callable[[str], bytes]]] = {
    "joe": speak,
    "slt": _flite("slt"),
    "rms": _flite("rms"),
    "lp": _festival("lp"),
    "pc": _festival("pc"),
}


if __name__ == "__main__":
    main()
