"""The emulator on the command line: `scripts/emulator --help`."""

import argparse
import asyncio
import logging
import signal
import sys

from . import CUSTOM_SPEECH_ID, F0_KEY, S0_KEY, Ear, Emulator, SpokenEar


def main() -> None:
    """Run the emulator until Ctrl-C or SIGTERM."""
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stdout)
    asyncio.run(_run(_parse_arguments()))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/emulator",
        description="A local stand-in for Azure's speech to text service for short audio.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8765, help="port on 127.0.0.1; 0: a free one")
    parser.add_argument(
        "--ear",
        choices=("spoken", "whisper", "multilingual"),
        default="whisper",
        help="what recognises: Whisper (for English voices, or a larger one for all languages),"
        " or the tests' own coded speech",
    )
    parser.add_argument(
        "--prompt", default="", help="words that Whisper should expect, such as the home's names"
    )
    parser.add_argument(
        "--pause", type=float, default=0.5, help="seconds of quiet that end an utterance"
    )
    parser.add_argument(
        "--initial-silence", type=float, default=5.0, help="seconds of quiet that end a request"
    )
    parser.add_argument(
        "--answer-delay", type=float, default=0.0, help="seconds that an answer takes besides"
    )
    return parser.parse_args()


def _make_ear(arguments: argparse.Namespace) -> Ear:
    if arguments.ear == "spoken":
        return SpokenEar()
    from .whisper import WhisperEar, WhisperModel  # noqa: PLC0415  # its packages are needed

    multilingual = arguments.ear == "multilingual"
    model = WhisperModel.base() if multilingual else WhisperModel.tiny_english()
    return WhisperEar(model, arguments.prompt)


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    emulator = Emulator(
        port=arguments.port,
        ear=_make_ear(arguments),
        pause=arguments.pause,
        initial_silence=arguments.initial_silence,
        answer_delay=arguments.answer_delay,
    )
    async with emulator:
        logger = logging.getLogger(__name__)
        logger.info("Endpoint:  %s", emulator.url)
        logger.info("Key (S0):  %s", S0_KEY)
        logger.info("Key (F0):  %s", F0_KEY)
        logger.info("Entra:     tenant %s", emulator.entra.tenant_id)
        logger.info("           client %s", emulator.entra.client_id)
        logger.info("           secret %s", emulator.entra.client_secret)
        logger.info("           resource %s", emulator.entra.resource_id)
        logger.info("Custom Speech endpoint (en-US): %s", CUSTOM_SPEECH_ID)
        logger.info("Ctrl-C stops it.")
        await stop.wait()


if __name__ == "__main__":
    main()
