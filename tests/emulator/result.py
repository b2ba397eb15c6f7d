"""The JSON of a recognition's result.

https://learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short#sample-responses
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from .options import Format, Options, Profanity
from .pronunciation import assess
from .settings import Settings
from .speech_model import Alternative, RecognitionStatus, Word
from .text import lexical_form, lexical_word, mask_profanity, masked_form, remove_profanity


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a recognition ended. Times are in ticks from the upload's start."""

    status: RecognitionStatus
    offset: int
    duration: int = 0
    alternatives: Sequence[Alternative] = ()
    """In the order of the answer: the first is the service's decision, always."""

    @property
    def best(self) -> Alternative:
        """The first alternative, regardless of the confidences."""
        return self.alternatives[0]


def success(
    alternatives: Sequence[Alternative], *, audio_offset: int, offset: int, duration: int
) -> Result:
    """Make the result of an utterance that was understood.

    Words count from `audio_offset`; where the model knows no words' times, the utterance's own
    `offset` and `duration` stand.
    """
    result = Result(
        status=RecognitionStatus.SUCCESS,
        offset=offset,
        duration=duration,
        alternatives=[_shift(alternative, audio_offset) for alternative in alternatives],
    )
    if words := result.best.words:
        end = words[-1].offset + words[-1].duration
        result = replace(result, offset=words[0].offset, duration=end - words[0].offset)
    return result


def join(results: Sequence[Result]) -> Result:
    """Make one result of several utterances': their texts as sentences of one text.

    [rec] One `DisplayText` can hold several sentences. Utterances without words are left out,
    unless there are no others.
    """
    spoken = [result for result in results if result.alternatives]
    if len(spoken) < 2:
        return next(iter(spoken), results[0])
    end = spoken[-1].offset + spoken[-1].duration
    columns = zip_longest(*(result.alternatives for result in spoken))
    best = [result.best for result in spoken]
    return replace(
        spoken[0],
        duration=end - spoken[0].offset,
        alternatives=[
            _join_alternatives(
                [part or default for part, default in zip(column, best, strict=True)]
            )
            for column in columns
        ],
    )


def _join_alternatives(parts: Sequence[Alternative]) -> Alternative:
    lexical = (part.lexical or lexical_form(part.text) for part in parts)
    return Alternative(
        text=" ".join(filter(None, (part.text for part in parts))),
        lexical=" ".join(filter(None, lexical)),
        confidence=min(part.confidence for part in parts),
        words=[word for part in parts for word in part.words],
    )


def result_json(result: Result, options: Options, settings: Settings) -> dict[str, Any]:
    """Make the JSON in the format, and with the treatment of profanity, that was asked for."""
    content: dict[str, Any] = {
        "RecognitionStatus": result.status,
        "Offset": result.offset,
        "Duration": result.duration,
    }
    if settings.primary_language_object:
        # [rec] The shape is known from the WebSocket only.
        content["PrimaryLanguage"] = {"Language": options.language, "Confidence": "High"}
    # [doc] Nothing but removed profanity: "the service does not return a speech result". How that
    # looks isn't documented, so this is the barest form.
    if result.alternatives and not _is_removed(result.best, options):
        content |= _text_json(result, options, settings)
    return _write_ticks(content) if settings.ticks_as_text else content


def _is_removed(alternative: Alternative, options: Options) -> bool:
    return bool(alternative.text) and not _treat_profanity(alternative.text, options)


def _text_json(result: Result, options: Options, settings: Settings) -> dict[str, Any]:
    display = {"DisplayText": _treat_profanity(result.best.text, options)}
    is_simple = options.format is Format.SIMPLE and options.assessment is None
    if is_simple or settings.simple_only:
        return display
    # [rec] An assessment has one alternative.
    count = 1 if options.assessment else settings.max_alternatives
    alternatives = [
        _alternative_json(alternative, result, options, settings)
        for alternative in result.alternatives
        if not _is_removed(alternative, options)
    ]
    best = {"NBest": alternatives[:count]}
    # [rec] Where the first alternative is empty, `DisplayText` is there and empty too.
    return display | best if options.assessment or not result.best.text else best


def _alternative_json(
    alternative: Alternative, result: Result, options: Options, settings: Settings
) -> dict[str, Any]:
    inverse_normalized = lexical_form(alternative.text)
    masked = alternative.text if settings.masked_itn_capitals else inverse_normalized
    content: dict[str, Any] = {
        "Confidence": alternative.confidence,
        "Lexical": alternative.lexical or inverse_normalized,
        "ITN": inverse_normalized,
        "MaskedITN": masked_form(_treat_profanity(masked, options)),
        "Display": _treat_profanity(alternative.text, options),
    }
    if options.word_times and settings.word_times:
        content["Words"] = _words_json(alternative, result)
    if options.assessment is not None:
        content |= assess(alternative, options.assessment)
    return content


def _words_json(alternative: Alternative, result: Result) -> list[dict[str, Any]]:
    """Return the words with their times: lexical, and with a confidence of 0.0 throughout [rec].

    Every alternative has them [rec]; where the model doesn't know their times, they share the
    utterance's evenly.
    """
    lexical = (alternative.lexical or lexical_form(alternative.text)).split()
    words = alternative.words
    if not words and lexical:
        length = result.duration // len(lexical)
        words = [
            Word(text=text, offset=result.offset + index * length, duration=length)
            for index, text in enumerate(lexical)
        ]
    texts = lexical if len(lexical) == len(words) else [lexical_word(word.text) for word in words]
    return [
        {"Word": text, "Offset": word.offset, "Duration": word.duration, "Confidence": 0.0}
        for text, word in zip(texts, words, strict=True)
    ]


def _treat_profanity(text: str, options: Options) -> str:
    match options.profanity:
        case Profanity.MASKED:
            return mask_profanity(text)
        case Profanity.REMOVED:
            return remove_profanity(text)
        case Profanity.RAW:
            return text


def _shift(alternative: Alternative, ticks: int) -> Alternative:
    words = [replace(word, offset=word.offset + ticks) for word in alternative.words]
    return replace(alternative, words=words)


def _write_ticks(content: object) -> Any:  # noqa: ANN401
    """Write every time as a string, as on Microsoft's page."""
    if isinstance(content, list):
        return [_write_ticks(item) for item in content]
    if not isinstance(content, Mapping):
        return content
    return {
        name: str(value) if name in {"Offset", "Duration"} else _write_ticks(value)
        for name, value in content.items()
    }
