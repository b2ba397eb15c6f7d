"""Word errors of a real speech model, with WAV and with Opus: `scripts/bench opus --help`."""

import argparse
import asyncio
from collections.abc import Sequence
from io import BytesIO
import re
import sys
from typing import Final

from custom_components.azure_stt.audio.ffmpeg import MediaReader
from custom_components.azure_stt.audio.opus import OpusEncoder

from .awkward_english import ENGLISH
from .hearing import Condition, Room, SpeechModel, say
from .table import Table, figure

_CONDITIONS: Final = tuple(
    Condition(voice=voice, room=room)
    for room in (Room.CLEAN, Room.NOISY)
    for voice in ENGLISH.voices
)
_COLUMNS: Final = (
    "condition",
    "sentences",
    "words",
    "WAV, % wrong",
    "Opus, % wrong",
    "points more",
)


def as_opus(pcm: bytes) -> bytes:
    """Return the sound that Azure gets of an upload as Opus."""
    encoder = OpusEncoder()
    file = encoder.feed(pcm) + encoder.flush()
    return b"".join(iter(MediaReader(BytesIO(file)).read, b""))


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words must be put in, taken out or changed."""
    row = list(range(len(heard) + 1))
    for count, word in enumerate(said, 1):
        before, row[0] = row[0], count
        for place, other in enumerate(heard, 1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (word != other)),
            )
    return row[-1]


def words(text: str) -> list[str]:
    """Return a text's words, without capitals and punctuation."""
    return re.findall(r"\w+", text.casefold())


async def _count(
    speech_model: SpeechModel, texts: Sequence[str], condition: Condition
) -> tuple[int, int, int]:
    """Return how many words were said, and misheard with WAV and with Opus."""
    sounds = say(condition.voice, texts)
    total = wav = opus = 0
    for text in texts:
        pcm = condition.sound(sounds[text])
        total += len(words(text))
        wav += errors(words(text), words(await _hear(speech_model, pcm)))
        opus += errors(words(text), words(await _hear(speech_model, as_opus(pcm))))
    return total, wav, opus


async def _hear(speech_model: SpeechModel, pcm: bytes) -> str:
    alternatives = await speech_model.hear(pcm)
    return (alternatives[0].display or "") if alternatives else ""


async def _run(step: int) -> Table:
    texts = [command.text for command in ENGLISH.commands[::step]]
    table = Table(title="Word errors with WAV and with Opus", columns=_COLUMNS)
    sums = [0, 0, 0]
    async with SpeechModel.listening("whisper", ENGLISH.locale) as speech_model:
        for condition in _CONDITIONS:
            counts = await _count(speech_model, texts, condition)
            sums = [total + count for total, count in zip(sums, counts, strict=True)]
            table.rows.append(_cells(str(condition), len(texts), counts))
    table.rows.append(_cells("all", len(texts) * len(_CONDITIONS), sums))
    return table


def _cells(name: str, sentences: int, counts: Sequence[int]) -> Sequence[str]:
    total, wav, opus = counts
    rates = (100 * wav / total, 100 * opus / total, 100 * (opus - wav) / total)
    return (name, str(sentences), str(total), *(figure(rate, ".1f") for rate in rates))


def main() -> None:
    """Recognize the awkward home's commands as WAV and as Opus, and write the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench opus", description=main.__doc__)
    parser.add_argument("--step", type=int, default=1, help="take every nth command")
    sys.stdout.write(asyncio.run(_run(parser.parse_args().step)).as_text())


if __name__ == "__main__":
    main()
