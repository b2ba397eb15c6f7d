"""Say a sentence to a real Home Assistant that hears with the integration; see a light go on."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
import shutil
import signal
import sys
from tempfile import mkdtemp
from time import monotonic
from typing import Final

from aiohttp import ClientError

from tests.emulator import S0_KEY, Emulator
from tests.emulator.whisper import WhisperModel, WhisperWeights

from .connection import CommandError, Connection
from .home_assistant import PASSWORD, USERNAME, HomeAssistant, StartError, complaints
from .voice import end_of_speech, speak

_HOMES: Final = Path(__file__).parents[2] / ".dev/demo"
_SENTENCE: Final = "Turn on the kitchen light"
_NO_LIGHTS: Final = "none"

type Form = tuple[str, dict[str, str]]  # the menu's way, and what to fill in there


class DemoError(Exception):
    """The demo failed to show a feature; the message says why."""


def main() -> None:
    """Run the demo; exit with 0 only if a light went on."""
    arguments = _parse_arguments()
    for ending in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: nothing is left running
        signal.signal(ending, signal.default_int_handler)
    _HOMES.mkdir(parents=True, exist_ok=True)
    directory = Path(mkdtemp(dir=_HOMES))
    try:
        asyncio.run(_demonstrate(directory, arguments))
    except (ClientError, CommandError, DemoError, LookupError, StartError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        sys.exit(f"\nThe demo failed: {reason}\nHome Assistant's log is in {directory}")
    except KeyboardInterrupt:
        _tell("\nStopped.")
        status = 130
    else:
        status = 0
    shutil.rmtree(directory)
    sys.exit(status)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--say", default=_SENTENCE, metavar="TEXT", help="another sentence")
    parser.add_argument("--serve", action="store_true", help="leave it running, for a browser")
    parser.add_argument("--key", help="the key of an Azure Speech resource instead of the emulator")
    parser.add_argument("--region", default="westeurope", help="the region of that resource")
    return parser.parse_args()


async def _demonstrate(directory: Path, arguments: argparse.Namespace) -> None:
    began = monotonic()
    async with AsyncExitStack() as stack:
        home = stack.enter_context(HomeAssistant.running(directory))
        form = await stack.enter_async_context(_service(arguments))
        with _step("Starting Home Assistant"):
            connection = await stack.enter_async_context(home.connect())
        with _step("Adding the integration by its form"):
            pipeline = await _set_up(connection, form)
        with _step("Making the sound with Piper's voice"):
            sound = await asyncio.to_thread(speak, arguments.say)
        await _say(connection, pipeline, arguments.say, sound)
        if found := complaints(home.log):
            reason = "the integration complains:\n" + "".join(found)
            raise DemoError(reason)
        _tell(f"All that took {monotonic() - began:.1f} s.")
        if arguments.serve:
            _tell(f"{home.url} is open to {USERNAME} with password {PASSWORD}. Ctrl-C ends it.")
            await asyncio.Event().wait()


@asynccontextmanager
async def _service(arguments: argparse.Namespace) -> AsyncIterator[Form]:
    """Yield access to the service: Azure's own, or the emulator with a real speech model."""
    if arguments.key:
        yield "region", {"region": arguments.region, "api_key": arguments.key}
        return
    with _step("Loading Whisper, the model of the Azure emulator"):
        speech_model = await asyncio.to_thread(WhisperModel, WhisperWeights.tiny_english())
    async with Emulator(speech_model=speech_model) as emulator:
        yield "custom_endpoint", {"endpoint": emulator.url, "api_key": S0_KEY, "tier": "s0"}


async def _set_up(connection: Connection, form: Form) -> str:
    """Add the integration and a pipeline that hears with it; return the pipeline's ID."""
    way, answers = form
    step = await connection.choose(await connection.start_flow("azure_stt"), way)
    step = await connection.answer_step(step, **answers)
    if step["type"] != "create_entry":
        reason = f"the form says {step.get('errors') or step.get('reason')}"
        raise DemoError(reason)
    entities = await connection.entities(step["result"]["entry_id"], "stt")
    return await connection.create_pipeline(entities[0])


async def _say(connection: Connection, pipeline: str, text: str, sound: bytes) -> None:
    """Speak to Assist and report the outcome."""
    _tell(f"Lights that are on: {await _lights(connection)}")
    _tell(f'Saying "{text}"')
    run = await connection.speak(sound, pipeline)
    delay = run.event("stt-end").at - run.started - end_of_speech(sound)
    _tell(f'Heard "{run.text}", {delay:.2f} s after the end of speech')
    _tell(f'Home Assistant says "{run.answer}"')
    lights = await _lights(connection)
    _tell(f"Lights that are on: {lights}")
    if lights == _NO_LIGHTS:
        reason = "no light went on"
        raise DemoError(reason)


async def _lights(connection: Connection) -> str:
    states = await connection.get("/api/states")
    names = [
        state["attributes"]["friendly_name"]
        for state in states
        if state["entity_id"].startswith("light.") and state["state"] == "on"
    ]
    return ", ".join(names) or _NO_LIGHTS


@contextmanager
def _step(what: str) -> Iterator[None]:
    began = monotonic()
    _tell(f"{what} ... ", end="")
    yield
    _tell(f"{monotonic() - began:.1f} s")


def _tell(message: str, end: str = "\n") -> None:
    print(message, end=end, flush=True)  # noqa: T201 - it is what a demo is for


if __name__ == "__main__":
    main()
