"""Segments: the stretch of a recording that one request reads.

Positions and lengths are samples at 16 kHz, levels are decibels of full scale.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Final, Self

from ..audio.pcm import FRAME, SAMPLE_RATE, SAMPLE_WIDTH, levels
from .endpointing import Loudness
from .recording import BLOCK_MAX, BLOCK_MIN, Recording

# The service takes 60 s of audio. From 45 s on a segment ends at the first quiet 200 ms; at
# 57 s one second more is looked at, and the cut goes where that is quietest.
CUT_WHEN_QUIET: Final = 45 * SAMPLE_RATE
"""Samples after which a request's audio ends at the first short pause."""

_CUT_AT_ONCE: Final = 57 * SAMPLE_RATE
_QUIET_FRAMES: Final = SAMPLE_RATE // 5 // FRAME
_HELD_BACK: Final = SAMPLE_RATE
_CUT_FRAMES: Final = 5


class Cut:
    """Where the audio of a request ends before its recording does, decided while it is sent.

    Every request for the same audio ends there, so that a retry sends the same.
    """

    def __init__(self, recording: Recording) -> None:
        """Initialize without an end."""
        self._recording = recording
        self.position: int | None = None
        self.made_at: float | None = None

    def make(self, position: int) -> None:
        """End the audio at a position, or at once if more was sent."""
        self.position = position
        self.made_at = monotonic()
        self._recording.wake()

    async def made_or_full(self) -> float:
        """Wait until no more audio comes, and return since when, by `time.monotonic`."""
        since = await self._recording.ends_or_is_full(unless=lambda: self.position is not None)
        return self.made_at or since


class Segment:
    """Reads a recording from a position on, for at most as long as one request may be.

    `position` is how far it has been read, `cut` where it was cut off, or None, and `read_at`
    the time of the last block by `time.monotonic`, or None. `finished` says that all of it
    has been read. With several voices, a quiet voice isn't taken for a pause to cut at.
    """

    def __init__(
        self,
        recording: Recording,
        start: int,
        end: Cut | None = None,
        *,
        several_voices: bool = False,
    ) -> None:
        """Initialize at a position that isn't forgotten."""
        self.start: Final = start
        self._several_voices = several_voices
        self.position = start
        self.cut: int | None = None
        self.read_at: float | None = None
        self.finished = False
        self._end = end or Cut(recording)
        self._began_at = 0.0
        self._recording = recording
        self._threshold: float | None = None
        self._quiet_frames = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        length = self.position - self.start
        if self.cut is not None:
            block = b""
        elif length < CUT_WHEN_QUIET:
            block = await self._read(BLOCK_MIN, BLOCK_MAX)
        elif length < _CUT_AT_ONCE:
            block = await self._frame()
        else:
            block = await self._last_second()
        if not block:
            self.finished = True
            raise StopAsyncIteration
        now = monotonic()
        if self.read_at is None:
            self._began_at = now
        self.read_at = now
        self.position += len(block) // SAMPLE_WIDTH
        return block

    @property
    def lead(self) -> float:
        """Seconds of audio that were read faster than real time."""
        elapsed = self.read_at - self._began_at if self.read_at else 0.0
        return max(0.0, (self.position - self.start) / SAMPLE_RATE - elapsed)

    def _has_ended(self) -> bool:
        """Return whether the end has been decided and read."""
        return self._end.position is not None and self.position >= self._end.position

    async def _read(self, least: int, most: int) -> bytes:
        """Return the next samples, at least as many as that if they come."""
        stop = self.position + most
        await self._recording.reaches(self.position + least, unless=self._has_ended)
        if self._has_ended():
            return b""
        if self._end.position is not None:
            stop = min(stop, self._end.position)
        return self._recording.copy(self.position, stop)

    async def _frame(self) -> bytes:
        """Return the next frame, and cut after it if it completes a pause."""
        frame = await self._read(FRAME, FRAME)
        if self._threshold is None:
            loudness = Loudness.of(self._recording, self.start, self.position + FRAME)
            self._threshold = loudness.threshold(several_voices=self._several_voices)
        level = levels(frame)
        self._quiet_frames = self._quiet_frames + 1 if level and level[0] <= self._threshold else 0
        if self._quiet_frames == _QUIET_FRAMES:
            self.cut = self.position + FRAME
        return frame

    async def _last_second(self) -> bytes:
        """Return the last second, cut at its quietest place."""
        held = await self._read(_HELD_BACK, _HELD_BACK)
        if len(held) < _HELD_BACK * SAMPLE_WIDTH:
            return held
        self.cut = self.position + _quietest(levels(held)) * FRAME + FRAME // 2
        return self._recording.copy(self.position, self.cut)


def _quietest(frames: Sequence[float]) -> int:
    """Return the quietest frame of the quietest 100 ms, as near to their middle as possible."""
    starts = range(len(frames) - _CUT_FRAMES + 1)
    best = min(starts, key=lambda start: sum(frames[start : start + _CUT_FRAMES]))
    middle = best + _CUT_FRAMES // 2
    return min(
        range(best, best + _CUT_FRAMES), key=lambda frame: (frames[frame], abs(frame - middle))
    )
