"""What became of an utterance: followed by the trigger, the event entity and the meters."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from homeassistant.util.signal_type import SignalType

from .const import DOMAIN


class Outcome(StrEnum):
    """How an utterance ended."""

    RECOGNIZED = "recognized"
    NO_SPEECH = "no_speech"
    """Silence, noise, or nothing that is words of the language."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """An utterance that a voice assistant was answered about.

    `duration` is from the first word to the last, and `delay` from the last word to the
    answer, both in seconds. `alternatives` are what else it may have been, likeliest first.
    `satellite_id` is the entity of the satellite that heard it, if that is known.
    """

    entry_id: str
    recognizer_id: str
    entity_id: str
    outcome: Outcome
    language: str
    text: str = field(default="", repr=False)
    alternatives: tuple[str, ...] = field(default=(), repr=False)
    confidence: float | None = None
    duration: float | None = None
    delay: float | None = None
    satellite_id: str | None = None


SIGNAL_UTTERANCE: Final = SignalType[Utterance](f"{DOMAIN}_utterance")
"""Sent for each utterance, before its text is given to the voice assistant."""
