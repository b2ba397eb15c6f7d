"""Any stream from Assist becomes 16 kHz 16-bit mono PCM, however it's cut into chunks."""

from array import array
from itertools import accumulate
import struct
from typing import Final

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.azure_stt.audio.decoder import StreamDecoder
from custom_components.azure_stt.audio.pcm import FRAME, SILENT, AudioFormatError, levels
from custom_components.azure_stt.audio.wav import read_header
from tests.emulator import wav_header

PCM: Final = bytes(range(1, 101))
HEADER: Final = wav_header()


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


def decode(*chunks: bytes) -> bytes:
    """Return the samples that a decoder makes of the chunks."""
    decoder = StreamDecoder()
    return b"".join([*map(decoder.feed, chunks), *iter(decoder.flush, b"")])


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a WAV file of named chunks, the last of which may be cut off; odd ones are padded."""
    parts = [
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    ]
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, parts))) + b"WAVE" + b"".join(parts)


def form(code: int = 1, channels: int = 1, rate: int = 16_000, bits: int = 16) -> bytes:
    """Return the content of a `fmt ` chunk."""
    block = channels * bits // 8
    return struct.pack("<HHIIHH", code, channels, rate, rate * block, block, bits)


def extensible(code: int, bits: int = 16) -> bytes:
    """Return that of WAVE_FORMAT_EXTENSIBLE, whose real code begins the subformat's GUID."""
    guid = struct.pack("<H", code) + bytes.fromhex("000000001000800000aa00389b71")
    return form(0xFFFE, bits=bits) + struct.pack("<HHI", 22, bits, 4) + guid


FILES: Final = {
    "plain": HEADER,
    "size unknown": wav_header(size=0xFFFFFFFF - 36),
    "18 bytes of format": riff((b"fmt ", form() + b"\0\0"), (b"data", b"")),
    "extensible": riff((b"fmt ", extensible(1)), (b"data", b"")),
    "LIST before the data": riff((b"fmt ", form()), (b"LIST", b"INFO1234"), (b"data", b"")),
    "odd LIST": riff((b"LIST", b"INFO123"), (b"fmt ", form()), (b"odd ", b"1"), (b"data", b"")),
    "data in a LIST": riff((b"fmt ", form()), (b"LIST", b"data\4\0\0\0ab"), (b"data", b"")),
    "two headers": HEADER + HEADER,
    "three headers": HEADER + riff((b"fmt ", extensible(1)), (b"data", b"")) + HEADER,
}


@pytest.mark.parametrize("header", [b"", *FILES.values()], ids=["none", *FILES])
def test_header_is_left_out(header: bytes) -> None:
    """With one cut at any place, only the audio comes through."""
    file = header + PCM
    for cut in range(len(file) + 1):
        assert decode(file[:cut], file[cut:]) == PCM, cut


@pytest.mark.parametrize("header", [b"", *FILES.values()], ids=["none", *FILES])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 320])
def test_header_in_small_pieces(header: bytes, size: int) -> None:
    """So it does in pieces of any size, even single bytes."""
    file = header + PCM
    assert decode(*(file[start : start + size] for start in range(0, len(file), size))) == PCM


@settings(deadline=None)
@given(
    header=st.sampled_from([b"", *FILES.values()]),
    pcm=st.binary(max_size=200).filter(lambda pcm: b"RI" not in pcm and b"Og" not in pcm),
    sizes=st.lists(st.integers(0, 50), max_size=20),
)
@example(HEADER, b"R\0", [44, 1])
@example(b"", b"R\0FF", [1, 1])
def test_chunks_make_no_difference(header: bytes, pcm: bytes, sizes: list[int]) -> None:
    """Any chunking of the same bytes gives the same samples, whole ones only."""
    file = header + pcm
    ends = list(accumulate(sizes))
    chunks = [file[start:end] for start, end in zip([0, *ends], [*ends, len(file)], strict=True)]
    decoder = StreamDecoder()
    pieces = [*map(decoder.feed, chunks), *iter(decoder.flush, b"")]
    assert b"".join(pieces) == pcm[: len(pcm) - len(pcm) % 2]
    assert all(len(piece) % 2 == 0 for piece in pieces)


def test_samples_are_not_held_back() -> None:
    """Complete samples come out with the chunk that completes them."""
    decoder = StreamDecoder()
    pieces = [decoder.feed(chunk) for chunk in (HEADER, b"", b"ab", b"abc", b"d", b"abcd", b"a")]
    assert pieces == [b"", b"", b"ab", b"ab", b"cd", b"abcd", b""]


@pytest.mark.parametrize("cut", range(len(HEADER) - 4))
def test_header_where_another_file_follows(cut: int) -> None:
    """A header at the beginning of a later chunk is left out, cut or not."""
    file = HEADER + PCM
    assert decode(HEADER, PCM, file[: 4 + cut], file[4 + cut :]) == PCM * 2


TAGS: Final = (b"LIST", b"INFO" + bytes(range(256)) * 64)
SIZED: Final = riff((b"fmt ", form()), (b"data", PCM), TAGS)


@pytest.mark.parametrize("size", [1, 7, 44, 145, 320, 4096, len(SIZED)])
def test_sound_ends_where_the_header_says(size: int) -> None:
    """16 KiB of tags after the sound aren't sound, with chunks of any size."""
    file = SIZED + b"id3 " + struct.pack("<I", 5) + b"Title\0"
    assert decode(*(file[at : at + size] for at in range(0, len(file), size))) == PCM
    odd = riff((b"fmt ", form()), (b"data", PCM[:-1]), TAGS)
    assert decode(*(odd[at : at + size] for at in range(0, len(odd), size))) == PCM[:-2]


@pytest.mark.parametrize("size", [1, 7, 145, 4096, 2 * len(SIZED)])
def test_file_behind_tags(size: int) -> None:
    """Another file may follow the tags, within a chunk too."""
    for second in (SIZED, HEADER + PCM):
        file = SIZED + second
        assert decode(*(file[at : at + size] for at in range(0, len(file), size))) == 2 * PCM


def test_file_after_other_data() -> None:
    """After any data, another file may begin with a new chunk."""
    for junk in (b"\xff" * 1000, b"LIST\xf0\xff\xff\xff", b"x" * 11):
        assert decode(SIZED + junk, SIZED) == 2 * PCM


@pytest.mark.parametrize(
    "size", [0, 0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF, 0x7FFFF000, 0x80000000, len(PCM) + 1]
)
def test_size_that_is_not_plausible_ends_nothing(size: int) -> None:
    """Programs that stream don't know the size, or say more than the file has."""
    file = SIZED[: SIZED.index(b"data") + 4] + struct.pack("<I", size)
    whole = struct.pack("<I", len(file) + len(PCM) - 8)
    file = file[:4] + (whole if size == len(PCM) + 1 else b"\xff" * 4) + file[8:]
    header = read_header(file)
    assert header is not None
    assert header.size is None
    assert decode(file, *[PCM] * 3) == 3 * PCM


def test_sound_that_ends_before_its_size() -> None:
    """A file that was cut off has the sound that there is."""
    assert decode(SIZED[:100]) == PCM[: 100 - len(HEADER)]


def test_format_changes() -> None:
    """A later header is checked, too."""
    decoder = StreamDecoder()
    decoder.feed(HEADER + PCM)
    with pytest.raises(AudioFormatError, match="format 7, 8000 Hz"):
        decoder.feed(wav_header(codec=7, sample_rate=8000) + PCM)


@pytest.mark.parametrize(
    "audio",
    [
        pytest.param(b"RIFF1234XYZ " + PCM, id="another kind of RIFF"),
        pytest.param(b"RIFF" * 20, id="RIFF all the time"),
        pytest.param(b"R\0", id="R"),
        pytest.param(b"RIxx", id="RI"),
        pytest.param(PCM + HEADER, id="header in the middle of a chunk"),
        pytest.param(b"\0\0" + b"RIFF", id="RIFF in the middle"),
    ],
)
def test_data_without_header_is_audio(audio: bytes) -> None:
    """RIFF alone makes no WAV file: the samples may happen to be that."""
    assert decode(audio) == audio
    assert decode(HEADER, audio) == audio
    assert decode(*(bytes([byte]) for byte in audio)) == audio


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (form(rate=7_999), "format 1, 7999 Hz, 16 bit, 1 channels"),
        (form(rate=192_001), "format 1, 192001 Hz, 16 bit, 1 channels"),
        (form(channels=0), "format 1, 16000 Hz, 16 bit, 0 channels"),
        (form(channels=3), "format 1, 16000 Hz, 16 bit, 3 channels"),
        (form(bits=12), "format 1, 16000 Hz, 12 bit, 1 channels"),
        (form(bits=64), "format 1, 16000 Hz, 64 bit, 1 channels"),
        (form(code=7, bits=8), "format 7, 16000 Hz, 8 bit, 1 channels"),
        (extensible(3), "format 3, 16000 Hz, 16 bit, 1 channels"),
        (form(code=0xFFFE), "format 65534, 16000 Hz, 16 bit, 1 channels"),
        (form(code=0xFFFE) + bytes(23), "format 65534, 16000 Hz, 16 bit, 1 channels"),
    ],
)
def test_wrong_format(content: bytes, found: str) -> None:
    """A header of a format that can't be converted is an error that names the format."""
    file = riff((b"fmt ", content), (b"data", PCM))
    expected = f"The WAV header says {found}, which can't be converted"
    for cut in range(0, len(file), 7):
        decoder = StreamDecoder()
        with pytest.raises(AudioFormatError) as info:
            assert decoder.feed(file[:cut]) + decoder.feed(file[cut:])
        assert str(info.value) == expected


@pytest.mark.parametrize("content", [b"", form()[:15]])
def test_broken_format(content: bytes) -> None:
    """A header without all of the format is broken."""
    with pytest.raises(AudioFormatError, match="broken"):
        decode(riff((b"fmt ", content), (b"data", PCM)))


@pytest.mark.parametrize(
    "name", [pytest.param(b"LIST", id="LIST"), pytest.param(b"fmt ", id="fmt")]
)
def test_endless_header(name: bytes) -> None:
    """A header without an end isn't waited for longer than 64 KiB."""
    decoder = StreamDecoder()
    start = b"RIFF\0\0\0\0WAVE" + name + b"\xff\xff\xff\xff"
    assert decoder.feed(start + bytes(64 * 1024 - len(start))) == b""
    with pytest.raises(AudioFormatError, match="no end"):
        decoder.feed(b"\0")


def test_longest_header() -> None:
    """A header of 64 KiB is still one."""
    size = 64 * 1024 - len(riff((b"fmt ", form()), (b"LIST", b""), (b"data", b"")))
    header = riff((b"fmt ", form()), (b"LIST", bytes(size)), (b"data", b""))
    assert decode(*(header[at : at + 4096] for at in range(0, len(header), 4096)), PCM) == PCM


def test_half_a_sample_is_dropped() -> None:
    """A stream that ends within a sample has one less."""
    assert decode(PCM, b"\1") == PCM
    assert decode(b"\1") == b""


@pytest.mark.parametrize(
    ("amplitude", "level"), [(32_767, 0.0), (3_277, -20.0), (328, -40.0), (0, SILENT)]
)
def test_levels(amplitude: int, level: float) -> None:
    """Each whole frame of 20 ms has its level below full scale."""
    loud = array("h", [amplitude, -amplitude] * (FRAME // 2)).tobytes()
    quiet = bytes(len(loud))
    assert levels(loud + quiet + loud[:-2]) == [pytest.approx(level, abs=0.02), SILENT]
    assert levels(b"") == []
