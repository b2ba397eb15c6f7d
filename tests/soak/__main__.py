"""The soak on the command line: `scripts/soak --help`."""

import argparse
import asyncio
import logging
import sys

from custom_components.azure_stt.const import Upload
from tests.emulator import SERVICE_KINDS

from .house import soak


def main() -> int:
    """Run for some minutes, print the figures; 1 if something is lost or left."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=main.__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=5.0, help="5 by default")
    parser.add_argument("--seed", type=int, default=0, help="another one speaks differently")
    parser.add_argument(
        "--kind", choices=SERVICE_KINDS, default="early", help="of service; early by default"
    )
    parser.add_argument("--upload", choices=list(Upload), default=Upload.WAV, help="wav by default")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    figures = asyncio.run(
        soak(60 * arguments.minutes, arguments.seed, arguments.kind, arguments.upload)
    )
    sys.stdout.write(f"{figures}\n")
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main())
