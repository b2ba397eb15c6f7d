"""The policy that loses no word: tries again, goes on after a pause, asks others.

It turns a recording into text. What it needs of the world it's given: engines (Azure
resources), a home that knows whether a text is a whole command, and a fallback.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import chain, repeat
import logging
from random import uniform
from typing import Any, Final, Protocol, Self

from .audio import SAMPLE_RATE
from .azure_speech import (
    Alternative,
    AudioSource,
    Recognition,
    RecognitionOptions,
    RecognitionStatus,
    SpeechError,
    SpeechTimeoutError,
)
from .pauses import CONTINUATION_RANGE, LEAD, Loudness, Segment, next_speech
from .recording import BrokenRecordingError, Recording
from .texts import join

_LOGGER = logging.getLogger(__name__)

DEFAULT_DEADLINE: Final = 8.0
"""Seconds for an answer, from the later of the stream's end and the last finished part."""

FALLBACK_LIMIT: Final = 30.0
"""Seconds that the fallback engine has of its own."""

# An early answer needs so much quiet after the utterance.
_QUIET: Final = SAMPLE_RATE * 8 // 10

# What follows an utterance belongs to the room that it was spoken in.
_ROOM: Final = SAMPLE_RATE // 5

# A part that isn't placed by its answer ended so long before the samples sent by then.
_ANSWER_LAG: Final = SAMPLE_RATE // 5

# The least that an answer is taken to be for, with words and without: a service that
# answers for nothing must not be asked for ever.
_SHORTEST_PART: Final = SAMPLE_RATE // 10
_SHORTEST_NOTHING: Final = SAMPLE_RATE // 2

# Speech that ends this near to a cut ends with it.
_CUT_TOLERANCE: Final = SAMPLE_RATE // 2

# Seconds before each further try, by half more or less; the first is at once, because a
# connection that lay idle is often dead. While a resource is known to be down, it has only
# the last seconds after the end of speech.
_BACKOFF: Final = (0.0, 0.25, 0.5, 1.0, 2.0)
_DEADLINE_WHEN_DOWN: Final = 1.0


class Patience(StrEnum):
    """When to answer if the person makes a pause."""

    AUTOMATIC = "automatic"
    """At the pause if the home understands a whole command, else at the stream's end."""
    FIRST_PAUSE = "first_pause"
    TO_THE_END = "to_the_end"


class Engine(Protocol):
    """An Azure resource."""

    @property
    def down(self) -> bool:
        """Whether it can't be reached, as far as is known."""

    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        """Recognise the first utterance; raises a SpeechError."""


type IsWhole = Callable[[str, str], Awaitable[bool]]
"""Tells whether a text in a language is a command that nobody would go on with."""

type Understands = Callable[[str], Awaitable[bool]]
"""Tells whether the home can make something of a text."""

type _Fitness = tuple[bool, bool, float]

type Fallback = Callable[[Recording, int, str], Coroutine[Any, Any, str | None]]
"""Recognises a recording from a position on in a language, with another engine. Returns
None if it couldn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One answer: what was heard from `start` to `end` (samples of the recording).

    `recognition` is None for what the fallback engine heard. `cut` tells that it ends where
    long speech was cut, and not at a pause.
    """

    start: int
    end: int
    text: str = field(repr=False)
    recognition: Recognition | None = None
    cut: bool = False

    @property
    def status(self) -> RecognitionStatus | None:
        """How Azure's recognition ended."""
        return self.recognition.status if self.recognition else None

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """What it may have been, best first; from the fallback engine there's one."""
        if self.recognition:
            return self.recognition.alternatives
        return (Alternative(display=self.text),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """All that was heard, in order."""

    parts: tuple[Part, ...]
    text: str = field(repr=False)
    language: str

    @property
    def confidence(self) -> float | None:
        """The least confidence of the parts; None if none has one."""
        known = [
            part.recognition.confidence
            for part in self.parts
            if part.recognition and part.recognition.confidence is not None
        ]
        return min(known, default=None)

    @property
    def duration(self) -> float | None:
        """Seconds from the first word to the last; None if there are none."""
        if not self.parts:
            return None
        return (self.parts[-1].end - self.parts[0].start) / SAMPLE_RATE

    def ranked(self) -> Iterator[tuple[Alternative, ...]]:
        """Yield the likeliest alternative of each part, then the next ones as far as they go."""
        parts = [part.alternatives for part in self.parts]
        for rank in range(max(map(len, parts), default=0)):
            yield tuple(alternatives[min(rank, len(alternatives) - 1)] for alternatives in parts)


@dataclass(kw_only=True)
class Transcriber:
    """Makes a transcript of one recording."""

    recording: Recording
    options: RecognitionOptions
    engines: Sequence[Engine]
    """The resource, then the second one if there is one."""
    is_whole: IsWhole
    languages: Sequence[str] = ()
    """Further languages; with any there's no answer before the stream's end."""
    understands: Understands | None = None
    """Helps to choose among languages."""
    fallback: Fallback | None = None
    patience: Patience = Patience.AUTOMATIC
    deadline: float = DEFAULT_DEADLINE
    several_voices: bool = False
    """Whether what is much quieter belongs to it too, as somebody in a meeting is."""
    heard: Callable[[Part], None] | None = None
    """Called for each part, with words or without, as it's finished."""

    def __post_init__(self) -> None:
        """Begin at the beginning."""
        if self.languages:
            self.patience = Patience.TO_THE_END
        self._position = 0
        self._parts: list[Part] = []
        self._speech: Loudness | None = None
        self._finished_at = 0.0
        self._failure: SpeechError | None = None

    async def transcribe(self) -> Transcript:
        """Return all that was said; no text if nothing was.

        Raises the resource's SpeechError if nobody had an answer, and
        BrokenRecordingError if the host's stream broke.
        """
        onset: int | None = 0
        while onset is not None:
            self._position = max(self._position, onset - LEAD)
            try:
                part = await self._hear()
            except SpeechError as err:
                self._parts.append(await self._fall_back(err))
                break
            loudness = Loudness.of(self.recording, part.start, part.end + _ROOM)
            self._finish(part, loudness)
            onset = await self._goes_on(part, loudness)
        return Transcript(parts=tuple(self._parts), text=self._text, language=self.options.language)

    @property
    def _text(self) -> str:
        return join((part.text for part in self._parts), self.options.language)

    def _finish(self, part: Part, loudness: Loudness) -> None:
        """Take over a part and let go of its audio."""
        self._position = part.end
        self._finished_at = asyncio.get_running_loop().time()
        self.recording.forget(part.end)
        if self.heard:
            self.heard(part)
        if not part.text:
            return
        if self.several_voices:
            self._speech = loudness.with_quiet_voices()
        elif self._speech is None:
            self._speech = loudness
        elif loudness.speech < self._speech.speech - CONTINUATION_RANGE:
            _LOGGER.debug("Left out what is too quiet to belong to what was said before")
            return
        self._parts.append(part)

    async def _goes_on(self, part: Part, loudness: Loudness) -> int | None:
        """Wait for what tells: return where speech goes on, None if all is said."""
        recording, position = self.recording, self._position
        if recording.ended and position >= recording.length:
            return None
        if self._speech is None:
            return await self._begins(part, loudness)
        if self.patience is Patience.FIRST_PAUSE and not part.cut:
            return None
        enough = None
        if (
            self.patience is Patience.AUTOMATIC
            and not recording.ended
            and await self.is_whole(self._text, self.options.language)
        ):
            enough = position + _QUIET
        return await next_speech(recording, position, self._speech, enough)

    async def _begins(self, part: Part, loudness: Loudness) -> int | None:
        """Return where speech may begin after an answer without any, None if it doesn't.

        After silence that is where something is heard. After noise it's at once, unless
        the end is there: then it's where something stands out of the rest.
        """
        recording, position = self.recording, self._position
        if part.status is RecognitionStatus.INITIAL_SILENCE_TIMEOUT:
            return await next_speech(recording, position, Loudness.over(loudness.speech))
        if not recording.ended:
            return position
        rest = Loudness.of(recording, position, recording.length)
        return await next_speech(recording, position, Loudness.over(rest.room))

    async def _hear(self) -> Part:
        """Return the next part, in the language that fits it best.

        The same audio goes to every language at once. What is understood, else the surest,
        wins and goes on alone; a language that fails is left out.
        """
        if not self.languages:
            return await self._hear_in(self.options)
        asked = [
            self.options,
            *(
                replace(self.options, language=language, endpoint_id=None)
                for language in self.languages
            ),
        ]
        answers = await asyncio.gather(
            *(self._hear_in(options) for options in asked), return_exceptions=True
        )
        heard: list[tuple[_Fitness, Part, RecognitionOptions]] = []
        for answer, options in zip(answers, asked, strict=True):
            if isinstance(answer, Part):
                heard.append((await self._fitness(answer), answer, options))
            elif not isinstance(answer, SpeechError):
                raise answer
        if not heard:
            raise self._failure or SpeechTimeoutError("There was no answer in time")
        # The first of equals is the pipeline's own language.
        _, part, options = max(heard, key=lambda item: item[0])
        if part.text:
            self.options, self.languages = options, ()
        return part

    async def _fitness(self, part: Part) -> _Fitness:
        """Return what makes a language's answer the better one, the weightiest first."""
        understood = self.understands is not None and await self.understands(part.text)
        confidence = part.recognition.confidence if part.recognition else None
        return bool(part.text), bool(part.text) and understood, confidence or 0.0

    async def _hear_in(self, options: RecognitionOptions) -> Part:
        """Return the first answer that an engine gives.

        The second one starts when the first has failed for good, or at half the deadline.
        Without a second one the first is asked once more then: its request may hang.
        """
        first, *others = self.engines
        others = others or [first]
        deadline = self._deadline()
        async with _Tasks() as tasks:
            overdue = tasks.start(self._after_end(deadline))
            half_time = tasks.start(self._after_end(deadline / 2))
            tries = {tasks.start(self._try(first, options))}
            while tries and not overdue.done():
                waited = {*tries, overdue} if half_time.done() else {*tries, overdue, half_time}
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                for done in [task for task in tries if task.done()]:
                    if (part := done.result()) is not None:
                        return part
                    tries.remove(done)
                if others and (half_time.done() if tries else others[0] is not first):
                    tries.add(tasks.start(self._try(others.pop(0), options)))
        raise self._failure or SpeechTimeoutError("There was no answer in time")

    def _deadline(self) -> float:
        """Return the seconds for this part: few if Azure is down and another engine waits."""
        if self.fallback and all(engine.down for engine in self.engines):
            return min(self.deadline, _DEADLINE_WHEN_DOWN)
        return self.deadline

    async def _after_end(self, seconds: float) -> None:
        """Wait until so long after the stream's end, or the last part's if that is later.

        A stream of which no more is read, because too much of it waits, counts as ended.
        """
        begin = max(await self.recording.halts(), self._finished_at)
        await asyncio.sleep(begin + seconds - asyncio.get_running_loop().time())

    async def _try(self, engine: Engine, options: RecognitionOptions) -> Part | None:
        """Ask an engine, again while that can help; return None when it has failed."""
        for pause in chain(_BACKOFF, repeat(_BACKOFF[-1])):
            source = _Source(self.recording, self._position, several_voices=self.several_voices)
            try:
                recognition = await engine.recognize(source, options)
            except SpeechError as err:
                if self.recording.error:
                    raise BrokenRecordingError from self.recording.error
                self._failure = err
                wait = max(pause * uniform(0.5, 1.5), err.retry_after or 0)  # noqa: S311
                if not err.retryable or wait > self.deadline or (engine.down and self._others):
                    return None
                _LOGGER.debug("Once more in %.2f s: %s", wait, err)
                await asyncio.sleep(wait)
            else:
                return _part(recognition, source.segment)
        return None

    @property
    def _others(self) -> bool:
        return len(self.engines) > 1 or self.fallback is not None

    async def _fall_back(self, err: SpeechError) -> Part:
        """Let the fallback engine hear what is left, or raise the resource's error."""
        if self.fallback is None:
            raise err
        _LOGGER.debug("The fallback engine is asked, because: %s", err)
        self._finished_at = asyncio.get_running_loop().time()
        async with _Tasks() as tasks:
            overdue = tasks.start(self._after_end(FALLBACK_LIMIT))
            heard = tasks.start(
                self.fallback(self.recording, self._position, self.options.language)
            )
            await asyncio.wait({heard, overdue}, return_when=asyncio.FIRST_COMPLETED)
            text = heard.result() if heard.done() else None
        if text is None:
            raise err
        return Part(start=self._position, end=self.recording.length, text=text)


class _Source:
    """An audio source that remembers the segment that it gave last."""

    def __init__(self, recording: Recording, start: int, *, several_voices: bool) -> None:
        self._new = partial(Segment, recording, start, several_voices=several_voices)
        self.segment = self._new()

    def __call__(self) -> Segment:
        self.segment = self._new()
        return self.segment


class _Tasks:
    """Tasks that end with their block, whatever becomes of it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start[T](self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine beside the others."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        return task


def _part(recognition: Recognition, segment: Segment) -> Part:
    """Place an answer in the recording."""
    start = segment.start + _samples(recognition.offset or 0.0)
    end = max(segment.start, min(_end(recognition, segment), segment.position))
    cut = segment.cut is not None and end >= segment.cut - _CUT_TOLERANCE
    if cut:
        end = segment.position
    placed = recognition.text or recognition.duration
    shortest = _SHORTEST_PART if placed else _SHORTEST_NOTHING
    return Part(
        start=min(start, end),
        end=max(end, segment.start + shortest),
        text=recognition.text,
        recognition=recognition,
        cut=cut,
    )


def _end(recognition: Recognition, segment: Segment) -> int:
    """Return where the answer's utterance ends, as exactly as the answer says it."""
    # Silence is placed by its end alone: its duration is 0.
    if recognition.offset is not None and (recognition.duration or not recognition.text):
        return segment.start + _samples(recognition.offset + (recognition.duration or 0.0))
    words = recognition.alternatives[0].words if recognition.alternatives else ()
    if words and (word := words[-1]).offset is not None and word.duration is not None:
        return segment.start + _samples(word.offset + word.duration)
    return segment.position - _ANSWER_LAG


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
