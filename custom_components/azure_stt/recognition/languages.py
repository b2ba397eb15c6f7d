"""Several languages: the same audio goes to each, and the answer that fits best goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ..azure_speech import RecognitionOptions, SpeechError
from .policy import Understands
from .retry import Answer
from .segment import Cut
from .transcript import Part

type _Fitness = tuple[bool, bool, float]


async def recognize_in_languages(
    recognize: Callable[[Cut, RecognitionOptions], Awaitable[Answer]],
    cut: Cut,
    asked: Sequence[RecognitionOptions],
    understands: Understands | None,
) -> tuple[Answer, RecognitionOptions]:
    """Return the answer that fits best, and the options of its language.

    The understood answer wins, otherwise the most confident one; of equals, the first. A language
    that fails is left out. Raises the first one's SpeechError if all fail.
    """
    if len(asked) == 1:
        return await recognize(cut, asked[0]), asked[0]
    answers = await asyncio.gather(
        *(recognize(cut, options) for options in asked), return_exceptions=True
    )
    recognized: list[tuple[_Fitness, Answer, RecognitionOptions]] = []
    for answer, options in zip(answers, asked, strict=True):
        if isinstance(answer, Answer):
            recognized.append((await _fitness(answer.part, understands), answer, options))
        elif not isinstance(answer, SpeechError):
            raise answer
    if not recognized:
        raise next(answer for answer in answers if isinstance(answer, SpeechError))
    _, best, options = max(recognized, key=lambda item: item[0])
    return best, options


async def _fitness(part: Part, understands: Understands | None) -> _Fitness:
    """Return how well a language's answer fits, the weightiest criterion first."""
    understood = understands is not None and await understands(part.text)
    return bool(part.text), bool(part.text) and understood, part.recognition.confidence or 0.0
