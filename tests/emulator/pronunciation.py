"""Pronunciation assessment: the request's settings, and the scores.

https://learn.microsoft.com/azure/ai-services/speech-service/how-to-pronunciation-assessment
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import difflib
from enum import StrEnum
import json
from typing import Any, NoReturn
import uuid

from .answer import refuse_content
from .phonemes import PhonemeAlphabet, Sounds
from .speech_model import Alternative
from .text import lexical_form

_FULL_MARK = 100.0
_POOR_MARK = 35.0
_PROSODY_MARK = 87.8


class ErrorType(StrEnum):
    """The kind of a word's error."""

    NONE = "None"
    OMISSION = "Omission"
    INSERTION = "Insertion"
    MISPRONUNCIATION = "Mispronunciation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The content of a `Pronunciation-Assessment` header."""

    reference: Sequence[str]
    """The words that should be spoken, in their lexical form."""
    five_point: bool
    """Whether the highest mark is 5, not 100."""
    granularity: str
    comprehensive: bool
    """Whether more than the accuracy is scored."""
    miscue: bool
    """Whether words too many or too few are told apart from badly spoken ones."""
    prosody: bool
    phonemes: PhonemeAlphabet
    best_phonemes: int
    """How many likely phonemes are named for each one that was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _JudgedWord:
    text: str
    error: ErrorType
    heard: int | None
    """Its place among the words that were heard."""

    @property
    def mark(self) -> float:
        return _FULL_MARK if self.error is ErrorType.NONE else _POOR_MARK * (self.heard is not None)


def read_assessment(header: str, language: str) -> Assessment:
    """Read a `Pronunciation-Assessment` header: base64 of JSON. Raises `RefusedError` (400).

    [rec] Microsoft's samples send `PhonemeAlphabet` and `NBestPhonemeCount`. [?] Azure's answers
    to wrong values aren't known.
    """
    try:
        content = json.loads(base64.b64decode(header, validate=True))
    except ValueError:
        _refuse("is not base64 of JSON")
    if not isinstance(content, dict) or not isinstance(content.get("ReferenceText"), str):
        _refuse("has no ReferenceText")
    if "ScenarioId" in content:
        _check_guid(content["ScenarioId"])
    return Assessment(
        reference=lexical_form(content["ReferenceText"]).split(),
        five_point=_choose(content, "GradingSystem", "FivePoint", "HundredMark") == "FivePoint",
        granularity=_choose(content, "Granularity", "Phoneme", "Word", "FullText"),
        comprehensive=_choose(content, "Dimension", "Basic", "Comprehensive") == "Comprehensive",
        miscue=_read_flag(content, "EnableMiscue"),
        # [doc] Prosody is scored for American English only; [?] elsewhere the wish is ignored.
        prosody=_read_flag(content, "EnableProsodyAssessment") and language == "en-US",
        phonemes=PhonemeAlphabet(_choose(content, "PhonemeAlphabet", *PhonemeAlphabet)),
        best_phonemes=_read_count(content, "NBestPhonemeCount"),
    )


def assess(alternative: Alternative, assessment: Assessment) -> dict[str, Any]:
    """Score an alternative: the fields that assessment adds to it and to each of its words.

    The marks are plain: a word is either the one that should be spoken, or it isn't.
    """
    heard = lexical_form(alternative.text).split()
    words = list(_judge(heard, assessment))
    spoken = [word for word in words if word.heard is not None]
    accuracy = sum(word.mark for word in spoken) / max(1, len(spoken))
    right = sum(word.error is ErrorType.NONE for word in words)
    completeness = _FULL_MARK * right / max(1, len(assessment.reference))
    scores = {"AccuracyScore": accuracy}
    if assessment.comprehensive:
        scores |= {"FluencyScore": _FULL_MARK, "CompletenessScore": min(completeness, _FULL_MARK)}
        if assessment.prosody:
            scores["ProsodyScore"] = _PROSODY_MARK
        scores["PronScore"] = sum(scores.values()) / len(scores)
    result: dict[str, Any] = {name: _grade(mark, assessment) for name, mark in scores.items()}
    if assessment.granularity != "FullText":
        result["Words"] = [_word_json(word, alternative, assessment) for word in words]
    return result


def _judge(heard: Sequence[str], assessment: Assessment) -> Iterator[_JudgedWord]:
    """Compare the recognized text with the reference, word by word."""
    reference = assessment.reference or heard
    matcher = difflib.SequenceMatcher(a=reference, b=heard, autojunk=False)
    for tag, first, last, begin, end in matcher.get_opcodes():
        wrong = ErrorType.NONE if tag == "equal" else ErrorType.MISPRONUNCIATION
        paired = min(last - first, end - begin)
        for index in range(paired):
            yield _JudgedWord(text=heard[begin + index], error=wrong, heard=begin + index)
        for index in range(begin + paired, end):
            error = ErrorType.INSERTION if assessment.miscue else ErrorType.MISPRONUNCIATION
            yield _JudgedWord(text=heard[index], error=error, heard=index)
        if assessment.miscue:
            for missing in reference[first + paired : last]:
                yield _JudgedWord(text=missing, error=ErrorType.OMISSION, heard=None)


def _word_json(
    word: _JudgedWord, alternative: Alternative, assessment: Assessment
) -> dict[str, Any]:
    result: dict[str, Any] = {"Word": word.text}
    if word.heard is not None and word.heard < len(alternative.words):
        timed = alternative.words[word.heard]
        result |= {"Offset": timed.offset, "Duration": timed.duration, "Confidence": 0.0}
    result["AccuracyScore"] = _grade(word.mark, assessment)
    result["ErrorType"] = word.error
    if assessment.granularity == "Phoneme" and word.heard is not None:
        time = result.get("Offset", 0), result.get("Duration", 0)
        sounds = Sounds(alphabet=assessment.phonemes, best=assessment.best_phonemes)
        result |= sounds.as_json(word.text, *time, _grade(word.mark, assessment))
    if assessment.prosody:
        result["Feedback"] = {
            "Prosody": {
                "Break": {"ErrorTypes": ["None"], "BreakLength": 0},
                "Intonation": {"ErrorTypes": [], "Monotone": {"Confidence": 0.0}},
            }
        }
    return result


def _grade(mark: float, assessment: Assessment) -> float:
    return round(mark / 20 if assessment.five_point else mark, 1)


def _choose(content: dict[str, Any], name: str, *values: str) -> str:
    value = content.get(name, values[0])
    if value not in values:
        _refuse(f"has a {name} that is not one of {', '.join(values)}")
    return str(value)


def _read_flag(content: dict[str, Any], name: str) -> bool:
    """Read a truth value, which may be a string.

    [doc] Microsoft's own sample writes it so; [field] real ones work too.
    """
    return _choose({name: str(content.get(name, False))}, name, "False", "True") == "True"


def _read_count(content: dict[str, Any], name: str) -> int:
    count = content.get(name, 0)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        _refuse(f"has a {name} that is not a whole number")
    return count


def _check_guid(text: object) -> None:
    try:
        uuid.UUID(str(text))
    except ValueError:
        _refuse("has a ScenarioId that is not a GUID")


def _refuse(what: str) -> NoReturn:
    refuse_content(f"The Pronunciation-Assessment header {what}")
