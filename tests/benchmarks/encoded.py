"""Word errors of a real speech model, with WAV and with Opus: `scripts/bench opus --help`."""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from math import sqrt
import re
from statistics import stdev
import sys
from typing import Final

from custom_components.azure_stt.audio.ffmpeg import MediaReader
from custom_components.azure_stt.audio.opus import OpusEncoder

from .awkward_english import ENGLISH
from .hearing import Condition, Room, SpeechModel, say
from .table import Table, figure

_ROOMS: Final = (Room.CLEAN, Room.NOISY)
_CONDITIONS: Final = tuple(
    Condition(voice=voice, room=room) for room in _ROOMS for voice in ENGLISH.voices
)
_COLUMNS: Final = (
    "condition",
    "sentences",
    "words",
    "WAV, % wrong",
    "Opus, % wrong",
    "points more",
    "standard error",
)


_NOTES: Final = ("standard error: of the points more, by the differences of the sentences.",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The words of a sentence, and how many were misheard."""

    words: int
    wav: int
    opus: int


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


async def _listen(
    speech_model: SpeechModel, texts: Sequence[str], condition: Condition
) -> list[Sentence]:
    """Return how many words of each text were misheard with WAV and with Opus."""
    sounds = say(condition.voice, texts)
    sentences = []
    for text in texts:
        pcm = condition.sound(sounds[text])
        wav, opus = [
            errors(words(text), words(await _hear(speech_model, sound)))
            for sound in (pcm, as_opus(pcm))
        ]
        sentences.append(Sentence(words=len(words(text)), wav=wav, opus=opus))
    return sentences


async def _hear(speech_model: SpeechModel, pcm: bytes) -> str:
    alternatives = await speech_model.hear(pcm)
    return (alternatives[0].display or "") if alternatives else ""


async def _run(step: int) -> Table:
    texts = [command.text for command in ENGLISH.commands[::step]]
    table = Table(title="Word errors with WAV and with Opus", columns=_COLUMNS, notes=_NOTES)
    every: dict[Room, list[Sentence]] = {room: [] for room in _ROOMS}
    async with SpeechModel.listening("whisper", ENGLISH.locale) as speech_model:
        for condition in _CONDITIONS:
            sentences = await _listen(speech_model, texts, condition)
            every[condition.room] += sentences
            table.rows.append(row(str(condition), sentences))
    for room, sentences in every.items():
        table.rows.append(row(f"all, {room}", sentences))
    return table


def row(name: str, sentences: Sequence[Sentence]) -> Sequence[str]:
    """Return the cells of some sentences."""
    total, wav, opus = (
        sum(getattr(one, count) for one in sentences) for count in ("words", "wav", "opus")
    )
    differences = [one.opus - one.wav for one in sentences]
    spread = stdev(differences) * sqrt(len(sentences)) if len(sentences) > 1 else 0.0
    rates = (wav, opus, opus - wav, spread)
    return (
        name,
        str(len(sentences)),
        str(total),
        *(figure(100 * rate / total, ".1f") for rate in rates),
    )


def main() -> None:
    """Recognize the awkward home's commands as WAV and as Opus, and write the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench opus", description=main.__doc__)
    parser.add_argument("--step", type=int, default=1, help="take every nth command")
    sys.stdout.write(asyncio.run(_run(parser.parse_args().step)).as_text())


if __name__ == "__main__":
    main()
