"""The tail of a wake word, which the satellite still sends; it isn't part of the utterance."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import Alternative
from ..recognition.transcript import Part, Transcript
from .words import words_of

# Seconds of the stream in which the tail begins.
_BEGINNING: Final = SAMPLE_RATE // 2


def without_wake_word(transcript: Transcript, wake_words: Iterable[str]) -> Transcript:
    """Return a transcript without the tail of a wake word at its very beginning.

    A part that has no other words is left out.
    """
    if not transcript.parts or transcript.parts[0].start > _BEGINNING:
        return transcript
    tails = sorted(
        {
            tuple(words[first:])
            for words in map(_plain_words, wake_words)
            for first in range(len(words))
        },
        key=len,
        reverse=True,
    )
    first, *others = transcript.parts
    first = _without_tail(first, tails)
    return replace(transcript, parts=((first,) if first.text else ()) + tuple(others))


def _without_tail(part: Part, tails: Sequence[Sequence[str]]) -> Part:
    recognition = part.recognition
    alternatives = tuple(_stripped(each, tails) for each in recognition.alternatives)
    return replace(part, recognition=replace(recognition, alternatives=alternatives))


def _stripped(alternative: Alternative, tails: Sequence[Sequence[str]]) -> Alternative:
    return replace(
        alternative,
        display=_rest(alternative.display, tails),
        lexical=_rest(alternative.lexical, tails),
        itn=_rest(alternative.itn, tails),
        masked_itn=_rest(alternative.masked_itn, tails),
    )


def _rest(text: str, tails: Sequence[Sequence[str]]) -> str:
    """Return a text without the longest tail that it begins with."""
    words = list(words_of(text))
    plain = [word.plain for word in words]
    for tail in tails:
        if plain[: len(tail)] == list(tail):
            rest = text[words[len(tail)].start :] if len(words) > len(tail) else ""
            return rest[:1].upper() + rest[1:] if text[:1].isupper() else rest
    return text


def _plain_words(text: str) -> list[str]:
    return [word.plain for word in words_of(text)]
