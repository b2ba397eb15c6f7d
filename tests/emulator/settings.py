"""The emulator's settings. All of them may be changed while it runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
import time
from typing import Final

from .ear import Ear
from .spoken import SpokenEar

S0_KEY: Final = "5" * 32
"""A key of the paid tier."""
F0_KEY: Final = "f" * 32
"""A key of the free tier."""
CUSTOM_SPEECH_ID: Final = "0d5c5b0e-3f5a-4d62-9a53-6f7f3a1e2b4c"
"""A Custom Speech endpoint, for American English."""
FREE_AUDIO: Final = 5 * 3600.0
"""Seconds of audio that the free tier has in a month."""


class Tier(StrEnum):
    """What a resource pays."""

    F0 = "f0"
    """Free: one recognition at a time, 5 hours of audio a month."""
    S0 = "s0"
    """Paid: 100 recognitions at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntraApplication:
    """An application of Microsoft Entra that may use the Speech resource."""

    tenant_id: str = "11111111-2222-3333-4444-555555555555"
    client_id: str = "66666666-7777-8888-9999-000000000000"
    client_secret: str = "the client's secret"
    resource_id: str = (
        "/subscriptions/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee/resourceGroups/home"
        "/providers/Microsoft.CognitiveServices/accounts/speech"
    )
    """The Speech resource's id in Azure."""


def _one_key_of_each_tier() -> dict[str, Tier]:
    return {S0_KEY: Tier.S0, F0_KEY: Tier.F0}


def _limits() -> dict[Tier, int]:
    return {Tier.F0: 1, Tier.S0: 100}


@dataclass(kw_only=True)
class Settings:
    """How the emulator behaves. Without any argument: as Azure does, with the spoken ear."""

    ear: Ear = field(default_factory=SpokenEar)
    pause: float = 0.5
    """Seconds of quiet that end an utterance."""
    initial_silence: float = 5.0
    """Seconds of quiet at the beginning after which the answer is `InitialSilenceTimeout`."""
    answer_delay: float = 0.0
    """Seconds from an utterance's end to its answer, besides what the ear takes."""
    audio_timeout: float = 10.0
    """Seconds without any audio after which the answer is 408."""
    ticks_as_text: bool = False
    """Whether times are strings, as on Microsoft's page, and not numbers, as in practice."""

    keys: dict[str, Tier] = field(default_factory=_one_key_of_each_tier)
    key_regions: dict[str, str] = field(default_factory=dict)
    """The region of a key; a key that isn't in here is good in every region."""
    token_life: float = 600.0
    """Seconds for which a token is good."""
    clock: Callable[[], float] = time.monotonic
    """The clock, in seconds, by which tokens expire."""
    entra: EntraApplication = field(default_factory=EntraApplication)
    custom_speech: dict[str, str] = field(default_factory=lambda: {CUSTOM_SPEECH_ID: "en-US"})
    """The Custom Speech endpoints (`cid`) and the language of each."""

    concurrency: dict[Tier, int] = field(default_factory=_limits)
    """How many recognitions one key may have at once."""
    retry_after: int | None = None
    """Seconds that a 429 asks to wait for; `None`: it doesn't say."""
    audio_left: dict[str, float] = field(default_factory=dict)
    """Seconds of audio that a key has left. Free keys begin with 5 hours; others have no limit."""

    keep_audio: int = 4 * 1024 * 1024
    """How many bytes of each request's audio are kept in its record."""
