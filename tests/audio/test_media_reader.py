"""Media files become sound: every container, no other file, and never much of it at once."""

from collections.abc import Callable, Iterator
from contextlib import suppress
import ctypes
import errno
import io
import os
from pathlib import Path
import random
import re
import socket
import struct
import subprocess
import sys
import threading
from typing import BinaryIO, Final, override

import av
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.azure_stt.audio.ffmpeg import MediaReader
from custom_components.azure_stt.audio.pcm import SAMPLE_RATE, AudioFormatError
from tests.emulator import SpokenModel, silence, wav_header
from tests.support.media import KINDS, Kind, media
from tests.support.sounds import SENTENCE, SPOKEN

SECOND: Final = 2 * SAMPLE_RATE
WAV: Final = wav_header(size=len(SPOKEN)) + SPOKEN
LONG_WAV: Final = wav_header(size=60 * SECOND) + bytes(60 * SECOND)

# Seconds that frames and encoders add at the ends.
PADDING: Final = 0.06


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def read(file: BinaryIO | bytes) -> bytes:
    """Return all the sound of a file, and check that it's closed even after an error."""
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    try:
        reader = MediaReader(source)
        try:
            return b"".join(iter(reader.read, b""))
        finally:
            reader.close()
    finally:
        assert source.closed


async def heard(pcm: bytes) -> str:
    """Return the words in the sound."""
    alternatives = await SpokenModel().recognize(pcm, "en-US")
    assert isinstance(alternatives, list | tuple)
    return alternatives[0].text if alternatives else ""


# Readable files.


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_containers(kind: Kind) -> None:
    """Every word is there and in its place, however the file is made."""
    pcm = read(media(SPOKEN + silence(0.1), kind))
    assert await heard(pcm) == SENTENCE
    assert len(pcm) / SECOND == pytest.approx(len(SPOKEN) / SECOND + 0.1, abs=PADDING)


@pytest.mark.parametrize("name", ["flac", "m4a", "mp3", "ogg opus", "wav", "webm opus"])
def test_duration(name: str) -> None:
    """The file's length is known before it is read."""
    reader = MediaReader(io.BytesIO(media(SPOKEN, KINDS[name])))
    assert reader.duration == pytest.approx(len(SPOKEN) / SECOND, abs=PADDING)
    reader.close()


def test_unknown_duration() -> None:
    """A file doesn't have to say how long it is."""
    reader = MediaReader(io.BytesIO(wav_header()))
    assert reader.duration is None
    reader.close()


@pytest.mark.parametrize("channels", [*range(1, 9), 16])
async def test_channels(channels: int) -> None:
    """However many microphones there were, also if the file doesn't say where they stood."""
    audio = np.repeat(np.frombuffer(SPOKEN, "<i2"), channels).tobytes()
    assert await heard(read(wav_header(channels=channels) + audio)) == SENTENCE


@pytest.mark.parametrize(("channels", "speaking"), [(2, 0), (2, 1), (6, 0), (6, 2), (6, 4)])
async def test_each_channel_is_heard(channels: int, speaking: int) -> None:
    """Speech on only one channel is recognized."""
    audio = np.zeros((len(SPOKEN) // 2, channels), "<i2")
    audio[:, speaking] = np.frombuffer(SPOKEN, "<i2") * 16
    assert await heard(read(wav_header(channels=channels) + audio.tobytes())) == SENTENCE


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("mp3", "mp3 mono"),
        ("aac", "aac"),
        ("ogg opus", "ogg opus"),
        ("ogg vorbis", "ogg vorbis"),
    ],
)
async def test_file_behind_a_file(first: str, second: str) -> None:
    """A recording that was put together of others is heard to its end."""
    pcm = read(media(SPOKEN, KINDS[first]) + media(SPOKEN, KINDS[second]))
    assert await heard(pcm) == f"{SENTENCE} {SENTENCE}"


async def test_change_of_form() -> None:
    """Where the rate and the channels change, not a sample is lost."""
    first = media(SPOKEN, KINDS["aac"])
    second = media(SPOKEN, Kind(container="adts", codec="aac", rate=48_000, layout="mono"))
    pcm = read(first + second)
    assert await heard(pcm) == f"{SENTENCE} {SENTENCE}"
    assert len(pcm) == len(read(first)) + len(read(second))


async def test_tags_of_no_known_encoding() -> None:
    """A title in the letters of another time does no harm."""
    title = b"Fr\xe9d\xe9ric\0\0"
    tags = b"LIST" + struct.pack("<I", 12 + len(title)) + b"INFOINAM"
    tags += struct.pack("<I", len(title)) + title
    for file in (WAV[:12] + tags + WAV[12:], media(SPOKEN, KINDS["mp3"]) + b"TAG" + title * 12):
        assert await heard(read(file)) == SENTENCE


# Damaged files.


@pytest.mark.parametrize("name", ["aac", "flac", "m4a", "m4a alac", "mp3", "ts", "wav"])
async def test_broken_in_the_middle(name: str) -> None:
    """A damage costs its own sound only."""
    file = bytearray(media(3 * (SPOKEN + silence(0.5)), KINDS[name]))
    middle = len(file) // 2
    damage = random.Random(0).randbytes(len(file) // 20)  # noqa: S311 - any will do
    file[middle : middle + len(damage)] = damage
    words = await heard(read(bytes(file)))
    assert words.startswith(SENTENCE)
    assert words.endswith(SENTENCE)


@pytest.mark.parametrize(
    "name",
    ["aac", "aiff", "avi", "flac", "mka", "mp3", "ogg opus", "ts", "wav", "webm opus", "wma"],
)
async def test_cut_off(name: str) -> None:
    """The existing part of a truncated file is read."""
    file = media(3 * (SPOKEN + silence(0.5)), KINDS[name])
    words = await heard(read(file[: len(file) * 6 // 10]))
    assert words.startswith(SENTENCE)


async def test_cut_off_in_fragments() -> None:
    """So it is with an MP4 that has an index for each of its parts."""
    options = {"movflags": "empty_moov+frag_keyframe", "frag_duration": "500000"}
    file = media(3 * (SPOKEN + silence(0.5)), KINDS["m4a"], **options)
    words = await heard(read(file[: len(file) * 6 // 10]))
    assert words.startswith(SENTENCE)


def picture() -> bytes:
    """Return a PNG image."""
    codec = av.CodecContext.create("png", "w")
    codec.width = codec.height = 16
    codec.pix_fmt = "rgb24"
    (packet,) = codec.encode(av.VideoFrame(16, 16, "rgb24"))
    return bytes(packet)


def video(container: str, *, track: bool = False) -> bytes:
    """Return a video without sound, with an empty track for it if asked for."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        sound = output.add_stream("aac", rate=48_000, layout="mono") if track else None
        output.mux([*stream.encode(av.VideoFrame(64, 64, "yuv420p")), *stream.encode(None)])
        if sound:
            output.mux(sound.encode(None))
    return file.getvalue()


def is_damaged(file: bytes) -> bool:
    """Return whether a reader says so at the end of a file."""
    reader = MediaReader(io.BytesIO(file))
    assert not reader.damaged
    while reader.read():
        pass
    damaged = reader.damaged
    reader.close()
    return damaged


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_good_file_is_not_called_damaged(kind: Kind) -> None:
    """An encoder's delay, or a duration that is a guess, is no damage."""
    assert not is_damaged(media(SPOKEN * 4, kind))


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000])
def test_wav_of_unknown_size_is_not_called_damaged(size: int) -> None:
    """A recording that was piped to a file says a size that it never reaches."""
    assert not is_damaged(wav_header(size=size) + SPOKEN)


@pytest.mark.parametrize(
    "name", ["aac", "flac", "m4a", "mka", "mp3", "mp2", "ogg opus", "ogg vorbis", "webm opus", "wv"]
)
def test_damage_is_said(name: str) -> None:
    """A reader knows that it couldn't read all."""
    file = media(SPOKEN * 4, KINDS[name])
    middle = len(file) // 2
    damage = random.Random(0).randbytes(len(file) // 10)  # noqa: S311 - any will do
    assert is_damaged(file[:middle] + damage + file[middle + len(damage) :])


@pytest.mark.parametrize("name", ["aac", "aiff", "flac", "mka", "wav", "webm vorbis", "wv"])
def test_file_that_is_cut_off_is_damaged(name: str) -> None:
    """A reader knows it where the file says how long it was."""
    file = media(SPOKEN * 4, KINDS[name])
    assert is_damaged(file[: len(file) // 2])


UNREADABLE: Final = {
    "nothing": lambda: b"",
    "zeros": lambda: bytes(100_000),
    "text": lambda: b"Turn on the kitchen light.\n" * 1000,
    "web page": lambda: b"<!DOCTYPE html><html><body>Not found</body></html>",
    "picture": picture,
    "MP4 without sound": lambda: video("mp4"),
    "Matroska without sound": lambda: video("matroska"),
    "MP4 with an empty track": lambda: video("mp4", track=True),
    "WAV with nothing behind its header": wav_header,
    "half a WAV header": lambda: WAV[:20],
    "unknown codec": lambda: WAV[:20] + b"\x34\x12" + WAV[22:],
    "MP4 cut off from its index": lambda: media(SPOKEN, KINDS["m4a"])[:-1000],
    "too many channels": lambda: wav_header(channels=64) + SPOKEN,
    "one sample a second": lambda: wav_header(sample_rate=1) + SPOKEN,
    "a sample rate beyond all": lambda: wav_header(sample_rate=2_000_000_000) + SPOKEN,
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_nothing_to_read(make: Callable[[], bytes]) -> None:
    """A file without sound is refused, with a message that may be shown."""
    with pytest.raises(AudioFormatError, match=r"^[A-Z][\w ',-]+$"):
        read(make())


class BrokenDisk(io.BytesIO):
    """A file of which only the beginning can be read."""

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 20 * SECOND:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(size)


def test_broken_disk() -> None:
    """A file that can't be read to its end is an error, not a short file."""
    with pytest.raises(AudioFormatError, match="broken"):
        read(BrokenDisk(LONG_WAV))


def damaged(files: list[bytes]) -> st.SearchStrategy[bytes]:
    """Give files with some bytes exchanged, or only their beginnings."""

    def damage(file: bytes, changes: list[tuple[int, bytes]], length: int) -> bytes:
        damaged_file = bytearray(file)
        for place, change in changes:
            at = place % len(file)
            damaged_file[at : at + len(change)] = change
        return bytes(damaged_file[:length])

    changes = st.lists(st.tuples(st.integers(0, 20_000), st.binary(max_size=9)), max_size=8)
    return st.builds(damage, st.sampled_from(files), changes, st.integers(100, 20_000))


@given(
    file=damaged(
        [
            media(SPOKEN[:8000], KINDS[name])
            for name in ("aac", "flac", "m4a", "mka", "mp3", "ogg vorbis", "ts", "wav 8 kHz", "wma")
        ]
    )
)
@settings(deadline=None, max_examples=200)
def test_nothing_else_is_raised(file: bytes) -> None:
    """Any file is either sound or an AudioFormatError."""
    try:
        pcm = read(file)
    except AudioFormatError:
        return
    assert len(pcm) % 2 == 0


# Files that point to other files.


class Canary:
    """A file and a server that must not be opened; it reports whether they were."""

    def __init__(self, folder: Path) -> None:
        """Put a file into a folder and watch it, and listen."""
        self.file = folder / "canary.wav"
        self.file.write_bytes(WAV)
        # The name of the other half of VobSub's index.
        (folder / "canary.sub").symlink_to(self.file)
        self._system = ctypes.CDLL(None, use_errno=True)
        self._watch = self._system.inotify_init1(os.O_NONBLOCK)
        opened = 0x20
        self._system.inotify_add_watch(self._watch, os.fsencode(self.file), opened)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/canary.wav"

    @property
    def sings(self) -> bool:
        """Whether the file or the server was opened since the last time."""
        return any([self._happened(self._look), self._happened(self._accept)])

    def _look(self) -> None:
        os.read(self._watch, 4096)

    def _accept(self) -> None:
        self._server.accept()[0].close()

    def _happened(self, look: Callable[[], None]) -> bool:
        try:
            look()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Watch and listen no more."""
        os.close(self._watch)
        self._server.close()


@pytest.fixture
def canary(tmp_path: Path, socket_enabled: None) -> Iterator[Canary]:
    """Give a canary in the test's folder."""
    canary = Canary(tmp_path)
    yield canary
    canary.close()


HLS: Final = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
DASH: Final = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period><AdaptationSet mimeType="audio/wav">
<Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL></Representation>
</AdaptationSet></Period></MPD>"""
SDP: Final = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns={}\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n"

PLAYLISTS: Final = {
    "music.m3u": "{}\n",
    "music.m3u8": HLS,
    "music.mp3": HLS,
    "music.pls": "[playlist]\nFile1={}\nNumberOfEntries=1\n",
    "music.ffconcat": "ffconcat version 1.0\nfile '{}'\n",
    "music.flac": "ffconcat version 1.0\nfile '{}'\n",
    "music.mpd": DASH,
    "music.sdp": SDP,
    "music.smil": '<smil><body><audio src="{}"/></body></smil>',
    "music.asx": '<asx version="3.0"><entry><ref href="{}"/></entry></asx>',
    "music.cue": 'FILE "{}" WAVE\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n',
    "music.svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{}"/></svg>',
    "music.mov": "RTSPtext{}",
    "concat.mp3": "concat:{0}|{0}",
    "subfile.mp3": "subfile,,start,0,end,999,,:{}",
    "canary.idx": "# VobSub index file, v7 (do not modify this line!)\n# {}\n",
}


@pytest.mark.parametrize("way", ["file", "relative", "file URL", "URL"])
@pytest.mark.parametrize("name", PLAYLISTS)
def test_playlists(tmp_path: Path, canary: Canary, name: str, way: str) -> None:
    """Files that only name other files are refused, and those aren't opened."""
    target = {
        "file": str(canary.file),
        "relative": canary.file.name,
        "file URL": canary.file.as_uri(),
        "URL": canary.url,
    }[way]
    path = tmp_path / name
    path.write_text(PLAYLISTS[name].format(target))
    with pytest.raises(AudioFormatError, match="no audio file of a known kind"):
        read(path.open("rb"))
    assert not canary.sings


@pytest.mark.parametrize(
    ("name", "to_file"),
    [
        ("music.m3u8", True),
        ("music.m3u8", False),
        ("music.ffconcat", True),
        ("music.ffconcat", False),
        ("canary.idx", True),
    ],
)
def test_canary(tmp_path: Path, canary: Canary, name: str, *, to_file: bool) -> None:
    """Without the limits FFmpeg opens the files in a playlist, and the canary reports it."""
    path = tmp_path / name
    path.write_text(PLAYLISTS[name].format(canary.file if to_file else canary.url))
    options = {"safe": "0", "allowed_extensions": "ALL", "protocol_whitelist": "file,http,tcp"}
    with path.open("rb") as file, suppress(av.FFmpegError):
        av.open(file, options=options, timeout=0.2).close()
    assert canary.sings


@pytest.mark.parametrize("name", ["concat:{0}|{0}", "subfile,,start,0,end,99999,,:{0}", "{1}"])
@pytest.mark.parametrize("content", [b"", b"text", WAV])
async def test_names_that_are_protocols(canary: Canary, name: str, content: bytes) -> None:
    """A file's name is never an address: only the file's content counts."""
    file = io.BytesIO(content)
    file.name = name.format(canary.file, canary.url)
    if content == WAV:
        assert await heard(read(file)) == SENTENCE
    else:
        with pytest.raises(AudioFormatError):
            read(file)
    assert not canary.sings


def test_movie_with_its_sound_elsewhere(tmp_path: Path, canary: Canary) -> None:
    """A QuickTime movie may name another file for its data; FFmpeg can follow it, and doesn't."""
    movie = replaced(
        media(SPOKEN, KINDS["mov"]),
        [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"],
        struct.pack(">II", 0, 1) + alias(canary.file),
    )
    path = tmp_path / "movie.mov"
    path.write_bytes(movie)
    with pytest.raises(AudioFormatError, match="No sound in the file"):
        read(path.open("rb"))
    assert not canary.sings
    options = {"enable_drefs": "1", "use_absolute_path": "1"}
    with path.open("rb") as file:
        av.open(file, options=options).close()
    assert canary.sings


def replaced(atoms: bytes, path: list[bytes], content: bytes) -> bytes:
    """Return an MP4's atoms with another content in the one at a path."""
    result = b""
    while atoms:
        size, kind = struct.unpack_from(">I4s", atoms)
        body, atoms = atoms[8:size], atoms[size:]
        if kind == path[0]:
            body = replaced(body, path[1:], content) if path[1:] else content
        result += struct.pack(">I4s", 8 + len(body), kind) + body
    return result


def alias(path: Path) -> bytes:
    """Return a data reference that is a Macintosh alias of a file."""
    name, whole = os.fsencode(path.name), os.fsencode(path)
    record = bytes(10 + 28 + 12) + bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    record += struct.pack(">HH", 1, 1) + bytes(16)
    record += struct.pack(">HH", 2, len(whole)) + whole + bytes(len(whole) % 2)
    record += struct.pack(">hH", -1, 0)
    return struct.pack(">I4sI", 12 + len(record), b"alis", 0) + record


async def test_linked_segments(tmp_path: Path, canary: Canary) -> None:
    """A Matroska file that goes on in another one is heard alone."""
    path = tmp_path / "first.mkv"
    file = media(SPOKEN, KINDS["mkv"])
    # The name of the program that wrote it becomes the name of the next file.
    (written_by,) = re.findall(rb"WA[\x80-\xfe]Lavf[\d.]+", file)
    room = len(written_by) - 4
    next_file = b"\x3e\x83\xbb" + bytes([0x80 + room]) + b"canary.wav".ljust(room, b"\0")
    path.write_bytes(file.replace(written_by, next_file))
    assert await heard(read(path.open("rb"))) == SENTENCE
    assert not canary.sings


# A second at a time.


@pytest.mark.parametrize("name", ["flac", "m4a", "mp3", "ogg opus", "wav"])
def test_blocks(name: str) -> None:
    """The blocks are seconds, but for the last one."""
    reader = MediaReader(io.BytesIO(media(silence(5.5), KINDS[name])))
    sizes = [len(block) for block in iter(reader.read, b"")]
    reader.close()
    assert all(SECOND <= size < 1.3 * SECOND for size in sizes[:-1])
    assert sum(sizes) / SECOND == pytest.approx(5.5, abs=PADDING)


def test_reads_no_faster_than_it_is_asked() -> None:
    """A long file is read bit by bit."""
    file = io.BytesIO(LONG_WAV)
    reader = MediaReader(file)
    given = 0
    while block := reader.read():
        given += len(block)
        assert file.tell() < given + 5 * SECOND
    assert given == 60 * SECOND
    reader.close()


PROGRAM: Final = """
import resource, sys
from custom_components.azure_stt.audio.ffmpeg import MediaReader
reader = MediaReader(open(sys.argv[1], "rb"))
def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(20):
    reader.read()
before = used()
blocks = sum(1 for _ in iter(reader.read, b""))
reader.close()
print(blocks, used() - before)
"""


def test_memory(tmp_path: Path) -> None:
    """Half an hour needs no more memory than the first seconds."""
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(wav_header(sample_rate=8000, bits=8))
        file.truncate(30 * 60 * 8000)
    run = subprocess.run(  # noqa: S603 - it is ours
        [sys.executable, "-c", PROGRAM, path], check=True, capture_output=True, timeout=50
    )
    blocks, grown = map(int, run.stdout.split())
    assert blocks > 1600
    assert grown < 2048


# Its end.


class Gate(io.BytesIO):
    """A file whose reader waits while the gate is closed."""

    def __init__(self, content: bytes) -> None:
        """Begin with an open gate."""
        super().__init__(content)
        self.open = threading.Event()
        self.open.set()
        self.waits = threading.Event()

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if not self.open.is_set():
            self.waits.set()
            self.open.wait(10)
        return super().read(size)


def test_close_waits_for_a_read() -> None:
    """A close during another thread's read waits until the read is done."""
    file = Gate(LONG_WAV)
    reader = MediaReader(file)
    file.open.clear()
    blocks: list[bytes] = []
    reading = threading.Thread(target=lambda: blocks.extend(iter(reader.read, b"")))
    closing = threading.Thread(target=reader.close)
    reading.start()
    assert file.waits.wait(10)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    assert not file.closed
    file.open.set()
    closing.join(10)
    reading.join(10)
    assert file.closed
    assert 0 < len(blocks) < 60


def test_closed_in_the_middle() -> None:
    """A closed file gives nothing more, and may be closed again."""
    file = io.BytesIO(LONG_WAV)
    reader = MediaReader(file)
    assert reader.read()
    reader.close()
    assert file.closed
    assert reader.read() == b""
    reader.close()


def test_closed_before_it_was_read() -> None:
    """A file that is never read is closed too."""
    file = io.BytesIO(WAV)
    MediaReader(file).close()
    assert file.closed
