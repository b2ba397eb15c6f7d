"""The request for a recognition: query and headers.

https://learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short
"""

from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
import json
from typing import Final

PROSODY_LOCALES: Final = frozenset({"en-US"})
"""Locales whose prosody Azure assesses.

https://learn.microsoft.com/azure/ai-services/speech-service/how-to-pronunciation-assessment
"""


class AudioFormat(StrEnum):
    """The two forms of audio that the service takes, as their Content-Type."""

    WAV = "audio/wav; codecs=audio/pcm; samplerate=16000"
    OGG = "audio/ogg; codecs=opus"


class Profanity(StrEnum):
    """How Azure handles swear words in the text: asterisks, removal, or no change."""

    MASKED = "masked"
    REMOVED = "removed"
    RAW = "raw"


class GradingSystem(StrEnum):
    """The points of a pronunciation assessment: 0-5 or 0-100."""

    FIVE_POINT = "FivePoint"
    HUNDRED_MARK = "HundredMark"


class Granularity(StrEnum):
    """How finely a pronunciation is assessed."""

    PHONEME = "Phoneme"
    WORD = "Word"
    FULL_TEXT = "FullText"


class PhonemeAlphabet(StrEnum):
    """The alphabet of phonemes in an assessment, as in Microsoft's samples."""

    IPA = "IPA"
    SAPI = "SAPI"


class Dimension(StrEnum):
    """The dimensions of a pronunciation assessment: accuracy alone, or all scores."""

    BASIC = "Basic"
    COMPREHENSIVE = "Comprehensive"


@dataclass(frozen=True, slots=True, kw_only=True)
class PronunciationAssessment:
    """A request for scores of how a text is read aloud, of at most 30 s of audio."""

    reference_text: str = field(repr=False)
    grading_system: GradingSystem = GradingSystem.HUNDRED_MARK
    granularity: Granularity = Granularity.PHONEME
    dimension: Dimension = Dimension.COMPREHENSIVE
    enable_miscue: bool = False
    enable_prosody: bool = False
    scenario_id: str | None = None
    phoneme_alphabet: PhonemeAlphabet | None = None
    nbest_phoneme_count: int | None = None

    def header_value(self) -> str:
        """Return the Pronunciation-Assessment header: base64 of JSON.

        The switches are the strings "True" and "False", as in Microsoft's sample.
        """
        parameters: dict[str, object] = {
            "ReferenceText": self.reference_text,
            "GradingSystem": self.grading_system,
            "Granularity": self.granularity,
            "Dimension": self.dimension,
            "EnableMiscue": str(self.enable_miscue),
            "EnableProsodyAssessment": str(self.enable_prosody),
        }
        optional = {
            "ScenarioId": self.scenario_id,
            "PhonemeAlphabet": self.phoneme_alphabet,
            "NBestPhonemeCount": self.nbest_phoneme_count,
        }
        parameters |= {key: value for key, value in optional.items() if value is not None}
        return b64encode(json.dumps(parameters).encode()).decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionOptions:
    """One recognition's query and headers.

    `language` is a locale such as en-US, `audio_format` the one to send, `endpoint_id` a
    Custom Speech deployment (`cid`; undocumented since 2025), `detailed` asks for up to five
    alternatives, and `word_times` for each word's place, which only detailed answers have.
    """

    language: str
    audio_format: AudioFormat = AudioFormat.WAV
    detailed: bool = True
    profanity: Profanity = Profanity.MASKED
    endpoint_id: str | None = None
    word_times: bool = False
    pronunciation: PronunciationAssessment | None = None

    def query(self) -> dict[str, str]:
        """Return the URL's parameters."""
        query = {
            "language": self.language,
            "format": "detailed" if self.detailed else "simple",
            "profanity": self.profanity.value,
        }
        if self.endpoint_id:
            query["cid"] = self.endpoint_id
        if self.word_times:
            query["wordLevelTimestamps"] = "true"
        return query

    def headers(self) -> dict[str, str]:
        """Return the headers, without authorization."""
        headers = {"Content-Type": self.audio_format.value, "Accept": "application/json"}
        if self.pronunciation:
            headers["Pronunciation-Assessment"] = self.pronunciation.header_value()
        return headers
