"""The integration's texts in a language, and the words on a page."""

from collections.abc import Iterable, Iterator
from functools import cached_property
import json
from pathlib import Path
import re
from typing import Any, Final, NamedTuple

from playwright.async_api import Locator

_TRANSLATIONS: Final = Path(__file__).parents[3] / "custom_components/azure_stt/translations"
_ENGLISH: Final = "en"
_PLACEHOLDER: Final = re.compile(r"\{\w+\}")
_LINK: Final = re.compile(r"\[(.+?)\]\(.+?\)")
_MARKDOWN: Final = str.maketrans("", "", "*`")

# Each element with words, through all shadow roots; a slot has no box, but its words have one.
# Words are cut off if they reach beyond an element around them that hides the rest, or that limits
# their lines.
_SHOWN: Final = """root => {
    const shown = [];
    const elementOf = node => node instanceof ShadowRoot ? node.host : node;
    const around = node => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host;
    const place = node => {
        const range = document.createRange();
        range.selectNodeContents(node);
        return range.getBoundingClientRect();
    };
    const isCut = node => {
        const { right } = place(node);
        for (let box = elementOf(node); box; box = around(box)) {
            const style = getComputedStyle(box);
            if (["auto", "scroll"].includes(style.overflowX)) return false;
            if (style.overflowX === "visible" || !box.clientWidth) continue;
            const edge = box.getBoundingClientRect().right - parseFloat(style.paddingRight);
            if (right > edge + 1) return true;
            if (style.webkitLineClamp !== "none" && box.scrollHeight > box.clientHeight + 1)
                return true;
        }
        return false;
    };
    const visit = node => {
        if (node.shadowRoot) visit(node.shadowRoot);
        for (const child of node.children) visit(child);
        const hasWords = [...node.childNodes].some(
            child => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
        const isVisible = () => getComputedStyle(elementOf(node)).visibility === "visible";
        if (hasWords && place(node).width && isVisible())
            shown.push([node.textContent.replace(/[\\s*]+/g, " ").trim(), isCut(node)]);
    };
    visit(root);
    return shown;
}"""


class Shown(NamedTuple):
    """Words on a page, and whether a part of them is hidden for want of room."""

    words: str
    is_cut: bool


class Texts:
    """The texts of a language by their paths, such as `config.step.user.title`."""

    def __init__(self, language: str) -> None:
        """Load the texts of a language, such as `pt-BR`."""
        self.language: Final = language
        self._texts: Final = dict(_flatten(_load(language)))

    def __getitem__(self, path: str) -> str:
        """Return a text as a page shows it, without marks for emphasis."""
        return self._texts[path].translate(_MARKDOWN)

    def faults(self, shown: list[Shown]) -> Iterator[str]:
        """Yield the faults of the words on a page: English, cut off, or not a text at all."""
        for words, is_cut in shown:
            if self._own.fullmatch(words):
                if is_cut and words not in self._english:  # those may be the user's own names
                    yield f"cut off: {words}"
            elif words in self._keys or _PLACEHOLDER.search(words):
                yield f"no text: {words}"
            elif self._foreign.fullmatch(words):
                yield f"English: {words}"

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return _any_of(self._texts.values())

    @cached_property
    def _foreign(self) -> re.Pattern[str]:
        """Return a pattern of the English texts that this language has other words for."""
        return _any_of(self._english - set(self._texts.values()))

    @cached_property
    def _english(self) -> set[str]:
        return set(dict(_flatten(_load(_ENGLISH))).values())

    @cached_property
    def _keys(self) -> set[str]:
        """Return the keys of all texts: Home Assistant shows one if it finds no text for it."""
        return {key for path in self._texts for key in path.split(".")}


def languages() -> list[str]:
    """Return the languages that the integration is translated to."""
    return sorted(path.stem for path in _TRANSLATIONS.glob("*.json") if path.stem != _ENGLISH)


async def read(element: Locator) -> list[Shown]:
    """Return all words that can be seen in an element."""
    return [Shown(*words) for words in await element.evaluate(_SHOWN)]


def _load(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((_TRANSLATIONS / f"{language}.json").read_text("utf-8"))
    return texts


def _flatten(texts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, text in texts.items():
        if isinstance(text, dict):
            yield from ((f"{key}.{path}", inner) for path, inner in _flatten(text))
        else:
            yield key, text


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of texts as pages show them: placeholders filled in, and no Markdown."""
    plain = (_LINK.sub(r"\1", text).translate(_MARKDOWN) for text in texts)
    parts = (".+".join(map(re.escape, _PLACEHOLDER.split(text))) for text in plain)
    return re.compile("|".join(parts))
