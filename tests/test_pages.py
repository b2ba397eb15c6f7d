"""The pages: their links lead somewhere, and the labels they name are on the screen."""

from collections.abc import Iterator
from functools import cache
import json
from pathlib import Path
import re
from typing import Any, Final

import hass_frontend
from home_assistant_intents import get_languages
import pytest

import homeassistant

from custom_components.azure_stt.azure_speech.locales import LOCALES
from custom_components.azure_stt.home.opposed_words import NEGATIONS

from .test_repository import INTEGRATION, ROOT, project_files, strings

PAGES: Final = {
    str(path.relative_to(ROOT)): path for path in project_files() if path.suffix == ".md"
}
ON_SITE: Final = {
    name: ROOT / "docs" / path.name if path.parent.name == "benchmarks" else path
    for name, path in PAGES.items()
}
"""The pages by their names. Templates of the benchmarks become pages in docs/."""

LINK: Final = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
BLOCK: Final = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
CODE: Final = re.compile(rf"{BLOCK.pattern}|`[^`\n]+`", BLOCK.flags)
HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)

LABELED: Final = (
    "CHANGELOG.md",
    "README.md",
    "docs/architecture.md",
    "docs/automations.md",
    "docs/cost.md",
    "docs/languages.md",
    "docs/limits.md",
    "docs/privacy.md",
    "docs/settings.md",
    "docs/troubleshooting.md",
)
LABEL: Final = re.compile(r"(?<![*\w])\*(?!\*)([A-Z][^*\n]*)\*(?!\*)")
"""Emphasis that begins with a capital letter: that's how the pages quote labels."""
ELSEWHERE: Final = {
    "Cost analysis",
    "F0",
    "Fast transcription support",
    "Keys and Endpoint",
    "Real-time transcription",
    "Run actions when a phrase is heard",
    "Speech to Text",
    "Tell me when speech was not understood",
    "Nanoleaf",
    "⋮",
}
"""Labels of the Azure portal and Microsoft's pages, of the blueprints, and an example."""

WITHOUT_SPACES: Final = {"ja", "km", "lo", "my", "th", "wuu", "yue", "zh"}


def prose(path: Path) -> str:
    """Return a page without its code."""
    return CODE.sub("", path.read_text())


@cache
def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    found = set[str]()
    for heading in HEADING.findall(BLOCK.sub("", path.read_text())):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = sum(1 for each in found if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", each))
        found.add(f"{anchor}-{count}" if count else anchor)
    return found


def relative_links(name: str) -> Iterator[str]:
    """Yield the links of a page that stay in the repository, or in its place on GitHub."""
    for markdown, html in LINK.findall(prose(PAGES[name])):
        link = markdown or html
        if not re.match(r"[a-z]+:", link) and "$" not in link:
            yield link


@pytest.mark.parametrize("name", PAGES)
def test_links(name: str) -> None:
    """Each relative link leads to a file, and to a heading in it."""
    for link in relative_links(name):
        path, _, anchor = link.partition("#")
        target = (ON_SITE[name].parent / path).resolve() if path else PAGES[name]
        if not target.is_relative_to(ROOT):
            # GitHub's own pages, beside those of the files.
            template = re.fullmatch(r"(?:\.\./)+issues/new\?template=(.+)", link)
            assert template, link
            target = ROOT / ".github/ISSUE_TEMPLATE" / template[1]
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@cache
def labels() -> frozenset[str]:
    """Return the labels on the screen: the integration's own, Home Assistant's, and others."""
    home_assistant = Path(homeassistant.__file__).parent / "components"
    files = [
        INTEGRATION / "translations/en.json",
        home_assistant / "assist_pipeline/translations/en.json",
        *hass_frontend.where().glob("static/translations/**/en-[0-9a-f]*.json"),
    ]
    found = {text for file in files for text in strings(json.loads(file.read_text()))}
    return frozenset({*map(short, found), *ELSEWHERE})


def short(label: str) -> str:
    """Return a label without the explanation in parentheses behind it."""
    return re.sub(r" \([^)]+\)$", "", label).rstrip(":")


def quoted(text: str) -> Iterator[str]:
    """Yield the labels that a text quotes; arrows lead from one to the next."""
    for path in LABEL.findall(text):
        yield from map(str.strip, path.split("→"))


@pytest.mark.parametrize("name", LABELED)
def test_labels(name: str) -> None:
    """Each label that a page quotes is on the screen."""
    assert [label for label in quoted(prose(PAGES[name])) if short(label) not in labels()] == []


def test_labels_in_texts() -> None:
    """Each label that a text of the integration quotes is on the screen."""
    texts: Any = json.loads((INTEGRATION / "translations/en.json").read_text())
    found = [label for text in strings(texts) for label in quoted(text)]
    assert "Wait until I stop" in found
    assert [label for label in found if short(label) not in labels()] == []


def test_connections() -> None:
    """The page about keys has each way to connect, with its label in the menu."""
    texts: Any = json.loads((INTEGRATION / "translations/en.json").read_text())
    rows = re.findall(
        r"^\|.*\| \*(.+?)\* \|.*\|$", (ROOT / "docs/getting-a-key.md").read_text(), re.MULTILINE
    )
    assert sorted(rows) == sorted(texts["config"]["step"]["user"]["menu_options"].values())


def test_modules_in_architecture() -> None:
    """The architecture's table names modules that exist."""
    known = {path.name for path in INTEGRATION.rglob("*.py")}
    for path in re.findall(r"`([\w/]+\.py)`", (ROOT / "docs/architecture.md").read_text()):
        assert (ROOT / path).exists() or (INTEGRATION / path).exists() or path in known, path


def test_languages() -> None:
    """The page of the languages has each one in the right row."""
    sentences = {name.partition("-")[0] for name in get_languages()}
    listed = dict[str, tuple[bool, bool, bool]]()
    for line in (ROOT / "docs/languages.md").read_text().splitlines():
        if codes := re.findall(r"\(`([a-z]+)`\)", line):
            has_sentences, has_lists, names, _ = line.strip("| ").split(" | ")
            row = has_sentences == "yes", has_lists == "yes", not names.startswith("no, because")
            assert listed.keys().isdisjoint(codes)
            listed |= dict.fromkeys(codes, row)
    assert listed == {
        code: (code in sentences, code in NEGATIONS, code not in WITHOUT_SPACES)
        for code in {locale.partition("-")[0] for locale in LOCALES}
    }
