"""Speech that only this emulator understands: sound whose samples are the words' own bytes.

`speak` turns a text to sound and `SpokenModel` reads it back from exactly the samples that arrive,
so a test sees in the recognized text what was uploaded: a word with more than three samples lost,
doubled or cut off is heard as `[cut]`.

A word is a burst of 10 ms for each byte: a start mark, the word in UTF-8, a checksum of two bytes
and an end mark. A bit is 20 samples at plus or minus the level. That survives a change of level,
and also another sample rate or width if the conversion is a good one.
"""

from array import array
import binascii
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from itertools import accumulate, pairwise
import random
import re
from typing import Final, override

from .speech_model import (
    SAMPLE_RATE,
    SAMPLE_WIDTH,
    TICKS_PER_SAMPLE,
    Alternative,
    Heard,
    SpeechModel,
    Word,
)

CUT: Final = "[cut]"
"""The text for a word that arrived only in part."""
NORMAL_LEVEL: Final = -12.0
"""Decibels of full scale."""
LOWEST_LEVEL: Final = -36.0
"""The quietest speech that is still understood, in decibels of full scale."""
SHORTEST_PAUSE: Final = 10
"""The shortest pause, in milliseconds, that still tells two words from each other."""

_BIT: Final = 20  # samples; the following too
_BYTE: Final = 8 * _BIT
_TOLERANCE: Final = 3
_START, _END = b"\xa5", b"\x5a"
_CHECKSUM: Final = 2  # bytes
# On the samples' high bytes: 0x00 and 0xff are those below 256, and 5 ms of them part two bursts.
_BURST: Final = re.compile(rb"[^\x00\xff]+(?:[\x00\xff]{1,79}[^\x00\xff]+)*")
# The mean of a square wave is its peak (less a converter's ringing); a sine's is 0.64.
_SQUARE: Final = 0.72

# Of sound that went through a codec: the level below which it's quiet and that of
# the words again, the longest word in bytes,
# how many places are tried for its beginning, and samples around it that may be an echo.
_LEAST_LEVEL: Final = 256
_RESTORED: Final = 8192
_LONGEST: Final = 64
_PLACES: Final = 12
_ECHO: Final = 300


def speak(text: str, *, pause_ms: int = 40, level: float = NORMAL_LEVEL) -> bytes:
    """Turn a text to 16 kHz 16-bit mono PCM that `SpokenModel` understands.

    Between the words is a pause (10 ms or more); before the first and after the last is none.
    The level is in decibels of full scale, from -36 to 0. Raises `ValueError` beyond that.
    """
    if not LOWEST_LEVEL <= level <= 0:
        message = f"The level must be from {LOWEST_LEVEL} to 0 dB"
        raise ValueError(message)
    if pause_ms < SHORTEST_PAUSE:
        message = f"The pause must be {SHORTEST_PAUSE} ms or more"
        raise ValueError(message)
    amplitude = round(32767 * 10 ** (level / 20))
    return silence(pause_ms / 1000).join(_speak_word(word, amplitude) for word in text.split())


def silence(seconds: float) -> bytes:
    """Make digital silence as 16 kHz 16-bit mono PCM."""
    return bytes(round(seconds * SAMPLE_RATE) * SAMPLE_WIDTH)


def noise(seconds: float, *, level: float = NORMAL_LEVEL) -> bytes:
    """Make sound without any words as 16 kHz 16-bit mono PCM: the same noise every time.

    The level is that of the peaks, in decibels of full scale.
    """
    amplitude = 32767 * 10 ** (level / 20)
    generator = random.Random(0)  # noqa: S311
    samples = (
        round(generator.uniform(-amplitude, amplitude)) for _ in range(round(seconds * SAMPLE_RATE))
    )
    return array("h", samples).tobytes()


class SpokenModel(SpeechModel):
    """The model that understands `speak`, to the sample, and nothing else."""

    _is_lossy = False

    @override
    async def recognize(self, audio: bytes, language: str) -> Heard:
        """Read the words back. Sound that never was a word isn't one; a part of one is `[cut]`."""
        if self._is_lossy:
            audio = _restored(audio)
        words = list(_hear_words(audio))
        if not words:
            return ()
        return [Alternative(text=" ".join(word.text for word in words), words=words)]

    @override
    def after_codec(self) -> SpeechModel:
        """Return a speech model that restores square waves after a codec."""
        speech_model = copy(self)
        speech_model._is_lossy = True
        return speech_model


def _restored(audio: bytes) -> bytes:
    """Return the words again that sound like this after a codec took its part.

    A word that isn't whole stays a burst, so that it's heard as cut off.
    """
    samples = array("h", audio)
    level = max(_LEAST_LEVEL, max(map(abs, samples), default=0) // 2)
    sums = [*accumulate(samples, initial=0), *[sum(samples)] * _BYTE]
    restored = bytearray(len(audio))
    at, broken = 0, list[int]()
    while (begin := _next_loud(samples, at, level)) is not None:
        first, word = _find_word(sums, begin)
        if not word:
            broken.append(begin)
            at = begin + _BIT
            continue
        # A codec's echo comes before and after a word.
        broken = [each for each in broken if each < first - _ECHO]
        square = _speak_word(word, _RESTORED)
        end = first + len(square) // SAMPLE_WIDTH
        restored[first * SAMPLE_WIDTH : end * SAMPLE_WIDTH] = square
        at = end + _ECHO
    for begin in broken:
        restored[begin * SAMPLE_WIDTH : (begin + _BIT) * SAMPLE_WIDTH] = array(
            "h", [_RESTORED] * _BIT
        ).tobytes()
    return bytes(restored[: len(audio)])


def _next_loud(samples: Sequence[int], start: int, level: int) -> int | None:
    return next((at for at in range(start, len(samples)) if 2 * abs(samples[at]) > level), None)


def _find_word(sums: Sequence[int], begin: int) -> tuple[int, str]:
    """Return the place of the word that begins about there, and nothing if it isn't whole."""

    def bits(first: int, count: int) -> list[int]:
        edges = sums[first : first + 1 + 8 * _BIT * count : _BIT]
        return [after - before for before, after in pairwise(edges)]

    def fit(first: int) -> int:
        return sum(
            each if sign == "1" else -each
            for each, sign in zip(bits(first, 1), f"{_START[0]:08b}", strict=False)
        )

    places = range(max(0, begin - 2 * _BIT), begin + 2 * _BIT, 2)
    for first in sorted(places, key=fit, reverse=True)[:_PLACES]:
        heard = "".join("1" if each > 0 else "0" for each in bits(first, _LONGEST))
        for count in range(_CHECKSUM + 3, len(heard) // 8 + 1):
            if (word := _word_in(int(heard[: 8 * count], 2).to_bytes(count))) is not None:
                return first, word
    return begin, ""


def _speak_word(word: str, amplitude: int) -> bytes:
    payload = word.encode()
    data = _START + payload + _checksum(payload) + _END
    bits = (byte >> shift & 1 for byte in data for shift in range(7, -1, -1))
    high, low = (array("h", [sign * amplitude] * _BIT).tobytes() for sign in (1, -1))
    return b"".join(high if bit else low for bit in bits)


def _checksum(payload: bytes) -> bytes:
    return binascii.crc_hqx(payload, 0).to_bytes(_CHECKSUM)


def _hear_words(audio: bytes) -> Iterator[Word]:
    for burst in _BURST.finditer(audio[1::SAMPLE_WIDTH]):
        begin, end = burst.span()
        samples = array("h", audio[begin * SAMPLE_WIDTH : end * SAMPLE_WIDTH])
        magnitudes = [abs(sample) for sample in samples]
        peak = max(magnitudes)
        if sum(magnitudes) < _SQUARE * peak * len(magnitudes):
            continue
        # A converter's ringing before and after the word is no part of it.
        first = _find_loud(magnitudes, peak)
        last = len(samples) - _find_loud(reversed(magnitudes), peak)
        yield Word(
            text=_read_word(samples[first:last]) or CUT,
            offset=(begin + first) * TICKS_PER_SAMPLE,
            duration=(last - first) * TICKS_PER_SAMPLE,
        )


def _find_loud(magnitudes: Iterable[int], peak: int) -> int:
    """Find the first sample that isn't much below the peak."""
    return next(index for index, magnitude in enumerate(magnitudes) if magnitude > peak / 2)


def _read_word(samples: array[int]) -> str | None:
    """Read one burst; `None` if it isn't a whole word."""
    count = round(len(samples) / _BYTE)
    if abs(len(samples) - count * _BYTE) > _TOLERANCE:
        return None
    # Each bit in its middle, where a converter's ringing is over.
    bits = "".join("1" if sample > 0 else "0" for sample in samples[_BIT // 2 :: _BIT])
    return _word_in(int(bits[: 8 * count] or "0", 2).to_bytes(count))


def _word_in(data: bytes) -> str | None:
    """Return the word in the bytes of a burst; `None` if it isn't whole."""
    payload, checksum = data[1 : -1 - _CHECKSUM], data[-1 - _CHECKSUM : -1]
    if (data[:1], data[-1:], checksum) != (_START, _END, _checksum(payload)):
        return None
    return payload.decode(errors="replace")
