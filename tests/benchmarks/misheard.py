"""Word errors of speech with pauses, heard live, beside the same sound in one request.

`scripts/bench misheard --help`. A real speech model recognizes what the recognizer sends when it
finds the end of speech itself.
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
import logging
import sys
from typing import Final

from custom_components.azure_stt.resource.client_factory import async_get_session
from tests.emulator import SERVICE_KINDS

from .assist import Assist
from .contenders import Contender
from .encoded import errors, words
from .endpointing import PAUSES
from .hearing import SpeechModel
from .home import add_recognizer
from .measure import measure
from .pauses import BEGINNINGS, DICTATION, LIGHTS
from .scene import VOICES, Saying
from .servers import whisper
from .table import Table

_AT_ONCE: Final = 3
_QUIET_AFTER: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Words that were said, and those misheard live and in one request."""

    said: int
    live: int
    at_once: int


async def count(kind: str, sayings: Sequence[Saying]) -> list[Count]:
    """Return the errors in each saying, with a service of a kind."""
    limit = asyncio.Semaphore(_AT_ONCE)
    async with (
        whisper("whisper", kind) as address,
        SpeechModel.listening("whisper", "en-US") as speech_model,
        Assist.open(LIGHTS) as assist,
    ):
        engine = await add_recognizer(assist.hass, address, {"end_of_speech": "recognizer"})
        pipeline = await assist.add_pipeline(engine)
        contender = Contender(
            recognize=partial(assist.hear, pipeline), session=async_get_session(assist.hass)
        )

        async def one(saying: Saying) -> Count:
            async with limit:
                live = (await measure(contender, saying.utterance)).heard
            alternatives = await speech_model.hear(saying.pcm)
            at_once = alternatives[0].display or "" if alternatives else ""
            said = words(saying.utterance.text)
            return Count(
                said=len(said),
                live=errors(said, words(live)),
                at_once=errors(said, words(at_once)),
            )

        return await asyncio.gather(*(one(saying) for saying in sayings))


async def compare() -> Table:
    """Let a recognizer hear everything, with each kind of service."""
    table = Table(
        title="Speech with pauses: words misheard",
        columns=("service", "speech", "words", "live", "in one request"),
    )
    groups = {"dictation": DICTATION, "paused commands": BEGINNINGS}
    for kind in SERVICE_KINDS:
        for group, texts in groups.items():
            sys.stderr.write(f"{kind}, {group} …\n")
            voices = cycle(VOICES)
            sayings = [
                Saying.of(*parts, voice=next(voices), pause=pause, quiet_after=_QUIET_AFTER)
                for pause in PAUSES
                for parts in texts
            ]
            counts = await count(kind, sayings)
            table.rows.append(
                (
                    kind.replace("_", " "),
                    group,
                    str(sum(one.said for one in counts)),
                    str(sum(one.live for one in counts)),
                    str(sum(one.at_once for one in counts)),
                )
            )
    return table


def main() -> None:
    """Measure the word errors, and write the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench misheard", description=main.__doc__)
    parser.add_argument("--markdown", action="store_true", help="a table in Markdown")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    table = asyncio.run(compare())
    sys.stdout.write(table.as_markdown() if arguments.markdown else table.as_text())


if __name__ == "__main__":
    main()
