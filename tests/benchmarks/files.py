"""Files: their duration, their cost, and whether simultaneous speakers must wait.

`scripts/bench files --help`. The service of the long recording works at twice real time.
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
import logging
from math import inf
from pathlib import Path
from statistics import median
import sys
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.const import DOMAIN
from custom_components.azure_stt.resource.client_factory import async_get_session
from tests.emulator import BYTES_PER_SECOND, SERVICE_KINDS, Emulator, Endpoint, wav_header
from tests.support.home import metadata

from .contenders import LANGUAGE, Contender
from .endpointing import LATENCY, missing
from .home import add_recognizer, home_assistant
from .link import LOOPBACK, Link
from .measure import measure
from .pauses import COMMANDS, DICTATION
from .scene import VOICES, KnowingModel, Saying, billed
from .servers import linked
from .table import Table, figure

_MEMO: Final = (DICTATION[0] + DICTATION[1]) * 2
_MINUTES: Final = 10
_COMMAND_EVERY: Final = 15.0  # seconds
_PAUSES: Final = (0.6, 1.1, 0.8, 2.4)
_COMMANDS_ALONE: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recording, and the way to the service."""

    name: str
    seconds: float
    """The least length of the recording."""
    kind: str
    by_action: bool
    link: Link = LOOPBACK
    speed: float | None = None
    with_commands: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a recording. Times in seconds."""

    case: Case
    length: float
    took: float
    requests: int
    billed: int
    words: int
    lost: int
    invented: int
    commands: float | None
    """Median from the last word of a command to its text meanwhile."""
    alone: float | None
    """The same without the file."""


def cases(*, long: bool) -> list[Case]:
    """Return the cases; the long recordings take half an hour."""
    short = [
        Case(
            name=f"memo, {'action' if by_action else 'POST'}",
            seconds=60,
            kind=kind,
            by_action=by_action,
        )
        for by_action in (True, False)
        for kind in SERVICE_KINDS
    ]
    slow = [
        Case(
            name=f"{_MINUTES} min, action",
            seconds=60 * _MINUTES,
            kind="at_end",
            by_action=True,
            link=link,
            speed=2.0,
            with_commands=True,
        )
        for link in (
            Link(name="50 ms, 1 Mbit/s", delay=0.025, up=1e6, down=1e6),
            Link(name="200 ms, 300 kbit/s", delay=0.1, up=3e5, down=3e5),
        )
    ]
    return slow if long else short


async def run(case: Case) -> Result:
    """Transcribe a recording, with simultaneous commands if there are any."""
    recording = _recording(case)
    commands = [
        Saying.of(parts[0], voice=voice, quiet_after=0.3) for parts in COMMANDS for voice in VOICES
    ]
    answers, pause = SERVICE_KINDS[case.kind]
    speech_model = KnowingModel().learn([*commands, recording])
    service = Emulator(
        speech_model=speech_model,
        answers=answers,
        pause=pause,
        latency=LATENCY,
        speed=case.speed,
        keep_audio=0,
    )
    async with _home(service, case.link) as (hass, address, folder):
        entity_id = await add_recognizer(hass, address, {})
        speaker = Contender(
            recognize=partial(_post, hass, entity_id), session=async_get_session(hass)
        )
        alone = await _delays(speaker, commands[:_COMMANDS_ALONE]) if case.with_commands else []
        service.requests.clear()
        transcribe = _transcribe if case.by_action else _post_file
        file = asyncio.create_task(transcribe(hass, entity_id, folder, recording.pcm))
        began = monotonic()
        meanwhile: list[float] = []
        if case.with_commands:
            meanwhile = await _until_done(file, speaker, commands)
        text = await file
        took = monotonic() - began
        # The commands are requests as well: those of the file are counted by the audio received.
        sizes = [
            request.body_bytes
            for request in service.requests_for(Endpoint.RECOGNITION)
            if not any(command.utterance.text in request.text for command in commands)
        ]
    return Result(
        case=case,
        length=len(recording.pcm) / BYTES_PER_SECOND,
        took=took,
        requests=len(sizes),
        billed=billed(sizes),
        words=len(recording.utterance.text.split()),
        lost=missing(recording.utterance.text, text),
        invented=missing(text, recording.utterance.text),
        commands=median(meanwhile) if meanwhile else None,
        alone=median(alone) if alone else None,
    )


def _recording(case: Case) -> Saying:
    sentences: list[str] = []
    while True:
        sentences += _MEMO
        saying = Saying.of(*sentences, voice=VOICES[0], pause=_PAUSES, quiet_after=0.5)
        if saying.utterance.seconds >= case.seconds:
            return saying


@asynccontextmanager
async def _home(service: Emulator, link: Link) -> AsyncIterator[tuple[HomeAssistant, str, Path]]:
    """Yield a home, the service's address and the folder of local media."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(service)
        address = await stack.enter_async_context(linked(link, service.url))
        hass = await stack.enter_async_context(home_assistant())
        folder = Path(stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
        hass.config.media_dirs = {"local": str(folder)}
        assert await async_setup_component(hass, "media_source", {})
        assert await async_setup_component(hass, DOMAIN, {})
        yield hass, address, folder


async def _transcribe(hass: HomeAssistant, entity_id: str, folder: Path, pcm: bytes) -> str:
    """Transcribe a file by the action."""
    (folder / "recording.wav").write_bytes(wav_header() + pcm)
    response = await hass.services.async_call(
        DOMAIN,
        "transcribe",
        {
            "entity_id": entity_id,
            "media": {
                "media_content_id": "media-source://media_source/local/recording.wav",
                "media_content_type": "audio/wav",
            },
            "method": "short_audio",
        },
        blocking=True,
        return_response=True,
    )
    assert response
    answer = response[entity_id]
    assert isinstance(answer, dict)
    assert not answer.get("missing"), answer["missing"]
    return str(answer["text"])


async def _post_file(hass: HomeAssistant, entity_id: str, _: Path, pcm: bytes) -> str:
    """Transcribe a file as Home Assistant's HTTP API does: the whole of it at once."""

    async def chunks() -> AsyncGenerator[bytes]:
        for start in range(0, len(pcm), 4096):
            yield pcm[start : start + 4096]

    return await _post(hass, entity_id, chunks())


async def _post(hass: HomeAssistant, entity_id: str, stream: AsyncGenerator[bytes]) -> str:
    entity = hass.data[DATA_COMPONENT].get_entity(entity_id)
    assert entity
    result = await entity.internal_async_process_audio_stream(metadata(LANGUAGE), stream)
    return result.text or ""


async def _delays(speaker: Contender, commands: Sequence[Saying]) -> list[float]:
    delays = []
    for command in commands:
        measured = await measure(speaker, command.utterance)
        delays.append(measured.delay if measured.is_right else inf)
    return delays


async def _until_done(
    file: asyncio.Task[str], speaker: Contender, commands: Sequence[Saying]
) -> list[float]:
    """Say commands until a file is done, and return how long each answer took."""
    delays: list[float] = []
    while not file.done():
        delays += await _delays(speaker, [commands[len(delays) % len(commands)]])
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(file), _COMMAND_EVERY)
    return delays


def table(results: Sequence[Result]) -> Table:
    """Put the recordings together."""
    return Table(
        title="Files",
        columns=(
            "recording",
            "service",
            "link",
            "length s",
            "took s",
            "requests",
            "billed s",
            "billed / length",
            "words",
            "lost",
            "invented",
            "command s",
            "without s",
        ),
        rows=[_cells(result) for result in results],
        notes=(
            (
                "command: median from a command's last word to its text while the file is sent, a"
                f" command every {_COMMAND_EVERY:g} s; without: before the file."
            ),
            f"Sentences of two seconds, with pauses of {', '.join(map(str, _PAUSES))} s.",
            "billed: each request rounded up to a second.",
        ),
    )


def _cells(result: Result) -> Sequence[str]:
    case = result.case
    return (
        case.name,
        case.kind.replace("_", " "),
        case.link.name,
        figure(result.length, ".1f"),
        figure(result.took, ".1f"),
        str(result.requests),
        str(result.billed),
        figure(result.billed / result.length, ".2f"),
        str(result.words),
        str(result.lost),
        str(result.invented),
        figure(result.commands, ".2f"),
        figure(result.alone, ".2f"),
    )


def main() -> None:
    """Measure how files are transcribed, and write the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench files", description=main.__doc__)
    parser.add_argument(
        "--long", action="store_true", help="measure the long recordings over slow links"
    )
    parser.add_argument("--markdown", action="store_true", help="a table in Markdown")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    # It tells of each write to a connection that the service has closed.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    results = []
    for case in cases(long=arguments.long):
        sys.stderr.write(f"{case.name}, {case.kind}, {case.link.name} …\n")
        results.append(asyncio.run(run(case)))
    result = table(results)
    sys.stdout.write(result.as_markdown() if arguments.markdown else result.as_text())


if __name__ == "__main__":
    main()
