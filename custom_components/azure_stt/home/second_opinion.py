"""The second opinion: another service recognizes the audio, with the home's names as hints.

It is asked only about a text that isn't understood and that may be a command with a misheard
name. Its text counts only if the home understands it, and if it differs from the first text
in a name. Otherwise a name in it may be what the first text lacks.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
import logging
from typing import Any, Final

from homeassistant.core import HomeAssistant

from ..azure_speech import (
    PHRASES_MAX,
    Alternative,
    AudioFile,
    SpeechError,
    TranscriptionOptions,
)
from ..const import CONF_DEADLINE, CONF_SECOND_OPINION_TIMEOUT, CONF_SEND_NAMES
from ..recognition.endpointing import LEAD
from ..recognition.recording import Recording
from ..recognition.transcript import Transcript
from ..resource.resource import Resource
from .assist import Assistant, async_get_assistant
from .changes import Change
from .exposed_names import async_get_names
from .learned import NOTHING_LEARNED, Learned
from .name_matching import Names
from .selection import Selection, async_select
from .text_format import TextFormat
from .words import plain

_LOGGER = logging.getLogger(__name__)

# Words that a command has at most: for Home Assistant's agent alone, and where an LLM would
# get a text that isn't one, because people tell LLMs all sorts of things.
_COMMAND_MAX: Final = 20
_COMMAND_AMONG_OTHERS_MAX: Final = 8


class SecondOpinion:
    """Asks an Azure resource's fast transcription about a recognizer's utterances."""

    def __init__(
        self,
        resource: Resource,
        text_format: TextFormat,
        learned: Learned,
        settings: Mapping[str, Any],
    ) -> None:
        """Initialize with a recognizer's settings."""
        self._resource = resource
        self._text_format = text_format
        self._learned = learned
        self._settings = settings

    async def on(
        self,
        hass: HomeAssistant,
        entity_id: str,
        first: Selection,
        transcript: Transcript,
        recording: Recording,
    ) -> Selection:
        """Return the second opinion on an entity's utterance if it's worth more than the first.

        It has the rest of the deadline, up to its own limit.
        """

        async def hear_again(names: Sequence[str]) -> str:
            sent = names if self._settings[CONF_SEND_NAMES] else ()
            return await self._hear(transcript, recording, sent)

        return await async_ask_second_opinion(
            hass,
            entity_id,
            first,
            transcript.language,
            self._text_format,
            hear_again,
            self._learned,
        )

    async def _hear(
        self, transcript: Transcript, recording: Recording, names: Sequence[str]
    ) -> str:
        """Return the text from before the first word to after the last; empty if there is none."""
        first, last = transcript.parts[0], transcript.parts[-1]
        options = TranscriptionOptions(
            language=transcript.language,
            phrases=names,
            profanity=self._text_format.profanity,
        )
        left = self._settings[CONF_DEADLINE] - recording.since(recording.length)
        limit = min(self._settings[CONF_SECOND_OPINION_TIMEOUT], left)
        try:
            pcm = recording.copy(max(0, first.start - LEAD), last.end + LEAD)
            answer = await self._resource.transcribe_fast(
                AudioFile.from_pcm(pcm), options, limit=limit
            )
        except (SpeechError, ValueError) as err:
            _LOGGER.debug("There is no second opinion: %s", err)
            return ""
        return answer.text


type AskAgain = Callable[[Sequence[str]], Awaitable[str]]
"""Transcribes the same sound again, with names to expect; an empty text if that can't be done."""


async def async_ask_second_opinion(
    hass: HomeAssistant,
    entity_id: str,
    first: Selection,
    language: str,
    text_format: TextFormat,
    ask_again: AskAgain,
    learned: Learned = NOTHING_LEARNED,
) -> Selection:
    """Return the second opinion on a text if it's better, otherwise the first text."""
    assistant = async_get_assistant(hass, entity_id, language)
    # Most texts are understood, and to list the names of a large home takes milliseconds.
    if await assistant.could_understand(first.text):
        return first
    names = await async_get_names(hass, language)
    if not await _may_be_misheard(first.text, assistant, names):
        return first
    expected = await asyncio.to_thread(names.most_like, first.text, PHRASES_MAX)
    heard = await ask_again(expected)
    if not heard:
        return first
    second = await async_select(
        hass, entity_id, [[Alternative(display=heard)]], language, text_format, learned
    )
    if (
        names.differ_only(first.text, second.text)
        and not learned.refuses(first.text, second.text)
        and await assistant.could_understand(second.text)
    ):
        _LOGGER.debug("The second opinion was taken")
        return replace(second, heard=first.heard, changes=(Change.SECOND_OPINION, *second.changes))
    for correction in await asyncio.to_thread(names.heard_again, first.text, second.text):
        text = correction.applied_to(first.text)
        if (
            not learned.refuses(first.text, text)
            and text_format.corrections.kept(first.text, text)
            and await assistant.could_understand(text)
        ):
            _LOGGER.debug("A name was taken from the second opinion")
            return replace(first, text=text, changes=(*first.changes, Change.SECOND_OPINION))
    _LOGGER.debug("The second opinion wasn't taken")
    return first


async def _may_be_misheard(text: str, assistant: Assistant, names: Names) -> bool:
    """Return whether a text that isn't understood may be a command with a misheard name."""
    words = plain(text).split()
    if not words or (len(words) == 1 and not names.are_named(words[0])):
        return False
    if assistant.alone:
        return len(words) <= _COMMAND_MAX and not await assistant.corrects(text)
    return len(words) <= _COMMAND_AMONG_OTHERS_MAX and await _lacks_only_name(
        text, assistant, names
    )


async def _lacks_only_name(text: str, assistant: Assistant, names: Names) -> bool:
    """Return whether a text is a command that lacks only its target.

    A match with an unknown name isn't enough: half of all sentences have one.
    """
    unknown = await assistant.unknown_name(text)
    if unknown is None:
        return False
    beside = Counter(plain(text).split()) - Counter(plain(unknown.text).split())
    return unknown.certain or names.words.name_an_action(beside)
