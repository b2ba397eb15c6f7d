"""Fields of an answer, read without trust: a field of another type is as good as missing."""

from collections.abc import Iterable, Mapping
from itertools import islice
from math import isfinite
from typing import Final

TEXT_MAX: Final = 4_000
"""Characters of a text that are read, unless a caller expects more."""


def mapping(value: object) -> Mapping[str, object]:
    """Return an object, which is empty if the value isn't one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object, most: int) -> Iterable[Mapping[str, object]]:
    """Return the objects in a list, up to a limit."""
    if not isinstance(value, list):
        return []
    return islice((item for item in value if isinstance(item, Mapping)), most)


def text(value: object, most: int = TEXT_MAX) -> str:
    """Return a string that can be encoded: JSON may hold half a surrogate pair."""
    if not isinstance(value, str):
        return ""
    return value[:most].encode(errors="replace").decode()


def texts(value: object) -> tuple[str, ...]:
    """Return the strings in a list."""
    if not isinstance(value, list):
        return ()
    return tuple(text(item) for item in value if isinstance(item, str))


def number(value: object) -> float | None:
    """Return a finite number from a number or a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except ValueError, OverflowError:
        return None
    return read if isfinite(read) else None


def seconds(value: object, units_per_second: int) -> float | None:
    """Return seconds from a number of smaller units; None if it's negative."""
    units = number(value)
    return None if units is None or units < 0 else units / units_per_second
