"""Fuzzing on the command line: `scripts/fuzz --help`."""

import argparse
from collections.abc import Iterator
import re
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Final

from .targets import TARGETS

# A target that makes a decoder is a hundred times slower than one that reads a text.
_SHARES: Final = {
    "answer": 0.4,
    "refusal": 0.2,
    "ogg": 0.2,
    "wav": 0.1,
    "opus": 0.08,
    "recording": 0.02,
}


def main() -> int:
    """Feed random bytes to the parsers of foreign data; return 1 after a failure."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=main.__doc__)
    parser.add_argument(
        "targets", nargs="*", metavar="target", help=f"one of {', '.join(TARGETS)}; all by default"
    )
    parser.add_argument(
        "--inputs",
        type=int,
        default=1_000_000,
        help="number of inputs for all targets together (1,000,000)",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the random inputs (1)")
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    total = sum(_SHARES[name] for name in names)
    done = [
        _fuzz(name, round(arguments.inputs * _SHARES[name] / total), arguments.seed)
        for name in names
    ]
    sys.stdout.write(f"{sum(filter(None, done)):,} inputs, {done.count(None)} targets failed\n")
    return 1 if None in done else 0


def _fuzz(name: str, inputs: int, seed: int) -> int | None:
    """Fuzz a target and print its figures; return how many inputs it took, None if it failed."""
    with TemporaryDirectory(prefix="azure_stt-fuzz-") as folder:
        run = subprocess.run(  # noqa: S603 - it is ours
            [
                *(sys.executable, "-m", "tests.fuzz.one", name, folder),
                *(f"-runs={inputs}", f"-seed={seed}", "-max_len=4096", "-timeout=20"),
                *("-rss_limit_mb=2048", f"-artifact_prefix={folder}/"),
            ],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    figures = re.search(r"^Done (\d+) runs in (\d+) second", run.stdout, re.MULTILINE)
    if run.returncode or not figures:
        sys.stdout.write("\n".join([f"{name}: failed", *_told(run.stdout), ""]))
        return None
    count, seconds = map(int, figures.groups())
    covered = re.findall(r"cov: (\d+)", run.stdout)[-1]
    sys.stdout.write(
        f"{name}: {count:,} inputs in {seconds} s, {covered} edges of the integration reached\n"
    )
    sys.stdout.flush()
    return count


def _told(output: str) -> Iterator[str]:
    """Yield the report of a target's failure: the error, and the input in base64."""
    lines = output.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith((" ===", "=="))]
    yield from lines[starts[0] if starts else -40 :]


if __name__ == "__main__":
    sys.exit(main())
