"""Pronunciation assessment of a recording."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
import re
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import (
    BYTES_PER_SECOND,
    PROSODY_LOCALES,
    Phoneme,
    PronunciationAssessment,
    PronunciationScores,
    Prosody,
    RecognitionOptions,
    Syllable,
    Word,
)
from ..const import DOMAIN
from ..recognition.transcript import Part
from ..resource.resource import Resource
from .common import (
    Response,
    async_recognize_pcm,
    place,
    raising_translated_errors,
    recording_policy,
    within_limit,
)
from .media import async_find_media, async_open_media, async_read

ASSESSED_MAX: Final = 30
"""Seconds of audio that Azure assesses.

https://learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short
"""

# Within a name, as in UnexpectedBreak.
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


async def async_assess_pronunciation(
    hass: HomeAssistant,
    media_id: str,
    engines: Sequence[Resource],
    options: RecognitionOptions,
    assessment: PronunciationAssessment,
) -> Response:
    """Return the scores of how a text is read aloud in a media.

    Raises HomeAssistantError and ServiceValidationError, translated.
    """
    if assessment.enable_prosody and options.language not in PROSODY_LOCALES:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="prosody_not_available",
            translation_placeholders={"language": options.language},
        )
    engines = within_limit(engines)
    options = replace(options, pronunciation=assessment)
    policy = recording_policy(options)
    with raising_translated_errors():
        open_file = await async_find_media(hass, media_id)
        async with async_open_media(hass, open_file) as reader:
            pcm = await _read_short(async_read(hass, reader))
        engines = within_limit(engines, len(pcm) / BYTES_PER_SECOND)
        transcript, seconds_sent = await async_recognize_pcm(_once(pcm), engines, policy)
    if not transcript.parts:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="nothing_heard")
    return _response(transcript.parts[0], options.language, seconds_sent)


async def _read_short(pcm: AsyncGenerator[bytes]) -> bytes:
    """Return the audio, which mustn't be longer than Azure assesses."""
    read = bytearray()
    async with aclosing(pcm):
        async for block in pcm:
            read += block
            if len(read) > ASSESSED_MAX * BYTES_PER_SECOND:
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="media_too_long",
                    translation_placeholders={"seconds": str(ASSESSED_MAX)},
                )
    return bytes(read)


async def _once(pcm: bytes) -> AsyncGenerator[bytes]:
    yield pcm


def _response(part: Part, language: str, seconds_sent: float) -> Response:
    """Return the scores of the whole text and of each word, in the chosen grading system."""
    best = part.recognition.alternatives[0]
    lead = _lead(part)
    return {
        "text": best.display,
        "language": language,
        "seconds_sent": round(seconds_sent, 2),
        **place(part),
        **_scores(best.scores or PronunciationScores()),
        "words": [_word(word, lead) for word in best.words],
    }


def _lead(part: Part) -> float:
    """Return the seconds of media before the audio sent, in which Azure places the words."""
    return part.start / SAMPLE_RATE - (part.recognition.offset or 0.0)


def _scores(scores: PronunciationScores) -> Response:
    return _known(
        {
            "pronunciation": scores.pronunciation,
            "accuracy": scores.accuracy,
            "fluency": scores.fluency,
            "completeness": scores.completeness,
            "prosody": scores.prosody,
        }
    )


def _word(word: Word, lead: float) -> Response:
    return _known(
        {
            "word": word.text,
            "offset": _later(word.offset, lead),
            "duration": word.duration,
            "accuracy": word.accuracy_score,
            "error": _error(word.error_type),
            "prosody": _prosody(word.prosody) if word.prosody else None,
            "syllables": [_syllable(syllable, lead) for syllable in word.syllables] or None,
            "phonemes": [_phoneme(phoneme, lead) for phoneme in word.phonemes] or None,
        }
    )


def _phoneme(phoneme: Phoneme, lead: float) -> Response:
    return _known(
        {
            "phoneme": phoneme.text,
            "offset": _later(phoneme.offset, lead),
            "duration": phoneme.duration,
            "accuracy": phoneme.accuracy_score,
            "alternatives": [_phoneme(other, lead) for other in phoneme.alternatives] or None,
        }
    )


def _syllable(syllable: Syllable, lead: float) -> Response:
    return _known(
        {
            "syllable": syllable.text,
            "grapheme": syllable.grapheme or None,
            "offset": _later(syllable.offset, lead),
            "duration": syllable.duration,
            "accuracy": syllable.accuracy_score,
        }
    )


def _prosody(prosody: Prosody) -> Response:
    return _known(
        {
            "break_errors": _errors(prosody.break_errors),
            "break_length": prosody.break_length,
            "unexpected_break_confidence": prosody.unexpected_break_confidence,
            "missing_break_confidence": prosody.missing_break_confidence,
            "intonation_errors": _errors(prosody.intonation_errors),
            "monotone_confidence": prosody.monotone_confidence,
            "syllable_pitch_delta_confidence": prosody.syllable_pitch_delta_confidence,
        }
    )


def _later(offset: float | None, lead: float) -> float | None:
    return None if offset is None else round(offset + lead, 4)


def _errors(names: Iterable[str]) -> list[str] | None:
    return list(filter(None, map(_error, names))) or None


def _error(name: str | None) -> str | None:
    """Return an error's name in snake case; Azure's "None" is none."""
    return _CAPITAL.sub("_", name).lower() if name and name != "None" else None


def _known(facts: Mapping[str, Any]) -> Response:
    return {key: value for key, value in facts.items() if value is not None}
