"""How long it takes to find the automations that wait for a phrase: `scripts/bench phrases`."""

import argparse
from collections.abc import Sequence
from itertools import batched
from statistics import median
import sys
from time import perf_counter
from typing import Final

from custom_components.azure_stt.home.phrases import Match, PhraseIndex

from .table import Table

_RUNS: Final = 200
_THINGS: Final = "lamp fan blind heater radio oven camera gate pump mower".split()  # noqa: SIM905
_ROOMS: Final = (  # noqa: SIM905 - as above
    "kitchen bedroom bathroom hall office attic cellar garage garden nursery pantry porch"
    " lounge study laundry terrace studio workshop dining guest"
).split()
_TEMPLATES: Final = (
    "(turn|switch) on [the] {room} {thing}",
    "[please] {room} {thing} (off|out)",
    "set [the] {room} {thing} to {{value}}",
)
_TEXTS: Final = {
    "the whole of a phrase": "Turn on the attic heater.",
    "with words of its own": "Set the attic heater to twenty degrees please.",
    "of many phrases a part": "Please turn off and switch on the attic lamp, fan and blind to see.",
    "of no phrase": "What is the weather going to be like in the next few days?",
}


def main() -> None:
    """Measure how long finding the automations that wait takes, and write the table."""
    argparse.ArgumentParser(prog="scripts/bench phrases", description=main.__doc__).parse_args()
    phrases = [
        template.format(room=room, thing=thing)
        for room in _ROOMS
        for thing in _THINGS
        for template in _TEMPLATES
    ]
    triggers = list(batched(phrases, len(_TEMPLATES), strict=True))
    table = Table(
        title=f"Phrases of {len(triggers)} triggers of three, {_RUNS} runs (ms)",
        columns=("what is said", "match", "found", "median", "longest"),
    )
    for match in Match:
        index = PhraseIndex()
        for templates in triggers:
            index.add(templates, match)
        for title, text in _TEXTS.items():
            table.rows.append((title, match, *_time(index, text)))
    sys.stdout.write(table.as_text())


def _time(index: PhraseIndex, text: str) -> Sequence[str]:
    """Search some times; return how many were found, and how long it took."""
    took = []
    for _ in range(_RUNS):
        began = perf_counter()
        found = index.find(text, "en")
        took.append(perf_counter() - began)
    return str(len(found)), f"{1000 * median(took):.2f}", f"{1000 * max(took):.2f}"


if __name__ == "__main__":
    main()
