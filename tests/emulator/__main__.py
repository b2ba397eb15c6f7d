"""The emulator on the command line: `scripts/emulator --help`."""

import argparse
import asyncio
from dataclasses import asdict
import json
import logging
from pathlib import Path
import signal
import sys

from . import CUSTOM_SPEECH_ID, F0_KEY, S0_KEY, Emulator, SpeechModel, SpokenModel
from .models import ModelError, WhisperWeights
from .profile import Answers, Profile, ProfileError, load_profile, read_profile


def main() -> None:
    """Run the emulator until Ctrl-C or SIGTERM."""
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stdout)
    parser = _make_parser()
    arguments = parser.parse_args()
    try:
        profile = _read_profile(arguments)
        speech_model = _make_model(arguments)
    except (ProfileError, ModelError) as error:
        parser.exit(2, f"scripts/emulator: {error}\n")
    # [?] A header of sizes 36 and 0 may well say "empty file": the pessimistic reading.
    emulator = Emulator(
        port=arguments.port, speech_model=speech_model, empty_file_header=False, **asdict(profile)
    )
    asyncio.run(_run(emulator))


def _make_parser() -> argparse.ArgumentParser:
    default = Profile()
    parser = argparse.ArgumentParser(
        prog="scripts/emulator",
        description="A local emulator of Azure's speech to text service for short audio. Its"
        " defaults are pessimistic: a client that works with them works with any service.",
    )
    parser.add_argument(
        "--port", type=int, default=8765, help="port on 127.0.0.1 (8765); 0: a free one"
    )
    parser.add_argument(
        "--model",
        choices=("spoken", "whisper", "multilingual"),
        default="whisper",
        help="the recognizer: Whisper (for English voices, or a larger one for all languages),"
        " or the tests' own coded speech (whisper)",
    )
    parser.add_argument(
        "--prompt", default="", help="words that Whisper should expect, such as the home's names"
    )
    parser.add_argument(
        "--profile", type=Path, metavar="FILE", help="behave as scripts/verify-azure observed it"
    )
    parser.add_argument(
        "--answers",
        type=lambda text: text.replace("-", "_"),
        metavar="|".join(answers.replace("_", "-") for answers in Answers),
        help="at the first pause, or when the upload ends with the first utterance or with all"
        f" ({default.answers.replace('_', '-')})",
    )
    for name, help_text in {
        "pause": f"seconds of quiet that end an utterance ({default.pause:g})",
        "latency": f"seconds until the answer ({default.latency:g})",
        "fast_latency": f"seconds until fast transcription's answer ({default.fast_latency:g})",
        "speed": "how many times faster than real time it works (no limit)",
        "initial_silence": f"seconds of quiet that end a request ({default.initial_silence:g})",
    }.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=float, metavar="NUMBER", help=help_text)
    return parser


def _read_profile(arguments: argparse.Namespace) -> Profile:
    """Return the profile, in which the command line's options have the last word.

    Raises `ProfileError` for a file or an option that can't be used.
    """
    profile = Profile()
    if arguments.profile is not None:
        try:
            profile = load_profile(arguments.profile)
        except ProfileError as error:
            message = f"{arguments.profile}: {error}"
            raise ProfileError(message) from error
    names = ("answers", "pause", "latency", "fast_latency", "speed", "initial_silence")
    given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    return read_profile(json.dumps(asdict(profile) | given))


def _make_model(arguments: argparse.Namespace) -> SpeechModel:
    """Return the speech model. Raises `ModelError` if its weights were changed."""
    if arguments.model == "spoken":
        return SpokenModel()
    multilingual = arguments.model == "multilingual"
    weights = WhisperWeights.base() if multilingual else WhisperWeights.tiny_english()
    from .whisper import WhisperModel  # noqa: PLC0415  # its packages are needed

    return WhisperModel(weights, arguments.prompt)


async def _run(emulator: Emulator) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
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
        logger.info("Answers:   %s after a pause of %g s", emulator.answers, emulator.pause)
        logger.info("Ctrl-C stops it.")
        await stop.wait()


if __name__ == "__main__":
    main()
