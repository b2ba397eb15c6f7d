"""Sayings in real voices, in a room that is never quite silent, and a speech model that knows them.

The model finds the audio that it is given in what was said, sample by sample. So the words that a
request held can be counted exactly, and no computing time disturbs what is measured.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final, Self, override

import numpy as np
from numpy.typing import NDArray

from tests.emulator import BYTES_PER_SECOND, CUT, Alternative, SpeechModel
from tests.emulator.speech_model import SAMPLE_RATE, SAMPLE_WIDTH, Heard

from .hearing import say
from .speech import CHUNK, Utterance

VOICES: Final = ("joe", "slt", "rms")
"""Piper's American voice, and two of Debian's flite."""

_ROOM: Final = -60.0  # decibels of full scale
_LOUD: Final = 10 ** (-30 / 20)  # relative to the peak
_QUIETER: Final = 0.5  # voices, so that they and other sound aren't clipped together
_HEARD_FROM: Final = round(0.05 * SAMPLE_RATE)  # a word that lacks no more than this is whole
_KEY: Final = 32  # samples by which audio is found; the room's noise makes them unique

type _Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord:
    """A word and where it lies, in samples from the stream's start."""

    text: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A person's words, with the sound of the room around them."""

    utterance: Utterance
    words: Sequence[TimedWord] = field(repr=False)
    """All that can be heard, a television's words included."""
    pcm: bytes = field(repr=False)
    """The whole stream, 16 kHz 16-bit mono PCM."""

    @classmethod
    def of(  # noqa: PLR0913 - a scene has these parts
        cls,
        *parts: str,
        voice: str,
        pause: float | Sequence[float] = 0.0,
        before: str = "",
        quiet_before: float = 0.4,
        quiet_after: float,
        other: _Samples | None = None,
        other_level: float = 0.0,
        television: Sequence[str] = (),
    ) -> Saying:
        """Say parts of a text with a pause between them (seconds), or several in turn.

        `before` is heard at once, and counts as nothing said: a wake word's tail. `other` is
        sound all along, its level in decibels relative to the voice's; `television` is what
        another voice says after the command, as loud.
        """
        track = _Track()
        if before:
            track.say(voice, before)
        track.wait(quiet_before)
        pauses = cycle([pause] if isinstance(pause, float) else pause)
        for number, part in enumerate(parts):
            if number:
                track.wait(next(pauses))
            track.say(voice, part)
        end = -(-track.length * SAMPLE_WIDTH // CHUNK) * CHUNK
        for sentence in television:
            track.wait(0.5)
            track.say(VOICES[VOICES.index(voice) - 1], sentence, 10 ** (other_level / 20))
        total = end // SAMPLE_WIDTH + round(quiet_after * SAMPLE_RATE)
        sound = np.pad(track.sound, (0, max(0, total - track.length)))[:total]
        if other is not None:
            level = _rms(track.sound) * 10 ** (other_level / 20) / _rms(other)
            sound = sound + np.resize(other, total) * level
        noise = np.random.default_rng(sum(" ".join(parts).encode()) + total)
        sound = sound + noise.standard_normal(total) * 10 ** (_ROOM / 20)
        pcm = np.clip(np.round(sound * 32767), -32768, 32767).astype("<i2").tobytes()
        return cls(
            utterance=Utterance(
                text=" ".join(parts), speech=pcm[:end], quiet_after=quiet_after, file=pcm
            ),
            words=track.words,
            pcm=pcm,
        )


class _Track:
    """Sound that grows: sayings one after another."""

    def __init__(self) -> None:
        self.sound: _Samples = np.zeros(0)
        self.words: list[TimedWord] = []

    @property
    def length(self) -> int:
        return len(self.sound)

    def wait(self, seconds: float) -> None:
        self.sound = np.pad(self.sound, (0, round(seconds * SAMPLE_RATE)))

    def say(self, voice: str, text: str, volume: float = 1.0) -> None:
        """Add the loud part of a voice's sound; its words share the time by their letters."""
        samples = np.frombuffer(say(voice, [text])[text], "<i2").astype(np.float64) / 32768
        loud = np.flatnonzero(np.abs(samples) > _LOUD * np.abs(samples).max())
        samples = samples[loud[0] : loud[-1] + 1] * _QUIETER * volume
        words = text.split()
        edges = np.cumsum([0, *(len(word) + 1 for word in words)])
        scaled = (edges / edges[-1] * len(samples)).astype(int) + self.length
        self.words += [
            TimedWord(text=word, start=int(start), stop=int(stop))
            for word, start, stop in zip(words, scaled, scaled[1:], strict=False)
        ]
        self.sound = np.concatenate([self.sound, samples])


class KnowingModel(SpeechModel):
    """Hears the words of known sayings; a word of which a part is missing is `[cut]`."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._sayings: list[Saying] = []

    def learn(self, sayings: Iterable[Saying]) -> Self:
        """Know these sayings, and no others."""
        self._sayings = list(sayings)
        return self

    @override
    async def recognize(self, audio: bytes, language: str) -> Heard:
        middle = len(audio) // SAMPLE_WIDTH // 2 * SAMPLE_WIDTH
        key = audio[middle : middle + _KEY * SAMPLE_WIDTH]
        for saying in self._sayings:
            if (found := saying.pcm.find(key)) >= 0:
                start = (found - middle) // SAMPLE_WIDTH
                words = _heard(saying.words, start, start + len(audio) // SAMPLE_WIDTH)
                return [Alternative(text=" ".join(words))] if words else ()
        return ()


def _heard(words: Sequence[TimedWord], start: int, stop: int) -> list[str]:
    """Return the words of a part: those that it cuts through are `[cut]`."""
    return [
        word.text if start <= word.start + _HEARD_FROM and word.stop - _HEARD_FROM <= stop else CUT
        for word in words
        if word.stop - _HEARD_FROM > start and word.start + _HEARD_FROM < stop
    ]


def music(seconds: float) -> _Samples:
    """Return music of a kind: chords that are plucked twice a second over a bass and a drum."""
    generator = np.random.default_rng(7)
    beat = SAMPLE_RATE // 2
    time = np.arange(beat) / SAMPLE_RATE
    chords = ((220, 277, 330), (196, 247, 294), (175, 220, 262), (165, 208, 247))
    bars = []
    for number in range(round(seconds * 2)):
        chord = chords[number // 4 % len(chords)]
        tones = sum(
            np.sin(2 * np.pi * tone * harmonic * time) / harmonic
            for tone in (chord[0] / 2, *chord)
            for harmonic in (1, 2, 3)
        )
        drum = generator.standard_normal(beat) * np.exp(-40 * time)
        bars.append(tones * np.exp(-3 * time) + drum)
    return np.concatenate(bars)


def billed(audio_bytes: Iterable[int]) -> int:
    """Return the seconds that Azure would bill for requests: each is rounded up."""
    return sum(-(-size // BYTES_PER_SECOND) for size in audio_bytes)


def _rms(sound: _Samples) -> float:
    """Return how loud sound is while it isn't silent."""
    loud = sound[np.abs(sound) > np.abs(sound).max() / 100]
    return float(np.sqrt(np.mean(loud**2)))
