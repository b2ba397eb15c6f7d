"""Media files as OGG/Opus: all of the sound, a second at a time, and files that are let go."""

from io import BytesIO
from pathlib import Path
import threading
from typing import BinaryIO, Final, override

import pytest

from custom_components.azure_stt.audio.ffmpeg import MediaReader
from custom_components.azure_stt.audio.opus_file import BYTES_PER_SECOND, OpusFile
from custom_components.azure_stt.audio.pcm import AudioFormatError
from tests.emulator import noise, silence
from tests.support.media import KINDS, media
from tests.support.sounds import SPOKEN


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


MINUTE: Final = b"".join(noise(0.5) + silence(0.5) for _ in range(60))


def opus(content: bytes) -> list[bytes]:
    """Return the blocks of a file."""
    return list(iter(OpusFile(lambda: BytesIO(content)).read, b""))


def decoded(blocks: list[bytes]) -> bytes:
    """Return the sound of an OGG/Opus file."""
    return b"".join(iter(MediaReader(BytesIO(b"".join(blocks))).read, b""))


@pytest.mark.parametrize("kind", ["m4a", "wav float", "flac 5.1", "ogg vorbis"])
def test_every_kind(kind: str) -> None:
    """It's Opus of one channel, as long as the sound."""
    blocks = opus(media(SPOKEN, KINDS[kind]))
    reader = MediaReader(BytesIO(b"".join(blocks)))
    assert reader.kind is not None
    assert (reader.kind.container, reader.kind.codec, reader.kind.channels) == ("ogg", "opus", 1)
    assert len(decoded(blocks)) == pytest.approx(len(SPOKEN), abs=0.1 * 32_000)


def test_a_minute() -> None:
    """It's encoded as it's read, at about the rate that is promised."""
    blocks = opus(media(MINUTE, KINDS["aiff"]))
    assert 50 < len(blocks) < 70
    assert max(map(len, blocks)) < 4 * BYTES_PER_SECOND
    size = sum(map(len, blocks))
    assert 0.5 * BYTES_PER_SECOND < size / 60 < 1.5 * BYTES_PER_SECOND
    # The end isn't lost in the encoder, which adds its own delay.
    assert len(MINUTE) <= len(decoded(blocks)) < len(MINUTE) + 0.05 * 32_000


def test_how_far_it_is() -> None:
    """The seconds that were read are told; nothing is read before it's asked for."""
    file = OpusFile(lambda: BytesIO(media(MINUTE, KINDS["aiff"])))
    assert (file.done, file.damaged) == (0, False)
    file.read()
    assert 0 < file.done <= 3
    while file.read():
        pass
    assert file.done == pytest.approx(60, abs=0.1)
    file.close()


def test_damage() -> None:
    """Sound that can't be read is noticed."""
    content = media(MINUTE, KINDS["flac"])
    broken = content[:20_000] + bytes(20_000) + content[40_000:]
    file = OpusFile(lambda: BytesIO(broken))
    while file.read():
        pass
    assert file.damaged


@pytest.mark.parametrize("content", [b"", b"This is a letter." * 100], ids=["empty", "letter"])
def test_no_sound(content: bytes) -> None:
    """It's an error of the file."""
    with pytest.raises(AudioFormatError):
        opus(content)


def test_no_file(tmp_path: Path) -> None:
    """A file that can't be opened is an error with the reason."""
    file = OpusFile(lambda: (tmp_path / "nothing").open("rb"))
    with pytest.raises(AudioFormatError, match="No such file"):
        file.read()
    file.close()


def test_closed() -> None:
    """Nothing more is read, and the file is closed, even before it's open."""
    opened: list[BinaryIO] = []

    def open_file() -> BinaryIO:
        opened.append(BytesIO(media(MINUTE, KINDS["aiff"])))
        return opened[-1]

    file = OpusFile(open_file)
    assert file.read()
    file.close()
    assert opened[0].closed
    assert file.read() == b""
    file.close()
    unopened = OpusFile(open_file)
    unopened.close()
    assert unopened.read() == b""
    assert len(opened) == 1


def test_closed_while_it_is_opened() -> None:
    """Closing waits for it, and nothing is left open."""
    started, go_on = threading.Event(), threading.Event()

    class Slow(BytesIO):
        @override
        def read(self, size: int | None = -1, /) -> bytes:
            started.set()
            go_on.wait(5)
            return super().read(size)

    slow = Slow(media(SPOKEN, KINDS["aiff"]))
    file = OpusFile(lambda: slow)
    reading = threading.Thread(target=file.read)
    closing = threading.Thread(target=file.close)
    reading.start()
    assert started.wait(5)
    closing.start()
    assert not slow.closed
    go_on.set()
    reading.join(5)
    closing.join(5)
    assert slow.closed
