"""Another sample rate than 16 kHz, made to it by straight lines between the samples."""

from array import array

from .speech_model import SAMPLE_RATE, SAMPLE_WIDTH


class Resampler:
    """Turns 16-bit mono PCM, in pieces of any size, to 16 kHz. Good enough for speech."""

    def __init__(self, rate: int) -> None:
        """Set the sample rate of the input."""
        self._rate = max(1, rate)
        self._unread = b""
        # The place of the next sample among the unread ones, in 16,000ths of one of them.
        self._place = 0

    def feed(self, audio: bytes) -> bytes:
        """Return as much as can be made of all the audio up to now."""
        if self._rate == SAMPLE_RATE:
            return audio
        data = self._unread + audio
        samples = array("h", data[: len(data) // SAMPLE_WIDTH * SAMPLE_WIDTH])
        made = array("h")
        while self._place // SAMPLE_RATE + 1 < len(samples):
            index, share = divmod(self._place, SAMPLE_RATE)
            before, after = samples[index], samples[index + 1]
            made.append(before + (after - before) * share // SAMPLE_RATE)
            self._place += self._rate
        done = min(self._place // SAMPLE_RATE, len(samples))
        self._place -= done * SAMPLE_RATE
        self._unread = data[done * SAMPLE_WIDTH :]
        return made.tobytes()
