"""The interpreter of one utterance: how the home understands its texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from homeassistant.core import HomeAssistant, callback

from ..recognition.answering import Heard
from ..recognition.transcript import Transcript
from .assist import async_get_assistant, async_wake_word_ids
from .learned import Learned
from .satellites import Satellite, async_get_satellites, wake_words
from .selection import Selection, async_select, async_understands, plain_selection
from .text_format import TextFormat
from .wake_words import without_wake_word


@dataclass(slots=True, kw_only=True)
class Interpreter:
    """Selects the text of an utterance, and judges it as it would go out.

    The last transcript is often judged at a pause, and goes out after it.
    """

    hass: HomeAssistant
    entity_id: str
    text_format: TextFormat
    learned: Learned
    home_aware: bool
    satellites: Sequence[Satellite]
    wake_words: Sequence[str]
    _last: tuple[Transcript, Selection] | None = field(default=None, init=False, repr=False)

    @classmethod
    @callback
    def for_utterance(
        cls,
        hass: HomeAssistant,
        entity_id: str,
        text_format: TextFormat,
        learned: Learned,
        *,
        home_aware: bool,
    ) -> Self:
        """Return the interpreter of an utterance that begins now."""
        satellites = async_get_satellites(hass)
        return cls(
            hass=hass,
            entity_id=entity_id,
            text_format=text_format,
            learned=learned,
            home_aware=home_aware,
            satellites=satellites,
            wake_words=wake_words(satellites, async_wake_word_ids(hass, entity_id)),
        )

    def without_wake_word(self, transcript: Transcript) -> Transcript:
        """Return a transcript without the tail of a wake word."""
        return without_wake_word(transcript, self.wake_words)

    async def select(self, transcript: Transcript) -> Selection:
        """Return the text that goes out for a transcript."""
        if self._last is None or self._last[0] != transcript:
            self._last = transcript, await self._select(transcript)
        return self._last[1]

    async def _select(self, transcript: Transcript) -> Selection:
        if transcript.parts and self.home_aware:
            return await async_select(
                self.hass,
                self.entity_id,
                transcript.alternatives,
                transcript.language,
                self.text_format,
                self.learned,
            )
        return plain_selection(next(transcript.ranked(), ()), transcript.language, self.text_format)

    async def judge(self, transcript: Transcript) -> Heard:
        """Return how the home understands a transcript's text in its final form."""
        selection = await self.select(self.without_wake_word(transcript))
        if not selection.text:
            return Heard.NOTHING
        assistant = async_get_assistant(self.hass, self.entity_id, transcript.language)
        if await assistant.is_whole_command(selection.text):
            return Heard.WHOLE_COMMAND
        if not assistant.decides:
            return Heard.WORDS
        if any(satellite.waits_for_answer for satellite in self.satellites):
            return Heard.UNDERSTOOD
        understood = await assistant.understands(selection.text)
        return Heard.UNDERSTOOD if understood else Heard.WORDS

    async def understands(self, language: str, text: str) -> bool:
        """Return whether a text is understood once the user's corrections are made."""
        text = self.text_format.corrections.apply(text)
        return await async_understands(self.hass, self.entity_id, language, text)
