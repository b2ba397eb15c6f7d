"""The forms of a recognized text: as it is spoken, and without its bad words."""

import re
from typing import Final

_POINTS: Final = ".,;:!?¿¡…\"'。、"
_PROFANITY: Final = re.compile(r"\b(?:damn|crap|bloody|bugger|verdammt|mist)\b", re.IGNORECASE)


def lexical_form(text: str) -> str:
    """Give the words without capitals and points."""
    words = (word.strip(_POINTS) for word in text.lower().split())
    return " ".join(word for word in words if word)


def lexical_word(word: str) -> str:
    """Return one word without capitals and points; a part of one such as "'s" stays [rec]."""
    return word.lower() if word.startswith("'") else lexical_form(word)


def masked_form(text: str) -> str:
    """Return the words without points, but in long answers with them.

    [rec] "What's the weather like" for "What's the weather like?", yet "... surprises. But to
    understand ... box off." as it is displayed.
    """
    if re.search(r"[.!?] ", text):
        return text
    words = (word.strip(_POINTS) for word in text.split())
    return " ".join(filter(None, words))


def mask_profanity(text: str) -> str:
    """Write asterisks for the letters of bad words."""
    return _PROFANITY.sub(lambda match: "*" * len(match[0]), text)


def remove_profanity(text: str) -> str:
    """Leave bad words out; the result is empty if nothing else was said."""
    rest = " ".join(_PROFANITY.sub("", text).split())
    return rest if lexical_form(rest) else ""
