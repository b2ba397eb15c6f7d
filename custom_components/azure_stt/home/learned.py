"""What a recognizer's user taught it: how a name sounds, and which changes were wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self

from ..const import CONF_REFUSED_CHANGES, CONF_SOUND_ALIKES
from .name_matching import NameCorrection, Names, difference
from .words import Word, plain, words_of

LEARNED_MAX: Final = 500
"""Entries that each list may have."""

type _Pairs = Iterable[Mapping[str, str]]


class Replacement(NamedTuple):
    """Words that were heard, and the ones that were meant instead."""

    heard: str
    meant: str


class Learned:
    """Sound-alikes of names, and changes that must not be made again.

    A sound-alike is looked for only in a text that nobody understands, and stands for a name
    that the home still has.
    """

    def __init__(self, sound_alikes: _Pairs = (), refused: _Pairs = ()) -> None:
        """Initialize with lists of `heard` and `meant`."""
        self._names = {plain(each["heard"]): each["meant"] for each in sound_alikes}
        self._longest = max((len(heard.split()) for heard in self._names), default=0)
        self._refused = {(plain(each["heard"]), plain(each["meant"])) for each in refused}

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return what is saved in a recognizer's settings."""
        return cls(settings.get(CONF_SOUND_ALIKES, ()), settings.get(CONF_REFUSED_CHANGES, ()))

    def correct(self, text: str, names: Names) -> NameCorrection | None:
        """Return the name that a sound-alike in a text stands for; the longest one, or None."""
        words = list(words_of(text))
        for length in range(min(self._longest, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                window = words[start : start + length]
                name = self._names.get(" ".join(word.plain for word in window))
                if name and names.may_stand_for(name, [word.plain for word in window]):
                    return NameCorrection(text[window[0].start : window[-1].end], name)
        return None

    def refuses(self, before: str, after: str) -> bool:
        """Return whether the change from one text to another was marked as wrong."""
        if not self._refused:
            return False
        heard, meant = replaced(before, after)
        return (plain(heard), plain(meant)) in self._refused


NOTHING_LEARNED: Final = Learned()


def replaced(before: str, after: str) -> Replacement:
    """Return the words in which two texts differ, without their common beginning and end."""
    one, other = list(words_of(before)), list(words_of(after))
    ranges = difference([word.plain for word in one], [word.plain for word in other])
    return Replacement(
        *(
            _between(text, words, span.start, span.stop)
            for text, words, span in zip((before, after), (one, other), ranges, strict=True)
        )
    )


def taught(heard: str, meant: str, names: Names) -> Replacement:
    """Return what is to be learned from a text and the one that was meant.

    `meant` is a whole sentence, or only the name in it. A difference inside a name is widened to
    all of it, and any other one by a word on each side, because a single word is meant
    elsewhere.
    """
    if name := names.spelled(meant):
        return Replacement(names.most_like_words(heard, name), name)
    one, other = list(words_of(heard)), list(words_of(meant))
    before, after = difference([word.plain for word in one], [word.plain for word in other])
    start, stop = max(before.start - 1, 0), min(after.stop + 1, len(other))
    for first, end in names.found_in(meant):
        if first <= after.start and after.stop <= end:
            start, stop = first, end
    wanted = _between(meant, other, start, stop)
    return Replacement(
        _between(heard, one, start, len(one) - (len(other) - stop)), names.spelled(wanted) or wanted
    )


def _between(text: str, words: Sequence[Word], start: int, stop: int) -> str:
    return text[words[start].start : words[stop - 1].end] if start < stop else ""
