"""The soak on the command line: `scripts/soak --help`."""

import argparse
import asyncio
import logging
import sys

from custom_components.azure_stt.const import Upload
from tests.emulator import SERVICE_KINDS

from .house import soak


def main() -> int:
    """Speak for some minutes, with faults, and print the figures; 1 if anything is lost or left."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=main.__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=5.0, help="how long to run (5)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random speech (0)")
    parser.add_argument(
        "--kind", choices=SERVICE_KINDS, default="early", help="how the service answers (early)"
    )
    parser.add_argument(
        "--upload", choices=list(Upload), default=Upload.WAV, help="upload format (wav)"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    figures = asyncio.run(
        soak(60 * arguments.minutes, arguments.seed, arguments.kind, arguments.upload)
    )
    sys.stdout.write(f"{figures}\n")
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main())
