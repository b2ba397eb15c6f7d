"""Media files under the name of WAV are read or refused, and samples aren't taken for one."""

import asyncio
import logging
import random
from typing import Final

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.azure_stt.audio import decoder
from custom_components.azure_stt.audio.decoder import StreamDecoder
from custom_components.azure_stt.audio.pcm import TARGET, AudioFormatError, PcmFormat
from custom_components.azure_stt.audio.signature import is_media_file
from custom_components.azure_stt.recognition.recording import recorded
from tests.emulator import SpokenModel, noise, speak, wav_header
from tests.support.media import KINDS, media
from tests.support.sounds import SENTENCE, SPOKEN, ogg
from tests.support.streams import AudioStream

CHUNK: Final = 4096
"""Bytes that Home Assistant's web API passes on at once."""

# Those whose beginning may be samples, and Opus in more channels than a microphone has.
UNKNOWN: Final = {"ac3", "eac3", "ogg opus 5.1", "ts"}
RF64: Final = media(SPOKEN, KINDS["wav 24 bit"], rf64="always")
FILES: Final = {
    **{name: media(SPOKEN, kind) for name, kind in KINDS.items() if name not in UNKNOWN},
    "rf64": RF64,
    "bw64": b"BW64" + RF64[4:],
    "mp3 without tags": media(SPOKEN, KINDS["mp3"], id3v2_version="0", write_xing="0"),
    "mp2 without tags": media(SPOKEN, KINDS["mp2"]),
}


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def decode(file: bytes, size: int = CHUNK, declared: PcmFormat | None = TARGET) -> bytes:
    """Return the samples that a decoder makes of a file in chunks."""
    stream = StreamDecoder(declared)
    chunks = (file[start : start + size] for start in range(0, len(file), size))
    return b"".join([*map(stream.feed, chunks), *iter(stream.flush, b"")])


async def heard(pcm: bytes) -> str:
    """Return the words in the sound."""
    alternatives = await SpokenModel().recognize(pcm, "en-US")
    assert isinstance(alternatives, list | tuple)
    return alternatives[0].text if alternatives else ""


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
async def test_file_under_the_name_of_wav_is_read(file: bytes) -> None:
    """The words of a media file are recognized, with any declared format and any chunks."""
    pcm = decode(file)
    assert await heard(pcm) == SENTENCE
    assert decode(file, 1000) == pcm
    assert decode(file, declared=None) == pcm


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), id="PNG"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(100), id="JPEG"),
        pytest.param(b"%PDF-1.7\n" + bytes(100), id="PDF"),
        pytest.param(b"PK\3\4" + bytes(100), id="ZIP"),
        pytest.param(b"\x1f\x8b\x08" + bytes(100), id="GZIP"),
        pytest.param(b"<!DOCTYPE html><html></html>", id="HTML"),
        pytest.param(b"#EXTM3U\n#EXTINF:1,\nspeech.wav\n", id="playlist"),
        pytest.param(b"fLaC" + bytes(100), id="FLAC without a frame"),
        pytest.param(b"RF64\xff\xff\xff\xffWAVE" + bytes(100), id="RF64 without sound"),
    ],
)
def test_file_without_sound_is_refused(file: bytes) -> None:
    """A file of another kind is an error, and never samples."""
    with pytest.raises(AudioFormatError):
        decode(file)


def test_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A media file is kept until its end, so there is a limit, and an error that says so."""
    assert decoder.FILE_MAX_SIZE == 16 * 1024 * 1024
    flac = FILES["flac"]
    monkeypatch.setattr(decoder, "FILE_MAX_SIZE", len(flac))
    decode(flac)
    with pytest.raises(AudioFormatError, match="has more than"):
        decode(flac + b"\0")


async def test_file_is_decoded_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour in a small file isn't unpacked at once: samples come as they are used."""
    file = media(bytes(2 * 16_000 * 200), KINDS["flac"])
    assert len(file) < 300_000
    stream = AudioStream(file)
    async with recorded(stream, StreamDecoder()) as recording:
        await recording.reaches(60 * 16_000)
        await asyncio.sleep(0.3)
        assert not recording.ended
        assert recording.length < 62 * 16_000
        recording.forget(recording.length)
        await recording.reaches(110 * 16_000)


async def test_damaged_file_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """The readable part of a damaged file is recognized, and the log says that some is missing."""
    caplog.set_level(logging.WARNING)
    flac = FILES["flac"]
    decode(flac)
    assert not caplog.records
    middle = len(flac) // 2
    damage = random.Random(0).randbytes(len(flac) // 4)  # noqa: S311
    pcm = decode(flac[:middle] + damage + flac[middle + len(damage) :])
    assert 0 < len(pcm) < len(SPOKEN)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "damaged" in record.getMessage()


@pytest.mark.parametrize("size", [1, 100, 320, 4096])
def test_speech_is_no_media_file(size: int) -> None:
    """Samples, WAV and OGG/Opus go the way that decodes them as they come."""
    for sound in (SPOKEN, speak("on"), noise(0.2), bytes(2000), b"\xff\xff" * 1000):
        assert is_media_file(sound) is False
        assert decode(sound, size) == sound
    assert is_media_file(wav_header() + SPOKEN) is False
    assert is_media_file(ogg(SPOKEN)) is False


@pytest.mark.parametrize("first", [*range(0xE0, 0x100)])
def test_samples_that_look_like_a_frame_are_samples(first: int) -> None:
    """Two bytes of sync don't make an MP3 or AAC: another frame has to follow."""
    generator = np.random.default_rng(first)
    for _ in range(50):
        sound = generator.integers(-2000, 2000, 5000, dtype="<i2").tobytes()
        sound = b"\xff" + bytes([first]) + sound[2:]
        assert is_media_file(sound) is False
        assert decode(sound, 320) == sound


@given(sound=st.binary(max_size=100), size=st.integers(1, 120))
@settings(deadline=None)
def test_short_streams_lose_nothing(sound: bytes, size: int) -> None:
    """A stream that is too short to tell its kind is samples."""
    if is_media_file(sound) or sound.startswith((b"RIFF", b"OggS")):
        return
    assert decode(sound, size) == sound[: len(sound) - len(sound) % 2]
