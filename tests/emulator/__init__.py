"""A local stand-in for Azure's "Speech to text REST API for short audio".

It refuses what Azure refuses, answers only the first utterance as Azure does, and goes wrong
when a test wants it to:

    async with Emulator() as emulator:
        ...  # a client of emulator.url with S0_KEY sends speak("Turn on the light.")
"""

from .authentication import Credential
from .ear import (
    BYTES_PER_SECOND,
    TICKS_PER_SAMPLE,
    TICKS_PER_SECOND,
    Alternative,
    Ear,
    Heard,
    RecognitionStatus,
    ScriptedEar,
    Word,
)
from .endpoints import Endpoint
from .faults import Fault, Moment
from .options import AudioType
from .records import RecordedRequest
from .service import Emulator
from .settings import CUSTOM_SPEECH_ID, F0_KEY, S0_KEY, EntraApplication, Tier
from .spoken import CUT, SpokenEar, noise, silence, speak
from .wav import wav_header

__all__ = [
    "BYTES_PER_SECOND",
    "CUSTOM_SPEECH_ID",
    "CUT",
    "F0_KEY",
    "S0_KEY",
    "TICKS_PER_SAMPLE",
    "TICKS_PER_SECOND",
    "Alternative",
    "AudioType",
    "Credential",
    "Ear",
    "Emulator",
    "Endpoint",
    "EntraApplication",
    "Fault",
    "Heard",
    "Moment",
    "RecognitionStatus",
    "RecordedRequest",
    "ScriptedEar",
    "SpokenEar",
    "Tier",
    "Word",
    "noise",
    "silence",
    "speak",
    "wav_header",
]
