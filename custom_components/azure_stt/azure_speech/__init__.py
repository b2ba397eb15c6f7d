"""A client for Azure AI Speech's REST API for short audio.

It knows nothing of Home Assistant. Contract:
https://learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short
"""

from .answer import (
    Alternative,
    Phoneme,
    PronunciationScores,
    Prosody,
    Recognition,
    RecognitionStatus,
    Syllable,
    Word,
)
from .client import AudioSource, SpeechClient
from .credentials import Credential, EntraCredential, KeyCredential, clean_key
from .endpoints import Cloud, Endpoint, is_region, region_name
from .errors import (
    AuthenticationError,
    CertificateError,
    InvalidAnswerError,
    InvalidEndpointError,
    InvalidRequestError,
    NetworkRulesError,
    OtherHostError,
    QuotaExceededError,
    ResponseError,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
    ThrottledError,
    UnexplainedRequestError,
    UnknownHostError,
)
from .request import (
    PROSODY_LOCALES,
    AudioFormat,
    Dimension,
    GradingSystem,
    Granularity,
    PhonemeAlphabet,
    Profanity,
    PronunciationAssessment,
    RecognitionOptions,
)
from .upload import ANSWER_SECONDS_PER_SECOND, TRACE_CONFIG, Meter, Timeouts
from .wav import BYTES_PER_SECOND, SAMPLE_RATE, SAMPLE_WIDTH, wav_header

__all__ = [
    "ANSWER_SECONDS_PER_SECOND",
    "BYTES_PER_SECOND",
    "PROSODY_LOCALES",
    "SAMPLE_RATE",
    "SAMPLE_WIDTH",
    "TRACE_CONFIG",
    "Alternative",
    "AudioFormat",
    "AudioSource",
    "AuthenticationError",
    "CertificateError",
    "Cloud",
    "Credential",
    "Dimension",
    "Endpoint",
    "EntraCredential",
    "GradingSystem",
    "Granularity",
    "InvalidAnswerError",
    "InvalidEndpointError",
    "InvalidRequestError",
    "KeyCredential",
    "Meter",
    "NetworkRulesError",
    "OtherHostError",
    "Phoneme",
    "PhonemeAlphabet",
    "Profanity",
    "PronunciationAssessment",
    "PronunciationScores",
    "Prosody",
    "QuotaExceededError",
    "Recognition",
    "RecognitionOptions",
    "RecognitionStatus",
    "ResponseError",
    "SpeechClient",
    "SpeechConnectionError",
    "SpeechError",
    "SpeechTimeoutError",
    "Syllable",
    "ThrottledError",
    "Timeouts",
    "UnexplainedRequestError",
    "UnknownHostError",
    "Word",
    "clean_key",
    "is_region",
    "region_name",
    "wav_header",
]
