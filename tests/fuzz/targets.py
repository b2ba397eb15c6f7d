"""The fuzz targets: each takes any bytes and fails if an invariant doesn't hold for them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import accumulate
import json
from math import isfinite
import re
from typing import Final

from custom_components.azure_stt.audio.decoder import StreamDecoder
from custom_components.azure_stt.audio.ogg import PACKET_MAX_SIZE, OggReader
from custom_components.azure_stt.audio.pcm import TARGET, AudioFormatError, PcmFormat
from custom_components.azure_stt.audio.signature import is_media_file
from custom_components.azure_stt.azure_speech import (
    SpeechError,
    client,
    fast_transcription,
    transport,
)
from custom_components.azure_stt.recognition.endpointing import Loudness
from custom_components.azure_stt.recognition.recording import NoSpeechError, recorded
from custom_components.azure_stt.recognition.segment import Segment
from tests.emulator import wav_header
from tests.support.media import KINDS, media
from tests.support.sounds import FLOATS, FORMATS, SPOKEN, header, ogg

type Outcome = bytes | type[Exception]
"""The samples, or the error that there was instead."""

_DECLARED: Final = [None, TARGET, *FORMATS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something that reads bytes, with examples of good ones."""

    run: Callable[[bytes], None]
    seeds: Sequence[bytes]
    words: Sequence[bytes]
    """Fragments from which such bytes are built."""


def read_answer(data: bytes) -> None:
    """Read an answer, or have it refused by one of our errors; texts and numbers can be used."""
    if data.startswith(b"\0"):
        data = _Answer(data[1:]).json
    try:
        recognition = client._recognition(data, "0" * 32)
    except SpeechError:
        return
    assert len(recognition.alternatives) <= 10
    _check(recognition)
    repr(recognition)


def read_transcription(data: bytes) -> None:
    """Read fast transcription's answer, with the same care."""
    if data.startswith(b"\0"):
        data = _Answer(data[1:], "phrases").json
    try:
        transcription = fast_transcription._transcription(data, "0" * 32)
    except SpeechError:
        return
    assert all(len(phrase.alternatives) == 1 for phrase in transcription.phrases)
    assert all(phrase.text for phrase in transcription.phrases)
    _check(transcription)
    repr(transcription)


class _Answer:
    """Makes JSON of any bytes, with the names of the service's own: they rarely are JSON."""

    def __init__(self, data: bytes, listed: str = "NBest") -> None:
        """Make an answer that has a list of one name for certain."""
        self._bytes = iter(data)
        members = [("RecognitionStatus", "Success"), *(self._member(8) for _ in range(8))]
        members.append((listed, [self._value(8) for _ in range(self._next() % 4)]))
        self.json = json.dumps(dict(members)).encode()

    def _next(self) -> int:
        return next(self._bytes, 0)

    def _member(self, depth: int) -> tuple[str, object]:
        return _NAMES[self._next() % len(_NAMES)], self._value(depth)

    def _value(self, depth: int) -> object:
        kind, size = divmod(self._next(), 8)
        match kind:
            case number if number < len(_SCALARS):
                return _SCALARS[number]
            case number if number < 20:
                return "".join(chr(self._next() * 257 % 0x11_0000) for _ in range(size))
            case number if number < 24 or not depth:
                return int.from_bytes(bytes(self._next() for _ in range(size)), signed=True)
            case number if number < 28:
                return [self._value(depth - 1) for _ in range(size)]
        return dict(self._member(depth - 1) for _ in range(size))


def _check(value: object) -> None:
    match value:
        case str():
            value.encode()
        case float() | int():
            assert isfinite(value)
        case tuple():
            for item in value:
                _check(item)
        case _ if is_dataclass(value):
            for field in fields(value):
                _check(getattr(value, field.name))
        case _:
            assert value is None


def read_refusal(data: bytes) -> None:
    """Tell why something is refused, in a line without secrets, and when to come again."""
    message = transport._service_message(data)
    assert len(message) <= 200
    assert message.isprintable()
    assert not re.search(r"[\w.+/=~-]{20}", message)
    seconds = transport._retry_after(data.decode("utf-8", "surrogateescape"))
    assert seconds is None or 0 <= seconds < float("inf")


def decode_wav(data: bytes) -> None:
    """Decode PCM: however it's cut, the same samples or the same error."""
    declared, sizes, file = _cuts(data)
    cut = _decoded(declared, _cut(file, sizes))
    if isinstance(cut, bytes):
        assert len(cut) % 2 == 0
        # The lowest rate gives two samples for one; FFmpeg's filter adds its own length.
        packed = b"OggS" in file or is_media_file(file)
        assert len(cut) <= 8 * len(file) + 4096 or packed
    # A header at the beginning of a chunk is where another file begins.
    if file.find(b"RIFF", 1) < 0:
        assert cut == _decoded(declared, [file])


def read_ogg(data: bytes) -> None:
    """Read OGG: however it's cut, the same packets, none longer than it may be."""
    _, sizes, file = _cuts(data)
    packets = _packets(_cut(file, sizes))
    assert packets == _packets([file])
    if isinstance(packets, list):
        assert sum(map(len, packets)) <= len(file)
        assert all(len(packet) < PACKET_MAX_SIZE + 255 for packet in packets)


def decode_opus(data: bytes) -> None:
    """Decode Opus in good pages: sound, or an error that says that it's none."""
    packets = data.split(b"|")
    file = _OPUS_START + b"".join(_page(packet) for packet in packets if len(packet) < 65_000)
    pcm = _decoded(None, [file])
    if isinstance(pcm, bytes):
        assert len(pcm) % 2 == 0
        # A packet has at most 120 ms.
        assert len(pcm) <= (len(packets) + 1) * 32 * 120


def record(data: bytes) -> None:
    """Record an audio stream: a reader gets all that was decoded, to its end."""
    asyncio.run(_record(data))


async def _record(data: bytes) -> None:
    declared, sizes, file = _cuts(data)
    chunks = _cut(file, sizes)

    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    expected = _decoded(declared, chunks)
    try:
        async with recorded(stream(), StreamDecoder(declared)) as recording:
            pcm = b"".join([block async for block in Segment(recording, 0)])
            assert recording.ended
            Loudness.of(recording, 0, recording.length)
    except AudioFormatError, NoSpeechError:
        assert not expected or not isinstance(expected, bytes)
    else:
        assert pcm == expected


def _cuts(data: bytes) -> tuple[PcmFormat | None, list[int], bytes]:
    """Take the declared format and the chunk sizes off the input."""
    if len(data) < 2:
        return TARGET, [], data
    count = data[1] % 8
    sizes = [int.from_bytes(data[at : at + 2]) for at in range(2, 2 + 2 * count, 2)]
    return _DECLARED[data[0] % len(_DECLARED)], sizes, data[2 + 2 * count :]


def _cut(file: bytes, sizes: list[int]) -> list[bytes]:
    ends = list(accumulate(sizes))
    return [file[start:end] for start, end in zip([0, *ends], [*ends, len(file)], strict=True)]


def _decoded(declared: PcmFormat | None, chunks: list[bytes]) -> Outcome:
    decoder = StreamDecoder(declared)
    try:
        return b"".join([*map(decoder.feed, chunks), *iter(decoder.flush, b"")])
    except AudioFormatError as err:
        return type(err)


def _packets(chunks: list[bytes]) -> list[bytes] | type[Exception]:
    reader = OggReader()
    try:
        return [packet for chunk in chunks for packet in reader.feed(chunk)]
    except AudioFormatError as err:
        return type(err)


def _page(packet: bytes) -> bytes:
    """Return a page of one whole packet."""
    laces = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    return b"OggS" + bytes(22) + bytes([len(laces)]) + laces + packet


def _first_packets(file: bytes) -> bytes:
    """Return the input of `decode_opus` for a good file."""
    packets = [packet for packet in OggReader().feed(file) if b"|" not in packet]
    return b"|".join(packets[2:8])


_OPUS_START: Final = _page(b"OpusHead\1\1" + bytes(9)) + _page(b"OpusTags")
_ANSWERS: Final = (
    {"RecognitionStatus": "Success", "DisplayText": "Five.", "Offset": "1236645672289"},
    {"RecognitionStatus": "NoMatch", "Offset": 0, "Duration": 7, "SNR": 38.7, "Channel": 0},
    {
        "RecognitionStatus": "Success",
        "PrimaryLanguage": "en-US",
        "NBest": [
            {
                "Confidence": 0.9,
                "Display": "Go.",
                "Lexical": "go",
                "ITN": "go",
                "MaskedITN": "go",
                "AccuracyScore": 100.0,
                "PronScore": 95.1,
                "Words": [
                    {
                        "Word": "go",
                        "Offset": 700000,
                        "Duration": "5",
                        "ErrorType": "None",
                        "Phonemes": [{"Phoneme": "g", "Offset": 1, "AccuracyScore": 12}],
                        "Feedback": {
                            "Prosody": {
                                "Break": {"ErrorTypes": ["None"], "BreakLength": 0},
                                "Intonation": {"ErrorTypes": [], "Monotone": {"Confidence": 0.0}},
                            }
                        },
                    }
                ],
            }
        ],
    },
)
_TRANSCRIPTION: Final = {
    "durationMilliseconds": 2000,
    "combinedPhrases": [{"text": "Weather"}],
    "phrases": [
        {
            "offsetMilliseconds": 40,
            "durationMilliseconds": 320,
            "text": "Weather",
            "words": [{"text": "weather", "offsetMilliseconds": 40, "durationMilliseconds": 320}],
            "locale": "en-US",
            "confidence": 0.78983736,
        }
    ],
}
_NAMES: Final = (
    *("phrases", "combinedPhrases", "text", "words", "offsetMilliseconds", "durationMilliseconds"),
    *("locale", "confidence"),
    *("NBest", "Words", "Phonemes", "Feedback", "Prosody", "Break", "Intonation", "Monotone"),
    *("Display", "DisplayText", "Lexical", "Word", "Phoneme", "ErrorType", "ErrorTypes"),
    *("Offset", "Duration", "Confidence", "SNR", "Channel", "AccuracyScore", "PronScore"),
    *("BreakLength", "UnexpectedBreak", "SyllablePitchDeltaConfidence", "PrimaryLanguage"),
)
_SCALARS: Final = (
    *(None, True, False, "", "0.5", "1e999", "nan", "-1", "\ud800", "Success", -1, 0.5, 1e308),
    *(float("nan"), float("inf"), 10**400),
)
_REFUSALS: Final = (
    b'{"error": {"code": "401", "message": "Access denied."}}',
    b'{"error": "e", "error_description": "AADSTS90002"}',
    b'{"Message": "Invalid CID or language"}',
    b"Wed, 21 Oct 2015 07:28:00 GMT",
    b"1.5",
)
_WHOLE: Final = b"\1\0"
_FILES: Final = [
    _WHOLE + wav_header() + bytes(range(256)),
    _WHOLE + wav_header(size=100) + bytes(100) + b"LIST\4\0\0\0INFO" + wav_header() + bytes(50),
    _WHOLE + media(SPOKEN[:6400], KINDS["flac"]),
    _WHOLE + media(SPOKEN[:6400], KINDS["mp3 mono"]),
    b"\1\2\0\x05\0\x30" + wav_header() + wav_header() + bytes(range(100)),
    *(_WHOLE + header(form) + bytes(range(240)) for form in (*FLOATS, *FORMATS[::7])),
]
_OGG: Final = _WHOLE + ogg(SPOKEN[:6400], page_ms=20)

_JSON_WORDS: Final = (
    *(b"{", b"}", b"[", b"]", b":", b",", b'"', b"null", b"true", b"NaN", b"-Infinity", b"1e999"),
    *(rb"\ud800", b'"NBest":[{', b'"Words":[{', b'"Phonemes":[{', b'"Feedback":{"Prosody":{'),
    *(b'"Display":', b'"Confidence":', b'"Offset":', b'"Duration":', b'"SNR":', b'"Channel":'),
    *(b'"phrases":[{', b'"words":[{', b'"text":', b'"offsetMilliseconds":', b'"confidence":'),
    *(b'"RecognitionStatus":"Success"', b'"Message":"', b'"error":{"message":"', b"GMT"),
)
_AUDIO_WORDS: Final = (
    *(b"fLaC", b"ID3\3", b"\xff\xfb\x90\0", b"\xff\xf1\x50\x80", b"RF64", b"....ftyp", b"PK\3\4"),
    *(b"RIFF", b"WAVE", b"fmt ", b"data", b"LIST", b"OggS\0\2", b"OpusHead\1\1", b"OpusTags"),
    *(b"\xfe\xff", b"\x80\xbb\0\0", b"\xff\xff\xff\xff", b"\0\0\0\0"),
)

TARGETS: Final = {
    "answer": Target(
        run=read_answer,
        seeds=[
            *(json.dumps(answer).encode() for answer in _ANSWERS),
            *(b"\0" + bytes(range(start, 256, 7)) * 3 for start in range(4)),
            b"\0\0\xe1\xf7\1\xe1\xf7\2\xe1\xf7\3\xf1\4\xf3\5\xf3\6\xf1\7\xf2",
        ],
        words=_JSON_WORDS,
    ),
    "transcription": Target(
        run=read_transcription,
        seeds=[
            json.dumps(_TRANSCRIPTION).encode(),
            *(b"\0" + bytes(range(start, 256, 7)) * 3 for start in range(4)),
        ],
        words=_JSON_WORDS,
    ),
    "refusal": Target(run=read_refusal, seeds=_REFUSALS, words=_JSON_WORDS),
    "wav": Target(run=decode_wav, seeds=_FILES, words=_AUDIO_WORDS),
    "ogg": Target(run=read_ogg, seeds=[_OGG], words=_AUDIO_WORDS),
    "opus": Target(run=decode_opus, seeds=[_first_packets(_OGG[2:])], words=[b"|", b"OpusHead"]),
    "recording": Target(run=record, seeds=[*_FILES, _OGG], words=_AUDIO_WORDS),
}
