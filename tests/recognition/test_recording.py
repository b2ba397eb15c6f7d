"""The recording: heard again as often as it takes, and never larger than it must be."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from itertools import accumulate, count
from time import monotonic
from typing import Final, override

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.azure_stt.audio.decoder import StreamDecoder
from custom_components.azure_stt.audio.pcm import SAMPLE_RATE, AudioFormatError
from custom_components.azure_stt.recognition import recording as recording_module
from custom_components.azure_stt.recognition.recording import (
    CAPACITY,
    KEPT,
    BrokenRecordingError,
    NoSpeechError,
    Recording,
    recorded,
)
from tests.emulator import wav_header
from tests.support.streams import AudioStream, eventually

BLOCK: Final = 640
"""Bytes of 20 ms."""
SECOND: Final = 2 * SAMPLE_RATE


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def sound(size: int, seed: int = 0) -> bytes:
    """Return bytes that don't repeat soon."""
    return bytes((index * 7 + index // 251 + seed) % 256 for index in range(size))


def whole(pcm: bytes, sizes: list[int]) -> list[bytes]:
    """Cut into chunks of whole samples; the rest is the last one."""
    ends = [2 * end for end in accumulate(sizes)]
    return [pcm[start:end] for start, end in zip([0, *ends], [*ends, len(pcm)], strict=True)]


async def read(recording: Recording, start: int = 0, stop: int | None = None) -> list[bytes]:
    """Read all blocks."""
    return [block async for block in recording.read(start, stop)]


def never() -> asyncio.Future[None]:
    """Wait forever, as for a source that has gone away."""
    return asyncio.get_running_loop().create_future()


def filled(pcm: bytes) -> Recording:
    """Return a recording that has grown, but not ended."""
    recording = Recording()
    recording.append(pcm)
    return recording


# Readers.


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(0, 1500), max_size=12),
    readers=st.lists(
        st.tuples(
            st.integers(0, 4000),
            st.none() | st.integers(0, 6000),
            st.integers(0, 13),
        ),
        min_size=1,
        max_size=5,
    ),
)
async def test_every_reader_gets_every_sample_once(
    sizes: list[int], readers: list[tuple[int, int | None, int]]
) -> None:
    """However it grows, whenever and wherever one begins: in order, up to the stop or the end."""
    pcm = sound(2 * (sum(sizes) + 5))
    recording = Recording()
    tasks: dict[int, asyncio.Task[list[bytes]]] = {}

    def begin(step: int) -> None:
        for index, (start, stop, begins) in enumerate(readers):
            if begins == step:
                tasks[index] = asyncio.create_task(read(recording, start, stop))

    for step, chunk in enumerate(whole(pcm, sizes)):
        begin(step)
        recording.append(chunk)
        await asyncio.sleep(0)
    recording.end()
    for step in range(len(sizes) + 1, 14):
        begin(step)
    for index, (start, stop, _) in enumerate(readers):
        blocks = await tasks[index]
        assert b"".join(blocks) == pcm[2 * start : None if stop is None else 2 * stop]
        assert all(len(block) >= BLOCK for block in blocks[:-1])
        assert all(0 < len(block) <= SECOND for block in blocks)


async def test_blocks_are_neither_small_nor_large() -> None:
    """Chunks of 10 ms are joined to at least 20 ms, and waiting audio to a second."""
    recording = filled(sound(3 * SECOND + 322))
    lengths: list[int] = []

    async def follow() -> None:
        async for block in recording.read():
            lengths.append(len(block))  # noqa: PERF401 - as they come

    reader = asyncio.create_task(follow())
    await asyncio.sleep(0)
    assert lengths == [SECOND] * 3
    recording.append(sound(316))
    await asyncio.sleep(0)
    assert lengths == [SECOND] * 3
    recording.append(sound(2))
    await asyncio.sleep(0)
    assert lengths == [SECOND] * 3 + [BLOCK]
    recording.end()
    await reader


async def test_rest_comes_with_the_end() -> None:
    """The last block is as short as it is."""
    recording = filled(sound(10))
    reader = asyncio.create_task(read(recording))
    await asyncio.sleep(0)
    assert not reader.done()
    recording.end()
    assert await reader == [sound(10)]
    assert await read(recording) == [sound(10)]


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (100, 101), (0, SAMPLE_RATE), (7, 7), (9, 3)])
async def test_stops_without_waiting_for_more(start: int, stop: int) -> None:
    """A reader with a stop ends there, though the recording goes on."""
    recording = filled(sound(SECOND))
    async with asyncio.timeout(1):
        assert b"".join(await read(recording, start, stop)) == sound(SECOND)[2 * start : 2 * stop]


async def test_waits_for_a_start_that_is_still_to_come() -> None:
    """A reader may be ahead of the recording."""
    recording = filled(sound(100))
    reader = asyncio.create_task(read(recording, 400))
    await asyncio.sleep(0)
    recording.append(sound(1400))
    recording.end()
    assert b"".join(await reader) == (sound(100) + sound(1400))[800:]


async def test_broken_recording_ends_its_readers() -> None:
    """Every reader gets the error; the words before it aren't acted on."""
    recording = filled(sound(2000))
    waiting = [
        asyncio.create_task(read(recording, 990)),
        asyncio.create_task(recording.reaches(5000)),
    ]
    await asyncio.sleep(0)
    cause = ValueError()
    recording.end(cause)
    for task in [*waiting, read(recording), recording.reaches(1)]:
        with pytest.raises(BrokenRecordingError) as info:
            await task
        assert info.value.__cause__ is cause
    assert recording.error is cause


async def test_cancelled_reader_leaves_nothing() -> None:
    """A reader that goes away isn't woken any more; another one is."""
    recording = Recording()
    gone, here = (asyncio.create_task(read(recording)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    assert len(recording._waiters._waiting) == 1
    recording.append(sound(BLOCK))
    recording.end()
    assert await here == [sound(BLOCK)]
    assert not recording._waiters._waiting


# Positions.


@pytest.fixture
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep none of the recognized audio."""
    monkeypatch.setattr(recording_module, "KEPT", 0)


async def test_keeps_the_last_seconds() -> None:
    """The last twenty seconds of recognized audio can be read once more."""
    recording = filled(bytes(30 * SECOND))
    recording.forget(25 * SAMPLE_RATE)
    assert len(recording.copy(5 * SAMPLE_RATE, 30 * SAMPLE_RATE)) == 25 * SECOND
    with pytest.raises(ValueError, match="forgotten"):
        recording.copy(5 * SAMPLE_RATE - 1, 30 * SAMPLE_RATE)


@pytest.mark.usefixtures("nothing_kept")
async def test_forgets() -> None:
    """Dropped audio is gone, positions stay, and other readers' places don't move."""
    recording = filled(sound(2000))
    reader = recording.read(400)
    recording.forget(400)
    assert recording.length == 1000
    assert len(recording._audio) == 1200
    recording.forget(300)
    assert recording.copy(400, 1000) == sound(2000)[800:]
    recording.append(sound(10, 5))
    recording.end()
    assert await anext(reader) == sound(2000)[800:] + sound(10, 5)
    assert recording.copy(998, 1002) == sound(2000)[1996:] + sound(10, 5)[:4]
    for start in (0, 399, -1):
        with pytest.raises(ValueError, match="forgotten"):
            recording.copy(start, 1000)
        with pytest.raises(ValueError, match="forgotten"):
            await read(recording, start)


@pytest.mark.usefixtures("nothing_kept")
async def test_forgets_no_more_than_there_is() -> None:
    """A position beyond the end forgets all up to now."""
    recording = filled(sound(100))
    recording.forget(1000)
    assert recording.length == 50
    recording.append(sound(4))
    recording.end()
    assert await read(recording, 50) == [sound(4)]
    with pytest.raises(ValueError, match="forgotten"):
        recording.copy(49, 52)


async def test_copies_the_existing_samples() -> None:
    """A copy ends at the present end of the recording."""
    recording = filled(sound(100))
    assert recording.copy(10, 20) == sound(100)[20:40]
    assert recording.copy(40, 1000) == sound(100)[80:]
    assert recording.copy(50, 60) == recording.copy(90, 100) == recording.copy(20, 10) == b""


@pytest.mark.usefixtures("nothing_kept")
async def test_tells_how_it_stands() -> None:
    """Length, end and its time."""
    recording = filled(sound(100))
    assert (recording.length, recording.ended) == (50, False)
    assert repr(recording) == "<Recording 0-50>"
    waiting = asyncio.create_task(recording.ends())
    reaching = asyncio.create_task(recording.reaches(60))
    await asyncio.sleep(0)
    recording.append(sound(18))
    await asyncio.sleep(0)
    assert not reaching.done()
    recording.append(sound(2))
    await reaching
    assert not waiting.done()
    before = monotonic()
    recording.end()
    assert before <= await waiting <= monotonic()
    await recording.reaches(1000)
    recording.forget(10)
    assert repr(recording) == "<Recording 10-60 ended>"


# The audio stream.


async def test_records() -> None:
    """The whole stream is recorded while the block runs, and closed at its end."""
    pcm = sound(10 * BLOCK)
    stream = AudioStream(wav_header() + pcm)
    async with recorded(stream, StreamDecoder()) as recording:
        assert b"".join(await read(recording)) == pcm
        assert recording.ended
    assert stream.closed


async def test_records_live() -> None:
    """Readers follow while the stream still grows."""
    more = asyncio.Event()
    stream = AudioStream(sound(BLOCK), more.wait(), sound(BLOCK, 1))
    async with recorded(stream, StreamDecoder()) as recording:
        reader = recording.read()
        assert await anext(reader) == sound(BLOCK)
        assert not recording.ended
        more.set()
        assert await anext(reader) == sound(BLOCK, 1)


async def test_ten_minutes_need_the_memory_of_one() -> None:
    """The stream is read at most a minute ahead of the recognition, and little of it is kept."""
    chunk, total = SECOND // 2, 10 * 60 * SECOND
    given, largest, heard = 0, 0, bytearray()

    async def stream() -> AsyncGenerator[bytes]:
        nonlocal given
        while given < total:
            given += chunk
            yield bytes([given // chunk % 251]) * chunk

    async with recorded(stream(), StreamDecoder()) as recording:
        await eventually(lambda: bool(recording._waiters._waiting))
        assert given == 2 * CAPACITY
        position = 0
        async for block in recording.read():
            largest = max(largest, len(recording._audio))
            heard += block
            position += len(block) // 2
            recording.forget(position)
            await asyncio.sleep(0)
    assert largest <= 2 * (CAPACITY + KEPT) + chunk
    assert heard == b"".join(bytes([number % 251]) * chunk for number in range(1, 1201))


async def test_room_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room is there as soon as less is kept than the capacity, not before."""
    monkeypatch.setattr(recording_module, "CAPACITY", 100)
    recording = filled(bytes(198))
    await recording.has_room()
    recording.append(bytes(2))
    waiting = asyncio.create_task(recording.has_room())
    await asyncio.sleep(0)
    assert not waiting.done()
    recording.forget(1)
    await waiting


class Unclosable:
    """A stream that can't be closed, as aiohttp's are."""

    def __init__(self, *chunks: bytes) -> None:
        """Hold the chunks."""
        self._chunks = list(chunks)

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Read."""
        return self

    async def __anext__(self) -> bytes:
        """Give the next chunk."""
        if not self._chunks:
            raise StopAsyncIteration
        return self._chunks.pop(0)


async def test_stream_needs_no_close() -> None:
    """Any asynchronous iterable will do."""
    async with recorded(Unclosable(sound(4)), StreamDecoder()) as recording:
        assert await read(recording) == [sound(4)]


class HostError(Exception):
    """An error of the stream's own."""


class AttemptError(Exception):
    """The error of a recognition whose source breaks."""


async def attempt(recording: Recording) -> None:
    """Fail by the recording, as a recognition does."""
    try:
        await read(recording)
    except BrokenRecordingError:
        raise AttemptError from None


async def wait(recording: Recording) -> None:
    """Wait for the end, and be content with it."""
    await recording.ends()


ERRORS: Final = [HostError(), ValueError(), TimeoutError(), OSError(), asyncio.CancelledError()]


@pytest.mark.parametrize("use", [attempt, wait])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("said", [b"", sound(3 * BLOCK)], ids=["at once", "later"])
async def test_error_of_the_stream(
    use: Callable[[Recording], Awaitable[None]], error: BaseException, said: bytes
) -> None:
    """It is raised as it is, even if the block fails, and nothing hangs."""
    stream = AudioStream(said, error)
    async with asyncio.timeout(2):
        with pytest.raises(type(error)) as info:
            async with recorded(stream, StreamDecoder()) as recording:
                await use(recording)
    assert info.value is error
    assert stream.closed


async def test_cancellation_by_the_stream_is_one() -> None:
    """A task whose stream is cancelled is cancelled itself."""

    async def utterance() -> None:
        async with recorded(AudioStream(asyncio.CancelledError()), StreamDecoder()) as recording:
            await attempt(recording)

    task = asyncio.create_task(utterance())
    await asyncio.wait([task], timeout=2)
    assert task.cancelled()


async def test_error_of_the_block() -> None:
    """Without an error of the stream, the block's own is raised."""

    async def fail(recording: Recording) -> None:
        await anext(recording.read())
        raise HostError

    stream = AudioStream(sound(BLOCK), never())
    with pytest.raises(HostError):
        async with recorded(stream, StreamDecoder()) as recording:
            await fail(recording)
    assert stream.closed


async def test_error_of_the_decoder() -> None:
    """Audio in the wrong format ends the recording."""
    stream = AudioStream(wav_header(codec=7) + bytes(100), never())
    with pytest.raises(AudioFormatError):
        async with recorded(stream, StreamDecoder()) as recording:
            await attempt(recording)
    assert stream.closed


@pytest.mark.parametrize("sent", [b"", wav_header(), b"\0"], ids=["nothing", "header", "half"])
async def test_no_speech(sent: bytes) -> None:
    """A stream without a sample is no speech, even if the block fails."""
    stream = AudioStream(sent)
    with pytest.raises(NoSpeechError, match="no audio"):
        async with recorded(stream, StreamDecoder()) as recording:
            await wait(recording)
    assert stream.closed


@pytest.mark.parametrize("said", [b"", sound(3 * BLOCK)], ids=["at once", "later"])
async def test_stream_goes_away(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """A stream that stalls without an end has nobody left to act for."""
    monkeypatch.setattr(recording_module, "IDLE_LIMIT", 0.05)
    stream = AudioStream(said, never())
    async with asyncio.timeout(2):
        with pytest.raises(NoSpeechError, match="without an end"):
            async with recorded(stream, StreamDecoder()) as recording:
                await attempt(recording)
    assert stream.closed


async def test_each_chunk_has_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream may take its time, again and again."""
    monkeypatch.setattr(recording_module, "IDLE_LIMIT", 0.5)
    pauses = [asyncio.sleep(0.2) for _ in range(3)]
    stream = AudioStream(*(part for pause in pauses for part in (pause, sound(320))))
    async with recorded(stream, StreamDecoder()) as recording:
        assert len(b"".join(await read(recording))) == 960


async def test_waiting_for_room_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream isn't to blame for a recognition that is slow."""
    monkeypatch.setattr(recording_module, "IDLE_LIMIT", 0.1)
    monkeypatch.setattr(recording_module, "CAPACITY", 160)
    stream = AudioStream(sound(960))
    async with recorded(stream, StreamDecoder()) as recording:
        await asyncio.sleep(0.3)
        assert (recording.length, stream.sent) == (160, 320)
        recording.forget(160)
        await recording.reaches(320)
        recording.forget(320)
        await recording.reaches(480)
        recording.forget(480)
        await recording.ends()
        assert recording.length == 480


async def leave_at_once(_: Recording) -> None:
    """Do nothing."""


async def leave_early(recording: Recording) -> None:
    """Read a block and be content."""
    await anext(recording.read())


@pytest.mark.parametrize("use", [leave_at_once, leave_early])
@pytest.mark.parametrize("capacity", [1, CAPACITY], ids=["full", "reading"])
async def test_leaving_early_closes_the_stream(
    monkeypatch: pytest.MonkeyPatch, use: Callable[[Recording], Awaitable[None]], capacity: int
) -> None:
    """A block that is left closes the stream, and leaves no task."""
    monkeypatch.setattr(recording_module, "CAPACITY", capacity)
    monkeypatch.setattr(recording_module, "BLOCK_MIN", 160)
    before = asyncio.all_tasks()
    stream = AudioStream(sound(BLOCK), never())
    async with recorded(stream, StreamDecoder()) as recording:
        await use(recording)
    assert stream.closed
    assert asyncio.all_tasks() == before
    sent = stream.sent
    await asyncio.sleep(0)
    assert stream.sent == sent


class Lagging(AudioStream):
    """A stream that takes a moment to close."""

    @override
    async def aclose(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        await super().aclose()


async def test_end_waits_for_the_stream_to_close() -> None:
    """A stream that ended by itself is let close in its own time, too."""
    stream = Lagging(sound(BLOCK))
    async with recorded(stream, StreamDecoder()) as recording:
        await recording.ends()
    assert stream.closed


@pytest.mark.parametrize("capacity", [1, CAPACITY], ids=["full", "reading"])
async def test_cancelled_anywhere(monkeypatch: pytest.MonkeyPatch, capacity: int) -> None:
    """After any step: the cancellation comes through, the stream is closed, no task is left."""
    monkeypatch.setattr(recording_module, "CAPACITY", capacity)
    monkeypatch.setattr(recording_module, "BLOCK_MIN", 160)
    before = asyncio.all_tasks()
    for steps in count(1):
        going_on = never()
        stream = Lagging(sound(BLOCK), going_on, sound(BLOCK))

        async def utterance(stream: AudioStream = stream) -> None:
            async with recorded(stream, StreamDecoder()) as recording:
                position = 0
                async for block in recording.read():
                    position += len(block) // 2
                    recording.forget(position)

        task = asyncio.create_task(utterance())
        for step in range(steps):
            await asyncio.sleep(0)
            if step == 5:
                going_on.set_result(None)
        had_ended = task.done()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() is not had_ended
        # Cancelled while the stream is closing, the task doesn't wait for that to end.
        await eventually(lambda: asyncio.all_tasks() == before)
        assert stream.closed
        if had_ended:
            break
    assert steps > 5
