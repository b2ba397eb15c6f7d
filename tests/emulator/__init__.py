"""A local emulator of Azure's "Speech to text REST API for short audio" and fast transcription.

It refuses what Azure refuses, behaves as any service does that Azure may be, and goes wrong when a
test wants it to:

    async with Emulator() as emulator:
        ...  # a client of emulator.url with S0_KEY sends speak("Turn on the light.")

Marks in comments and docstrings say how sure a behavior is: [doc] it's on Microsoft's pages, [rec]
a recorded answer or a maintainer's word shows it, [field] production code or one careful account
does, [?] it's unproven. What is unproven is a setting; the names are in `profile`.
"""

from .authentication import Credential
from .endpoints import Endpoint
from .faults import BARE_401, PASSING_400, Fault, Moment
from .options import AudioType
from .profile import Answers, EntraHosts, OverLength, Profile
from .records import RecordedRequest
from .service import Emulator
from .settings import (
    CUSTOM_SPEECH_ID,
    F0_KEY,
    S0_KEY,
    SERVICE_KINDS,
    EntraApplication,
    Networking,
    OverLimit,
    Redirection,
    Tier,
)
from .speech_model import (
    BYTES_PER_SECOND,
    TICKS_PER_SAMPLE,
    TICKS_PER_SECOND,
    Alternative,
    Heard,
    RecognitionStatus,
    ScriptedModel,
    SpeechModel,
    Word,
)
from .spoken import CUT, SpokenModel, noise, silence, speak
from .wav import wav_header

__all__ = [
    "BARE_401",
    "BYTES_PER_SECOND",
    "CUSTOM_SPEECH_ID",
    "CUT",
    "F0_KEY",
    "PASSING_400",
    "S0_KEY",
    "SERVICE_KINDS",
    "TICKS_PER_SAMPLE",
    "TICKS_PER_SECOND",
    "Alternative",
    "Answers",
    "AudioType",
    "Credential",
    "Emulator",
    "Endpoint",
    "EntraApplication",
    "EntraHosts",
    "Fault",
    "Heard",
    "Moment",
    "Networking",
    "OverLength",
    "OverLimit",
    "Profile",
    "RecognitionStatus",
    "RecordedRequest",
    "Redirection",
    "ScriptedModel",
    "SpeechModel",
    "SpokenModel",
    "Tier",
    "Word",
    "noise",
    "silence",
    "speak",
    "wav_header",
]
