"""The dispatcher signal for each utterance: for triggers, the event entity and sensors."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from homeassistant.util.signal_type import SignalType

from ..const import DOMAIN
from .changes import Change


class Outcome(StrEnum):
    """How an utterance ended."""

    RECOGNIZED = "recognized"
    NO_SPEECH = "no_speech"
    """Silence, noise, or no words of the language."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """The outcome of an utterance, as the voice assistant got it.

    `heard` is Azure's own text, and `changes` say why `text` isn't the same. `duration` is from
    the first word to the last, and `delay` from the last word to the answer, both in seconds.
    `alternatives` are other possible texts, likeliest first. `satellite_id` is the entity of the
    satellite that listened, if known.
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
    heard: str = field(default="", repr=False)
    changes: tuple[Change, ...] = ()


SIGNAL_UTTERANCE: Final = SignalType[Utterance](f"{DOMAIN}_utterance")
"""Sent for each utterance, before the voice assistant gets its text."""
