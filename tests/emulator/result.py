"""The JSON of a recognition's result.

https://learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short#sample-responses
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .ear import Alternative, RecognitionStatus
from .options import Format, Options, Profanity
from .pronunciation import assess
from .text import lexical_form, mask_profanity, remove_profanity


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
        """The first alternative, whatever the confidences."""
        return self.alternatives[0]


def success(
    alternatives: Sequence[Alternative], *, audio_offset: int, offset: int, duration: int
) -> Result:
    """Make the result of an utterance that was understood.

    Words count from `audio_offset`; where the ear knows no words' times, the utterance's own
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


def result_json(result: Result, options: Options, *, ticks_as_text: bool) -> dict[str, Any]:
    """Make the JSON in the format, and with the treatment of profanity, that was asked for."""
    content: dict[str, Any] = {
        "RecognitionStatus": result.status,
        "Offset": result.offset,
        "Duration": result.duration,
    }
    if result.alternatives:
        shown = [
            alternative
            for alternative in result.alternatives
            if _treat_profanity(alternative.text, options)
        ]
        # "the service does not return a speech result": how that looks isn't documented, so
        # this is the barest form.
        if shown:
            content |= _text_json(replace(result, alternatives=shown), options)
    return _write_ticks(content) if ticks_as_text else content


def _text_json(result: Result, options: Options) -> dict[str, Any]:
    display = {"DisplayText": _treat_profanity(result.best.text, options)}
    if options.format is Format.SIMPLE and options.assessment is None:
        return display
    best = [_alternative_json(alternative, options) for alternative in result.alternatives]
    return {"NBest": best} if options.assessment is None else display | {"NBest": best}


def _alternative_json(alternative: Alternative, options: Options) -> dict[str, Any]:
    inverse_normalized = lexical_form(alternative.text)
    content: dict[str, Any] = {
        "Confidence": alternative.confidence,
        "Lexical": alternative.lexical or inverse_normalized,
        "ITN": inverse_normalized,
        "MaskedITN": _treat_profanity(inverse_normalized, options),
        "Display": _treat_profanity(alternative.text, options),
    }
    if options.word_times:
        content["Words"] = [
            {
                "Word": lexical_form(word.text),
                "Offset": word.offset,
                "Duration": word.duration,
            }
            for word in alternative.words
        ]
    if options.assessment is not None:
        content |= assess(alternative, options.assessment)
    return content


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
