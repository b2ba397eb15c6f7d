"""Pauses: where speech ends, where it goes on, and where long speech may be cut.

Positions and lengths are samples at 16 kHz, levels are decibels of full scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from .audio import FRAME, SAMPLE_RATE, SAMPLE_WIDTH, SILENT, levels
from .recording import Recording

CONTINUATION_RANGE: Final = 15.0
"""Decibels: what stays further below an utterance is a television, not its continuation."""

LEAD: Final = SAMPLE_RATE // 2
"""Samples of the quiet before speech that goes on, which are sent with it."""

# The service takes 60 s of audio. From 45 s on a segment ends at the first quiet 200 ms; at
# 57 s one second more is looked at, and the cut goes where that is quietest.
_CUT_WHEN_QUIET: Final = 45 * SAMPLE_RATE
_CUT_AT_ONCE: Final = 57 * SAMPLE_RATE
_QUIET_FRAMES: Final = SAMPLE_RATE // 5 // FRAME
_HELD_BACK: Final = SAMPLE_RATE
_CUT_FRAMES: Final = 5

# Decibels by which speech is louder than the room.
_STANDING_OUT: Final = 6.0

# Frames in a row that make a sound speech, and not a click: 60 ms.
_ONSET_FRAMES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """How loud speech is, and the room around it."""

    speech: float
    room: float

    @classmethod
    def of(cls, recording: Recording, start: int, stop: int) -> Self:
        """Measure a range of a recording: its loud parts are speech, its quietest the room."""
        # A second at a time: a copy of all of it would be as large as the recording.
        seconds = (
            recording.copy(position, min(position + SAMPLE_RATE, stop))
            for position in range(start, stop, SAMPLE_RATE)
        )
        ordered = sorted(level for second in seconds for level in levels(second)) or [SILENT]
        return cls(speech=ordered[len(ordered) * 19 // 20], room=ordered[len(ordered) // 20])

    @classmethod
    def over(cls, room: float) -> Self:
        """Return the least loudness of speech in a room of that level."""
        return cls(speech=room + 2 * _STANDING_OUT, room=room)

    def with_quiet_voices(self) -> Self:
        """Return what voices far from the microphone are like: 30 dB below, if the room allows."""
        return self.over(min(self.room, self.speech - 2 * CONTINUATION_RANGE))

    @property
    def threshold(self) -> float:
        """The level that is speech: within the range of the utterance, and out of the room's.

        What is even tells nothing of the room.
        """
        uneven = self.speech - self.room >= _STANDING_OUT
        middle = (self.speech + self.room) / 2 if uneven else SILENT
        return max(self.speech - CONTINUATION_RANGE, middle)


async def next_speech(
    recording: Recording, position: int, loudness: Loudness, until: int | None = None
) -> int | None:
    """Wait for speech after a position and return where it begins.

    Returns None if the recording ends without, or all is quiet up to `until`. The quiet is
    forgotten, but for the last of it. Raises BrokenRecordingError if the host's stream broke.
    """
    loud = 0
    while until is None or position < until:
        await recording.reaches(position + FRAME)
        frame = levels(recording.copy(position, position + FRAME))
        if not frame:
            return None
        position += FRAME
        loud = loud + 1 if frame[0] > loudness.threshold else 0
        onset = position - loud * FRAME
        recording.forget(onset - LEAD)
        if loud == _ONSET_FRAMES:
            return onset
    return None


class Segment:
    """Reads a recording from a position on, as far as one request may go.

    `position` is how far it has been read, `cut` where it was cut short, if it was. With
    several voices it isn't cut where one of them is only quiet.
    """

    def __init__(self, recording: Recording, start: int, *, several_voices: bool = False) -> None:
        """Begin at a position that isn't forgotten."""
        self.start: Final = start
        self._several_voices = several_voices
        self.position = start
        self.cut: int | None = None
        self._recording = recording
        self._reader = recording.read(start, start + _CUT_WHEN_QUIET)
        self._threshold: float | None = None
        self._quiet_frames = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        block = b"" if self.cut is not None else await self._next_block()
        if not block:
            raise StopAsyncIteration
        self.position += len(block) // SAMPLE_WIDTH
        return block

    async def _next_block(self) -> bytes:
        length = self.position - self.start
        if length < _CUT_WHEN_QUIET:
            return await anext(self._reader, b"")
        if length < _CUT_AT_ONCE:
            return await self._frame()
        return await self._last_second()

    async def _frame(self) -> bytes:
        """Return the next frame, and cut after it if it makes a pause."""
        end = self.position + FRAME
        await self._recording.reaches(end)
        frame = self._recording.copy(self.position, end)
        if self._threshold is None:
            loudness = Loudness.of(self._recording, self.start, end)
            if self._several_voices:
                loudness = loudness.with_quiet_voices()
            self._threshold = loudness.threshold
        level = levels(frame)
        self._quiet_frames = self._quiet_frames + 1 if level and level[0] <= self._threshold else 0
        if self._quiet_frames == _QUIET_FRAMES:
            self.cut = end
        return frame

    async def _last_second(self) -> bytes:
        """Return the second that is held back, cut at its quietest place."""
        end = self.position + _HELD_BACK
        await self._recording.reaches(end)
        held = self._recording.copy(self.position, end)
        if len(held) < _HELD_BACK * SAMPLE_WIDTH:
            return held
        self.cut = self.position + _quietest(levels(held)) * FRAME + FRAME // 2
        return self._recording.copy(self.position, self.cut)


def _quietest(frames: Sequence[float]) -> int:
    """Return the quietest frame of the quietest 100 ms, as near to their middle as can be."""
    starts = range(len(frames) - _CUT_FRAMES + 1)
    best = min(starts, key=lambda start: sum(frames[start : start + _CUT_FRAMES]))
    middle = best + _CUT_FRAMES // 2
    return min(
        range(best, best + _CUT_FRAMES), key=lambda frame: (frames[frame], abs(frame - middle))
    )
