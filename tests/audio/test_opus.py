"""OGG/Opus as it grows: a page for each frame, and all of the sound."""

from io import BytesIO
from itertools import batched

import pytest

from custom_components.azure_stt.audio import opus
from custom_components.azure_stt.audio.ffmpeg import MediaReader
from custom_components.azure_stt.audio.ogg import OggReader
from custom_components.azure_stt.audio.opus import OpusEncoder, can_encode
from tests.emulator import Alternative, SpokenModel, noise, silence, speak
from tests.emulator.ogg import OpusReader

BLOCK = 640
SENTENCE = "Turn on the kitchen light."
PCM = silence(0.1) + speak(SENTENCE) + silence(0.1)


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def encoded(pcm: bytes, size: int = BLOCK) -> list[bytes]:
    """Return the pages as they come, for blocks of a size."""
    encoder = OpusEncoder()
    blocks = [bytes(block) for block in batched(pcm, size, strict=False)]
    return [*(encoder.feed(block) for block in blocks), encoder.flush()]


def decoded(file: bytes) -> bytes:
    """Return the sound as the emulator decodes it, which refuses broken data."""
    reader = OpusReader()
    pcm = reader.feed(file)
    reader.finish()
    return pcm


def test_nothing_waits() -> None:
    """Each frame of 20 ms is a page as soon as it's complete, the last one at the end."""
    *pages, rest = encoded(noise(1.0))
    head, tags, first = pages[0].split(b"OggS")[1:]
    assert b"OpusHead" in head
    assert b"OpusTags" in tags
    assert first
    assert [page.count(b"OggS") for page in pages[1:]] == [1] * 49
    assert rest.count(b"OggS") == 1


def test_each_page_can_be_heard_at_once() -> None:
    """A decoder that has a page has its sound, except for its look-ahead."""
    reader = OpusReader()
    heard = 0
    for number, page in enumerate(encoded(noise(1.0))[:-1], 1):
        heard += len(reader.feed(page))
        assert heard > BLOCK * (number - 1) - 500


@pytest.mark.parametrize("samples", [1, 319, 320, 321, 3200, 3400, 3417, 16_000])
def test_length(samples: int) -> None:
    """The file is as long as the sound, to the sample."""
    assert len(decoded(b"".join(encoded(noise(1.0)[: 2 * samples])))) == 2 * samples


@pytest.mark.parametrize("size", [2, 100, 1000, 5000, len(PCM)])
def test_blocks(size: int) -> None:
    """The bytes are the same for blocks of any size."""
    assert b"".join(encoded(PCM, size)) == b"".join(encoded(PCM))


async def test_recognized_words() -> None:
    """The words come through, in the emulator's decoder and in FFmpeg's."""
    file = b"".join(encoded(PCM))
    ffmpeg = b"".join(iter(MediaReader(BytesIO(file)).read, b""))
    assert len(ffmpeg) == len(PCM)
    for pcm in (decoded(file), ffmpeg):
        [best] = await SpokenModel().after_codec().recognize(pcm, "en-US")
        assert isinstance(best, Alternative)
        assert best.text == SENTENCE


def test_size() -> None:
    """Not even noise takes more than a sixth of the bytes of PCM."""
    assert len(b"".join(encoded(noise(5.0)))) < 0.16 * 5 * 32_000


def test_our_reader_takes_it() -> None:
    """The packets are those that were written."""
    packets = list(OggReader().feed(b"".join(encoded(PCM))))
    assert [packets[0][:8], packets[1][:8]] == [b"OpusHead", b"OpusTags"]
    assert len(packets) == 2 + -(-(len(PCM) // 2 + 104) // 320)


def test_no_sound() -> None:
    """A file without any sound is whole, too."""
    assert decoded(OpusEncoder().flush()) == b""


def test_no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PyAV without libopus is noticed."""
    assert can_encode()
    monkeypatch.setattr(opus, "CODEC", "missing")
    assert not can_encode()
