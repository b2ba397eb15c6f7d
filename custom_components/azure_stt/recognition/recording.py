"""The recording: an audio stream that can be read again.

An audio stream can be read only once. It flows once into a `Recording`, which any number of
readers follow from any position, live while it still grows.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from math import inf
from time import monotonic
from typing import Final, Protocol, Self, override

from ..audio.pcm import SAMPLE_RATE, SAMPLE_WIDTH
from ..azure_speech import TimeLimit
from .waiters import Waiters

CAPACITY: Final = 60 * SAMPLE_RATE
"""Samples that are kept ahead of the recognized ones."""

AHEAD: Final = 2.0
"""Seconds of sound that a live stream is never ahead of the clock."""

# Seconds after which a file is well ahead.
_FIRST_MOMENT: Final = 0.1
KEPT: Final = 20 * SAMPLE_RATE
"""Samples that are kept of the recognized ones, because they may be recognized once more."""

IDLE_LIMIT: Final = 10.0
"""Seconds without a chunk after which the stream counts as abandoned.

The stream of a browser's dialog that is closed while it listens never ends.
"""

BLOCK_MIN: Final = SAMPLE_RATE // 50
"""Samples of two of Assist's 10 ms chunks: fewer TLS records, without a noticeable delay."""

BLOCK_MAX: Final = SAMPLE_RATE

# Bytes that are decoded at a stretch. Few: Opus may hold two minutes of nothing in them.
_DECODED_MAX: Final = 4096


class NoSpeechError(Exception):
    """The stream had no audio, or stopped without an end.

    Speech up to then must not be acted on, because the person is gone.
    """


class BrokenRecordingError(Exception):
    """The audio stream broke. Readers raise this; `recorded` raises the cause itself."""


class Decoder(Protocol):
    """A decoder of a stream's chunks to 16 kHz 16-bit mono PCM."""

    @property
    def blocking(self) -> bool:
        """Whether the next call takes longer than the event loop allows."""

    def feed(self, chunk: bytes) -> bytes:
        """Return the complete samples so far."""

    def flush(self) -> bytes:
        """Return some of the last samples at the stream's end, nothing when there are no more."""


class Recording:
    """16 kHz 16-bit mono PCM that grows at its end and is forgotten at its beginning.

    Positions are samples, counted from the very beginning.
    """

    def __init__(self) -> None:
        """Initialize an empty recording."""
        self.length = 0
        """Samples so far, including the forgotten ones."""
        self.ended = False
        """Whether the audio stream has ended."""
        self._audio = bytearray()
        self._start = 0
        self._recognized = 0
        self._ended_at = 0.0
        self._error: BaseException | None = None
        self._began_at: float | None = None
        self._waiters = Waiters()

    @override
    def __repr__(self) -> str:
        return f"<Recording {self._start}-{self.length}{' ended' if self.ended else ''}>"

    @property
    def error(self) -> BaseException | None:
        """The error that broke the audio stream, or None."""
        return self._error

    @property
    def is_ahead(self) -> bool:
        """Whether it came faster than speech: a file, and not a live voice."""
        if self._began_at is None:
            return False
        elapsed = monotonic() - self._began_at
        return self.length / SAMPLE_RATE - elapsed >= AHEAD

    async def comes_as_file(self) -> bool:
        """Wait for the first moment of the stream and return whether it is ahead."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_MOMENT):
                while not (self.ended or self.is_ahead):
                    await self._waiters.change()
        return self.is_ahead

    def append(self, pcm: bytes) -> None:
        """Add whole samples at the end."""
        if self._began_at is None:
            self._began_at = monotonic()
        self._audio += pcm
        self.length += len(pcm) // SAMPLE_WIDTH
        self._waiters.wake(self.length)

    def end(self, error: BaseException | None = None) -> None:
        """End the recording, because of an error if there is one."""
        self._ended_at = monotonic()
        self.ended = True
        self._error = error
        self._waiters.wake()

    def forget(self, position: int) -> None:
        """Count the samples before a position as recognized, and drop all but the last ones."""
        position = min(position, self.length)
        if position <= self._recognized:
            return
        self._recognized = position
        start = position - KEPT
        if start > self._start:
            del self._audio[: (start - self._start) * SAMPLE_WIDTH]
            self._start = start
        self._waiters.wake()

    async def has_room(self) -> None:
        """Wait until fewer samples than CAPACITY wait to be recognized."""
        while self.is_full:
            await self._waiters.change(inf)

    @property
    def is_full(self) -> bool:
        """Whether CAPACITY samples or more wait to be recognized."""
        return self.length - self._recognized >= CAPACITY

    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Return a reader of the samples from `start` up to `stop` or the end.

        It waits for audio that is still to come. Raises ValueError if `start` is forgotten, and
        BrokenRecordingError if the audio stream broke.
        """
        return _Reader(self, start, stop)

    def copy(self, start: int, stop: int) -> bytes:
        """Return the samples between two positions, as far as they exist.

        Raises ValueError if `start` is forgotten.
        """
        if start < self._start:
            msg = "This part of the recording is forgotten"
            raise ValueError(msg)
        first = (start - self._start) * SAMPLE_WIDTH
        last = (stop - self._start) * SAMPLE_WIDTH
        return bytes(memoryview(self._audio)[first:last])

    async def reaches(self, position: int, unless: Callable[[], bool] | None = None) -> None:
        """Wait until the recording is that long, or has ended, or a condition is true.

        Each change that can make it true calls `wake`. Raises BrokenRecordingError if the
        stream broke.
        """
        while not (self.ended or self.length >= position or (unless and unless())):
            await self._waiters.change(position)
        if self._error:
            raise BrokenRecordingError from self._error

    async def ends(self) -> float:
        """Wait for the end and return when it came, by `time.monotonic`."""
        while not self.ended:
            await self._waiters.change(inf)
        return self._ended_at

    def since(self, position: int) -> float:
        """Return the seconds since a sample was spoken: the audio since then, and since its end."""
        waited = monotonic() - self._ended_at if self.ended else 0.0
        return (self.length - position) / SAMPLE_RATE + waited

    def wake(self) -> None:
        """Let all tasks that wait look whether their condition is true."""
        self._waiters.wake()

    async def ends_or_is_full(self, unless: Callable[[], bool] | None = None) -> float:
        """Wait until no more is read, or a condition is true; return since when.

        That is a time of `time.monotonic`.
        """
        while not (self.ended or self.is_full or (unless and unless())):
            await self._waiters.change(self._recognized + CAPACITY)
        return self._ended_at if self.ended else monotonic()


class _Reader:
    """Follows a recording. A class, unlike a generator, doesn't have to be closed."""

    def __init__(self, recording: Recording, start: int, stop: int | None) -> None:
        self._recording = recording
        self._position = start
        self._stop = stop

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        wanted = self._position + BLOCK_MIN
        await self._recording.reaches(wanted if self._stop is None else min(wanted, self._stop))
        stop = self._position + BLOCK_MAX
        block = self._recording.copy(
            self._position, stop if self._stop is None else min(stop, self._stop)
        )
        if not block:
            raise StopAsyncIteration
        self._position += len(block) // SAMPLE_WIDTH
        return block


@asynccontextmanager
async def recorded(
    stream: AsyncIterable[bytes], decoder: Decoder, *, idle_limit: float | None = None
) -> AsyncIterator[Recording]:
    """Record the audio stream while the block runs, and close it at the block's end.

    A stream that gives nothing for `idle_limit` seconds (IDLE_LIMIT by default) counts as
    abandoned.
    Raises the error that broke the stream, even if the block fails too: the stream's own
    exception, NoSpeechError, or the decoder's error.
    """
    recording = Recording()
    # Eager: a task that is cancelled before it began would not close the stream.
    pump = asyncio.create_task(
        _pump(stream, decoder, recording, idle_limit or IDLE_LIMIT),
        name="azure_stt pump",
        eager_start=True,
    )
    try:
        yield recording
    except Exception:
        if recording.error:
            raise recording.error from None
        raise
    else:
        if recording.error:
            raise recording.error
    finally:
        # A pump that has ended the recording is closing the stream, and isn't disturbed.
        if not recording.ended:
            pump.cancel()
        await asyncio.wait([pump])


async def _pump(
    stream: AsyncIterable[bytes], decoder: Decoder, recording: Recording, idle_limit: float
) -> None:
    """Read the audio stream into the recording, from first to last, and close it."""
    try:
        await _read(stream, decoder, recording, idle_limit)
    except BaseException as err:
        recording.end(err)
        if not isinstance(err, Exception):
            raise
    else:
        recording.end(None if recording.length else NoSpeechError("The stream had no audio"))
    finally:
        # Cancelled between items it would stay open, and ESPHome's satellites feed one
        # queue: a reader that is left over would eat the next command.
        if aclose := getattr(stream, "aclose", None):
            await aclose()


async def _read(
    stream: AsyncIterable[bytes], decoder: Decoder, recording: Recording, idle_limit: float
) -> None:
    # None while no chunk is waited for.
    asked_at: float | None = monotonic()
    idle = TimeLimit(lambda: None if asked_at is None else asked_at + idle_limit, idle_limit)
    try:
        async with idle:
            async for chunk in stream:
                if len(chunk) <= _DECODED_MAX and not decoder.blocking:
                    recording.append(decoder.feed(chunk))
                else:
                    asked_at = None
                    await _take(chunk, decoder, recording)
                if recording.is_full:
                    asked_at = None
                    await recording.has_room()
                asked_at = monotonic()
    except TimeoutError as err:
        if not idle.expired():
            raise
        msg = "The stream went silent without an end"
        raise NoSpeechError(msg) from err
    while rest := await _run(decoder, decoder.flush):
        recording.append(rest)
        await recording.has_room()


async def _take(chunk: bytes, decoder: Decoder, recording: Recording) -> None:
    """Record a chunk, a large one bit by bit, as there is room."""
    for start in range(0, len(chunk), _DECODED_MAX):
        if start:
            await asyncio.sleep(0)
        block = chunk[start : start + _DECODED_MAX]
        recording.append(await _run(decoder, partial(decoder.feed, block)))
        await recording.has_room()


async def _run(decoder: Decoder, step: Callable[[], bytes]) -> bytes:
    return await asyncio.to_thread(step) if decoder.blocking else step()
