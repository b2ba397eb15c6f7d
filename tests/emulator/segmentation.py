"""Where the utterances of an audio stream begin and end, by their loudness.

[?] Azure's own way isn't known; only the length of the pause is a part of a profile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import math
from typing import Final

from .speech_model import SAMPLE_RATE, SAMPLE_WIDTH, TICKS_PER_SAMPLE

_FRAME: Final = SAMPLE_RATE // 50
"""Samples (20 ms) that are judged together."""
_MARGIN: Final = SAMPLE_RATE // 5
"""Samples of the quiet before and after the speech that go to the model with it."""

# Mean squares of 16-bit samples.
_ALWAYS_QUIET: Final = 50.0**2  # -56 dB of full scale
_ALWAYS_SOUND: Final = 400.0**2  # -38 dB
_ABOVE_NOISE: Final = 2.5**2  # 8 dB over the background
_BELOW_SPEECH: Final = 1 / 32**2  # 30 dB under the loudest part
_LEAST_NOISE: Final = 10.0**2  # digital silence says nothing of the room
_NOISE_RISE: Final = 1.01  # in a frame: the background may grow by 2 dB a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One utterance of a stream. Times are in ticks from the stream's start."""

    offset: int
    duration: int
    audio: bytes
    """16 kHz 16-bit mono PCM: the speech with a margin of quiet."""
    audio_offset: int
    """Where that audio, margin included, begins."""


class Segmenter:
    """Follows 16 kHz 16-bit mono PCM until its first utterance has ended.

    The audio may come in pieces of any size; the result doesn't depend on them.
    """

    def __init__(self, *, pause: float, initial_silence: float) -> None:
        """Set how many seconds of quiet end an utterance, or a stream without one."""
        self._pause = round(pause * SAMPLE_RATE)
        self._initial_silence = initial_silence * SAMPLE_RATE
        self._audio = bytearray()
        self._start = 0  # where that audio begins in the stream, in samples
        self._judged = 0  # all the following are in samples
        self._begin: int | None = None
        self._end = 0
        self._noise = _ALWAYS_SOUND / _ABOVE_NOISE
        self._loudest = 0.0

    @property
    def seconds(self) -> float:
        """The length of the audio up to now."""
        return len(self._audio) / SAMPLE_WIDTH / SAMPLE_RATE

    @property
    def offset(self) -> int:
        """Ticks from the stream's start to the end of the audio that has been judged."""
        return (self._start + self._judged) * TICKS_PER_SAMPLE

    @property
    def has_ended(self) -> bool:
        """Whether the pause after the first utterance, or the initial silence, is complete."""
        if self._begin is None:
            return self._judged >= self._initial_silence
        return self._judged - self._end >= self._pause

    def feed(self, audio: bytes) -> None:
        """Take the next audio; ignore audio beyond the utterance's end."""
        self._audio += audio
        whole = len(self._audio) // SAMPLE_WIDTH - _FRAME
        while self._judged <= whole and not self.has_ended:
            self._judge(self._judged + _FRAME)

    def finish(self) -> None:
        """Take it that the stream has ended."""
        samples = len(self._audio) // SAMPLE_WIDTH
        if self._judged < samples and not self.has_ended:
            self._judge(samples)

    @property
    def utterance(self) -> Utterance | None:
        """The utterance up to now; `None` if all was quiet."""
        if self._begin is None:
            return None
        start = max(0, self._begin - _MARGIN)
        stop = min(self._judged, self._end + _MARGIN)
        return Utterance(
            offset=(self._start + self._begin) * TICKS_PER_SAMPLE,
            duration=(self._end - self._begin) * TICKS_PER_SAMPLE,
            audio=bytes(self._audio[start * SAMPLE_WIDTH : stop * SAMPLE_WIDTH]),
            audio_offset=(self._start + start) * TICKS_PER_SAMPLE,
        )

    @property
    def utterances(self) -> Iterator[Utterance]:
        """Every utterance of a stream that has ended, from the first on."""
        segmenter = self
        while (utterance := segmenter.utterance) is not None:
            yield utterance
            segmenter = segmenter._following()

    def _following(self) -> Segmenter:
        """Return a segmenter of the audio after the pause."""
        segmenter = Segmenter(pause=self._pause / SAMPLE_RATE, initial_silence=math.inf)
        segmenter._start = self._start + self._judged
        segmenter.feed(bytes(self._audio[self._judged * SAMPLE_WIDTH :]))
        segmenter.finish()
        return segmenter

    def _judge(self, end: int) -> None:
        frame = self._audio[self._judged * SAMPLE_WIDTH : end * SAMPLE_WIDTH]
        samples = memoryview(frame).cast("h")
        loudness = math.sumprod(samples, samples) / len(samples)
        self._noise = max(_LEAST_NOISE, min(loudness, self._noise * _NOISE_RISE))
        if loudness > self._threshold():
            if self._begin is None:
                self._begin = self._judged
            self._end = end
            self._loudest = max(self._loudest, loudness)
        self._judged = end

    def _threshold(self) -> float:
        """Give the mean square above which a frame is speech."""
        background = min(self._noise * _ABOVE_NOISE, _ALWAYS_SOUND)
        return max(_ALWAYS_QUIET, background, self._loudest * _BELOW_SPEECH)
