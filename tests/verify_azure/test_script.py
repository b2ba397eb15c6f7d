"""The script runs on any computer, and its page says how."""

import ast
import re
import sys
from typing import Final

from .helpers import ROOT, SCRIPT, load_script

PAGE: Final = ROOT / "docs/verify-azure.md"
SOURCE: Final = SCRIPT.read_text()


def test_needs_python_alone() -> None:
    """It is executable, Python 3.11 can parse it, and it imports nothing but Python's own."""
    tree = ast.parse(SOURCE, feature_version=(3, 11))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
        )
    }
    assert SOURCE.startswith("#!/usr/bin/env python3\n")
    assert SCRIPT.stat().st_mode & 0o111 == 0o111
    assert imported <= sys.stdlib_module_names


def test_page_names_every_option() -> None:
    """And no option that doesn't exist."""
    parser = load_script().make_parser()
    options = set(re.findall(r"--[a-z-]+", parser.format_help())) - {"--help", "--model"}
    named = set(re.findall(r"`(--[a-z-]+)", PAGE.read_text()))
    assert named == options


def test_page_lists_every_probe() -> None:
    """In the order of the script, with its question, assumption and source."""
    rows = [line for line in PAGE.read_text().splitlines() if line.endswith("] |")]
    expected = []
    for probe in load_script().PROBES:
        name = f"**{probe.name}**" if probe.relied else probe.name
        expected.append(f"| {name} | {probe.question} | {probe.assumed} | [{probe.sure}] |")
    assert rows == expected


def test_voice_fits_the_estimate() -> None:
    """The announced audio is enough for a voice at an ordinary pace, with every probe."""
    audio = sum(probe.audio for probe in load_script().PROBES)
    assert 4 * 60 < audio < 6 * 60
