"""Endpointing: where speech begins and ends, by its loudness.

Positions and lengths are samples at 16 kHz, levels are decibels of full scale.
"""

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Final, Self

from ..audio.pcm import FRAME, SAMPLE_RATE, SILENT, levels
from .recording import Recording

CONTINUATION_RANGE: Final = 15.0
"""Decibels below the utterance. Quieter sound is background (a TV), not its continuation."""

LEAD: Final = SAMPLE_RATE // 2
"""Samples of quiet that are sent before speech that continues."""

# Decibels between the room and speech.
_STANDING_OUT: Final = 6.0

# Quieter sound is no speech, whatever the room.
_INAUDIBLE: Final = -70.0

# Loud frames in a row that are speech, and not a click: 60 ms.
_ONSET_FRAMES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """The level of speech, and of the room around it."""

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
        """Return the lowest loudness of speech in a room of that level."""
        return cls(speech=room + 2 * _STANDING_OUT, room=room)

    def with_quiet_voices(self) -> Self:
        """Return the loudness of distant voices: 30 dB lower, if the room allows."""
        return self.over(min(self.room, self.speech - 2 * CONTINUATION_RANGE))

    @property
    def threshold(self) -> float:
        """The level above which sound is speech: near the utterance's, and above the room's.

        Even sound says nothing about the room.
        """
        uneven = self.speech - self.room >= _STANDING_OUT
        middle = (self.speech + self.room) / 2 if uneven else SILENT
        return max(self.speech - CONTINUATION_RANGE, middle)


async def next_speech(
    recording: Recording, position: int, loudness: Loudness, until: int | None = None
) -> int | None:
    """Wait for speech after a position and return where it begins.

    Returns None if the recording ends without speech, or is quiet up to `until`. Forgets the
    quiet except for its last LEAD. Raises BrokenRecordingError if the host's stream broke.
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


async def first_sound(recording: Recording, position: int) -> int | None:
    """Wait for sound that stands out from the rest so far, and return where speech may begin.

    That is `position` itself if the quieter sound came later. Returns None if nothing stands
    out up to the recording's end, as in silence or in one even noise: nobody speaks there. Less
    than a second of even sound may be a word.
    Forgets quiet except for its last LEAD. Raises BrokenRecordingError if the host's stream
    broke.
    """
    start = position
    last: deque[float] = deque(maxlen=_ONSET_FRAMES)
    room, loudest = inf, SILENT
    while True:
        await recording.reaches(position + FRAME)
        frame = levels(recording.copy(position, position + FRAME))
        if not frame:
            told = loudest <= _INAUDIBLE or position - start > SAMPLE_RATE
            return None if told else start
        position += FRAME
        last.append(frame[0])
        room = min(room, frame[0])
        if len(last) == _ONSET_FRAMES:
            loudest = max(loudest, min(last))
        if loudest > max(room + _STANDING_OUT, _INAUDIBLE):
            return start
        if loudest <= _INAUDIBLE:
            recording.forget(position - LEAD)
            start = max(start, position - LEAD)
