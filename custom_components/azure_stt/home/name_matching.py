"""The names of a home, and the one that a misheard text may mean.

A correction never changes what a text does: decisive words, numbers and negations stay.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from rapidfuzz import fuzz, process

from .decisive_words import DecisiveWords
from .name_comparison import (
    NameCorrection,
    difference,
    inflected,
    inside_of,
    likeness_of_difference,
    swallows,
)
from .phonetics import likeness, sound
from .words import has_spaces, plain, spelled_words, words_of

# Likeness in spelling and sound, of 100, that the differing words of a name and a text need:
# on its own, and if the home understands the outcome. Any other name must be less alike by
# _AMBIGUOUS. "eating" and "heating" have 96, "bedroom" and "bathroom" 75, "floor" and "loo" 70.
_ALIKE: Final = 95.0
_ALIKE_IF_UNDERSTOOD: Final = 76.0
_AMBIGUOUS: Final = 7.0
_SHORTEST: Final = 4

# The same for a name that a second opinion has heard there.
_ALIKE_IF_HEARD_AGAIN: Final = 60.0

# Likeness that a whole name needs for a closer look.
_SPELLED_ALIKE: Final = 60
_SOUNDING_ALIKE: Final = 75


class Names:
    """The names of a home, to find them and similar ones in a text of one language.

    Names of actions are those of scripts, scenes, ..., and any that say what is done. Such a
    name may hold the opposite of what was heard, so far less may differ in it. Hidden names
    aren't exposed to Assist: they are never put in, and where one was heard it stays, because
    Home Assistant knows whom it means.
    """

    def __init__(
        self,
        names: Iterable[str],
        language: str,
        *,
        actions: Iterable[str] = (),
        places: Iterable[str] = (),
        hidden: Iterable[str] = (),
    ) -> None:
        """Initialize with names as the home spells them: of things, actions and places.

        This takes up to some seconds for a new language.
        """
        places = tuple(places)
        self.words = DecisiveWords(language, places)
        """The language's decisive words."""
        self._spelled: dict[str, str] = {}
        self._actions: set[str] = set()
        for group, are_actions in ((names, False), (places, False), (actions, True)):
            for name in group:
                if key := self._key(plain(name).split()):
                    self._spelled[key] = name
                    if are_actions or self.words.name_an_action(key.split()):
                        self._actions.add(key)
        self._keys = list(self._spelled)
        self._sounds = [sound(key) for key in self._keys]
        self._known = {*self._keys, *(self._key(plain(name).split()) for name in hidden)} - {""}
        self._longest = max((len(key.split()) for key in self._known), default=0)

    def found_in(self, text: str) -> list[tuple[int, int]]:
        """Return the places of names in a text, as ranges of its words."""
        return [span for span, _ in self._found(plain(text).split())]

    @property
    def all(self) -> list[str]:
        """All names that may be put in, as the home spells them."""
        return list(self._spelled.values())

    def spelled(self, name: str) -> str | None:
        """Return a name as the home spells it; None if it has no such name."""
        return self._spelled.get(self._key(plain(name).split()))

    def are_known(self, words: Sequence[str]) -> bool:
        """Return whether words (plain) are a name, be it hidden."""
        return self._key(words) in self._known

    def oppose(self, name: str, heard: Sequence[str]) -> bool:
        """Return whether a name may not replace words (plain), even if the user says so.

        It would be their opposite, or have another number. In the name of an action no decisive
        word may differ at all.
        """
        words = self._key(plain(name).split()).split()
        one, other = difference(heard, words)
        before, after = heard[one.start : one.stop], words[other.start : other.stop]
        if " ".join(words) in self._actions:
            return self.words.decide_in_action(before, after)
        return self.words.oppose(before, after)

    def may_stand_for(self, name: str, words: Sequence[str], start: int, stop: int) -> bool:
        """Return whether a name may replace a range of a text's words because the user says so.

        It must still exist. As in `correct`, other names in the text stay, and nothing becomes
        the opposite of what may have been said.
        """
        key = self._key(plain(name).split())
        if key not in self._spelled or self.oppose(name, words[start:stop]):
            return False
        for first, end in self._windows(len(words)):
            inside = start <= first and end <= stop and (first, end) != (start, stop)
            if first < stop and start < end and not inside and self.are_known(words[first:end]):
                return False
        if key in self._actions and start and self.words.negate(words[start - 1]):
            return False
        return not self.words.doubt((*words[:start], *words[stop:]))

    def most_like_words(self, text: str, name: str) -> str:
        """Return the words of a text that are most like a name; empty without any words."""
        words, key = list(words_of(text)), plain(name)

        def alike(span: tuple[int, int]) -> float:
            return likeness(" ".join(word.plain for word in words[slice(*span)]), key)

        start, end = max(self._windows(len(words)), key=alike, default=(0, 0))
        return text[words[start].start : words[end - 1].end] if words else ""

    def are_named(self, word: str) -> bool:
        """Return whether a word is part of a name."""
        return any(word in key.split() for key in self._keys)

    def most_like(self, text: str, limit: int) -> list[str]:
        """Return names up to a limit, those first that are most like some words of a text."""
        heard = plain(text)
        sounds = sound(heard)
        ranked = sorted(
            zip(self._keys, self._sounds, strict=True),
            key=lambda name: (
                fuzz.partial_ratio(heard, name[0]) + fuzz.partial_ratio(sounds, name[1])
            ),
            reverse=True,
        )
        return [self._spelled[key] for key, _ in ranked[:limit]]

    def correct(self, text: str, *, understood_later: bool) -> NameCorrection | None:
        """Return the correction of one name in a text; None without any, or a clear one.

        With `understood_later`, less likeness is enough, because the caller drops a
        correction that the home doesn't understand. A text never becomes a mere name, which
        Home Assistant's agent turns on: whatever was to be done was misheard with the name.
        """
        words = list(words_of(text)) if self._keys else []
        known = self._known_words([word.plain for word in words])
        least = _ALIKE_IF_UNDERSTOOD if understood_later else _ALIKE
        best: tuple[float, NameCorrection] | None = None
        for start, end in self._windows(len(words)):
            heard = [word.plain for word in words[start:end]]
            found = text[words[start].start : words[end - 1].end]
            if sum(map(len, heard)) < _SHORTEST or len(heard) == len(words):
                continue
            if spelled := self._spelled.get(self._key(heard)):
                # Home Assistant's agent expects the accents, and figures.
                if understood_later and self._may_be_respelled(found, spelled):
                    return NameCorrection(found, spelled)
                continue
            likeness, name = self._nearest(heard, {index - start for index in known})
            if name is None or not (understood_later or name[0] == heard[0][0]):
                continue
            if name in self._actions and start and self.words.negate(words[start - 1].plain):
                continue
            # Without the name nothing is done; with it the opposite may be.
            if self.words.doubt(word.plain for word in (*words[:start], *words[end:])):
                continue
            if likeness >= max(least, best[0] + 0.1 if best else 0.0):
                best = likeness, NameCorrection(found, self._spelled[name])
        return best[1] if best else None

    def heard_again(self, text: str, second: str) -> list[NameCorrection]:
        """Return corrections by the names in a second opinion, the most alike first.

        All other words of the text stay, at least as many as the second opinion has, which may
        have misheard them. But it has no decisive word that the text hasn't.
        """
        words = list(words_of(text))
        first, again = [word.plain for word in words], plain(second).split()
        known = self._known_words(first)
        ranked = []
        for (place, behind), name in self._found(again):
            rest = Counter((*again[:place], *again[behind:]))
            for start, end in self._windows(len(words)):
                heard, others = first[start:end], Counter((*first[:start], *first[end:]))
                alike = likeness(" ".join(heard), name)
                if alike < _ALIKE_IF_HEARD_AGAIN or not self._says_as_much(others, rest):
                    continue
                if self._may_be(heard, name, {index - start for index in known}):
                    found = text[words[start].start : words[end - 1].end]
                    ranked.append((alike, NameCorrection(found, self._spelled[name])))
        ranked.sort(key=lambda one: one[0], reverse=True)
        return [correction for _, correction in ranked]

    def _says_as_much(self, words: Counter[str], others: Counter[str]) -> bool:
        """Return whether words beside a name lack nothing of others, and aren't in doubt."""
        return (
            words.total() >= max(1, others.total())
            and not self.words.doubt(words)
            and not self.words.decide((), tuple(others - words))
        )

    def differ_only(self, best: str, other: str) -> bool:
        """Return whether two texts differ only inside names that `other` has.

        The differing words must not be decisive on either side. `best` must have other words
        in the name's place, which aren't part of a known name. As in `correct`, `other` is more
        than a name, and no word may have been its opposite.
        """
        before, after = plain(best).split(), plain(other).split()
        heard, found = self._known_words(before), list(self._found(after))
        inside = inside_of(span for span, _ in found)
        in_action = inside_of(span for span, name in found if name in self._actions)
        changed = False
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal":
                continue
            changed = True
            beside = {j1 - 1, j2} & inside
            if tag == "delete" and len(beside) < 2:  # noqa: PLR2004 - on both of its sides
                return False
            if not inside.issuperset(range(j1, j2)):
                return False
            if tag == "insert" and (not beside or heard & {i1 - 1, i1}):
                return False
            one, another = before[i1:i2], after[j1:j2]
            if heard.intersection(range(i1, i2)) or self.words.decide(one, another):
                return False
            if in_action & {j1 - 1, *range(j1, j2), j2} and not self._may_differ(one, another):
                return False
        rest = [word for index, word in enumerate(after) if index not in inside]
        return changed and bool(rest) and not self.words.doubt(rest)

    def _found(self, words: Sequence[str]) -> Iterator[tuple[tuple[int, int], str]]:
        """Yield the places of names among words, and the names in plain form."""
        for span in self._windows(len(words)):
            name = self._key(words[slice(*span)])
            if name in self._spelled:
                yield span, name

    def _known_words(self, words: Sequence[str]) -> set[int]:
        """Return which words belong to a name, be it hidden."""
        return inside_of(
            span
            for span in self._windows(len(words))
            if self._key(words[slice(*span)]) in self._known
        )

    def _key(self, words: Iterable[str]) -> str:
        """Return the form of a name by which it is known: "two" is 2."""
        return " ".join(self.words.with_figures(words))

    def _windows(self, count: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges of words that can be a name, or a name heard as one word more."""
        for length in range(min(count, self._longest + 1), 0, -1):
            for start in range(count - length + 1):
                yield start, start + length

    def _nearest(self, heard: Sequence[str], known: set[int]) -> tuple[float, str | None]:
        """Return the nearest name and its likeness, unless another one is as near.

        Words that belong to a known name stay as they are.
        """
        heard = self.words.with_figures(heard)
        ranked = sorted(
            ((likeness_of_difference(heard, name), name) for name in self._near(" ".join(heard))),
            reverse=True,
        )
        if not ranked or swallows(heard, ranked[0][1]):
            return 0.0, None
        if not self._may_be(heard, ranked[0][1], known):
            return 0.0, None
        if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < _AMBIGUOUS:
            return 0.0, None
        return ranked[0]

    def _near(self, heard: str) -> set[str]:
        """Return the names that deserve a closer look."""
        spelled = process.extract(
            heard, self._keys, scorer=fuzz.ratio, score_cutoff=_SPELLED_ALIKE, limit=5
        )
        sounding = process.extract(
            sound(heard), self._sounds, scorer=fuzz.ratio, score_cutoff=_SOUNDING_ALIKE, limit=5
        )
        return {name for name, _, _ in spelled} | {self._keys[index] for _, _, index in sounding}

    def _may_be(self, heard: Sequence[str], name: str, known: set[int]) -> bool:
        """Return whether a name may replace the words heard."""
        words = name.split()
        one, other = difference(heard, words)
        if not one or not other or known.intersection(one):
            return False
        before, after = heard[one.start : one.stop], words[other.start : other.stop]
        if self.words.decide(before, after):
            return False
        if name in self._actions and not self._may_differ(before, after):
            return False
        windows = (" ".join(heard[i : i + len(words)]) for i in range(len(heard) - len(words) + 1))
        return not any(inflected(window, name) for window in windows)

    def _may_differ(self, before: Sequence[str], after: Sequence[str]) -> bool:
        """Return whether the name of an action may have words other than those heard.

        It may differ in one word, which must sound alike: verbs and nouns of opposite meaning
        can't be listed. And in scripts without spaces words can't be told apart.
        """
        return (
            self.words.has_data
            and min(len(before), len(after)) == 1
            and all(map(has_spaces, (*before, *after)))
            and not self.words.decide_in_action(before, after)
            and likeness(" ".join(before), " ".join(after)) >= _ALIKE_IF_UNDERSTOOD
        )

    def _may_be_respelled(self, heard: str, name: str) -> bool:
        """Return whether a name of the same letters has other accents, or figures for words.

        Accents of a decisive word may tell it from another one, as in Vietnamese. Figures that
        were heard stay, because Home Assistant reads them.
        """
        one, other = set(spelled_words(heard)), set(spelled_words(name))
        differing = {plain(word) for word in one ^ other}
        return (
            one != other
            and not any(map(str.isdecimal, one - other))
            and not self.words.name_an_action(differing)
        )
