"""Profiles: how a service for short audio behaves, wherever that isn't documented.

`scripts/verify-azure` writes a profile, and `scripts/emulator --profile FILE` behaves like it. A
profile is a flat JSON object. Its keys are the fields of `Profile`; a key that is left out keeps
its default. Seconds are numbers, flags are `true` or `false`, choices are strings, and only
`speed` may be `null`:

    {"answers": "at_end", "pause": 0.5, "latency": 0.35, "speed": null}
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
import json
from pathlib import Path
from typing import Any, Final


class ProfileError(Exception):
    """A profile that can't be used. The message is one line and names the key."""


class Answers(StrEnum):
    """When the answer comes, and how much of the speech it holds.

    [?] Nobody shows which one Azure is. With `Profile.pause` they make four kinds of service:
    `early` at a pause of 0.5 s, `early` at a longer pause, `at_end` and `at_end_everything`.
    """

    EARLY = "early"
    """At the first pause, while audio still comes; with the first utterance."""
    AT_END = "at_end"
    """When the upload ends, with the first utterance only (as the older Bing API, [field])."""
    AT_END_EVERYTHING = "at_end_everything"
    """When the upload ends, with all utterances as sentences of one text."""


class OverLength(StrEnum):
    """Treatment of audio beyond the limit of 60 s, or 30 s with assessment [?]."""

    REFUSE = "refuse"
    """400."""
    CUT = "cut"
    """It is ignored; the answer holds the words before it."""


class EntraHosts(StrEnum):
    """Which hosts take `Bearer aad#RESOURCE_ID#TOKEN`.

    [doc] The resource needs a custom domain, yet Microsoft's sample sends the request to the
    region's host. [?] Which one takes it.
    https://learn.microsoft.com/azure/ai-services/speech-service/how-to-configure-azure-ad-auth
    """

    CUSTOM = "custom"
    REGION = "region"
    BOTH = "both"


@dataclass(kw_only=True)
class Profile:
    """How the service behaves, and the names of a profile's keys. The defaults are pessimistic."""

    answers: Answers = Answers.AT_END
    pause: float = 0.5
    """Seconds of quiet that end an utterance. [?] Azure's is 0.5 or longer: recorded answers hold
    words 0.55, 1.43 and 2.36 s apart."""
    latency: float = 0.35
    """Seconds from the end of the speech or the upload to the answer, the model's included. [?]"""
    fast_latency: float = 1.2
    """Seconds from the upload's end to fast transcription's answer, the model's included. [field] A
    published comparison of 1,080 short requests has 1.13 to 1.33 s."""
    speed: float | None = None
    """How many times faster than real time the service works: no answer comes earlier than the
    audio's length divided by this, counted from the first audio. `None`: instantly. [?] A
    Microsoft engineer said "at the audio's rate" of the older API
    (Azure-Samples/Cognitive-Speech-STT-Android#23)."""
    initial_silence: float = 5.0
    """Seconds of quiet at the beginning that end a recognition. [rec] `InitialSilenceTimeout` has
    an offset of 5 s for a long file (MicrosoftDocs/azure-docs#17507)."""
    ticks_as_text: bool = False
    """Whether times are strings, as in Microsoft's documentation, and not numbers, as in every
    recorded answer [rec]."""
    max_alternatives: int = 5
    """How many alternatives a detailed answer has at most. [rec] jambonz-feature-server#92: 5."""
    word_times: bool = True
    """Whether `wordLevelTimestamps=true` is heeded. [rec] It fills `Words` of every alternative."""
    masked_itn_capitals: bool = True
    """Whether `MaskedITN` has capitals, and in long answers punctuation. [rec] Microsoft's
    call-center sample."""
    primary_language_object: bool = False
    """Whether answers have `PrimaryLanguage`, an object of `Language` and `Confidence` [rec]."""
    entra_hosts: EntraHosts = EntraHosts.BOTH
    over_length: OverLength = OverLength.REFUSE
    headerless: bool = True
    """Whether PCM without a WAV header is taken. [field] Home Assistant Cloud's client sends it."""
    other_sample_rates: bool = False
    """Whether a header's sample rate other than 16 kHz is followed [rec]; otherwise such audio
    comes back as `InitialSilenceTimeout`."""


PROFILE_KEYS: Final = tuple(field.name for field in fields(Profile))
"""The keys that a profile may have."""


def load_profile(path: Path) -> Profile:
    """Read a profile from a file. Raises `ProfileError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ProfileError(error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        message = "not UTF-8"
        raise ProfileError(message) from error
    return read_profile(text)


def read_profile(text: str) -> Profile:
    """Read a profile from JSON. Raises `ProfileError` for anything that isn't one."""
    try:
        content = json.loads(text, object_pairs_hook=_refuse_twins)
    except (ValueError, RecursionError) as error:
        message = f"not JSON: {error}"
        raise ProfileError(message) from error
    if not isinstance(content, dict):
        message = "not a JSON object"
        raise ProfileError(message)
    return Profile(**{key: _read_value(key, value) for key, value in content.items()})


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        message = "a key stands twice"
        raise ProfileError(message)
    return content


def _read_value(key: str, value: object) -> Any:  # noqa: ANN401
    reader = _READERS.get(key)
    if reader is None:
        message = f"unknown key {json.dumps(key)}; known are {', '.join(PROFILE_KEYS)}"
        raise ProfileError(message)
    try:
        return reader(value)
    except ValueError as error:
        message = f"{key} must be {error}, not {json.dumps(value)[:40]}"
        raise ProfileError(message) from error


type _Reader = Callable[[Any], object]


def _number(least: float, most: float, *, or_null: bool = False) -> _Reader:
    def read(value: Any) -> float | None:  # noqa: ANN401
        if value is None and or_null:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and least <= value <= most:
            return float(value)
        message = f"a number from {least:g} to {most:g}{' or null' if or_null else ''}"
        raise ValueError(message)

    return read


def _choice(choices: type[StrEnum]) -> _Reader:
    def read(value: Any) -> StrEnum:  # noqa: ANN401
        try:
            return choices(value)
        except ValueError:
            message = f"one of {', '.join(choices)}"
            raise ValueError(message) from None

    return read


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        message = "true or false"
        raise ValueError(message)  # noqa: TRY004  # reported like every other value
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100:
        message = "a whole number from 1 to 100"
        raise ValueError(message)
    return value


_READERS: Final[dict[str, _Reader]] = {
    "answers": _choice(Answers),
    "pause": _number(0.1, 60),
    "latency": _number(0, 60),
    "fast_latency": _number(0, 60),
    "speed": _number(0.1, 1000, or_null=True),
    "initial_silence": _number(0.1, 60),
    "ticks_as_text": _flag,
    "max_alternatives": _count,
    "word_times": _flag,
    "masked_itn_capitals": _flag,
    "primary_language_object": _flag,
    "entra_hosts": _choice(EntraHosts),
    "over_length": _choice(OverLength),
    "headerless": _flag,
    "other_sample_rates": _flag,
}
