"""The transcription of a file: sound that comes faster than speech.

It is cut at its pauses before it is sent, so that each piece is sent once to any kind of
service, several at a time.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import logging
from time import monotonic
from typing import Final

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import RecognitionOptions, SpeechError
from .backup import ask_backup
from .endpointing import Endpointer
from .languages import recognize_in_languages
from .policy import BackupEngine, Engine, LimitReachedError, Policy, Understands
from .recording import Recording
from .retry import Answer, PartRecognizer
from .segment import CUT_WHEN_QUIET, Cut, Segment
from .task_scope import TaskScope
from .transcript import Part, Transcript
from .waiters import Waiters

_LOGGER = logging.getLogger(__name__)

# A pause at which a file is cut, and the quiet that goes up before and after speech.
_PAUSE: Final = SAMPLE_RATE // 2
_MARGIN: Final = SAMPLE_RATE // 4

# Phrases are joined up to this length, if answers are seen to cover the pauses between them.
_JOINED_MAX: Final = 30 * SAMPLE_RATE

# Samples after an answer's end in which sound is still its last word.
_TAIL: Final = SAMPLE_RATE // 5


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a file, and the task that recognizes it."""

    start: int
    end: int
    task: asyncio.Task[list[Part]]


class FileTranscriber:
    """Transcribes one recording that comes as a file. It is used once."""

    def __init__(
        self,
        recording: Recording,
        policy: Policy,
        engines: Sequence[Engine],
        *,
        understands: Understands | None = None,
        backup: BackupEngine | None = None,
        on_part: Callable[[Part], None] | None = None,
    ) -> None:
        """Initialize with the resource, or the resource and a second one.

        `on_part` is called for each finished part, in order. With a number of tries in the
        policy, a part that fails so often is left out, and the rest goes on.
        """
        self._recording = recording
        self._policy = policy
        self._engines = engines
        self._understands = understands
        self._backup = backup
        self._on_part = on_part
        self._options: Sequence[RecognitionOptions] = policy.all_options
        self._endpointer = Endpointer(recording, several_voices=policy.several_voices)
        self._waiters = Waiters()
        self._position = 0
        self._is_cut = False
        self._is_trying = False
        self._pieces: deque[_Piece] = deque()
        self._parts: list[Part] = []
        self._missing: list[tuple[int, int]] = []
        self._error: SpeechError | None = None

    async def transcribe(self) -> Transcript:
        """Return everything that was said.

        Raises the resource's SpeechError if nothing could be recognized or trying again can't
        help, and BrokenRecordingError if the stream broke.
        """
        async with TaskScope() as tasks:
            tasks.start(self._endpointer.follow())
            cutting = tasks.start(self._cut_pieces(tasks))
            try:
                await self._finish_pieces()
                await cutting
            except SpeechError as err:
                cutting.cancel()
                await self._hand_over(err)
        if self._error and not self._parts:
            raise self._error
        return Transcript(
            parts=tuple(self._parts),
            language=self._options[0].language,
            missing=tuple(self._missing),
        )

    async def _cut_pieces(self, tasks: TaskScope) -> None:
        """Cut the file at its pauses, and send each piece as soon as there's a place for it."""
        try:
            onset = await self._endpointer.first_sound(0)
            while onset is not None:
                start = max(self._position, onset - _MARGIN)
                while not self._has_place():
                    await self._waiters.change()
                cut = Cut(self._recording)
                cut.make(await self._end_of_piece(start, onset))
                self._position = cut.position or start
                task = tasks.start(self._recognize_piece(start, cut))
                self._pieces.append(_Piece(start, self._position, task))
                self._waiters.wake()
                onset = await self._endpointer.next_onset(self._position, None, self._note_quiet)
        finally:
            self._is_cut = True
            self._waiters.wake()

    def _has_place(self) -> bool:
        """Return whether another piece may be sent.

        The first answer shows whether phrases can be joined, so it is waited for.
        """
        known = self._engines[0].kind.is_known
        return len(self._pieces) < (self._policy.parallel if known else 1)

    def _note_quiet(self, position: int) -> None:
        self._position = max(self._position, position)
        self._forget()

    def _forget(self) -> None:
        """Forget the audio before the oldest piece."""
        self._endpointer.forget(self._pieces[0].start if self._pieces else self._position)

    async def _end_of_piece(self, start: int, onset: int) -> int:
        """Return where a piece ends that begins with a phrase.

        Phrases are joined over pauses that answers are known to cover. Where that isn't known,
        one piece at a time tries it with one pause.
        """
        endpointer, kind = self._endpointer, self._engines[0].kind
        end = await self._end_of_phrase(start, onset)
        while (following := await endpointer.next_onset(end, start + _JOINED_MAX)) is not None:
            covers = kind.covers(endpointer.pause_before(following))
            if covers is False or (covers is None and self._is_trying):
                break
            self._is_trying = self._is_trying or covers is None
            further = await endpointer.pause_after(following, _PAUSE, start + _JOINED_MAX)
            if further is None and endpointer.position >= start + _JOINED_MAX:
                break
            end = self._recording.length if further is None else further + _MARGIN
        return end

    async def _end_of_phrase(self, start: int, onset: int) -> int:
        """Return where a phrase ends: at a pause, or where a request must be cut."""
        longest = start + CUT_WHEN_QUIET
        if (end := await self._endpointer.pause_after(onset, _PAUSE, longest)) is not None:
            return end + _MARGIN
        segment = Segment(self._recording, start, several_voices=self._policy.several_voices)
        async for _ in segment:
            pass
        return segment.position

    async def _recognize_piece(self, start: int, cut: Cut) -> list[Part]:
        """Return the parts of a piece: more than one if an answer didn't cover all of it."""
        parts: list[Part] = []
        end = cut.position or 0
        while True:
            answer = await self._recognize(start, cut)
            self._is_trying = False
            part, kind = answer.part, answer.kind
            parts.append(part)
            kind.note_covered(self._endpointer.longest_pause(part.start, part.end))
            onset = self._endpointer.onset_between(part.end + _TAIL, end)
            if onset is None:
                return parts
            if part.text and not part.cut:
                kind.note_end(self._endpointer.pause_before(onset))
            start = max(part.end, onset - _MARGIN)
            cut = Cut(self._recording)
            cut.make(min(end, await self._end_of_piece(start, onset)))

    async def _recognize(self, position: int, cut: Cut) -> Answer:
        async def recognize(cut: Cut, options: RecognitionOptions) -> Answer:
            recognizer = PartRecognizer(
                self._recording,
                self._engines,
                self._policy,
                position=position,
                cut=cut,
                ready_at=monotonic(),
                has_backup=self._backup is not None,
            )
            return await recognizer.recognize(options)

        answer, options = await recognize_in_languages(
            recognize, cut, self._options, self._understands
        )
        if answer.part.text:
            self._options = [options]
        return answer

    async def _finish_pieces(self) -> None:
        """Wait for each piece, in order, and keep its parts."""
        while True:
            while not (self._pieces or self._is_cut):
                await self._waiters.change()
            if not self._pieces:
                return
            piece = self._pieces[0]
            try:
                parts = await piece.task
            except SpeechError as err:
                if not self._is_left_out(err):
                    raise
                _LOGGER.debug("Left out a part: %s", err)
                self._error = err
                self._missing.append((piece.start, piece.end))
                parts = []
            self._pieces.popleft()
            self._waiters.wake()
            for part in parts:
                if self._on_part:
                    self._on_part(part)
                if part.text:
                    self._parts.append(part)
            self._forget()

    def _is_left_out(self, err: SpeechError) -> bool:
        """Return whether a part that failed is left out, and the rest goes on.

        At the monthly limit, the parts before it are kept.
        """
        if self._policy.tries is None:
            return False
        return err.retryable or (isinstance(err, LimitReachedError) and bool(self._parts))

    async def _hand_over(self, err: SpeechError) -> None:
        """Let the backup engine recognize the rest."""
        start = self._pieces[0].start if self._pieces else 0
        for piece in self._pieces:
            piece.task.cancel()
        language = self._options[0].language
        rest = await ask_backup(
            self._backup, self._recording, self._endpointer, start, language, err
        )
        if rest.text:
            self._parts.append(rest)
