"""Listening to an upload of PCM or Opus: its header, sample rate, length and utterances."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from .answer import refuse_content, refuse_empty_audio
from .ogg import OpusReader
from .profile import Answers, OverLength
from .resampling import Resampler
from .segmentation import Segmenter, Utterance
from .settings import Settings
from .speech_model import BYTES_PER_SECOND, TICKS_PER_SECOND
from .wav import WavReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """The speech in an upload."""

    utterances: Sequence[Utterance]
    """Those that are answered."""
    end: int
    """Ticks from the upload's start to the end of the audio that counts."""


class Listener:
    """Listens to WAV, PCM or Opus, up to its first pause or to its end."""

    def __init__(self, settings: Settings, longest_audio: float, *, is_opus: bool = False) -> None:
        """Set how many seconds of audio are listened to at most."""
        self._settings = settings
        self._longest_audio = longest_audio
        self._reader: OpusReader | WavReader = OpusReader() if is_opus else WavReader(settings)
        self._resampler: Resampler | None = None
        self._segmenter = Segmenter(pause=settings.pause, initial_silence=settings.initial_silence)

    @property
    def header(self) -> bytes:
        """The audio file's header."""
        return self._reader.header

    @property
    def seconds(self) -> float:
        """The length of the audio up to now."""
        return self._segmenter.seconds

    @property
    def is_done(self) -> bool:
        """Whether the answer doesn't wait for the upload's end."""
        if self._settings.answers is not Answers.EARLY:
            return False
        is_cut = self._settings.over_length is OverLength.CUT
        return self._segmenter.has_ended or (is_cut and self.seconds >= self._longest_audio)

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the upload and return their audio, decoded.

        Raises `RefusedError` (400) if the header is wrong or the audio too long.
        """
        audio = self._reader.feed(data)
        heard = self._to_16_khz(audio)
        if self._settings.over_length is OverLength.CUT:
            limit = round(self._longest_audio * BYTES_PER_SECOND)
            heard = heard[: limit - round(self.seconds * BYTES_PER_SECOND)]
        self._segmenter.feed(heard)
        if self.seconds > self._longest_audio and not self.is_done:
            refuse_content(f"The audio is longer than {self._longest_audio:.0f} seconds")
        return audio

    def finish(self) -> Listened:
        """Return the speech, at the pause or the upload's end.

        Raises `RefusedError` (400) if the header disagrees with the upload, or nothing came.
        """
        segmenter = self._segmenter
        if not self.is_done:
            self._reader.finish()
            segmenter.finish()
        if not self.seconds:
            refuse_empty_audio()
        answers = self._settings.answers
        count = None if answers is Answers.AT_END_EVERYTHING else 1
        whole = round(self.seconds * TICKS_PER_SECOND)
        return Listened(
            utterances=list(islice(segmenter.utterances, count)),
            end=segmenter.offset if answers is Answers.EARLY else whole,
        )

    def _to_16_khz(self, audio: bytes) -> bytes:
        if not self._reader.is_understood:
            return bytes(len(audio))
        if audio and self._resampler is None:
            self._resampler = Resampler(self._reader.sample_rate)
        return self._resampler.feed(audio) if self._resampler else audio
