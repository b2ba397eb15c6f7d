"""The selection among Azure's alternatives, and the correction of a misheard name."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
import logging
from typing import Final

from homeassistant.core import HomeAssistant

from ..azure_speech import Alternative
from ..recognition.transcript import display_text
from .assist import Assistant, async_get_assistant
from .exposed_names import async_get_names
from .name_matching import NameCorrection, Names
from .words import plain

_LOGGER = logging.getLogger(__name__)

# How much less confidence an alternative may have than the first one.
_CONFIDENCE_RANGE: Final = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The alternative selected for each part, and the correction of a name in the text."""

    alternatives: tuple[Alternative, ...] = field(repr=False)
    correction: NameCorrection | None = field(default=None, repr=False)

    def display_text(self, language: str) -> str:
        """Return the display text, without the correction."""
        return display_text(self.alternatives, language)


async def async_is_whole_command(
    hass: HomeAssistant, entity_id: str, text: str, language: str
) -> bool:
    """Return whether a text is a command that nobody would continue."""
    return await async_get_assistant(hass, entity_id, language).is_whole_command(text)


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
    hass: HomeAssistant, entity_id: str, parts: Sequence[Sequence[Alternative]], language: str
) -> Selection:
    """Return the alternatives that the home understands best, one of each part.

    A text that is understood stays. Otherwise its own lexical form is selected if that is
    understood, or an alternative that differs in a name only, or else a name is corrected by
    sound and spelling. The action never changes.
    """
    first = Selection(alternatives=tuple(alternatives[0] for alternatives in parts))
    text = first.display_text(language)
    assistant = async_get_assistant(hass, entity_id, language)
    if not text or await assistant.understands(text):
        return first
    if (lexical := _lexical(first)) and await assistant.understands(lexical.display_text(language)):
        _LOGGER.debug("Selected the lexical form")
        return lexical
    names = await async_get_names(hass, language)
    others = list(_others(parts, first))
    if other := await _select_other(others, text, names, assistant, language):
        _LOGGER.debug("Selected another alternative because of a name")
        return other
    if await assistant.corrects(text):
        return first
    if corrected := await _correct([first, *others], names, assistant, language):
        _LOGGER.debug("Corrected a name")
        return corrected
    return first


def _lexical(selection: Selection) -> Selection | None:
    """Return a selection with its lexical form for display: "kitchen west", not "kitchen W.".

    Returns None without one, or if a word is masked or removed for profanity, because the
    lexical form still has it.
    """
    alternatives = selection.alternatives
    if not all(_has_same_words(each) for each in alternatives):
        return None
    return Selection(
        alternatives=tuple(replace(each, display=each.lexical) for each in alternatives)
    )


def _has_same_words(alternative: Alternative) -> bool:
    display, lexical = (plain(text).split() for text in (alternative.display, alternative.lexical))
    return "*" not in alternative.display and len(display) == len(lexical)


async def _select_other(
    others: Sequence[Selection], text: str, names: Names, assistant: Assistant, language: str
) -> Selection | None:
    """Return the first alternative that is understood and differs in a name only.

    For an LLM nobody checks that it makes sense. So it must be known which words are opposed
    in the language.
    """
    if not assistant.decides and not names.words.has_data:
        return None
    for other in others:
        other_text = other.display_text(language)
        if names.differ_only(text, other_text) and (
            not assistant.decides or await assistant.understands(other_text)
        ):
            return other
    return None


async def _correct(
    selections: Sequence[Selection], names: Names, assistant: Assistant, language: str
) -> Selection | None:
    """Return the first alternative that becomes a command when a name in it is corrected.

    The first one is Azure's; the others may differ from it in that name only. For an LLM, a
    text that doesn't become a command is corrected only if there is next to no doubt, and one
    that is a command already stays.
    """
    text = selections[0].display_text(language)
    if not assistant.decides and await assistant.recognize(text):
        return None
    if assistant.has_sentences:
        for selection in selections:
            if found := await _corrected_command(selection, text, names, assistant, language):
                return found
    if assistant.decides:
        return None
    correction = await _find_correction(names, text, understood_later=False)
    return replace(selections[0], correction=correction) if correction else None


async def _corrected_command(
    selection: Selection, text: str, names: Names, assistant: Assistant, language: str
) -> Selection | None:
    """Return a selection with a correction that makes it a command.

    It may differ from Azure's text in that name only.
    """
    heard = selection.display_text(language)
    correction = await _find_correction(names, heard, understood_later=True)
    if correction is None:
        return None
    meant = correction.applied_to(heard)
    if heard != text and not names.differ_only(text, meant):
        return None
    if not await assistant.could_understand(meant):
        return None
    return replace(selection, correction=correction)


async def _find_correction(
    names: Names, text: str, *, understood_later: bool
) -> NameCorrection | None:
    """Find a correction off the event loop, because that takes milliseconds."""
    return await asyncio.to_thread(names.correct, text, understood_later=understood_later)


def _others(parts: Sequence[Sequence[Alternative]], first: Selection) -> Iterator[Selection]:
    """Yield selections that differ from the first one in a single part, likeliest first."""
    for index, alternatives in enumerate(parts):
        for alternative in alternatives[1:]:
            if _confidence(first.alternatives[index]) - _confidence(alternative) <= (
                _CONFIDENCE_RANGE
            ):
                changed = list(first.alternatives)
                changed[index] = alternative
                yield Selection(alternatives=tuple(changed))


def _confidence(alternative: Alternative) -> float:
    """Return an alternative's confidence; without one it counts as certain."""
    return 1.0 if alternative.confidence is None else alternative.confidence
