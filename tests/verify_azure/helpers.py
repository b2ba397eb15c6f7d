"""Helpers of the tests of scripts/verify-azure."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
import json
import os
from pathlib import Path
import sys
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts/verify-azure"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of a run."""

    code: int
    table: str
    """Standard output."""
    told: str
    """Standard error."""


async def verify(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Outcome:
    """Run the script, without the tester's own key; `before` stands before the command."""
    inherited = {name: value for name, value in os.environ.items() if "AZURE" not in name}
    process = await asyncio.create_subprocess_exec(
        *before,
        sys.executable,
        str(SCRIPT),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=inherited | dict(environment or {}),
    )
    table, told = await process.communicate()
    assert process.returncode is not None
    return Outcome(code=process.returncode, table=table.decode(), told=told.decode())


async def observe(url: str, folder: Path, *probes: str, pace: float = 12) -> dict[str, Any]:
    """Make some probes against an emulator and return the report; the profile is in it."""
    outcome = await verify(
        f"--emulator={url}", f"--report={folder}", f"--pace={pace}", "--only", *probes
    )
    assert outcome.code in {0, 1}, outcome.told
    report: dict[str, Any] = json.loads((folder / "verify-azure.json").read_text())
    return report | {"code": outcome.code}


def probes(report: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a report's probes by their names."""
    return {probe["name"]: probe for probe in report["probes"]}


def read_files(folder: Path) -> dict[str, str]:
    """Return the content of each file of a folder and its folders, hidden ones too."""
    return {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}


def load_script() -> ModuleType:
    """Import the script."""
    loader = SourceFileLoader("verify_azure", str(SCRIPT))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    # Its dataclasses look their module up.
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module
