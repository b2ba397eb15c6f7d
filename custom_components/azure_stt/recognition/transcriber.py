"""The transcriber: the complete text of one live recording, despite pauses and failures.

It decides when to answer, listens on after a pause, in one language or several, and hands over
to a backup engine when no resource answers.
"""

import asyncio
from collections.abc import Callable, Sequence
import logging
from time import monotonic
from typing import Final

from ..audio.pcm import FRAME, SAMPLE_RATE
from ..azure_speech import RecognitionOptions, SpeechError
from .answering import SILENCE_MAX, SPEECH_MAX, Heard, Rules, is_nothing, quiet_needed
from .backup import ask_backup
from .endpointing import CONTINUATION_RANGE, LEAD, ONSET, Endpointer, Loudness
from .languages import recognize_in_languages
from .policy import BackupEngine, Engine, Judge, Policy, Understands
from .recording import Recording
from .retry import Answer, PartRecognizer
from .segment import Cut
from .service_kind import ServiceKind
from .task_scope import TaskScope
from .transcript import Part, Transcript

_LOGGER = logging.getLogger(__name__)

# Samples after an answer's end in which sound is still its last word.
_TAIL: Final = SAMPLE_RATE // 5

# A service that answers early does so within this many samples of quiet. Without an answer by
# then, the upload is finished as for any other service.
_EARLY: Final = SAMPLE_RATE * 12 // 10

# Speech that is recognized again as a whole after a pause is at most this long.
_HEARD_AGAIN_MAX: Final = 20 * SAMPLE_RATE


class Transcriber:
    """Transcribes one live recording. It is used once."""

    def __init__(
        self,
        recording: Recording,
        policy: Policy,
        engines: Sequence[Engine],
        *,
        judge: Judge | None = None,
        understands: Understands | None = None,
        backup: BackupEngine | None = None,
        on_part: Callable[[Part], None] | None = None,
    ) -> None:
        """Initialize with the resource, or the resource and a second one.

        `judge` allows early answers, `understands` helps to choose among languages, and
        `on_part` is called for each finished part, with words or without.
        """
        self._recording = recording
        self._policy = policy
        self._rules = policy.rules
        self._engines = engines
        self._judge = judge
        self._understands = understands
        self._backup = backup
        self._on_part = on_part
        # The language that was recognized goes on alone.
        self._options: Sequence[RecognitionOptions] = policy.all_options
        self._endpointer = Endpointer(recording, several_voices=policy.several_voices)
        self._position = 0
        self._parts: list[Part] = []
        self._provisional: Part | None = None
        self._usual_level: float | None = None
        self._finished_at = 0.0
        self._resumed = 0
        self._has_onset = False

    async def transcribe(self) -> Transcript:
        """Return everything that was said.

        Raises the resource's SpeechError if no engine answered, and BrokenRecordingError if
        the stream broke.
        """
        async with TaskScope() as tasks:
            tasks.start(self._endpointer.follow())
            listening = tasks.start(self._listen())
            limit = tasks.start(self._limit())
            await asyncio.wait({listening, limit}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        return self._transcript

    @property
    def _transcript(self) -> Transcript:
        parts = [*self._parts, *([self._provisional] if self._provisional else [])]
        return Transcript(parts=tuple(parts), language=self._options[0].language)

    async def _listen(self) -> None:
        onset = await self._endpointer.first_sound(0)
        while onset is not None:
            self._position = max(self._position, onset - LEAD)
            self._has_onset = True
            try:
                onset = await self._hear(onset)
            except SpeechError as err:
                rest = await ask_backup(
                    self._backup,
                    self._recording,
                    self._endpointer,
                    self._position,
                    self._options[0].language,
                    err,
                )
                if rest.text:
                    self._parts.append(rest)
                return

    async def _limit(self) -> None:
        """Wait until a recognizer that finds the end of speech itself must end."""
        if self._rules.ends_itself:
            silence, longest = (round(each * SAMPLE_RATE) for each in (SILENCE_MAX, SPEECH_MAX))
            end = silence
            while end < longest and not self._recording.ended:
                await self._recording.reaches(end)
                last = self._endpointer.speech_end if self._has_onset else self._position
                if last + silence <= end and not self._transcript.parts:
                    break
                # With words, the rules decide.
                end = longest if self._transcript.parts else max(last + silence, end + FRAME)
            await self._recording.reaches(min(end, longest))
            if not self._recording.ended:
                return
        await asyncio.Event().wait()

    async def _hear(self, onset: int) -> int | None:
        """Recognize one part; return where the next one begins, None if that was all.

        If the person goes on, the whole is recognized again from the same beginning, so that one
        request has all of it.
        """
        answer = await self._request(onset)
        if answer is None:
            return onset
        part = answer.part
        if not part.text:
            return await self._leave_out(part)
        if self._rules.first_answer and not part.cut:
            self._finish(part)
            return None
        missed = self._endpointer.onset_between(part.end + _TAIL, answer.sent)
        self._learn(answer, missed)
        if missed is None and not part.cut:
            return await self._settle(answer, onset)
        self._finish(part)
        if missed is None:
            missed = await self._endpointer.next_onset(part.end, None, self._endpointer.forget)
        return missed

    async def _settle(self, answer: Answer, onset: int) -> int | None:
        """Wait for a final answer, or for more speech; return where the next part begins."""
        part = self._provisional = answer.part
        end = self._endpointer.speech_end / SAMPLE_RATE
        heard = await self._judged()
        if is_nothing(self._rules, heard, speech_end=end):
            return await self._leave_out(part)
        quiet = quiet_needed(
            self._rules,
            heard,
            speech_end=end,
            finished_speaking=self._policy.finished_speaking,
        )
        resumed = await self._resumption(part, quiet)
        if self._provisional is None:
            return resumed
        if resumed is not None and not answer.early and self._again(answer.kind, resumed):
            self._provisional = None
            return onset
        self._finish(part)
        return resumed

    async def _judged(self) -> Heard:
        """Return how the home understands the text so far, if that can be known and matters."""
        if self._judge is None or self._rules == Rules():
            return Heard.WORDS
        return await self._judge(self._transcript)

    async def _leave_out(self, part: Part) -> int | None:
        """Leave out a part that doesn't count, and return where any other sound begins.

        Without words, the level of speech isn't known.
        """
        self._finish(part, left_out=True)
        self._endpointer.restart(part.end)
        self._has_onset = False
        return await self._endpointer.first_sound(part.end)

    async def _request(self, onset: int) -> Answer | None:
        """Return the answer to a request; None if the person went on before it came."""
        cut = Cut(self._recording)
        async with TaskScope() as tasks:
            answer = tasks.start(self._recognize(cut))
            superseded = tasks.start(self._end_upload(cut, onset))
            await asyncio.wait({answer, superseded}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return None if self._is_cut_in_speech(cut, answer.result()) else answer.result()
            # Raises if the stream broke.
            superseded.result()
            return None

    def _is_cut_in_speech(self, cut: Cut, answer: Answer) -> bool:
        """Return whether the upload ended in speech, because audio came in a burst."""
        if cut.position is None or answer.sent <= cut.position:
            return False
        end = answer.sent + ONSET
        return self._endpointer.onset_between(cut.position - _TAIL, end) is not None

    async def _recognize(self, cut: Cut) -> Answer:
        """Return the next part, in the language that fits it best."""
        answer, options = await recognize_in_languages(
            self._recognize_in, cut, self._options, self._understands
        )
        if answer.part.text:
            self._options = [options]
        return answer

    async def _recognize_in(self, cut: Cut, options: RecognitionOptions) -> Answer:
        recognizer = PartRecognizer(
            self._recording,
            self._engines,
            self._policy,
            position=self._position,
            cut=cut,
            ready_at=self._finished_at,
            has_backup=self._backup is not None,
        )
        return await recognizer.recognize(options)

    async def _end_upload(self, cut: Cut, onset: int) -> None:
        """Finish the upload at a pause, and return if the person goes on before the answer."""
        kind = self._engines[0].kind
        quiet = round((self._rules.upload_ends or 0.0) * SAMPLE_RATE)
        if kind.answers_early:
            quiet = max(quiet, _EARLY)
        elif kind.ending_pause is not None:
            # Speech after that wouldn't be answered.
            quiet = min(quiet, kind.ending_pause)
        end = await self._pause(onset, quiet) if self._rules.upload_ends is not None else None
        if end is not None:
            if kind.answers_early:
                kind.answers_early = False
            cut.make(end + quiet)
            resumed = await self._endpointer.next_onset(end)
            if resumed is not None and not self._rules.first_answer and self._again(kind, resumed):
                return
        await asyncio.Event().wait()

    async def _pause(self, onset: int, quiet: int) -> int | None:
        """Wait for a pause at which the upload is finished; return where speech ends before it."""
        speech: int | None = onset
        end = None
        while speech is not None:
            if (end := await self._endpointer.pause_after(speech, quiet)) is None:
                return None
            # Speech that is recognized again goes on after the pause found before.
            speech = self._endpointer.onset_between(end, self._endpointer.position)
            if speech is not None and not self._is_heard_again(self._engines[0].kind, speech):
                break
        return end

    def _again(self, kind: ServiceKind, resumed: int) -> bool:
        """Recognize speech again from its beginning, if it's worth it; once for each place."""
        again = resumed > self._resumed and self._is_heard_again(kind, resumed)
        self._resumed = max(self._resumed, resumed)
        return again

    def _is_heard_again(self, kind: ServiceKind, resumed: int) -> bool:
        """Return whether speech that goes on is recognized again from its beginning."""
        return (
            kind.covers(self._endpointer.pause_before(resumed)) is not False
            and not self._recording.is_ahead
            and resumed - self._position <= _HEARD_AGAIN_MAX
        )

    def _learn(self, answer: Answer, missed: int | None) -> None:
        """Note the service's behavior in an answer."""
        part, kind = answer.part, answer.kind
        if answer.early and self._endpointer.position - part.end <= _EARLY:
            kind.answers_early = True
        if missed is not None:
            kind.note_end(self._endpointer.pause_before(missed))
        kind.note_covered(self._endpointer.longest_pause(part.start, part.end))

    async def _resumption(self, part: Part, quiet: float | None) -> int | None:
        """Wait for the quiet after which a part is answered; return where speech goes on."""
        if self._recording.ended and part.end >= self._recording.length:
            return None
        endpointer = self._endpointer
        resumed = endpointer.onset_between(part.end + _TAIL, endpointer.position)
        if resumed is not None:
            return resumed
        end = max(part.end, endpointer.speech_end)
        until = None if quiet is None else end + round(quiet * SAMPLE_RATE)
        kept = self._position + _HEARD_AGAIN_MAX
        if until is not None and until <= kept:
            return await endpointer.next_onset(end, until)
        resumed = await endpointer.next_onset(end, kept)
        if resumed is None and not self._recording.ended and (until is None or kept < until):
            self._finish(part)
            resumed = await endpointer.next_onset(max(end, kept), until, endpointer.forget)
        return resumed

    def _finish(self, part: Part, *, left_out: bool = False) -> None:
        """Keep a part if it belongs to the utterance, and forget its audio."""
        start = max(part.start, self._position)
        level = Loudness.of(self._recording, start, part.end).usual
        self._provisional = None
        self._position = part.end
        self._finished_at = monotonic()
        self._endpointer.forget(part.end)
        if self._on_part:
            self._on_part(part)
        if not part.text or left_out:
            return
        if self._usual_level is None:
            self._usual_level = level
        quiet = level < self._usual_level - CONTINUATION_RANGE
        if quiet and not self._policy.several_voices:
            _LOGGER.debug("Left out speech that is too quiet to belong to the utterance")
            return
        self._parts.append(part)
