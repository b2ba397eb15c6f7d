"""The answer to a recognition: alternatives, words and scores.

https://learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short

Times are seconds here. Azure counts in ticks of 100 ns: numbers in practice, strings in its
documentation. A field that is missing or invalid is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self

from .fields import mapping, mappings, number, seconds, text, texts

TICKS_PER_SECOND: Final = 10_000_000

# The service gives five alternatives, and takes a minute of speech. More than
# that isn't read: parsing a million words would take seconds or more.
_ALTERNATIVES_MAX: Final = 10
_WORDS_MAX: Final = 1_000
_PHONEMES_MAX: Final = 100


class RecognitionStatus(StrEnum):
    """How a recognition ended, when that isn't an error."""

    SUCCESS = "Success"
    NO_MATCH = "NoMatch"
    """Speech, but no words of the language."""
    INITIAL_SILENCE_TIMEOUT = "InitialSilenceTimeout"
    """Only silence; also the status for audio in another format than its header declares."""
    BABBLE_TIMEOUT = "BabbleTimeout"
    """Only noise."""
    END_OF_DICTATION = "EndOfDictation"
    """Nothing more; known from Microsoft's JavaScript SDK."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prosody:
    """How a word was spoken: the pause before it and its melody.

    Microsoft's page does not give the unit of `break_length`; it is passed on as it comes.
    """

    break_errors: tuple[str, ...] = ()
    break_length: float | None = None
    unexpected_break_confidence: float | None = None
    missing_break_confidence: float | None = None
    intonation_errors: tuple[str, ...] = ()
    monotone_confidence: float | None = None
    syllable_pitch_delta_confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phoneme:
    """One sound of a word and how well it was spoken.

    `alternatives` are other sounds that it may have been, if they were asked for.
    """

    text: str = field(repr=False)
    offset: float | None = None
    duration: float | None = None
    accuracy_score: float | None = None
    alternatives: tuple[Phoneme, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Syllable:
    """One syllable of a word (in phonemes, and its letters) and how well it was spoken."""

    text: str = field(repr=False)
    grapheme: str = field(default="", repr=False)
    offset: float | None = None
    duration: float | None = None
    accuracy_score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word, its place in the audio sent (seconds) and, if asked for, its scores.

    `error_type` is None, Omission, Insertion or Mispronunciation, as the service says it.
    """

    text: str = field(repr=False)
    offset: float | None = None
    duration: float | None = None
    confidence: float | None = None
    accuracy_score: float | None = None
    error_type: str | None = None
    syllables: tuple[Syllable, ...] = ()
    phonemes: tuple[Phoneme, ...] = ()
    prosody: Prosody | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PronunciationScores:
    """An utterance's scores, in the grading system that was asked for."""

    accuracy: float | None = None
    fluency: float | None = None
    completeness: float | None = None
    prosody: float | None = None
    pronunciation: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One of the texts that the speech may have been.

    `display` has capitals, punctuation and figures, `lexical` is as spoken, `itn` has
    figures only. `lexical` and `itn` are never masked for profanity; `masked_itn` is.
    """

    display: str = field(repr=False)
    lexical: str = field(default="", repr=False)
    itn: str = field(default="", repr=False)
    masked_itn: str = field(default="", repr=False)
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    scores: PronunciationScores | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The service's answer for the first utterance in the audio.

    `offset` and `duration` (seconds) place the utterance in the audio sent. `alternatives`
    stay in Azure's order: the first is its decision, even if another one has a higher
    confidence (https://github.com/microsoft/cognitive-services-speech-sdk-js/issues/368).
    There are none if nothing was recognized.
    """

    status: RecognitionStatus
    alternatives: tuple[Alternative, ...] = ()
    offset: float | None = None
    duration: float | None = None
    signal_to_noise_ratio: float | None = None
    channel: int | None = None
    language: str | None = None
    connection_id: str | None = None

    @property
    def text(self) -> str:
        """The first alternative as it is displayed; empty if nothing was recognized."""
        return self.alternatives[0].display if self.alternatives else ""

    @property
    def confidence(self) -> float | None:
        """The first alternative's confidence, 0-1; None in simple answers."""
        return self.alternatives[0].confidence if self.alternatives else None

    @classmethod
    def from_answer(
        cls,
        answer: Mapping[str, object],
        status: RecognitionStatus,
        connection_id: str | None = None,
    ) -> Self:
        """Read a simple or a detailed answer."""
        channel = number(answer.get("Channel"))
        return cls(
            status=status,
            alternatives=_alternatives(answer) if status is RecognitionStatus.SUCCESS else (),
            offset=_seconds(answer.get("Offset")),
            duration=_seconds(answer.get("Duration")),
            signal_to_noise_ratio=number(answer.get("SNR")),
            channel=None if channel is None else int(channel),
            language=_language(answer.get("PrimaryLanguage")),
            connection_id=connection_id,
        )


def _language(value: object) -> str | None:
    """Return a language: an object in recorded answers, a string elsewhere."""
    return text(mapping(value).get("Language")) or text(value) or None


def _alternatives(answer: Mapping[str, object]) -> tuple[Alternative, ...]:
    """Return the alternatives in Azure's order; none if the first one has no text.

    An empty first alternative means that nothing was recognized, even if others follow
    (https://github.com/jambonz/jambonz-feature-server/issues/92). Its text may be at the
    top level only.
    """
    items = list(mappings(answer.get("NBest"), _ALTERNATIVES_MAX)) or [{}]
    first, *others = map(_alternative, items)
    display = first.display or text(answer.get("DisplayText"))
    return (replace(first, display=display), *others) if display else ()


def _alternative(item: Mapping[str, object]) -> Alternative:
    return Alternative(
        display=text(item.get("Display")) or text(item.get("DisplayText")),
        lexical=text(item.get("Lexical")),
        itn=text(item.get("ITN")),
        masked_itn=text(item.get("MaskedITN")),
        confidence=number(item.get("Confidence")),
        words=tuple(_word(word) for word in mappings(item.get("Words"), _WORDS_MAX)),
        scores=_scores(item),
    )


def _scores(item: Mapping[str, object]) -> PronunciationScores | None:
    scores = PronunciationScores(
        accuracy=number(item.get("AccuracyScore")),
        fluency=number(item.get("FluencyScore")),
        completeness=number(item.get("CompletenessScore")),
        prosody=number(item.get("ProsodyScore")),
        pronunciation=number(item.get("PronScore")),
    )
    return None if scores == PronunciationScores() else scores


def _word(item: Mapping[str, object]) -> Word:
    return Word(
        text=text(item.get("Word")),
        offset=_seconds(item.get("Offset")),
        duration=_seconds(item.get("Duration")),
        confidence=number(item.get("Confidence")),
        accuracy_score=number(item.get("AccuracyScore")),
        error_type=text(item.get("ErrorType")) or None,
        syllables=tuple(
            _syllable(syllable) for syllable in mappings(item.get("Syllables"), _PHONEMES_MAX)
        ),
        phonemes=tuple(
            _phoneme(phoneme) for phoneme in mappings(item.get("Phonemes"), _PHONEMES_MAX)
        ),
        prosody=_prosody(mapping(mapping(item.get("Feedback")).get("Prosody"))),
    )


def _phoneme(item: Mapping[str, object]) -> Phoneme:
    return Phoneme(
        text=text(item.get("Phoneme")),
        offset=_seconds(item.get("Offset")),
        duration=_seconds(item.get("Duration")),
        accuracy_score=number(item.get("AccuracyScore")),
        alternatives=tuple(
            Phoneme(text=text(other.get("Phoneme")), accuracy_score=number(other.get("Score")))
            for other in mappings(item.get("NBestPhonemes"), _ALTERNATIVES_MAX)
        ),
    )


def _syllable(item: Mapping[str, object]) -> Syllable:
    return Syllable(
        text=text(item.get("Syllable")),
        grapheme=text(item.get("Grapheme")),
        offset=_seconds(item.get("Offset")),
        duration=_seconds(item.get("Duration")),
        accuracy_score=number(item.get("AccuracyScore")),
    )


def _prosody(feedback: Mapping[str, object]) -> Prosody | None:
    if not feedback:
        return None
    pause = mapping(feedback.get("Break"))
    intonation = mapping(feedback.get("Intonation"))
    monotone = mapping(intonation.get("Monotone"))
    return Prosody(
        break_errors=texts(pause.get("ErrorTypes")),
        break_length=number(pause.get("BreakLength")),
        unexpected_break_confidence=number(mapping(pause.get("UnexpectedBreak")).get("Confidence")),
        missing_break_confidence=number(mapping(pause.get("MissingBreak")).get("Confidence")),
        intonation_errors=texts(intonation.get("ErrorTypes")),
        monotone_confidence=number(monotone.get("Confidence")),
        syllable_pitch_delta_confidence=number(monotone.get("SyllablePitchDeltaConfidence")),
    )


def _seconds(value: object) -> float | None:
    return seconds(value, TICKS_PER_SECOND)
