"""The words of a transcript, each with its place in the recording."""

from collections.abc import Iterator

from ..audio.pcm import SAMPLE_RATE
from ..azure_speech import Alternative, Profanity
from ..recognition.transcript import Part, Transcript
from .common import Response


def transcript_words(transcript: Transcript, profanity: Profanity) -> list[Response]:
    """Return the words as Azure heard them; offsets and durations are seconds.

    Azure masks profanity in texts only, so words missing there are hidden here.
    """
    return [word for part in transcript.parts for word in _words(part, profanity)]


def _words(part: Part, profanity: Profanity) -> Iterator[Response]:
    best = part.recognition.alternatives[0]
    # Azure places words in the audio that was sent, which begins before the part.
    lead = part.start / SAMPLE_RATE - (part.recognition.offset or 0.0)
    for word in best.words:
        hidden = _is_hidden(word.text, best, profanity)
        if word.offset is None or (hidden and profanity is Profanity.REMOVED):
            continue
        yield {
            "word": "*" * len(word.text) if hidden else word.text,
            "offset": round(word.offset + lead, 2),
            "duration": round(word.duration or 0.0, 2),
        }


def _is_hidden(word: str, alternative: Alternative, profanity: Profanity) -> bool:
    """Return whether a word is missing in the text that Azure masked.

    Short audio's words are as they were spoken, so that "five" is missing where the text has
    "5". Its unmasked text lacks them too. Fast transcription has none, and words as displayed.
    """
    masks = profanity is Profanity.MASKED and "*" in alternative.display
    plain = _plain(word)
    return (
        (masks or profanity is Profanity.REMOVED)
        and bool(plain)
        and (not alternative.itn or _contains(alternative.itn, plain))
        and not _contains(alternative.display, plain)
    )


def _contains(text: str, word: str) -> bool:
    """Return whether a text has a word, which can be anywhere in a text without spaces."""
    words = list(map(_plain, text.split()))
    return word in words if len(words) > 1 else word in "".join(words)


def _plain(word: str) -> str:
    return "".join(filter(str.isalnum, word)).casefold()
