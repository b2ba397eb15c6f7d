"""The options of a recognition request, checked as strictly as the service does."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum
import re
from typing import Final

from .answer import refuse_audio_format, refuse_content, refuse_language
from .languages import LANGUAGES
from .pronunciation import Assessment, read_assessment
from .settings import Settings
from .speech_model import SAMPLE_RATE

LONGEST_AUDIO: Final = 60.0
"""Seconds of audio that one request may have. [doc]"""
LONGEST_ASSESSED_AUDIO: Final = 30.0
"""The same with pronunciation assessment. [doc]"""


class AudioType(StrEnum):
    """The two kinds of audio that the service takes."""

    WAV = "audio/wav; codecs=audio/pcm; samplerate=16000"
    OGG = "audio/ogg; codecs=opus"


class Format(StrEnum):
    """How much the answer tells."""

    SIMPLE = "simple"
    DETAILED = "detailed"


class Profanity(StrEnum):
    """The handling of swear words."""

    MASKED = "masked"
    REMOVED = "removed"
    RAW = "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of one recognition."""

    audio_type: AudioType
    language: str
    format: Format
    profanity: Profanity
    word_times: bool
    assessment: Assessment | None

    @property
    def longest_audio(self) -> float:
        """Seconds of audio that the request may have."""
        return LONGEST_ASSESSED_AUDIO if self.assessment else LONGEST_AUDIO


def read_options(
    headers: Mapping[str, str], query: Mapping[str, str], settings: Settings
) -> Options:
    """Read the options from a request's headers and query. Raises `RefusedError` (400).

    [doc] The names and values. [?] Azure's answers to wrong ones, other than the language's.
    """
    language = query.get("language", "")
    if language not in LANGUAGES:
        refuse_language()
    if "cid" in query and settings.custom_speech.get(query["cid"]) != language:
        refuse_language()
    if not re.fullmatch(r"[0-9A-Fa-f]{32}", query.get("X-ConnectionId", "0" * 32)):
        refuse_content("X-ConnectionId is not a GUID without dashes")
    assessment = headers.get("Pronunciation-Assessment")
    return Options(
        audio_type=_read_audio_type(headers.get("Content-Type", ""), settings),
        language=language,
        format=Format(_choose(query, "format", Format)),
        profanity=Profanity(_choose(query, "profanity", Profanity)),
        word_times=_choose(query, "wordLevelTimestamps", ("false", "true")) == "true",
        assessment=None if assessment is None else read_assessment(assessment, language),
    )


def _choose(query: Mapping[str, str], name: str, values: type[StrEnum] | tuple[str, ...]) -> str:
    """Give a parameter's value, which is the first of the possible ones by default."""
    possible = [str(value) for value in values]
    value = query.get(name, possible[0])
    if value not in possible:
        refuse_content(f"{name} is not one of {', '.join(possible)}")
    return value


def _read_audio_type(header: str, settings: Settings) -> AudioType:
    parts = _parse(header)
    if settings.other_sample_rates and parts.get("samplerate", "").isdecimal():
        parts["samplerate"] = str(SAMPLE_RATE)
    types = [audio_type for audio_type in AudioType if _parse(audio_type) == parts]
    if not types:
        refuse_audio_format()
    return types[0]


def _parse(content_type: str) -> dict[str, str]:
    """Parse a media type to its parts, whose order and spacing mean nothing."""
    message = Message()
    message["Content-Type"] = content_type
    return {name.lower(): value.lower() for name, value in message.get_params([])}
