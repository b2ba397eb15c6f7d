"""The texts in other languages agree with themselves."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final

import pytest

TRANSLATIONS: Final = (
    Path(__file__).parent.parent / "custom_components" / "azure_stt" / "translations"
)
LANGUAGES: Final = sorted(path.stem for path in TRANSLATIONS.glob("*.json"))

type Texts = dict[str, str]
"""Texts by their paths, such as `config.step.user.title`."""


def load(language: str) -> Texts:
    """Return the texts of a language."""
    return dict(flatten(json.loads((TRANSLATIONS / f"{language}.json").read_text())))


def flatten(texts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each text with its path."""
    for key, text in texts.items():
        if isinstance(text, dict):
            yield from ((f"{key}.{path}", inner) for path, inner in flatten(text))
        else:
            yield key, text


def label(text: str) -> str:
    """Return a label without the remark in parentheses at its end."""
    return re.sub(r"\s*[(（].*[)）]$", "", text)  # noqa: RUF001  # Chinese has wide ones


def quoted_labels() -> Iterator[tuple[str, list[str]]]:
    """Yield the path of each text that quotes a label, with the paths of labels that read so."""
    english = load("en")
    for path, text in english.items():
        for quoted in re.findall(r"(?<=[*“])[^*”]+(?=[*”])", text):
            if labels := [other for other in english if label(english[other]) == quoted]:
                yield path, labels


QUOTED: Final = list(quoted_labels())


@pytest.mark.parametrize("language", LANGUAGES)
def test_quoted_labels(language: str) -> None:
    """A text that tells the user to look for a label has the words of that label."""
    texts = load(language)
    assert len(QUOTED) > 20
    assert [
        (path, texts[path])
        for path, labels in QUOTED
        if not any(label(texts[other]) in texts[path] for other in labels)
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_texts(language: str) -> None:
    """A text is Markdown only where Home Assistant's frontend renders it."""
    rendered = re.compile(
        r".*\.(abort|create_entry|data_description)\..*|(?!.*\.sections\.\w+\.).*\.description"
    )
    texts = load(language)
    assert [path for path in texts if "*" in texts[path] and not rendered.fullmatch(path)] == []
