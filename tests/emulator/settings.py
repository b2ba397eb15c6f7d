"""The emulator's settings. All of them may be changed while it runs."""

from collections.abc import Callable, Mapping, Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
import time
from typing import Final

from .languages import LANGUAGES
from .profile import Answers, Profile
from .speech_model import SpeechModel
from .spoken import SpokenModel

DEFAULT_ANSWERS: Answers = Answers.EARLY
"""When an emulator answers that isn't told. The command's default is the pessimistic `AT_END`;
tests that don't care keep `EARLY`, which they were written for. Read whenever an emulator is made,
so that a test can patch it: `monkeypatch.setattr(settings, "DEFAULT_ANSWERS", Answers.AT_END)`."""
DEFAULT_PAUSE: float = 0.5
"""The same for the seconds of quiet that end an utterance."""
SERVICE_KINDS: Final[Mapping[str, tuple[Answers, float]]] = {
    "early": (Answers.EARLY, 0.5),
    "early_at_a_longer_pause": (Answers.EARLY, 2.0),
    "at_end": (Answers.AT_END, 0.5),
    "at_end_everything": (Answers.AT_END_EVERYTHING, 0.5),
}
"""The four kinds of service that Azure may be [?]: values for the two defaults above."""

S0_KEY: Final = "5" * 32
"""A key of the paid tier."""
F0_KEY: Final = "f" * 32
"""A key of the free tier."""
CUSTOM_SPEECH_ID: Final = "0d5c5b0e-3f5a-4d62-9a53-6f7f3a1e2b4c"
"""A Custom Speech endpoint, for American English."""
FREE_AUDIO: Final = 5 * 3600.0
"""Seconds of audio that the free tier has in a month."""


class Tier(StrEnum):
    """The pricing tier of a resource."""

    F0 = "f0"
    """Free: one recognition at a time, 5 hours of audio a month. [doc]"""
    S0 = "s0"
    """Paid: 100 recognitions at a time. [doc]"""


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


class OverLimit(StrEnum):
    """The answer to one recognition too many at the same time."""

    TOO_MANY_REQUESTS = "too_many_requests"
    """[doc] 429, with `Settings.retry_after`."""
    BARE_401 = "bare_401"
    """[field] 401 without a body: one account of 4,513 requests."""


class Networking(StrEnum):
    """The resource's setting *Networking*, for a client that comes from the internet.

    https://learn.microsoft.com/azure/ai-services/cognitive-services-virtual-networks
    """

    ALL = "all"
    SELECTED = "selected"
    """[doc] 403: firewall rules keep the client out."""
    DISABLED = "disabled"
    """[doc] 403: only the private endpoint may be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirection:
    """The answer of a custom domain that sends recognitions elsewhere.

    [field] WebSockets are answered 301 to `REGION.stt.speech.microsoft.com/...
    ?Ocp-Apim-Custom-Domain-Name=NAME.cognitiveservices.azure.com`; [?] whether a POST is.
    """

    location: str
    """The whole address."""
    status: HTTPStatus = HTTPStatus.TEMPORARY_REDIRECT
    """301, 302, 307 or 308."""


def _one_key_of_each_tier() -> dict[str, Tier]:
    return {S0_KEY: Tier.S0, F0_KEY: Tier.F0}


def _limits() -> dict[Tier, int]:
    return {Tier.F0: 1, Tier.S0: 100}


@dataclass(kw_only=True)
class Settings(Profile):
    """How the emulator behaves: a profile, and everything else that a test may want to set.

    Without any argument it answers early and without latency, with the spoken model.
    """

    speech_model: SpeechModel = field(default_factory=SpokenModel)
    answers: Answers = field(default_factory=lambda: DEFAULT_ANSWERS)
    pause: float = field(default_factory=lambda: DEFAULT_PAUSE)
    latency: float = 0.0
    fast_latency: float = 0.0
    audio_timeout: float = 10.0
    """Seconds without any audio after which the answer is 408 [?]."""
    simple_only: bool = False
    """Whether the answer is a simple one even if a detailed one was asked for. [rec] LiteLLM's
    documentation of its Azure pass-through."""
    success_status: int = HTTPStatus.OK
    """[field] Home Assistant Cloud's client takes 201 as well."""
    empty_file_header: bool = True
    """Whether a WAV header with the sizes of a finished, empty file (RIFF 36, data 0) is taken for
    one of unknown length [?]. Otherwise no audio is found after it."""

    fast_model: SpeechModel | None = None
    """The model of fast transcription, if it's another one; phrases that are expected go to it."""
    fast_transcription: bool = True
    """Whether the region has fast transcription. Otherwise 404 [?]."""
    fast_tiers: set[Tier] = field(default_factory=lambda: {Tier.S0})
    """The tiers that have it. [?] F0 doesn't, by the table of quotas."""
    fast_locales: AbstractSet[str] = LANGUAGES
    """The locales that it has. [doc] Not all of the others'."""
    fast_longest: float = 2 * 3600.0
    """Seconds of audio that it takes. [doc]"""
    fast_largest: int = 250_000_000
    """Bytes of a file. [doc] The reference says 250 MB, the how-to guide 300."""

    keys: dict[str, Tier] = field(default_factory=_one_key_of_each_tier)
    revoked_keys: set[str] = field(default_factory=set)
    """Keys that were regenerated: refused with a message by issueToken, and by recognition with
    one or, if `bare_revocation` is set, without. [field]"""
    bare_revocation: bool = True
    key_regions: dict[str, str] = field(default_factory=dict)
    """The region of a key; a key that isn't in here is good in every region."""
    token_life: float = 600.0
    """Seconds for which a token is good. [doc]"""
    token_region: str | None = "westeurope"
    """The `region` claim of a custom domain's tokens, which are good at that region's host too
    [field]; `None`: they have no such claim."""
    issues_tokens: bool = True
    """Whether a custom domain issues tokens. [doc] Otherwise issueToken answers Forbidden."""
    clock: Callable[[], float] = time.monotonic
    """The clock, in seconds, by which tokens expire."""
    entra: EntraApplication = field(default_factory=EntraApplication)
    custom_speech: dict[str, str] = field(default_factory=lambda: {CUSTOM_SPEECH_ID: "en-US"})
    """The Custom Speech endpoints (`cid`) and the language of each."""

    custom_domain_recognizes: bool = True
    """Whether a custom domain has the short-audio path. [field] Some accounts have it working;
    [doc] without a private endpoint the region's host is the one to ask. Otherwise 404."""
    redirection: Redirection | None = None
    """Where a custom domain sends recognitions."""
    private_endpoint: bool = False
    """Whether the resource is behind a private endpoint. [doc] The region's hosts answer 401."""
    networking: Networking = Networking.ALL

    concurrency: dict[Tier, int] = field(default_factory=_limits)
    """How many recognitions one key may have at once. [doc]"""
    over_limit: OverLimit = OverLimit.TOO_MANY_REQUESTS
    throttles: bool = False
    """Whether every recognition is one too many, however few there are."""
    retry_after: int | None = None
    """Seconds that a 429 asks to wait for; `None`: it doesn't say."""
    audio_left: dict[str, float] = field(default_factory=dict)
    """Seconds of audio that a key has left. Free keys begin with 5 hours; others have no limit."""
    quota_status: HTTPStatus = HTTPStatus.FORBIDDEN
    """The answer to a key without any audio left: 403 or 429 [?], with "quota" in its message."""

    keep_audio: int = 4 * 1024 * 1024
    """How many bytes of each request's audio are kept in its record."""
