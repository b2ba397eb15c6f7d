"""What the actions answer, in plain names; what the service didn't say is left out."""

from collections.abc import Iterable, Mapping
import re
from typing import Any, Final

from .audio import SAMPLE_RATE
from .azure_speech import Phoneme, PronunciationScores, Prosody, Word
from .texts import Wording
from .transcriber import Part, Transcript

type Response = dict[str, Any]

# Within a name, as in UnexpectedBreak.
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def transcription(transcript: Transcript, wording: Wording, seconds_sent: float) -> Response:
    """Return a transcript with its parts; offsets and durations are seconds."""
    language = transcript.language
    return {
        "text": wording.text(next(transcript.ranked(), ()), language),
        "language": language,
        "seconds_sent": round(seconds_sent, 2),
        "parts": [_part(part, wording, language) for part in transcript.parts],
    }


def _part(part: Part, wording: Wording, language: str) -> Response:
    texts = [wording.text([alternative], language) for alternative in part.alternatives]
    confidence = part.alternatives[0].confidence
    return {
        **_place(part),
        "text": texts[0],
        "confidence": confidence,
        "alternatives": [text for text in dict.fromkeys(texts[1:]) if text not in ("", texts[0])],
    }


def assessment(part: Part, language: str, seconds_sent: float) -> Response:
    """Return the scores of how a text was read, for all of it, and word by word.

    They are points of the grading system that was asked for.
    """
    best = part.alternatives[0]
    lead = _lead(part)
    return {
        "text": best.display,
        "language": language,
        "seconds_sent": round(seconds_sent, 2),
        **_place(part),
        **_scores(best.scores or PronunciationScores()),
        "words": [_word(word, lead) for word in best.words],
    }


def _place(part: Part) -> Response:
    return {
        "offset": round(part.start / SAMPLE_RATE, 2),
        "duration": round((part.end - part.start) / SAMPLE_RATE, 2),
    }


def _lead(part: Part) -> float:
    """Return the seconds of the media before what was sent: words are placed in the latter."""
    offset = part.recognition.offset if part.recognition else None
    return part.start / SAMPLE_RATE - (offset or 0.0)


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
    """Return the service's name of an error in our own style; its "None" is none."""
    return _CAPITAL.sub("_", name).lower() if name and name != "None" else None


def _known(facts: Mapping[str, Any]) -> Response:
    return {key: value for key, value in facts.items() if value is not None}
