"""The text that goes out: selected among Azure's alternatives, with misheard names corrected."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
import logging
from typing import Final

from homeassistant.core import HomeAssistant

from ..azure_speech import Alternative
from .assist import Assistant, async_get_assistant
from .changes import Change
from .exposed_names import async_get_names
from .learned import NOTHING_LEARNED, Learned
from .name_matching import Names
from .text_format import TextFormat
from .words import plain

_LOGGER = logging.getLogger(__name__)

# How much less confidence an alternative may have than the first one. Set with half of the names
# and one voice of the recognition benchmark.
_CONFIDENCE_RANGE: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The text that goes out, and why it differs from Azure's own."""

    heard: str = field(repr=False)
    """The text of Azure's first alternatives, in the recognizer's form."""
    text: str = field(repr=False)
    changes: tuple[Change, ...] = ()
    """In the order in which they were made; empty if both texts are the same."""


async def async_understands(hass: HomeAssistant, entity_id: str, language: str, text: str) -> bool:
    """Return whether the home understands a text of an entity.

    `language` is the pipeline's, because its agents read the text in it. For other agents
    (LLMs), assume that text with a known name is understood.
    """
    assistant = async_get_assistant(hass, entity_id, language)
    if await assistant.understands(text):
        return True
    if assistant.decides:
        return False
    return bool((await async_get_names(hass, language)).found_in(text))


async def async_prepare(hass: HomeAssistant, entity_id: str, language: str) -> None:
    """Load names, numbers and sentences before a text that isn't understood needs them.

    That takes half a second, off the event loop.
    """
    await async_get_names(hass, language)
    await async_get_assistant(hass, entity_id, language).prepare()


async def async_select(
    hass: HomeAssistant,
    entity_id: str,
    parts: Sequence[Sequence[Alternative]],
    language: str,
    text_format: TextFormat,
    learned: Learned = NOTHING_LEARNED,
) -> Selection:
    """Return the text of the alternatives that the home understands best, one of each part.

    The text is judged as it goes out, with the user's corrections. If it is understood, it
    stays. Otherwise its lexical form is selected if that is understood. A text that Home Assistant
    itself corrects to a command stays, too. Then come an alternative that differs in a name only,
    and the correction of a name by sound and spelling. The action never changes.
    """
    selector = _Selector(
        assistant=async_get_assistant(hass, entity_id, language),
        language=language,
        text_format=text_format,
        learned=learned,
    )
    return await selector.select(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selector:
    """Selects among the alternatives of one text."""

    assistant: Assistant
    language: str
    text_format: TextFormat
    learned: Learned

    async def select(self, parts: Sequence[Sequence[Alternative]]) -> Selection:
        alternatives = tuple(each[0] for each in parts)
        first = plain_selection(alternatives, self.language, self.text_format)
        if not first.text or await self.assistant.understands(first.text):
            return first
        lexical = self._lexical(alternatives, first)
        if lexical and self.learned.refuses(first.text, lexical.text):
            lexical = None
        if lexical and await self.assistant.understands(lexical.text):
            _LOGGER.debug("Selected the lexical form")
            return lexical
        if await self.assistant.corrects(first.text):
            return first
        names = await async_get_names(self.assistant.hass, self.language)
        others = [self._changed(first, other, Change.ALTERNATIVE) for other in _others(parts)]
        if other := await self._select_other(others, first, names):
            _LOGGER.debug("Selected another alternative because of a name")
            return other
        if corrected := await self._correct([first, *others], names):
            _LOGGER.debug("Corrected a name")
            return corrected
        return first

    def _changed(
        self, first: Selection, alternatives: Sequence[Alternative], change: Change
    ) -> Selection:
        """Return the selection of other alternatives, with the original text first."""
        other = plain_selection(alternatives, self.language, self.text_format)
        return replace(other, heard=first.heard, changes=(change, *other.changes))

    def _lexical(self, alternatives: Sequence[Alternative], first: Selection) -> Selection | None:
        """Return the lexical form of a text, for display: "kitchen west", not "kitchen W.".

        Returns None without one, or if a word is masked or removed for profanity, because the
        lexical form still has it.
        """
        if not all(map(_has_same_words, alternatives)):
            return None
        lexical = [replace(each, display=each.lexical) for each in alternatives]
        return self._changed(first, lexical, Change.LEXICAL)

    async def _select_other(
        self, others: Sequence[Selection], first: Selection, names: Names
    ) -> Selection | None:
        """Return the first alternative that is understood and differs in a name only.

        An LLM's commands can't be checked. So the opposed words of the language must be
        known.
        """
        decides = self.assistant.decides
        if not decides and not names.words.has_data:
            return None
        for other in others:
            if not self._may_replace(first, other, names):
                continue
            if not decides or await self.assistant.understands(other.text):
                return other
        return None

    async def _correct(self, selections: Sequence[Selection], names: Names) -> Selection | None:
        """Return the first alternative that becomes a command when a name in it is corrected.

        The first one is Azure's; the others may differ from it in that name only. For an LLM,
        a text that doesn't become a command is corrected only if there is next to no doubt,
        and one that is a command already stays.
        """
        first, decides = selections[0], self.assistant.decides
        if not decides and await self.assistant.recognize(first.text):
            return None
        if self.assistant.has_sentences:
            for selection in selections:
                if found := await self._corrected_command(selection, first, names):
                    return found
        return None if decides else await self._corrected(first, names, understood_later=False)

    async def _corrected_command(
        self, selection: Selection, first: Selection, names: Names
    ) -> Selection | None:
        """Return a selection with a correction that makes it a command.

        It may differ from Azure's text in that name only.
        """
        corrected = await self._corrected(selection, names, understood_later=True)
        if corrected is None:
            return None
        if selection is not first and not self._may_replace(first, corrected, names):
            return None
        return corrected if await self.assistant.could_understand(corrected.text) else None

    async def _corrected(
        self, selection: Selection, names: Names, *, understood_later: bool
    ) -> Selection | None:
        """Return a selection with a misheard name corrected; None without any.

        The user's own corrections stay. The name is found off the event loop, because that takes
        milliseconds.
        """
        correction = self.learned.correct(
            selection.text, names, understood_later=understood_later
        ) or await asyncio.to_thread(
            names.correct, selection.text, understood_later=understood_later
        )
        if correction is None:
            return None
        text = correction.applied_to(selection.text)
        if self.learned.refuses(selection.text, text):
            return None
        if not self.text_format.corrections.kept(selection.text, text):
            return None
        return replace(selection, text=text, changes=(*selection.changes, Change.NAME))

    def _may_replace(self, first: Selection, other: Selection, names: Names) -> bool:
        """Return whether a text differs from the first one in a name, and isn't refused."""
        return names.differ_only(first.text, other.text) and not self.learned.refuses(
            first.text, other.text
        )


def plain_selection(
    alternatives: Sequence[Alternative], language: str, text_format: TextFormat
) -> Selection:
    """Return the text of one alternative of each part, with the user's corrections only."""
    heard = text_format.formed(alternatives, language)
    text = text_format.text(alternatives, language)
    changes = () if text == heard else (Change.CORRECTION,)
    return Selection(heard=heard, text=text, changes=changes)


def _has_same_words(alternative: Alternative) -> bool:
    display, lexical = (plain(text).split() for text in (alternative.display, alternative.lexical))
    return "*" not in alternative.display and len(display) == len(lexical)


def _others(parts: Sequence[Sequence[Alternative]]) -> Iterator[tuple[Alternative, ...]]:
    """Yield alternatives that differ from the first ones in a single part, likeliest first."""
    first = [alternatives[0] for alternatives in parts]
    for index, alternatives in enumerate(parts):
        for alternative in alternatives[1:]:
            if _confidence(first[index]) - _confidence(alternative) <= _CONFIDENCE_RANGE:
                yield (*first[:index], alternative, *first[index + 1 :])


def _confidence(alternative: Alternative) -> float:
    """Return an alternative's confidence; without one it counts as certain."""
    return 1.0 if alternative.confidence is None else alternative.confidence
