"""A person who pauses: a voice for Assist's detector, and words for the service.

The emulator's coded speech is no speech to the detector. So the detector is given Piper's
voice, and what goes on to the engine is the same text in code at the same places: words that
are lost can then be counted exactly, and the detector's timing is its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Final, override
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from homeassistant.components.assist_pipeline.audio_enhancer import (
    EnhancedAudioChunk,
    MicroVadSpeexEnhancer,
)
from homeassistant.components.assist_pipeline.vad import VoiceCommandSegmenter

from tests.emulator import BYTES_PER_SECOND, silence, speak

from .hearing import say
from .speech import CHUNK, Utterance

_RATE: Final = BYTES_PER_SECOND // 2
_VOICE: Final = "joe"
_LOUD: Final = 10 ** (-30 / 20)  # relative to the peak
_LONGEST_GAP: Final = 0.4  # seconds between words, well below the service's pause
_QUIET_AFTER: Final = 3.0  # more than the detector lets pass

type _Samples = NDArray[np.int16]

_voice_now: ContextVar[bytes] = ContextVar("_voice_now")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A person's words and pauses."""

    utterance: Utterance
    """The words in code; the last one ends where the voice is loud for the last time."""
    voice: bytes = field(repr=False)
    """The voice that says them, 16 kHz 16-bit mono PCM."""

    @classmethod
    def of(cls, *parts: str, pause: float = 0.0) -> Saying:
        """Say parts of a text with pauses (seconds) of quiet between them."""
        voice, words = np.zeros(0, np.int16), b""
        for part, pcm in say(_VOICE, parts).items():
            sound = np.frombuffer(pcm, np.int16)
            first, last = _loud_part(sound)
            start = len(words) // 2 + round(pause * _RATE) - first if words else 0
            voice = _laid_over(voice, sound, start)
            words = words.ljust(2 * (start + first), b"\0")
            words += _in_code(part, last - first)
        # The last word ends with a chunk.
        before = bytes(-len(words) % CHUNK)
        return cls(
            utterance=Utterance(
                text=" ".join(parts), speech=before + words, quiet_after=_QUIET_AFTER
            ),
            voice=before + voice.tobytes(),
        )

    def host_end(self) -> float:
        """Return the seconds from the last loud sample to where Assist's detector ends the stream.

        They are negative if it ends it before everything is said.
        """
        detector, segmenter = (
            MicroVadSpeexEnhancer(0, 0, is_vad_enabled=True),
            VoiceCommandSegmenter(),
        )
        audio = self.voice + silence(_QUIET_AFTER)
        for end in range(CHUNK, len(audio), CHUNK):
            chunk = detector.enhance_chunk(audio[end - CHUNK : end], 0)
            if not segmenter.process(CHUNK / BYTES_PER_SECOND, chunk.speech_probability):
                return end / BYTES_PER_SECOND - self.utterance.seconds
        msg = f"Assist's detector waits for more than: {self.utterance.text}"
        raise ValueError(msg)


class _TwoTracks(MicroVadSpeexEnhancer):
    """Assist's own detector, which listens to the voice while the words pass by."""

    def __init__(self, auto_gain: int, noise_suppression: int, is_vad_enabled: bool) -> None:  # noqa: FBT001
        super().__init__(auto_gain, noise_suppression, is_vad_enabled)
        self._voice = _voice_now.get()

    @override
    def enhance_chunk(self, audio: bytes, timestamp_ms: int) -> EnhancedAudioChunk:
        start = round(timestamp_ms / 1000 * BYTES_PER_SECOND)
        voice = self._voice[start : start + CHUNK].ljust(CHUNK, b"\0")
        return replace(super().enhance_chunk(voice, timestamp_ms), audio=audio)


@contextmanager
def detector_hears_voices() -> Iterator[None]:
    """Let Assist's pipelines hear the voice that was set with `use_voice` in their task."""
    pipeline = "homeassistant.components.assist_pipeline.default_pipeline"
    with patch(f"{pipeline}.MicroVadSpeexEnhancer", _TwoTracks):
        yield


def use_voice(saying: Saying) -> None:
    """Set the voice for the pipelines that this task starts."""
    _voice_now.set(saying.voice)


def _loud_part(sound: _Samples) -> tuple[int, int]:
    """Return the first sample of a voice that is loud, and the one after the last."""
    loudness = np.abs(sound.astype(np.int32))
    loud = np.flatnonzero(loudness > _LOUD * loudness.max())
    return int(loud[0]), int(loud[-1]) + 1


def _laid_over(track: _Samples, sound: _Samples, start: int) -> _Samples:
    """Return a track with a sound added at a place; the quiet of both may lie there."""
    longer = np.pad(track, (0, max(0, start + len(sound) - len(track))))
    longer[start : start + len(sound)] += sound
    return longer


def _in_code(text: str, length: int) -> bytes:
    """Return a text in code that is spread over a number of samples, and loud at its end."""
    words = text.split()
    sound = sum(len(speak(word)) for word in words) // 2
    gap = (length - sound) / _RATE / max(1, len(words) - 1)
    if gap > _LONGEST_GAP:
        msg = f"Too few words for so long a voice: {text}"
        raise ValueError(msg)
    return speak(text, pause_ms=int(1000 * gap)).rjust(2 * length, b"\0")
