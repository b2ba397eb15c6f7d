"""Retries: one part of a recording, recognized by whichever resource answers first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
import logging
from random import uniform
from time import monotonic
from typing import Final

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import (
    ANSWER_SECONDS_PER_SECOND,
    Recognition,
    RecognitionOptions,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
    ThrottledError,
    UnexplainedRequestError,
)
from .policy import Engine, Policy
from .recording import BrokenRecordingError, Recording
from .segment import Cut, Segment
from .service_kind import ServiceKind
from .task_scope import TaskScope
from .transcript import Part

_LOGGER = logging.getLogger(__name__)

# A part without a place in its answer ends this long before the last sample sent.
_ANSWER_LAG: Final = SAMPLE_RATE // 5

# Advance at least this far per answer (with and without words), so that a service that
# answers for nothing isn't asked forever.
_SHORTEST_PART: Final = SAMPLE_RATE // 10
_SHORTEST_NOTHING: Final = SAMPLE_RATE // 2

# Speech that ends this near to a cut ends with it.
_CUT_TOLERANCE: Final = SAMPLE_RATE // 2

# Seconds before each retry, give or take half. The first one is immediate, because a
# connection that was idle is often dead, except when Azure throttles. While a resource is known
# to be down, it gets only the last seconds after the end of speech.
_BACKOFF: Final = (0.0, 0.25, 0.5, 1.0, 2.0)
_THROTTLE_BACKOFF: Final = (0.5, 1.0, 2.0)
_FILE_BACKOFF: Final = (0.5, 2.0)
_DEADLINE_WHEN_DOWN: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A part as an engine recognized it.

    `early` says that it came while the audio still went on, `sent` is how far the recording
    was sent, and `kind` the engine's behavior so far.
    """

    part: Part
    early: bool
    sent: int
    kind: ServiceKind


class PartRecognizer:
    """Recognizes one part of a recording, from a position on, within the deadline.

    The part ends with the recording, or where `cut` ends it. The deadline counts from the later
    of that end and `ready_at` (`time.monotonic`).
    """

    def __init__(
        self,
        recording: Recording,
        engines: Sequence[Engine],
        policy: Policy,
        *,
        position: int,
        cut: Cut,
        ready_at: float,
        has_backup: bool,
    ) -> None:
        """Initialize with the resource, or the resource and a second one."""
        self._recording = recording
        self._engines = engines
        self._policy = policy
        self._position = position
        self._cut = cut
        self._ready_at = ready_at
        self._has_backup = has_backup
        self._failure: SpeechError | None = None

    async def recognize(self, options: RecognitionOptions) -> Answer:
        """Return the first answer of any resource.

        The second resource starts when the first one has failed for good, or at half the
        deadline. Without a second one, a request that hangs is cancelled then and sent again,
        because on the free tier it holds the only slot. Raises the last SpeechError, or
        BrokenRecordingError if the stream broke.
        """
        others = list(self._engines[1:])
        # With a number of tries, the client's own limit ends a request that hangs.
        again = not others and self._policy.tries is None
        deadline = self._deadline()
        async with TaskScope() as tasks:
            ended = tasks.start(self._cut.made_or_full())
            attempts = [self._start(tasks, self._engines[0], options)]
            while attempts:
                waiting = bool(others) or again
                due = self._due(ended, attempts, deadline, half=waiting)
                if due is not None and due <= monotonic():
                    if not waiting:
                        break
                    if others:
                        attempts.append(self._start(tasks, others.pop(0), options))
                    elif attempts[0].source.called:
                        await attempts[0].cancel()
                        attempts = [self._start(tasks, self._engines[0], options)]
                    again = False
                    continue
                await _wait([attempt.task for attempt in attempts], ended, due)
                for attempt in [each for each in attempts if each.task.done()]:
                    if (answer := attempt.task.result()) is not None:
                        return answer
                    attempts.remove(attempt)
                if others and not attempts:
                    attempts.append(self._start(tasks, others.pop(0), options))
        raise self._failure or SpeechTimeoutError("There was no answer in time")

    def _start(self, tasks: TaskScope, engine: Engine, options: RecognitionOptions) -> _Attempt:
        source = _Source(self._recording, self._position, self._cut, self._policy)
        now = monotonic()
        return _Attempt(source, tasks.start(self._attempt(engine, source, options)), now)

    def _deadline(self) -> float:
        """Return the seconds for this part: few if Azure is down and a backup engine waits."""
        if self._has_backup and all(engine.down for engine in self._engines):
            return min(self._policy.deadline, _DEADLINE_WHEN_DOWN)
        return self._policy.deadline

    def _due(
        self,
        ended: asyncio.Task[float],
        attempts: Sequence[_Attempt],
        deadline: float,
        *,
        half: bool,
    ) -> float | None:
        """Return when the deadline ends, or half of it; None while the stream still comes.

        Half of it always follows the last progress of an upload. The answer to audio that was
        sent faster than real time may take half a second more for each second of it.
        """
        if not ended.done():
            return None
        begin = max(ended.result(), self._ready_at)
        progress = max(attempt.progress_at for attempt in attempts)
        lead = max(attempt.source.segment.lead for attempt in attempts)
        return max(
            begin + (deadline / 2 if half else deadline),
            progress + deadline / 2 + lead * ANSWER_SECONDS_PER_SECOND,
        )

    async def _attempt(
        self, engine: Engine, source: _Source, options: RecognitionOptions
    ) -> Answer | None:
        """Ask a resource, again as long as that can help; return None when it has failed.

        A custom model is in its own resource only, the first one.
        """
        if engine is not self._engines[0]:
            options = replace(options, endpoint_id=None)
        has_others = len(self._engines) > 1 or self._has_backup
        unexplained = failures = 0
        dropped = False
        for tries in count():
            try:
                recognition = await engine.recognize(source, options)
            except SpeechError as err:
                # The source's own error may have come to light in another request.
                if self._recording.error:
                    raise BrokenRecordingError from self._recording.error
                self._failure = err
                unexplained += isinstance(err, UnexplainedRequestError)
                wait = max(self._pause(err, tries), err.retry_after or 0)
                hopeless = not err.retryable or unexplained > 1 or wait > self._policy.deadline
                # The first connection that breaks may have been idle for too long.
                is_drop = isinstance(err, SpeechConnectionError)
                failures += not is_drop or dropped
                dropped = dropped or is_drop
                hopeless = hopeless or failures == self._policy.tries
                if hopeless or (engine.down and has_others):
                    return None
                _LOGGER.debug("Retrying in %.2f s: %s", wait, err)
                await asyncio.sleep(wait)
            else:
                segment = source.segment
                return Answer(
                    part=place(recognition, segment),
                    early=not segment.finished,
                    sent=segment.position,
                    kind=engine.kind,
                )
        return None

    def _pause(self, err: SpeechError, tries: int) -> float:
        """Return the seconds before the next try, after some tries before this one."""
        backoff: Sequence[float] = _BACKOFF if self._policy.tries is None else _FILE_BACKOFF
        if isinstance(err, ThrottledError):
            backoff = _THROTTLE_BACKOFF
        return backoff[min(tries, len(backoff) - 1)] * uniform(0.5, 1.5)  # noqa: S311


async def _wait(
    attempts: Sequence[asyncio.Task[Answer | None]], ended: asyncio.Task[float], due: float | None
) -> None:
    """Wait for an answer, for the stream's end, or until something is due."""
    timeout = None if due is None else due - monotonic()
    waited = [*attempts, *([] if ended.done() else [ended])]
    await asyncio.wait(waited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


class _Source:
    """An audio source that remembers the last segment it gave.

    `called` says whether a request has begun: until then, it may wait for a free slot.
    """

    def __init__(self, recording: Recording, start: int, cut: Cut, policy: Policy) -> None:
        self._new = partial(Segment, recording, start, cut, several_voices=policy.several_voices)
        self.segment = self._new()
        self.called = False

    def __call__(self) -> Segment:
        self.called = True
        self.segment = self._new()
        return self.segment


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Requests to one resource, one after the other."""

    source: _Source
    task: asyncio.Task[Answer | None]
    started_at: float

    @property
    def progress_at(self) -> float:
        """The time of the last progress of the upload, or of the start before any."""
        return self.source.segment.read_at or self.started_at

    async def cancel(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


def place(recognition: Recognition, segment: Segment) -> Part:
    """Return an answer with its place in the recording."""
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
        recognition=recognition,
        cut=cut,
    )


def _end(recognition: Recognition, segment: Segment) -> int:
    """Return where the utterance ends, as exactly as the answer says it."""
    # Silence is placed by its end alone: its duration is 0.
    if recognition.offset is not None and (recognition.duration or not recognition.text):
        return segment.start + _samples(recognition.offset + (recognition.duration or 0.0))
    words = recognition.alternatives[0].words if recognition.alternatives else ()
    if words and (word := words[-1]).offset is not None and word.duration is not None:
        return segment.start + _samples(word.offset + word.duration)
    return segment.position - _ANSWER_LAG


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
