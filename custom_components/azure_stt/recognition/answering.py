"""When to answer: the quiet that must follow a text, depending on its meaning.

All of this is a table, `RULES`. Times are seconds of quiet after the last word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import Final


class Patience(StrEnum):
    """When to answer if the person pauses."""

    AUTOMATIC = "automatic"
    """As early as the text allows."""
    FIRST_PAUSE = "first_pause"
    TO_THE_END = "to_the_end"


class EndOfSpeech(StrEnum):
    """The component that detects the end of speech."""

    HOME_ASSISTANT = "home_assistant"
    """Home Assistant's detector, which ends the stream."""
    RECOGNIZER = "recognizer"
    """The recognizer. The stream goes on until it answers."""


class Heard(Enum):
    """How the home understands a text."""

    WHOLE_COMMAND = auto()
    """A complete command, which people don't continue."""
    UNDERSTOOD = auto()
    """A command, a sentence trigger, a phrase of an automation, or a satellite's answer."""
    WORDS = auto()
    NOTHING = auto()
    """No words, or only the tail of a wake word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Seconds of quiet; None leaves it to the end of the stream.

    `upload_ends` finishes the upload, so that any kind of service answers.
    """

    upload_ends: float | None = None
    whole_command: float | None = None
    understood: float | None = None
    first_words: float | None = None
    """For any words, if all sound lies in the stream's first FIRST_WORDS seconds. Home Assistant's
    detector scores nothing for the first 0.76 s, and then waits 14 s for a command:
    https://github.com/home-assistant/core/issues/181747"""
    anything: float | None = None
    first_answer: bool = False
    """Whether the first answer with words is final, even if speech follows."""
    ends_itself: bool = False
    """Whether the recognizer must find an end, because the stream has none."""
    ignores_first_word: bool = False
    """Whether a lone word within the first FIRST_WORD seconds is nothing unless understood: it is
    the end of the wake word, or an echo."""


FIRST_WORDS: Final = 1.5
FIRST_WORD: Final = 0.8

AFTER_FINISHED_SPEAKING: Final = 0.5
"""Seconds that first words wait for longer than the satellite's *Finished speaking detection*."""

_AT_PAUSE: Final = 0.6

RULES: Final[Mapping[tuple[EndOfSpeech, Patience, bool], Rules]] = MappingProxyType(
    {
        # The last one says whether Home Assistant's agent gets the text first; others, such as
        # LLMs, can't be asked whether they understand.
        (EndOfSpeech.HOME_ASSISTANT, Patience.AUTOMATIC, True): Rules(
            upload_ends=_AT_PAUSE, whole_command=0.8, understood=1.2, first_words=1.7
        ),
        (EndOfSpeech.HOME_ASSISTANT, Patience.AUTOMATIC, False): Rules(
            upload_ends=1.4, first_words=1.7
        ),
        (EndOfSpeech.RECOGNIZER, Patience.AUTOMATIC, True): Rules(
            upload_ends=_AT_PAUSE,
            whole_command=0.8,
            understood=1.2,
            anything=2.0,
            ends_itself=True,
            ignores_first_word=True,
        ),
        (EndOfSpeech.RECOGNIZER, Patience.AUTOMATIC, False): Rules(
            upload_ends=1.4, anything=2.0, ends_itself=True
        ),
        **{
            (EndOfSpeech.HOME_ASSISTANT, Patience.TO_THE_END, decides): Rules()
            for decides in (True, False)
        },
        **{
            (EndOfSpeech.RECOGNIZER, Patience.TO_THE_END, decides): Rules(
                upload_ends=2.0, anything=2.5, ends_itself=True
            )
            for decides in (True, False)
        },
        **{
            (end, Patience.FIRST_PAUSE, decides): Rules(
                upload_ends=_AT_PAUSE,
                first_answer=True,
                ends_itself=end is EndOfSpeech.RECOGNIZER,
            )
            for end in EndOfSpeech
            for decides in (True, False)
        },
    }
)

SILENCE_MAX: Final = 15.0
"""Seconds without speech after which the recognizer ends by itself, as Home Assistant does."""

SPEECH_MAX: Final = 120.0
"""Seconds after which the recognizer ends by itself."""


def quiet_needed(
    rules: Rules, heard: Heard, *, speech_end: float, finished_speaking: float
) -> float | None:
    """Return the quiet after which a text is answered; None if the stream's end decides.

    `speech_end` is where the last sound ends, in seconds of the stream, and
    `finished_speaking` the seconds of the satellite's *Finished speaking detection*, before
    which nothing is answered.
    """
    after = [rules.anything]
    if heard is Heard.WHOLE_COMMAND:
        after.append(rules.whole_command)
    if heard in {Heard.WHOLE_COMMAND, Heard.UNDERSTOOD}:
        after.append(rules.understood)
    if rules.first_words is not None and speech_end <= FIRST_WORDS:
        after.append(max(rules.first_words, finished_speaking + AFTER_FINISHED_SPEAKING))
    known = [seconds for seconds in after if seconds is not None]
    return max(min(known), finished_speaking) if known else None


def is_nothing(rules: Rules, heard: Heard, *, speech_end: float) -> bool:
    """Return whether a text doesn't count, so that listening goes on."""
    if heard is Heard.WORDS:
        return rules.ignores_first_word and speech_end <= FIRST_WORD
    return heard is Heard.NOTHING
