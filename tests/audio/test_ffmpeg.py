"""Every format that a satellite may send becomes the same 16 kHz 16-bit mono sound."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import accumulate
import subprocess
import sys
import threading
from typing import Final

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from homeassistant.components.stt import AudioSampleRates

from custom_components.azure_stt.audio.decoder import StreamDecoder
from custom_components.azure_stt.audio.ffmpeg import OpusDecoder
from custom_components.azure_stt.audio.ogg import PACKET_MAX_SIZE, OggReader
from custom_components.azure_stt.audio.pcm import SAMPLE_RATE, TARGET, AudioFormatError, PcmFormat
from custom_components.azure_stt.recognition.recording import recorded
from tests.emulator import SpokenModel, silence, speak, wav_header
from tests.support.sounds import (
    FLOATS,
    FORMATS,
    SENTENCE,
    SPOKEN,
    Sound,
    converted_audio,
    encode,
    header,
    ogg,
)
from tests.support.streams import AudioStream

HIGH_RATES: Final = [rate for rate in map(int, AudioSampleRates) if rate > SAMPLE_RATE]
DELAY: Final = 0.005
"""Seconds that the samples may be behind."""


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def decode(chunks: list[bytes], declared: PcmFormat | None = TARGET) -> bytes:
    """Return the samples that a decoder makes of the chunks."""
    decoder = StreamDecoder(declared)
    return b"".join([*map(decoder.feed, chunks), *iter(decoder.flush, b"")])


def converted(sound: Sound, form: PcmFormat) -> Sound:
    """Return a sound that has gone through the decoder."""
    return np.frombuffer(decode([encode(sound, form)], form), "<i2") / 32768


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """Cut into chunks of these sizes; the rest is the last one."""
    ends = list(accumulate(sizes))
    return [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]


async def heard(pcm: bytes) -> str:
    """Return the words in the sound."""
    alternatives = await SpokenModel().recognize(pcm, "en-US")
    assert isinstance(alternatives, list | tuple)
    return alternatives[0].text if alternatives else ""


def tone(frequency: float, rate: int) -> Sound:
    """Return half a second of a sine at half of full scale."""
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(rate // 2) / rate)


def decibels(sound: Sound) -> float:
    """Return the level of a sound's middle against that of the tone."""
    middle = sound[1000:-1000]
    return float(20 * np.log10(np.sqrt(np.mean(middle**2)) / (0.5 * np.sqrt(0.5)) + 1e-12))


# Quality.


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("rate", HIGH_RATES)
def test_nothing_is_mirrored(rate: int, bits: int) -> None:
    """Frequencies that 16 kHz can't hold are left out, not mirrored into speech."""
    form = PcmFormat(rate=rate, bits=bits, channels=1)
    for frequency in range(8_300, min(rate // 2, 20_001), 100):
        assert decibels(converted(tone(frequency, rate), form)) < -80, frequency


@pytest.mark.parametrize("form", [form for form in FORMATS if form.bits > 8], ids=str)
def test_level(form: PcmFormat) -> None:
    """Up to 7 kHz, and the source's own limit, all is as loud as it was."""
    for frequency in range(100, min(7_001, form.rate * 9 // 20), 300):
        level = decibels(converted(tone(frequency, form.rate), form))
        assert level == pytest.approx(0, abs=0.1), frequency


@pytest.mark.parametrize("rate", list(map(int, AudioSampleRates)))
def test_length(rate: int) -> None:
    """The sound is as long as it was, within a sample."""
    form = PcmFormat(rate=rate, bits=16, channels=1)
    for samples in (rate // 50, rate // 7, rate // 7 + 1, rate, rate + 1, 3 * rate + 2):
        length = len(converted(np.zeros(samples), form))
        assert length == pytest.approx(samples * SAMPLE_RATE / rate, abs=1)


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_is_live(form: PcmFormat) -> None:
    """The samples come out as they go in, a few milliseconds behind."""
    decoder = StreamDecoder(form)
    chunk = encode(np.zeros(form.rate // 100), form)
    decoder.feed(b"")
    decoder.feed(chunk)
    length = 0
    for count in range(1, 20):
        length += len(decoder.feed(chunk)) // 2
        assert length > (count / 100 - DELAY) * SAMPLE_RATE


@given(
    form=st.sampled_from(FORMATS + FLOATS),
    with_header=st.booleans(),
    seed=st.integers(0, 1000),
    length=st.integers(0, 3000),
    sizes=st.lists(st.integers(0, 1200), max_size=20),
)
@settings(deadline=None)
def test_chunks_make_no_difference(
    *, form: PcmFormat, with_header: bool, seed: int, length: int, sizes: list[int]
) -> None:
    """The same bytes in chunks of any size give the same samples."""
    sound = np.random.default_rng(seed).uniform(-1, 1, length)
    file = (header(form) if with_header else b"") + encode(sound, form) + b"\1"
    declared = TARGET if with_header else form
    assert decode(cut(file, sizes), declared) == decode([file], declared)


# Forms.


@pytest.mark.parametrize("form", FORMATS + FLOATS, ids=str)
async def test_every_form_is_understood(form: PcmFormat) -> None:
    """The words survive, with a declared format or with a header that overrides it."""
    audio = converted_audio(silence(0.02) + speak(SENTENCE) + silence(0.02), form)
    assert await heard(decode([header(form) + audio])) == SENTENCE
    assert await heard(decode([header(form) + audio], None)) == SENTENCE
    if not form.floating:
        assert await heard(decode([audio], form)) == SENTENCE


@pytest.mark.parametrize(
    ("bits", "audio", "samples"),
    [
        (8, bytes([0, 127, 128, 129, 255]), [-32768, -256, 0, 256, 32512]),
        (24, b"\0\0\x80\0\x01\xff\0\x34\x12\0\xff\x7f", [-32768, -255, 0x1234, 32767]),
        (32, b"\0\0\0\x80\0\0\x34\x12\0\0\xff\x7f", [-32768, 0x1234, 32767]),
    ],
)
def test_samples(bits: int, audio: bytes, samples: list[int]) -> None:
    """Another width keeps the values: 8 bit is unsigned, all are little-endian."""
    pcm = decode([audio], PcmFormat(rate=SAMPLE_RATE, bits=bits, channels=1))
    assert np.frombuffer(pcm, "<i2").tolist() == samples


def test_stereo_is_mixed() -> None:
    """Both channels are heard, and neither makes the other clip."""
    form = PcmFormat(rate=SAMPLE_RATE, bits=16, channels=2)
    audio = np.array([[1000, 3000], [32767, 32767], [-32768, 32767], [2000, 0]], "<i2").tobytes()
    mixed = np.frombuffer(decode([audio], form), "<i2")
    assert mixed == pytest.approx([2000, 32767, 0, 1000], abs=1)


def test_files_one_behind_the_other() -> None:
    """A second file of another format in the same stream is decoded as that format."""
    forms = [FORMATS[-1], TARGET, FLOATS[0]]
    files = [header(form) + converted_audio(speak("on"), form) for form in forms]
    apart = b"".join(decode([file]) for file in files)
    assert decode(files) == apart


def test_target_format_is_passed_on() -> None:
    """Assist's chunks come out as the very same objects; FFmpeg isn't even loaded for them.

    What needs it is held in the first call and loads it in the second.
    """
    chunk = bytes(320)
    assert StreamDecoder().feed(chunk) is chunk
    program = f"""
import sys
from custom_components.azure_stt.audio.decoder import StreamDecoder
decoder = StreamDecoder()
assert decoder.feed(bytes(320)) and not decoder.blocking
decoder = StreamDecoder()
assert decoder.feed({wav_header(sample_rate=48_000)!r} + bytes(3200)) == b""
assert decoder.blocking
assert "av" not in sys.modules
assert decoder.feed(b"") and not decoder.blocking
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)  # noqa: S603 - it is ours


# OGG/Opus.


OPUS: Final = ogg(SPOKEN)


def page(*packets: bytes) -> bytes:
    """Return a page of whole packets."""
    laces = b"".join(
        b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets
    )
    return b"OggS" + bytes(22) + bytes([len(laces)]) + laces + b"".join(packets)


def opus_head(channels: int = 1, mapping: int = 0) -> bytes:
    """Return the first packet of an Opus stream."""
    return b"OpusHead\1" + bytes([channels]) + bytes(8) + bytes([mapping])


@pytest.mark.parametrize("declared", [None, TARGET], ids=["opus", "pcm"])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("page_ms", [20, 1000])
async def test_opus(layout: str, page_ms: int, declared: PcmFormat | None) -> None:
    """OGG/Opus is understood with any declared format, and keeps its timing."""
    file = ogg(SPOKEN, layout=layout, page_ms=page_ms)
    pcm = decode([file], declared)
    assert await heard(pcm) == SENTENCE
    # It fills its last packet up.
    assert len(SPOKEN) <= len(pcm) < len(SPOKEN) + 2 * SAMPLE_RATE // 50


async def test_opus_is_live() -> None:
    """Each page is heard when it's there."""
    file = ogg(SPOKEN, page_ms=20)
    decoder = StreamDecoder(None)
    half = b"".join(decoder.feed(chunk) for chunk in cut(file, [400] * (len(file) // 800)))
    assert decoder.blocking
    assert len(half) > len(SPOKEN) * 0.4
    assert (await heard(half)).startswith("Turn on")


@given(sizes=st.lists(st.integers(0, 3000), max_size=20))
@settings(deadline=None)
def test_chunks_of_opus_make_no_difference(sizes: list[int]) -> None:
    """Chunks of any size give the same samples."""
    assert decode(cut(OPUS, sizes), None) == decode([OPUS], None)


async def test_opus_files_one_behind_the_other() -> None:
    """A stream of several files is heard from first to last."""
    other = ogg(SPOKEN, layout="stereo")
    pcm = decode([OPUS + other], None)
    assert pcm == decode([OPUS], None) + decode([other], None)
    assert await heard(pcm) == f"{SENTENCE} {SENTENCE}"


def test_empty_packet() -> None:
    """A packet of nothing isn't the end."""
    *pages, last = OPUS.split(b"OggS")[1:]
    file = b"".join(b"OggS" + each for each in pages) + page(b"") + b"OggS" + last
    assert decode([file], None) == decode([OPUS], None)


def test_picture_in_the_tags() -> None:
    """A comment of any size is neither kept nor heard."""
    _, head, _, *pages = OPUS.split(b"OggS")
    begin, middle = (
        b"OggS" + bytes(22) + b"\xff" * 256 + content.ljust(255 * 255, b"x")
        for content in (b"OpusTags", b"OpusHead")
    )
    tags = begin + 3 * middle + page(b"end")
    (kept,) = OggReader().feed(tags)
    assert len(kept) < PACKET_MAX_SIZE + 255
    decoder = OpusDecoder()
    decoder.feed(b"OggS" + head)
    for chunk in cut(tags, [4096] * (len(tags) // 4096)):
        assert decoder.feed(chunk) == b""
    pcm = b"".join(decoder.feed(b"OggS" + each) for each in pages) + decoder.flush()
    assert pcm == decode([OPUS], None)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        pytest.param(bytes(100), "broken", id="zeros"),
        pytest.param(page(b"\1vorbis"), "isn't Opus", id="Vorbis"),
        pytest.param(page(b"\x7fFLAC"), "isn't Opus", id="FLAC"),
        pytest.param(page(opus_head(3)), "two channels", id="three channels"),
        pytest.param(page(opus_head(0)), "two channels", id="no channel"),
        pytest.param(page(opus_head(2, 255)), "two channels", id="mapping"),
        pytest.param(page(b"OpusHead"), "broken", id="half a header"),
        pytest.param(page(opus_head()) + page(b"\xff\x30"), "broken", id="packet"),
        pytest.param(OPUS[:1000] + b"x" + OPUS[1000:], "broken", id="a byte too many"),
    ],
)
def test_not_opus(file: bytes, message: str) -> None:
    """Data that isn't OGG/Opus is an error that says so."""
    with pytest.raises(AudioFormatError, match=message):
        decode([file], None)


@pytest.mark.parametrize("size", [0, 3, 20, 27, 60, 500, len(OPUS) - 1])
def test_opus_is_cut_off(size: int) -> None:
    """A stream that ends within a page has the pages before."""
    assert decode([OPUS], None).startswith(decode([OPUS[:size]], None)[:-400])


# Hostile streams.


def damaged(files: list[bytes]) -> st.SearchStrategy[bytes]:
    """Give files with some bytes exchanged, or only their beginnings."""

    def damage(file: bytes, changes: list[tuple[int, bytes]]) -> bytes:
        for place, change in changes:
            at = place % len(file)
            file = file[:at] + change + file[at + 1 :]
        return file

    changes = st.lists(st.tuples(st.integers(0, 20_000), st.binary(max_size=3)), max_size=8)
    return st.builds(damage, st.sampled_from(files), changes)


@given(
    file=st.binary(max_size=500)
    | damaged([header(form) + bytes(range(256)) for form in (*FLOATS, TARGET, FORMATS[0])])
    | damaged([OPUS, page(opus_head(2)) + page(b"OpusTags") + page(b"\x1f\2", b"", b"\xff\2")]),
    declared=st.sampled_from([*FORMATS, None]),
    size=st.integers(1, 700),
)
@settings(deadline=None, max_examples=300)
def test_nothing_else_is_raised(file: bytes, declared: PcmFormat | None, size: int) -> None:
    """Any bytes are either sound or an AudioFormatError."""
    try:
        pcm = decode(cut(file, [size] * (len(file) // size)), declared)
    except AudioFormatError:
        return
    assert len(pcm) % 2 == 0


@given(samples=st.lists(st.floats(width=32), max_size=300))
@settings(deadline=None)
def test_floats_that_are_no_sound(samples: list[float]) -> None:
    """Neither infinity nor NaN does any harm."""
    audio = np.array(samples, "<f4").tobytes()
    assert len(decode([header(FLOATS[0]), audio])) <= 2 * len(samples)


# In the recording.


class Witness:
    """A decoder that remembers its input, and its threads."""

    def __init__(self, *, blocking: bool) -> None:
        """Say whether the calls may be made on the event loop."""
        self.blocking = blocking
        self.fed: list[bytes] = []
        self.last = b"\1\0"
        self.threads: set[int] = set()

    def feed(self, chunk: bytes) -> bytes:
        """Pass on."""
        self.fed.append(chunk)
        self.threads.add(threading.get_ident())
        return chunk

    def flush(self) -> bytes:
        """Return a last sample."""
        self.threads.add(threading.get_ident())
        last, self.last = self.last, b""
        return last


class OneChunk(AudioStream):
    """A stream that sends all at once."""

    def __init__(self, chunk: bytes) -> None:
        """Hold the chunk."""
        super().__init__()
        self._chunks = self._one(chunk)

    async def _one(self, chunk: bytes) -> AsyncGenerator[bytes]:
        yield chunk


@pytest.mark.parametrize("blocking", [False, True])
async def test_event_loop_is_kept_free(*, blocking: bool) -> None:
    """Slow work is done in another thread, and a large chunk in small parts."""
    decoder = Witness(blocking=blocking)
    audio = bytes(range(256)) * 40
    async with recorded(OneChunk(audio), decoder) as recording:
        await recording.ends()
        assert recording.copy(0, recording.length) == audio + b"\1\0"
    assert [len(chunk) for chunk in decoder.fed] == [4096, 4096, 2048]
    assert (threading.get_ident() in decoder.threads) is not blocking


async def test_minutes_in_a_few_bytes() -> None:
    """Opus that swells is read no faster than it is needed."""
    swelling = page(*[b"\xff\6"] * 255) * 200
    stream = OneChunk(page(opus_head()) + page(b"OpusTags") + swelling)
    async with recorded(stream, StreamDecoder(None)) as recording:
        await recording.reaches(1)
        await asyncio.sleep(0.3)
        assert not recording.ended
        # Two blocks: the first is held while FFmpeg is loaded.
        assert recording.length < 320 * SAMPLE_RATE
