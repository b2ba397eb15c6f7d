"""How long it takes to choose among alternatives in a big home: `scripts/bench choice`."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
import logging
from statistics import median
import sys
from time import perf_counter
from typing import Final

from homeassistant.helpers import entity_registry as er

from custom_components.azure_stt.azure_speech import Alternative
from custom_components.azure_stt.home.selection import async_select

from .awkward_english import ENGLISH
from .commanded_home import DISPLAY, CommandedHome, Way
from .table import Table

_ENTITIES: Final = 1000
_RUNS: Final = 30
_TICK: Final = 0.001
_TEXTS: Final = {
    "understood": ("Turn on Roomba 7 lamp.",) * 5,
    "the last one is understood": (
        *(f"Turn on {word} 7 lamp." for word in ("rhomboid", "rumbler", "roomful", "roommate")),
        "Turn on Roomba 7 lamp.",
    ),
    "to be corrected": ("Turn on the rumba 7 lamp.",) * 5,
    "not understood": tuple(
        f"Turn on the {word} frame please."
        for word in ("picture", "pitcher", "richer", "ditcher", "fixture")
    ),
}


def main() -> None:
    """Measure how long choosing among alternatives takes, and write the table."""
    argparse.ArgumentParser(prog="scripts/bench choice", description=main.__doc__).parse_args()
    logging.disable()
    sys.stdout.write(asyncio.run(_measure()).as_text())


async def _measure() -> Table:
    table = Table(
        title=f"Choosing, {_ENTITIES} entities, 5 alternatives, {_RUNS} runs (ms)",
        columns=("who gets it, and what", "median", "longest", "longest on the loop"),
    )
    async with CommandedHome.open(ENGLISH) as home:
        _enlarge(home)
        await home.hass.async_block_till_done()
        for way in Way:
            for title, texts in _TEXTS.items():
                table.rows.append((f"{way}: {title}", *await _time(home, way, texts)))
    return table


def _enlarge(home: CommandedHome) -> None:
    """Add lights with names like a user's."""
    registry = er.async_get(home.hass)
    for number in range(_ENTITIES):
        name = f"{'Bedroom Kitchen Roomba Office Pergola'.split()[number % 5]} {number} lamp"  # noqa: SIM905
        entity = registry.async_get_or_create("light", "many", name, original_name=name)
        home.hass.states.async_set(entity.entity_id, "off", {"friendly_name": name})


async def _time(home: CommandedHome, way: Way, texts: Sequence[str]) -> list[str]:
    """Choose some times; return how long it took, and how long the loop was held up."""
    alternatives = [
        Alternative(display=text, confidence=0.9 - index / 100) for index, text in enumerate(texts)
    ]
    entity_id = f"stt.{way.name.lower()}"
    # The sentences of a language are loaded once, the names are expanded after each change.
    await async_select(home.hass, entity_id, [alternatives], "en-US", DISPLAY)
    took = []
    async with _ticking() as ticks:
        for _ in range(_RUNS):
            began = perf_counter()
            await async_select(home.hass, entity_id, [alternatives], "en-US", DISPLAY)
            took.append(perf_counter() - began)
    held_up = max(later - earlier for earlier, later in pairwise(ticks)) - _TICK
    return [f"{1000 * seconds:.1f}" for seconds in (median(took), max(took), held_up)]


@asynccontextmanager
async def _ticking() -> AsyncIterator[list[float]]:
    """Note the time whenever the loop comes round, a thousand times a second at most."""
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(perf_counter())
            await asyncio.sleep(_TICK)

    task = asyncio.create_task(tick())
    await asyncio.sleep(0)
    try:
        yield ticks
    finally:
        task.cancel()


if __name__ == "__main__":
    main()
