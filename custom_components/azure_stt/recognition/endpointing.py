"""Endpointing: where speech begins and ends, by its loudness.

Positions and lengths are samples at 16 kHz, levels are decibels of full scale.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Final, Self

from ..audio.pcm import FRAME, SAMPLE_RATE, SILENT, levels
from .recording import Recording

CONTINUATION_RANGE: Final = 15.0
"""Decibels below the utterance. Quieter sound is background (a TV), not its continuation."""

LEAD: Final = SAMPLE_RATE // 2
"""Samples of quiet that are sent before speech."""

# Decibels between the room and speech.
_STANDING_OUT: Final = 6.0

# Quieter sound is never speech.
_INAUDIBLE: Final = -70.0

# Loud frames in a row that are speech, and not a click.
_ONSET_FRAMES: Final = 3

ONSET: Final = _ONSET_FRAMES * FRAME
"""Samples of sound that are speech, and not a click: 60 ms."""

# The background is the level that 80 % of a second's frames stay below, in the quietest second so
# far. The first second may be shorter, because a stream often begins shortly before speech.
# A background that is nearer to speech than this is speech itself.
_BACKGROUND_FRAMES: Final = SAMPLE_RATE // FRAME
_BACKGROUND_FIRST_FRAMES: Final = _BACKGROUND_FRAMES * 3 // 10
_BACKGROUND_STEP: Final = 5
_BACKGROUND_SHARE: Final = 0.8
_BACKGROUND_DISTANCE: Final = 8.0

_DIGITAL_SILENCE: Final = -90.0

# The threshold follows each of the first frames, and then every fifth.
_THRESHOLD_FRAMES: Final = 25
_THRESHOLD_STEP: Final = 5

# Samples of even sound that are kept. Speech isn't even for that long.
_EVEN_SOUND: Final = 5 * SAMPLE_RATE

# Samples of even sound that may be the beginning of speech.
_UNCLEAR: Final = SAMPLE_RATE

# Frames of quiet after which the level of speech isn't followed any more.
_LONG_QUIET_FRAMES: Final = SAMPLE_RATE // FRAME

# Samples that are followed at a stretch while nobody asks: half a millisecond on the event loop.
_STRETCH: Final = SAMPLE_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """The level of speech, how loud it usually is, and the level of the room around it."""

    speech: float
    usual: float
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
        speech, usual, room = (ordered[len(ordered) * share // 100] for share in (95, 80, 5))
        return cls(speech=speech, usual=usual, room=room)

    def threshold(self, *, several_voices: bool = False) -> float:
        """Return the level above which sound is speech.

        That is near the utterance's level, and above the room's; with several voices, up to
        30 dB lower. Even sound says nothing about the room.
        """
        if several_voices:
            return min(self.room, self.speech - 2 * CONTINUATION_RANGE) + _STANDING_OUT
        uneven = self.speech - self.room >= _STANDING_OUT
        middle = (self.speech + self.room) / 2 if uneven else SILENT
        return max(self.speech - CONTINUATION_RANGE, middle)


class Endpointer:
    """Follows a recording and tells speech from quiet.

    Sound is speech if it isn't far below what was loud since `restart`, and stands out from the
    background. Where the background is as loud as speech, no quiet is found, and the stream's
    end decides.

    It looks at the recording when it's asked, and who waits is woken when there's something to
    decide: a look at each block of a live voice would take twice the processor time.
    """

    def __init__(self, recording: Recording, *, several_voices: bool = False) -> None:
        """Initialize at the recording's beginning.

        With several voices, quiet voices are speech as well.
        """
        self._recording = recording
        self._several_voices = several_voices
        self._levels: list[float] = []
        self._origin = 0
        self._background = inf
        self._background_due = _BACKGROUND_FIRST_FRAMES
        self._loudest: Counter[int] = Counter()
        self._frames = 0
        self._run = 0
        self._quiet = 0
        self._threshold = _INAUDIBLE
        self._speech_end = 0

    @property
    def position(self) -> int:
        """Where the recording's last whole frame so far ends."""
        self._catch_up()
        return self._followed

    @property
    def speech_end(self) -> int:
        """Where the last speech so far ends."""
        self._catch_up()
        return self._speech_end

    async def follow(self) -> None:
        """Follow the recording to its end, so that there's never much to catch up on.

        Raises BrokenRecordingError if the stream broke.
        """
        while not self._recording.ended:
            await self._recording.reaches(self.position + _STRETCH)

    @property
    def _followed(self) -> int:
        return self._origin + len(self._levels) * FRAME

    def _catch_up(self) -> None:
        """Follow the recording to its last whole frame so far."""
        length = self._recording.length
        while length >= self._followed + FRAME:
            stop = min(self._followed + _STRETCH, length)
            for level in levels(self._recording.copy(self._followed, stop)):
                self._add(level)

    def restart(self, position: int) -> None:
        """Follow the level of speech anew from a position on, and know no speech before it."""
        self._loudest.clear()
        self._frames = 0
        self._threshold = _INAUDIBLE
        self._run = self._quiet = 0
        self._speech_end = position
        for start, level in list(self._known(position, self.position)):
            self._follow_speech(level, start + FRAME)

    def forget(self, position: int) -> None:
        """Forget the recording before a position, as far as it has been followed."""
        position = min(position, self.position)
        self._recording.forget(position)
        frames = min(max(0, (position - self._origin) // FRAME), len(self._levels))
        del self._levels[:frames]
        self._origin += frames * FRAME

    async def first_sound(self, position: int) -> int | None:
        """Wait for sound that stands out from the rest so far; return where speech may begin.

        Returns None if nothing stands out up to the recording's end, as in silence or in one
        even noise. Less than a second of even sound may be a word.
        """
        start = position
        last: deque[float] = deque(maxlen=_ONSET_FRAMES)
        room, loudest, was_silent = inf, SILENT, False
        while (level := await self._level(position)) is not None:
            position += FRAME
            last.append(level)
            room = min(room, level)
            if len(last) == _ONSET_FRAMES:
                loudest = max(loudest, min(last))
            if loudest > max(room + _STANDING_OUT, _INAUDIBLE):
                return max(start, position - ONSET - (0 if was_silent else _UNCLEAR))
            was_silent = loudest <= _INAUDIBLE
            if position % SAMPLE_RATE < FRAME:
                kept = ONSET + LEAD if loudest <= _INAUDIBLE else _EVEN_SOUND
                start = max(start, position - kept)
                self.forget(start)
        unclear = loudest > _INAUDIBLE and position - start <= _UNCLEAR
        return start if unclear else None

    async def next_onset(
        self,
        position: int,
        until: int | None = None,
        on_quiet: Callable[[int], None] | None = None,
    ) -> int | None:
        """Wait for speech after a position and return where it begins.

        Returns None if the recording ends without speech, or is quiet up to `until`. `on_quiet`
        is called with the position up to which the quiet isn't needed any more.
        """
        run = 0
        while until is None or position < until:
            onset = position + ONSET - run * FRAME
            level = await self._level(position, onset if until is None else min(onset, until))
            if level is None:
                return None
            position += FRAME
            run = run + 1 if level > self._threshold else 0
            if run == _ONSET_FRAMES:
                return position - run * FRAME
            if on_quiet and position % SAMPLE_RATE < FRAME:
                on_quiet(position - LEAD)
        return None

    async def pause_after(self, position: int, length: int, until: int | None = None) -> int | None:
        """Wait for a pause of a length after a position; return where speech ends before it.

        Returns None if the recording ends first, or there's no pause up to `until`.
        """
        end, run = position, 0
        while until is None or position < until:
            pause = end + length
            level = await self._level(position, pause if until is None else min(pause, until))
            if level is None:
                return None
            position += FRAME
            run = run + 1 if level > self._threshold else 0
            if run >= _ONSET_FRAMES:
                end = position
            if run == 0 and position - end >= length:
                return end
        return None

    def onset_between(self, start: int, stop: int) -> int | None:
        """Return where speech begins in a part that has been followed, or None.

        Speech that goes on from before the part doesn't begin in it.
        """
        run, in_speech = 0, True
        for position, level in self._known(start, stop):
            run = run + 1 if level > self._threshold else 0
            in_speech = in_speech and run > 0
            if run >= _ONSET_FRAMES and not in_speech:
                return position - (run - 1) * FRAME
        return None

    def longest_pause(self, start: int, stop: int) -> int:
        """Return the longest pause between speech in a part that has been followed."""
        quiet = longest = 0
        in_speech = False
        for _, level in self._known(start, stop):
            if level > self._threshold:
                longest = max(longest, quiet)
                quiet, in_speech = 0, True
            elif in_speech:
                quiet += FRAME
        return longest

    def pause_before(self, onset: int) -> int:
        """Return the length of the pause that speech begins after."""
        self._catch_up()
        position, run = self._frame_at(onset), 0
        while position > self._origin and run < _ONSET_FRAMES:
            position -= FRAME
            loud = self._levels[(position - self._origin) // FRAME] > self._threshold
            run = run + 1 if loud else 0
        return onset - position - run * FRAME

    def _known(self, start: int, stop: int) -> Iterator[tuple[int, float]]:
        for position in range(self._frame_at(start), min(stop, self.position), FRAME):
            yield position, self._levels[(position - self._origin) // FRAME]

    def _frame_at(self, position: int) -> int:
        """Return the first whole frame from a position on."""
        return self._origin + max(0, -((self._origin - position) // FRAME)) * FRAME

    async def _level(self, position: int, decisive: int = 0) -> float | None:
        """Wait for the frame at a position and return its level; None at the recording's end.

        Nothing is decided before the recording reaches the `decisive` position, so it waits for
        that as well. Raises BrokenRecordingError if the stream broke.
        """
        if position >= self._followed:
            await self._recording.reaches(max(position + FRAME, decisive))
            self._catch_up()
            if position >= self._followed:
                return None
        return self._levels[max(0, position - self._origin) // FRAME]

    def _add(self, level: float) -> None:
        self._levels.append(level)
        self._background_due -= 1
        if self._background_due <= 0:
            self._background_due = _BACKGROUND_STEP
            self._measure_background()
        self._follow_speech(level, self._followed)

    def _follow_speech(self, level: float, end: int) -> None:
        """Follow speech by the level of the frame that ends there."""
        if self._quiet < _LONG_QUIET_FRAMES:
            self._loudest[round(level)] += 1
            self._frames += 1
            if self._frames < _THRESHOLD_FRAMES or self._frames % _THRESHOLD_STEP == 0:
                self._threshold = self._new_threshold()
        loud = level > self._threshold
        self._run = self._run + 1 if loud else 0
        self._quiet = 0 if self._run >= _ONSET_FRAMES else self._quiet + 1
        if self._run >= _ONSET_FRAMES:
            self._speech_end = end

    def _measure_background(self) -> None:
        window = sorted(self._levels[-_BACKGROUND_FRAMES:])
        level = window[int(len(window) * _BACKGROUND_SHARE)]
        # Digital silence is no room's: a microphone that is being switched on sends it.
        if level > _DIGITAL_SILENCE:
            self._background = min(self._background, level)

    def _new_threshold(self) -> float:
        """Return the level above which sound is speech."""
        left = self._frames // 20
        speech = SILENT
        for level in sorted(self._loudest, reverse=True):
            left -= self._loudest[level]
            if left < 0:
                speech = float(level)
                break
        background = self._background
        if self._several_voices:
            return max(min(background, speech - 2 * CONTINUATION_RANGE) + _STANDING_OUT, _INAUDIBLE)
        threshold = speech - CONTINUATION_RANGE
        if speech - background >= _BACKGROUND_DISTANCE:
            threshold = max(threshold, (speech + background) / 2)
        return max(threshold, _INAUDIBLE)
