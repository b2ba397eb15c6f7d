"""Mutation tests on the command line: `scripts/mutate --help`."""

import argparse
from collections import Counter
from contextlib import nullcontext
import json
from pathlib import Path
import shutil
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Final

from .undecorate import undecorated

_ROOT: Final = Path(__file__).parents[2]
_INTEGRATION: Final = "custom_components/azure_stt"
_MODULES: Final = (f"{_INTEGRATION}/azure_speech/*.py", f"{_INTEGRATION}/recognition/*.py")
_TESTS: Final = (
    *("test_answer", "test_endpoints", "test_answers", "test_recognition", "test_connection"),
    *("test_credentials", "test_cancellation", "test_meter", "test_secrets", "test_tls"),
)
_RECOGNITION_TESTS: Final = ("transcriber", "retry", "transcript", "endpointing", "recording")
_PATHS: Final = (
    *(f"tests/azure_speech/{name}.py" for name in _TESTS),
    *(f"tests/recognition/test_{name}.py" for name in _RECOGNITION_TESTS),
)

# Texts for people aren't mutated. A test that takes this long hangs. Each mutant has a process
# in which no test was collected before: pytest gives some tests another name the second time.
_SETTINGS: Final = """\
[mutmut]
source_paths=custom_components
only_mutate=
    {modules}
do_not_mutate_patterns=
    _LOGGER\\.
    ^ +msg = f?['"]
pytest_add_cli_args_test_selection=
    {tests}
pytest_add_cli_args=
    -pno:cacheprovider
    --timeout=10
    {deselected}
process_isolation=forkserver
forkserver_warmup=import
preload_modules_file=preloaded
timeout_multiplier=2
timeout_constant=15
"""
_PRELOADED: Final = (
    *("pytest_homeassistant_custom_component.plugins", "homeassistant.components.stt"),
    *("homeassistant.setup", "hypothesis", "numpy", "aiohttp.web"),
    *(path.removesuffix(".py").replace("/", ".") for path in _PATHS),
)

# Properties take most of the time, and find nothing that the examples beside them don't.
_DESELECTED: Final = (
    "tests/recognition/test_transcriber.py::test_every_word_once_and_in_order",
    "tests/azure_speech/test_cancellation.py::test_cancelled_anywhere",
    "tests/azure_speech/test_endpoints.py::test_any_address_leads_to_its_own_host",
    "tests/azure_speech/test_endpoints.py::test_any_region_stays_in_its_cloud",
)

# mutmut's result for each mutant: the exit code of pytest, or its own; a signal is negative.
_VERDICTS: Final = {
    0: "survived",
    1: "killed",
    33: "without a test",
    36: "killed by the clock",
    255: "killed",  # the tests couldn't even be collected
    -9: "killed by the clock",
    -24: "killed by the clock",
}


def main() -> int:
    """Break the client and the policy in every small way and see whether a test fails."""
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=main.__doc__)
    parser.add_argument("mutants", nargs="*", help="names such as *.transcriber.*; all by default")
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument(
        "--folder", help="folder for the mutated copy; another run with the same one continues"
    )
    arguments = parser.parse_args()
    folder = arguments.folder
    with nullcontext(folder) if folder else TemporaryDirectory(prefix="azure_stt-mutants-") as name:
        copy = Path(name)
        _copy_project(copy)
        subprocess.run(  # noqa: S603
            [
                *(Path(sys.executable).parent / "mutmut", "run"),
                *("--max-children", str(arguments.workers), *arguments.mutants),
            ],
            cwd=copy,
            check=True,
        )
        verdicts = _verdicts(copy / "mutants")
        for mutant in sorted(verdicts):
            if not verdicts[mutant].startswith("killed"):
                sys.stdout.write(f"\n{verdicts[mutant]}: {_difference(copy, mutant)}")
    count = Counter(verdicts.values())
    figures = ", ".join(f"{number} {verdict}" for verdict, number in count.most_common())
    sys.stdout.write(f"\n{len(verdicts)} mutants: {figures}\n")
    return 0


def _copy_project(copy: Path) -> None:
    """Copy the files that git knows, in a form that can be mutated."""
    git = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, git.stdout.split("\0")):
        if (source := _ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy / name)
    for pattern in _MODULES:
        for module in copy.glob(pattern):
            module.write_text(undecorated(module.read_text()))
    settings = _SETTINGS.format(
        modules="\n    ".join(_MODULES),
        tests="\n    ".join(_PATHS),
        deselected="\n    ".join(f"--deselect={test}" for test in _DESELECTED),
    )
    (copy / "setup.cfg").write_text(settings)
    (copy / "preloaded").write_text("\n".join(_PRELOADED))


def _verdicts(mutants: Path) -> dict[str, str]:
    """Return the verdict on each tested mutant."""
    codes: dict[str, int | None] = {}
    for meta in mutants.rglob("*.meta"):
        codes |= json.loads(meta.read_text())["exit_code_by_key"]
    return {
        mutant: _VERDICTS.get(code, f"not tried ({code})")
        for mutant, code in codes.items()
        if code is not None
    }


def _difference(copy: Path, mutant: str) -> str:
    """Return a mutant's changes."""
    shown = subprocess.run(  # noqa: S603
        [Path(sys.executable).parent / "mutmut", "show", mutant],
        cwd=copy,
        check=True,
        capture_output=True,
        text=True,
    )
    return shown.stdout


if __name__ == "__main__":
    sys.exit(main())
