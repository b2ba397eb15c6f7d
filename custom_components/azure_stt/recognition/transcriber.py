"""The transcriber: everything that is said in one recording, whatever goes wrong.

It listens on after a pause, in one language or several, and hands over to a backup engine
when no resource answers.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
import logging
from typing import Final

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import (
    Alternative,
    Recognition,
    RecognitionOptions,
    RecognitionStatus,
    SpeechError,
)
from .endpointing import CONTINUATION_RANGE, LEAD, Loudness, first_sound, next_speech
from .policy import BackupEngine, Engine, IsWholeCommand, Patience, Policy, Understands
from .recording import Recording
from .retry import PartRecognizer
from .task_scope import TaskScope
from .transcript import Part, Transcript, join_texts

_LOGGER = logging.getLogger(__name__)

BACKUP_LIMIT: Final = 30.0
"""Seconds that the backup engine has, from the end of the stream or its own start."""

# Quiet that an early answer needs after the utterance.
_QUIET: Final = SAMPLE_RATE * 8 // 10

# Samples after an utterance that count for the loudness of its room.
_ROOM: Final = SAMPLE_RATE // 5

type _Fitness = tuple[bool, bool, float]


class Transcriber:
    """Transcribes one recording. It is used once."""

    def __init__(
        self,
        recording: Recording,
        policy: Policy,
        engines: Sequence[Engine],
        *,
        is_whole_command: IsWholeCommand | None = None,
        understands: Understands | None = None,
        backup: BackupEngine | None = None,
        on_part: Callable[[Part], None] | None = None,
    ) -> None:
        """Initialize with the resource, or the resource and a second one.

        `is_whole_command` allows early answers, `understands` helps to choose among
        languages, and `on_part` is called for each finished part, with words or without.
        """
        self._recording = recording
        self._policy = policy
        self._engines = engines
        self._is_whole_command = is_whole_command
        self._understands = understands
        self._backup = backup
        self._on_part = on_part
        # The language that was recognized goes on alone.
        self._options = policy.options
        self._additional_languages = policy.additional_languages
        self._position = 0
        self._parts: list[Part] = []
        self._speech: Loudness | None = None
        self._finished_at = 0.0

    async def transcribe(self) -> Transcript:
        """Return everything that was said.

        Raises the resource's SpeechError if nobody had an answer, and
        BrokenRecordingError if the host's stream broke.
        """
        onset: int | None = 0
        while onset is not None:
            self._position = max(self._position, onset - LEAD)
            try:
                part = await self._recognize_part()
            except SpeechError as err:
                if (rest := await self._ask_backup(err)).text:
                    self._parts.append(rest)
                break
            loudness = Loudness.of(self._recording, part.start, part.end + _ROOM)
            self._finish(part, loudness)
            onset = await self._next_onset(part, loudness)
        return Transcript(parts=tuple(self._parts), language=self._options.language)

    def _finish(self, part: Part, loudness: Loudness) -> None:
        """Keep a part if it belongs to the utterance, and forget its audio."""
        self._position = part.end
        self._finished_at = asyncio.get_running_loop().time()
        self._recording.forget(part.end)
        if self._on_part:
            self._on_part(part)
        if not part.text:
            return
        if self._policy.several_voices:
            self._speech = loudness.with_quiet_voices()
        elif self._speech is None:
            self._speech = loudness
        elif loudness.speech < self._speech.speech - CONTINUATION_RANGE:
            _LOGGER.debug("Left out speech that is too quiet to belong to the utterance")
            return
        self._parts.append(part)

    async def _next_onset(self, part: Part, loudness: Loudness) -> int | None:
        """Wait until it's clear whether speech goes on; return where, None if it doesn't."""
        recording, position = self._recording, self._position
        if recording.ended and position >= recording.length:
            return None
        if self._speech is None:
            return await self._first_onset(part, loudness)
        if self._patience is Patience.FIRST_PAUSE and not part.cut:
            return None
        until = position + _QUIET if await self._may_answer_early() else None
        return await next_speech(recording, position, self._speech, until)

    @property
    def _patience(self) -> Patience:
        return Patience.TO_THE_END if self._policy.additional_languages else self._policy.patience

    async def _may_answer_early(self) -> bool:
        if (
            self._is_whole_command is None
            or self._patience is not Patience.AUTOMATIC
            or self._recording.ended
        ):
            return False
        language = self._options.language
        text = join_texts((part.text for part in self._parts), language)
        return await self._is_whole_command(text, language)

    async def _first_onset(self, part: Part, loudness: Loudness) -> int | None:
        """Return where speech may begin after an answer without words, None if it doesn't.

        After silence, that is the next sound. After noise it's at once, or at the recording's
        end the next sound that stands out from the rest.
        """
        recording, position = self._recording, self._position
        if part.recognition.status is RecognitionStatus.INITIAL_SILENCE_TIMEOUT:
            return await next_speech(recording, position, Loudness.over(loudness.speech))
        if not recording.ended:
            return position
        rest = Loudness.of(recording, position, recording.length)
        return await next_speech(recording, position, Loudness.over(rest.room))

    async def _recognize_part(self) -> Part:
        """Return the next part, in the language that fits it best.

        The same audio goes to every language at once. The understood answer, else the most
        confident one, wins, and its language goes on alone. A language that fails is left out.
        """
        if not self._additional_languages:
            return await self._recognize_in(self._options)
        asked = [
            self._options,
            *(
                replace(self._options, language=language, endpoint_id=None)
                for language in self._additional_languages
            ),
        ]
        answers = await asyncio.gather(
            *(self._recognize_in(options) for options in asked), return_exceptions=True
        )
        recognized: list[tuple[_Fitness, Part, RecognitionOptions]] = []
        for answer, options in zip(answers, asked, strict=True):
            if isinstance(answer, Part):
                recognized.append((await self._fitness(answer), answer, options))
            elif not isinstance(answer, SpeechError):
                raise answer
        if not recognized:
            raise next(answer for answer in answers if isinstance(answer, SpeechError))
        # The first of equals is the pipeline's own language.
        _, part, options = max(recognized, key=lambda item: item[0])
        if part.text:
            self._options, self._additional_languages = options, ()
        return part

    async def _recognize_in(self, options: RecognitionOptions) -> Part:
        recognizer = PartRecognizer(
            self._recording,
            self._engines,
            self._policy,
            position=self._position,
            ready_at=self._finished_at,
            has_backup=self._backup is not None,
        )
        return await recognizer.recognize(options)

    async def _fitness(self, part: Part) -> _Fitness:
        """Return how well a language's answer fits, the weightiest criterion first."""
        understood = self._understands is not None and await self._understands(part.text)
        return bool(part.text), bool(part.text) and understood, part.recognition.confidence or 0.0

    async def _ask_backup(self, err: SpeechError) -> Part:
        """Return the rest as the backup engine recognizes it, or raise the resource's error.

        The engine isn't asked about sound in which nobody speaks, because some invent words then.
        """
        if self._backup is None:
            raise err
        start = await first_sound(self._recording, self._position)
        if start is None:
            return self._backup_part("")
        self._position = start
        _LOGGER.debug("Asking the backup engine, because: %s", err)
        async with TaskScope() as tasks:
            overdue = tasks.start(self._backup_overdue(asyncio.get_running_loop().time()))
            answer = tasks.start(
                self._backup(self._recording, self._position, self._options.language)
            )
            await asyncio.wait({answer, overdue}, return_when=asyncio.FIRST_COMPLETED)
            text = answer.result() if answer.done() else None
        if text is None:
            raise err
        return self._backup_part(text)

    def _backup_part(self, text: str) -> Part:
        recognition = Recognition(
            status=RecognitionStatus.SUCCESS,
            alternatives=(Alternative(display=text),) if text else (),
        )
        return Part(start=self._position, end=self._recording.length, recognition=recognition)

    async def _backup_overdue(self, started: float) -> None:
        begin = max(await self._recording.ends_or_is_full(), started)
        await asyncio.sleep(begin + BACKUP_LIMIT - asyncio.get_running_loop().time())
