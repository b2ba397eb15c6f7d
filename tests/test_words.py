"""The project's words: American English, and first lines that say which thing is meant."""

import ast
from collections.abc import Iterator
from pathlib import Path
import re
import subprocess
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
SCRIPTS: Final = {".ci", "scripts"}

WHAT: Final = re.compile(r"\bwhat\b", re.IGNORECASE)
"""A clause with "what" in place of a noun."""
BRITISH: Final = re.compile(
    r"\b(?:author|capital|categor|custom|emphas|final|general|initial|local|maxim|minim|normal|optim"
    r"|organ|priorit|real|recogn|serial|summar|synchron|token|util|visual)"
    r"is(?:ations?|e|ed|ers?|es|ing)\b"
    r"|\b(?:behavi|col|fav|flav|hon|lab|neighb)our"
    r"|\b(?:cancell|label|modell|travell)ing\b"
    r"|\b(?:analysed|catalogue|centre|grey|learnt|licence|metres?|programmes?|towards|whilst)\b",
    re.IGNORECASE,
)
OLD_IDIOM: Final = re.compile(
    r"\b(?:at the most|ears?|host streams?|hosts?['’]s? stream|mend(?:ed|ing|s)?|of ours|so many"  # noqa: RUF001
    r"|stand-ins?|ways?_in)\b",
    re.IGNORECASE,
)
"""Metaphors and Germanisms that readers stumbled over; docs/architecture.md has the terms."""


def texts() -> Iterator[tuple[str, str]]:
    """Yield the project's texts, without other languages' and this one, by their paths."""
    git = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, git.stdout.split("\0")):
        path = ROOT / name
        is_text = path.suffix in {".md", ".py", ".toml", ".yaml", ".yml"} or path.name == "en.json"
        if path != Path(__file__) and path.is_file() and (is_text or is_code(name)):
            yield name, path.read_text()


def is_code(name: str) -> bool:
    """Return whether a path is a module or a script."""
    return name.endswith(".py") or Path(name).parts[0] in SCRIPTS


def first_lines(source: str) -> Iterator[tuple[int, str]]:
    """Yield the first line of each docstring, those of attributes too, with its number."""
    for node in ast.walk(ast.parse(source)):
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.Expr(value=ast.Constant(value=str(text)), lineno=number):
                    yield number, text.strip().partition("\n")[0]


def test_first_lines() -> None:
    """A docstring's first line has a noun where it could have a clause with "what"."""
    python = {
        name: text
        for name, text in texts()
        if name.endswith(".py") or text.startswith("#!/usr/bin/env python")
    }
    assert "scripts/verify-azure" in python
    found = [
        f"{name}:{number}: {line}"
        for name, text in python.items()
        for number, line in first_lines(text)
        if WHAT.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "words",
    [pytest.param(BRITISH, id="British spelling"), pytest.param(OLD_IDIOM, id="old idiom")],
)
def test_words(words: re.Pattern[str]) -> None:
    """Code, pages, templates and the texts of the UI have none of these words."""
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (WHAT, "Return what is said."),
        (BRITISH, "recognise"),
        (BRITISH, "Colours"),
        (BRITISH, "towards"),
        (OLD_IDIOM, "a stand-in for Azure"),
        (OLD_IDIOM, "the host's stream"),
        (OLD_IDIOM, "ways_in"),
    ],
)
def test_found(words: re.Pattern[str], text: str) -> None:
    """Each kind of word is found."""
    assert words.search(text)
