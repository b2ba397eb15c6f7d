"""The cost of starting Home Assistant: the imports, and the set-up of an entry."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
import sys
from time import perf_counter
from typing import Final

from custom_components.azure_stt.const import DOMAIN

from .comparison import Comparison
from .contenders import CLOUD, ENTITY
from .figures import Spread, ratio
from .home import add_recognizer, home_assistant
from .link import FAR, LOOPBACK, Link
from .servers import emulator, linked
from .table import Table, figure, milliseconds

_IMPORT: Final = "import"
_SET_UP: Final = "set-up of an entry"
_PAUSE: Final = 60.0


def _modules(package: str, *names: str) -> tuple[str, ...]:
    return (package, *(f"{package}.{name}" for name in names))


# The modules that any home with Assist has loaded.
_ASSIST: Final = (
    "homeassistant.bootstrap",
    *_modules(
        "homeassistant.components",
        "assist_pipeline",
        "conversation",
        "diagnostics",
        "event",
        "media_source",
        "repairs",
        "sensor",
        "stt",
        "system_health",
        "tts",
    ),
)
_PACKAGE: Final = f"custom_components.{DOMAIN}"
# Our platforms, and the modules that Home Assistant loads of every integration.
_OURS: Final = _modules(
    _PACKAGE,
    "event",
    "sensor",
    "stt",
    "config_flow",
    "diagnostics",
    "repairs",
    "system_health",
    "trigger",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Modules that are imported where others are loaded already."""

    name: str
    modules: Sequence[str]
    loaded: Sequence[str]


IMPORTS: Final = (
    Import(name=CLOUD, modules=("hass_nabucasa",), loaded=("aiohttp",)),
    Import(name=ENTITY, modules=_OURS, loaded=_ASSIST),
    Import(name="PyAV", modules=(f"{_PACKAGE}.audio.ffmpeg",), loaded=(*_ASSIST, *_OURS)),
)
"""The imports that are timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A step of a start; times in seconds."""

    step: str
    spread: Spread | None
    ratio: float | None
    """Its median to the one of the first step of its kind."""


async def compare(runs: int) -> list[Start]:
    """Time each step a number of times."""
    imports = {f"{_IMPORT}, {one.name}": await _import(one, runs) for one in IMPORTS}
    setups = {f"{_SET_UP}, {link.name}": await _set_up(link, runs) for link in (LOOPBACK, FAR)}
    return [*_starts(imports), *_starts(setups)]


def _starts(steps: Mapping[str, Sequence[float]]) -> Iterator[Start]:
    spreads = {step: Spread.of(took) for step, took in steps.items()}
    first = next(iter(spreads.values()))
    for step, spread in spreads.items():
        yield Start(step=step, spread=spread, ratio=ratio(spread, first))


async def _import(what: Import, runs: int) -> list[float]:
    """Import it in fresh processes; the first one compiles it, and isn't counted."""
    arguments = (" ".join(what.loaded), " ".join(what.modules))
    return [await _import_once(arguments) for _ in range(runs + 1)][1:]


async def _import_once(arguments: Sequence[str]) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.imports",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return float(output)


async def _set_up(link: Link, runs: int) -> list[float]:
    """Set an entry up again and again; its imports are loaded."""
    took = []
    async with (
        emulator(pause=_PAUSE) as service,
        linked(link, service) as address,
        home_assistant() as hass,
    ):
        await add_recognizer(hass, address, {})
        [entry] = hass.config_entries.async_entries(DOMAIN)
        for _ in range(runs):
            assert await hass.config_entries.async_unload(entry.entry_id)
            began = perf_counter()
            assert await hass.config_entries.async_setup(entry.entry_id)
            took.append(perf_counter() - began)
            await hass.async_block_till_done(wait_background_tasks=True)
    return took


def table(starts: Sequence[Start]) -> Table:
    """Put the steps together."""
    return Table(
        title="Start: imports, and the set-up of an entry",
        columns=("step", "ratio", "median ms", "p95 ms"),
        rows=[
            (
                start.step,
                figure(start.ratio),
                milliseconds(start.spread and start.spread.median, ".1f"),
                milliseconds(start.spread and start.spread.p95, ".1f"),
            )
            for start in starts
        ],
        notes=(
            "ratio: to the first one of its kind.",
            (
                "import: in a new process, from compiled files. For the entity, all of the"
                " integration after Home Assistant and its voice components are loaded; for"
                f" '{CLOUD}', after aiohttp is loaded. Home Assistant loads it, used or not."
            ),
            "PyAV: loaded once, when audio other than 16 kHz PCM comes.",
            (
                "set-up: until the entry is loaded with all its entities, several times. It doesn't"
                " wait for the service."
            ),
        ),
    )


def comparisons(starts: Sequence[Start]) -> Iterator[Comparison]:
    """Yield the costs of a start."""
    took = {start.step: start.spread and 1000 * start.spread.median for start in starts}
    if starts:
        yield Comparison(
            what="Start",
            where="imports",
            unit="ms",
            values={name: took[f"{_IMPORT}, {name}"] for name in (CLOUD, ENTITY)},
        )
    for step, median in took.items():
        if step.startswith(_SET_UP):
            yield Comparison(what="Start", where=step, unit="ms", values={ENTITY: median})
