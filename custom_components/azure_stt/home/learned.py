"""A user's lessons for a recognizer: how a name sounds, and which changes were wrong."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple, Self

from ..const import (
    CONF_CORRECTIONS,
    CONF_HEARD,
    CONF_MEANT,
    CONF_REFUSED_CHANGES,
    CONF_SOUND_ALIKES,
)
from .name_comparison import NameCorrection, difference
from .name_matching import Names
from .phonetics import likeness
from .text_format import Corrections
from .words import Word, plain, spelled_words, words_of

LISTS: Final = (CONF_CORRECTIONS, CONF_SOUND_ALIKES, CONF_REFUSED_CHANGES)
"""The keys of the lists in a recognizer's settings; each is of `heard` and `meant`."""

LEARNED_MAX: Final = 500
"""Entries that each list may have."""

# Likeness, of 100, from which words count as a part of a text.
_ALIKE: Final = 60

type _Pairs = Iterable[Mapping[str, str]]
type _Lists = dict[str, list[Mapping[str, str]]]


class Replacement(NamedTuple):
    """Words that were heard, and the ones that were meant instead."""

    heard: str
    meant: str

    @property
    def key(self) -> tuple[str, str]:
        """Both in a form by which equal ones are known."""
        return _key(self.heard), _key(self.meant)


class Learned:
    """Sound-alikes of names, and changes that must not be made again.

    A sound-alike is looked for only in a text that isn't understood, and means a name
    that the home still has.
    """

    def __init__(self, sound_alikes: _Pairs = (), refused: _Pairs = ()) -> None:
        """Initialize with lists of `heard` and `meant`."""
        self._names = {plain(each[CONF_HEARD]): each.get(CONF_MEANT, "") for each in sound_alikes}
        self._longest = max((len(heard.split()) for heard in self._names), default=0)
        self._refused = {
            replacement.key
            for each in refused
            for replacement in replacements(each[CONF_HEARD], each.get(CONF_MEANT, ""))
        }

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the lessons saved in a recognizer's settings."""
        return cls(settings.get(CONF_SOUND_ALIKES, ()), settings.get(CONF_REFUSED_CHANGES, ()))

    def correct(
        self, text: str, names: Names, *, understood_later: bool = True
    ) -> NameCorrection | None:
        """Return the name that a sound-alike in a text stands for; the longest one, or None.

        Unless the caller drops texts that the home doesn't understand, the rest of the text
        must be a command: a question about rumba isn't about the Roomba.
        """
        words = list(words_of(text))
        heard = [word.plain for word in words]
        for length in range(min(self._longest, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                stop = start + length
                name = self._names.get(" ".join(heard[start:stop]))
                if not name or not names.may_stand_for(name, heard, start, stop):
                    continue
                if understood_later or _may_be_command((*heard[:start], *heard[stop:]), names):
                    return NameCorrection(text[words[start].start : words[stop - 1].end], name)
        return None

    def refuses(self, before: str, after: str) -> bool:
        """Return whether any part of the change from one text to another was marked as wrong."""
        return bool(self._refused) and any(
            each.key in self._refused for each in replacements(before, after)
        )


NOTHING_LEARNED: Final = Learned()


def _may_be_command(words: Sequence[str], names: Names) -> bool:
    return names.words.name_an_action(words) or not names.words.has_data


def with_lesson(settings: Mapping[str, Any], key: str, lesson: Replacement) -> _Lists:
    """Return a recognizer's lists with a lesson added to the one of a key.

    It replaces earlier lessons about the same words, including one that forbids this
    change.
    """
    heard, _ = lesson.key
    lists = {
        each: [pair for pair in settings.get(each, ()) if _key(pair[CONF_HEARD]) != heard]
        for each in (CONF_CORRECTIONS, CONF_SOUND_ALIKES)
    }
    lists[key].append(lesson._asdict())
    learned = {each.key for each in replacements(*lesson)}
    lists[CONF_REFUSED_CHANGES] = [
        pair
        for pair in settings.get(CONF_REFUSED_CHANGES, ())
        if learned.isdisjoint(each.key for each in replacements(pair[CONF_HEARD], pair[CONF_MEANT]))
    ]
    return lists


def without_change(settings: Mapping[str, Any], heard: str, text: str) -> _Lists:
    """Return a recognizer's lists after the change from one text to another was wrong.

    The user's own corrections and sound-alikes that made it are deleted; the rest of the change
    is refused from now on.
    """
    corrections = settings.get(CONF_CORRECTIONS, ())
    made = [pair for pair in corrections if _is_heard(pair, heard)]
    refused = list(settings.get(CONF_REFUSED_CHANGES, ()))
    for each in replacements(Corrections(made).apply(heard), text):
        if not Learned(refused=refused).refuses(*each):
            refused.append(each._asdict())
    return {
        CONF_CORRECTIONS: [pair for pair in corrections if pair not in made],
        CONF_SOUND_ALIKES: [
            pair
            for pair in settings.get(CONF_SOUND_ALIKES, ())
            if not _is_heard(pair, heard) or plain(pair[CONF_MEANT]) not in plain(text)
        ],
        CONF_REFUSED_CHANGES: refused,
    }


def _is_heard(pair: Mapping[str, str], text: str) -> bool:
    # To make patterns of a thousand pairs takes a second.
    return plain(pair[CONF_HEARD]) in plain(text) and Corrections([pair]).apply(text) != text


def replacements(before: str, after: str) -> list[Replacement]:
    """Return the words in which two texts differ; case doesn't count.

    Words that were added or left out have a neighbor with them.
    """
    one, other = list(words_of(before)), list(words_of(after))
    matcher = SequenceMatcher(
        None,
        [_key(before[word.start : word.end]) for word in one],
        [_key(after[word.start : word.end]) for word in other],
        autojunk=False,
    )
    found = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        # The words before or behind are equal.
        more_before = int(tag != "replace" and min(i1, j1) > 0)
        more_behind = int(tag != "replace" and not more_before)
        found.append(
            Replacement(
                _between(before, one, i1 - more_before, min(i2 + more_behind, len(one))),
                _between(after, other, j1 - more_before, min(j2 + more_behind, len(other))),
            )
        )
    return found


def _key(text: str) -> str:
    """Return words with their accents, regardless of their other spelling."""
    return " ".join(spelled_words(text))


def taught(heard: str, meant: str, names: Names) -> Replacement:
    """Return the lesson in the difference between a text and the one that was meant.

    `meant` is a whole sentence, or only some words, such as a name. A difference inside a name
    is widened to all of it, and any other one by a word on each side, because a single word is
    meant elsewhere.
    """
    if name := names.spelled(meant):
        return Replacement(names.most_like_words(heard, name), name)
    one, other = list(words_of(heard)), list(words_of(meant))
    before, after = difference([word.plain for word in one], [word.plain for word in other])
    if len(other) < len(one) and not before.start:
        part = names.most_like_words(heard, meant)
        if plain(part) != plain(meant) and likeness(plain(part), plain(meant)) >= _ALIKE:
            return Replacement(part, meant)
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
