"""Fuzzes one target with atheris: `python -m tests.fuzz.one NAME CORPUS [libFuzzer's options]`."""

from importlib import import_module
from pathlib import Path
import sys
from typing import Any


def main() -> None:
    """Write the seeds and a dictionary into the corpus's folder, and run until all is done."""
    program, name, folder, *options = sys.argv
    # It lives in an environment of its own.
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["custom_components.azure_stt"]):
        targets = import_module("tests.fuzz.targets")
    target = targets.TARGETS[name]
    corpus = Path(folder, "corpus")
    corpus.mkdir()
    for number, seed in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(seed)
    words = Path(folder, "words")
    words.write_text("\n".join(f'"{_escaped(word)}"' for word in target.words))
    atheris.Setup([program, str(corpus), f"-dict={words}", *options], target.run)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main()
