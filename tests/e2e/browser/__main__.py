"""Use the integration as people do: in a browser, by clicking and speaking."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
import shutil
import signal
import sys
from tempfile import mkdtemp
from time import monotonic
import traceback
from typing import Final

from aiohttp import ClientError
from playwright.async_api import Error as BrowserError, Page

from tests.e2e.connection import CommandError
from tests.e2e.home_assistant import HomeAssistant, StartError, complaints
from tests.emulator import Emulator
from tests.emulator.whisper import WhisperModel, WhisperWeights

from .chromium import open_page
from .microphone import Microphone
from .pictures import Pictures
from .stage import Stage
from .story import SECRETS, STORY
from .tour import tour

_RUNS: Final = Path(__file__).parents[3] / ".dev/e2e"
# The names in this home, and the verbs used with them.
_PROMPT: Final = "Turn on the porch light. Turn off the desk lamp. Kitchen light."
# The log's line about the replaced key.
_EXPECTED: Final = "the credentials were refused"


def main() -> None:
    """Run; exit with 0 only if everything was as expected."""
    arguments = _parse_arguments()
    for ending in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: nothing is left running
        signal.signal(ending, signal.default_int_handler)
    _RUNS.mkdir(parents=True, exist_ok=True)
    directory = Path(mkdtemp(dir=_RUNS))
    try:
        asyncio.run(_run(directory, arguments))
    except AssertionError, BrowserError, ClientError, CommandError, LookupError, StartError:
        traceback.print_exc()
        sys.exit(f"\nIt failed. What the browser showed and the logs are in {directory}")
    except KeyboardInterrupt:
        _tell("\nStopped.")
        status = 130
    else:
        status = 0
    shutil.rmtree(directory)
    sys.exit(status)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/e2e", description=__doc__)
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="take the documentation's pictures on the way, such as in docs/pictures",
    )
    parser.add_argument(
        "--languages",
        nargs="+",
        metavar=("FOLDER", "LANGUAGE"),
        help="instead, read all forms in other languages (each one, or those named), "
        "with pictures in a folder; fail if a text is English or cut off. "
        "Japanese and Chinese need fonts, such as Debian's fonts-noto-cjk",
    )
    return parser.parse_args()


async def _run(directory: Path, arguments: argparse.Namespace) -> None:
    began = monotonic()
    pictures = Pictures(arguments.pictures)
    async with AsyncExitStack() as stack:
        home = stack.enter_context(HomeAssistant.running(directory / "home"))
        if arguments.languages:
            emulator = Emulator()
        else:
            with _step("Loading Whisper, the model of the Azure emulator"):
                speech_model = await asyncio.to_thread(
                    WhisperModel, WhisperWeights.tiny_english(), _PROMPT
                )
            emulator = Emulator(speech_model=speech_model)
        await stack.enter_async_context(emulator)
        with _step("Starting Home Assistant"):
            connection = await stack.enter_async_context(home.connect())
        microphone = Microphone(directory / "microphone.wav")
        with _step("Starting Chromium"):
            page = await stack.enter_async_context(
                open_page(microphone.path, sharp=pictures.wanted)
            )
        await stack.enter_async_context(_evidence(page, directory))
        stage = Stage(
            home=home,
            connection=connection,
            emulator=emulator,
            page=page,
            microphone=microphone,
            pictures=pictures,
        )
        steps = tour(*arguments.languages) if arguments.languages else STORY
        for what, step in steps.items():
            with _step(what):
                await step(stage)
        _check_log(home.log)
    _tell(f"All that took {monotonic() - began:.1f} s.")


@asynccontextmanager
async def _evidence(page: Page, directory: Path) -> AsyncIterator[None]:
    """After an error, keep a picture of the page and its text."""
    try:
        yield
    except Exception:
        with suppress(BrowserError):
            await page.screenshot(path=directory / "page.png")
            text = await page.locator("body").aria_snapshot()
            (directory / "page.txt").write_text(f"{page.url}\n{text}\n", encoding="utf-8")
        raise


def _check_log(log: str) -> None:
    """See that the integration logged no error but the one that was to be, and no secret."""
    found = [complaint for complaint in complaints(log) if _EXPECTED not in complaint]
    assert not found, "the integration complains:\n" + "".join(found)
    assert not [secret for secret in SECRETS if secret in log], "a secret is in the log"


@contextmanager
def _step(what: str) -> Iterator[None]:
    began = monotonic()
    _tell(f"{what} ... ", end="")
    yield
    _tell(f"{monotonic() - began:.1f} s")


def _tell(message: str, end: str = "\n") -> None:
    print(message, end=end, flush=True)  # noqa: T201 - it is what a run is watched by


if __name__ == "__main__":
    main()
