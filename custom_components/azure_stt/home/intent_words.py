"""The words that tell opposed intents apart in Home Assistant's own sentences.

The package `home-assistant-intents` comes with Home Assistant's `conversation`. It is data, so
a language that it learns is known here too.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
import logging
from typing import Any, Final

from .sentence_words import Templates, TooManyCombinationsError

_LOGGER = logging.getLogger(__name__)

_OPPOSED_INTENTS: Final = (
    ("HassTurnOn", "HassTurnOff"),
    ("HassMediaPause", "HassMediaUnpause"),
    ("HassMediaPlayerMute", "HassMediaPlayerUnmute"),
    ("HassMediaNext", "HassMediaPrevious"),
    ("HassPauseTimer", "HassUnpauseTimer"),
    ("HassIncreaseTimer", "HassDecreaseTimer"),
    ("HassListAddItem", "HassListRemoveItem"),
)

# Values of lists for states ("locked") and steps ("louder").
_OPPOSED_VALUES: Final = (
    ("on", "off"),
    ("open", "closed"),
    ("opening", "closing"),
    ("locked", "unlocked"),
    ("up", "down"),
)
_LISTS_WITH_OPPOSITES: Final = (
    "cover_states",
    "lock_states",
    "on_off_states",
    "bs_open_states",
    "bs_opening_states",
    "bs_door_states",
    "bs_lock_states",
    "volume_step",
)

# The words in questions about these oppose nothing: function words, rooms, the house.
_UNOPPOSED_INTENTS: Final = (
    "HassBroadcast",
    "HassClimateGetTemperature",
    "HassGetCurrentDate",
    "HassGetCurrentTime",
    "HassGetState",
    "HassGetWeather",
    "HassNevermind",
    "HassRespond",
    "HassTimerStatus",
)

# Languages that are written without spaces, so that words can't be told apart.
_WITHOUT_SPACES: Final = frozenset({"ja", "km", "lo", "my", "th", "yue", "zh"})

_OTHER_CODES: Final = {"nn": "nb", "no": "nb", "iw": "he", "in": "id"}

# Shorter ones are function words in one language or another ("su"); those that tell opposites
# apart are listed by hand.
_SHORTEST: Final = 3


@lru_cache(maxsize=8)
def opposing_words(language: str) -> frozenset[str]:
    """Return a language's words that tell opposed intents apart, in plain form.

    Those of its regions and scripts are taken together. Empty without such data. The first call
    takes up to some seconds, so it must not be made in the event loop.
    """
    language = language.replace("_", "-").partition("-")[0].lower()
    language = _OTHER_CODES.get(language, language)
    if language in _WITHOUT_SPACES:
        return frozenset()
    try:
        import home_assistant_intents as package  # noqa: PLC0415 - optional, and not needed before

        return frozenset(
            word
            for name in package.get_languages()
            if name.partition("-")[0] == language
            for word in words_that_oppose(package.get_intents(name) or {})
        )
    except Exception as err:  # noqa: BLE001 - a change of the package can show as anything
        _LOGGER.warning(
            "Home Assistant's sentences can't be read, so names of scripts and scenes aren't"
            " corrected: %s",
            type(err).__name__,
        )
        return frozenset()


def words_that_oppose(sentences: Mapping[str, Any]) -> frozenset[str]:
    """Return the words that tell opposed intents apart, in one language's sentences."""
    templates = Templates(sentences.get("expansion_rules", {}))
    found: set[str] = set()
    for one, other in set(_opposed(sentences)):
        found |= _telling(one, other, templates) | _telling(other, one, templates)
    for intent in _UNOPPOSED_INTENTS:
        found -= _all_words(_by_kind(sentences, intent).get("", ()), templates)
    return frozenset(
        word for word in found if len(word) >= _SHORTEST and not any(map(str.isdigit, word))
    )


type _Group = frozenset[str]
"""Templates of the same meaning."""


def _opposed(sentences: Mapping[str, Any]) -> Iterator[tuple[_Group, _Group]]:
    """Yield templates that mean the opposite of each other."""
    for intents in _OPPOSED_INTENTS:
        one, other = (_by_kind(sentences, intent) for intent in intents)
        for kind in one.keys() & other.keys() - {""}:
            yield one[kind], other[kind]
    steps = _by_kind(sentences, "HassSetVolumeRelative").get("", frozenset())
    yield tuple(  # type: ignore[misc]
        frozenset(template for template in steps if f"{{volume_step_{way}" in template)
        for way in ("up", "down")
    )
    for name in _LISTS_WITH_OPPOSITES:
        values = sentences.get("lists", {}).get(name, {}).get("values", ())
        for outcomes in _OPPOSED_VALUES:
            yield tuple(  # type: ignore[misc]
                frozenset(value["in"] for value in values if value["out"] == outcome)
                for outcome in outcomes
            )


def _by_kind(sentences: Mapping[str, Any], intent: str) -> dict[str, _Group]:
    """Return an intent's templates by the domain they apply to; "" stands for all of them.

    "Open" turns a cover on, but a lock off. And "everywhere" is in sentences for one of the
    intents only.
    """
    kinds: dict[str, set[str]] = {}
    for block in sentences["intents"].get(intent, {}).get("data", ()):
        slots, context = block.get("slots", {}), block.get("requires_context", {})
        domains = slots.get("domain") or context.get("domain") or ""
        combination = block.get("metadata", {}).get("slot_combination", "")
        for domain in [domains] if isinstance(domains, str) else domains:
            for kind in ("", f"{domain} {combination}"):
                kinds.setdefault(kind, set()).update(block["sentences"])
    return {kind: frozenset(templates) for kind, templates in kinds.items()}


def _telling(these: _Group, others: _Group, templates: Templates) -> set[str]:
    """Return the fewest words that tell templates from others, which never have them."""
    if not these or not others:
        return set()
    wanted = _all_words(these, templates) - _all_words(others, templates)
    untold = list[frozenset[str]]()
    for template in sorted(these):
        try:
            untold += filter(None, templates.combinations(template, wanted))
        except TooManyCombinationsError:
            continue
    found: set[str] = set()
    while untold:
        counts = Counter(word for words in untold for word in words)
        best = max(sorted(counts), key=lambda word: counts[word])
        found.add(best)
        untold = [words for words in untold if best not in words]
    return found


def _all_words(group: Iterable[str], templates: Templates) -> set[str]:
    found: set[str] = set()
    for template in group:
        try:
            found |= templates.words(template)
        except TooManyCombinationsError:
            continue
    return found
