"""A client for Azure AI Speech's REST API for short audio, and for fast transcription.

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
    LocaleNotOfferedError,
    NetworkRulesError,
    OtherHostError,
    QuotaExceededError,
    ResponseError,
    ServiceNotOfferedError,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
    ThrottledError,
    UnexplainedRequestError,
    UnknownHostError,
)
from .fast_transcription import FastTranscriber, TranscriptionMeter
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
from .time_limit import TimeLimit
from .transcription import PHRASES_MAX, AudioFile, FileFormat, Transcription, TranscriptionOptions
from .upload import ANSWER_SECONDS_PER_SECOND, TRACE_CONFIG, Encoder, Meter, Timeouts
from .wav import BYTES_PER_SECOND, SAMPLE_RATE, SAMPLE_WIDTH, wav_header

__all__ = [
    "ANSWER_SECONDS_PER_SECOND",
    "BYTES_PER_SECOND",
    "PHRASES_MAX",
    "PROSODY_LOCALES",
    "SAMPLE_RATE",
    "SAMPLE_WIDTH",
    "TRACE_CONFIG",
    "Alternative",
    "AudioFile",
    "AudioFormat",
    "AudioSource",
    "AuthenticationError",
    "CertificateError",
    "Cloud",
    "Credential",
    "Dimension",
    "Encoder",
    "Endpoint",
    "EntraCredential",
    "FastTranscriber",
    "FileFormat",
    "GradingSystem",
    "Granularity",
    "InvalidAnswerError",
    "InvalidEndpointError",
    "InvalidRequestError",
    "KeyCredential",
    "LocaleNotOfferedError",
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
    "ServiceNotOfferedError",
    "SpeechClient",
    "SpeechConnectionError",
    "SpeechError",
    "SpeechTimeoutError",
    "Syllable",
    "ThrottledError",
    "TimeLimit",
    "Timeouts",
    "Transcription",
    "TranscriptionMeter",
    "TranscriptionOptions",
    "UnexplainedRequestError",
    "UnknownHostError",
    "Word",
    "clean_key",
    "is_region",
    "region_name",
    "wav_header",
]
