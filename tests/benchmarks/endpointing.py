"""The end of speech: the delay of answers, the lost words, and the costs.

`scripts/bench endpointing --help`. Real voices speak to Assist's pipelines in real time; the
service takes 0.35 s to answer, 50 ms of round trip away, and is each of the four kinds that
Azure may be.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import chain
import logging
from statistics import median
import sys
from typing import Any, Final
from unittest.mock import patch

from homeassistant.components.assist_pipeline import AudioSettings
from homeassistant.components.conversation import async_converse
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Context, Event, HomeAssistant, callback

from custom_components.azure_stt.home import interpreter
from custom_components.azure_stt.home.satellites import Satellite
from custom_components.azure_stt.resource.client_factory import async_get_session
from tests.emulator import SERVICE_KINDS, Emulator, Endpoint

from .assist import Assist
from .contenders import BUFFER, CLOUD, CONTENDERS, ENTITY, Contender
from .figures import percentile
from .home import add_recognizer
from .link import Link
from .measure import Measurement, measure
from .pauses import AFTERTHOUGHTS, BEGINNINGS, COMMANDS, DICTATION, LIGHTS
from .plain import PlainEntity
from .scene import VOICES, KnowingModel, Saying, billed, music
from .servers import linked
from .table import Table, figure

LATENCY: Final = 0.35
LINK: Final = Link(name="50 ms", delay=0.025)
PAUSES: Final = (0.3, 0.6, 0.9, 1.2, 1.5)
AT_ONCE: Final = 10
"""Streams at the same time. Home Assistant's detector takes 1 % of a processor for each."""

_LLM: Final = "entity, LLM"
_ENDLESS: Final = 20.0  # seconds; a detector that hears nothing ends the stream after 15
_NABU: Final = Satellite(wake_words=("Okay Nabu",))
_MONOLOGUE: Final = tuple(chain(*DICTATION)) * 3
_TELEVISION: Final = (
    "And now the weather for the weekend",
    "in the north it will rain all day",
    "while the south remains dry and warm",
)


class Ending(StrEnum):
    """The event that ends the audio stream."""

    DETECTOR = "detector"
    """Home Assistant's, at *default*."""
    RELAXED = "relaxed"
    """Home Assistant's, at *relaxed*."""
    BUTTON = "push to talk"
    """The person, 0.3 s after the last word."""
    RECOGNIZER = "recognizer"
    """Our entity; for the others Home Assistant's detector at *default*."""


_SETTINGS: Final[Mapping[Ending, AudioSettings]] = {
    Ending.DETECTOR: AudioSettings(),
    Ending.RELAXED: AudioSettings(silence_seconds=1.25),
    Ending.BUTTON: AudioSettings(is_vad_enabled=False),
    Ending.RECOGNIZER: AudioSettings(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Sayings of one kind, to satellites of one kind."""

    name: str
    ending: Ending
    sayings: Sequence[Saying] = field(repr=False)
    contenders: Sequence[str] = (ENTITY,)
    satellite: Satellite | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The outcome of one saying."""

    measurement: Measurement
    done: Sequence[str]
    meant: Sequence[str]

    @property
    def lost(self) -> int:
        """Words that were said and aren't in the text."""
        return missing(self.measurement.said, self.measurement.heard)

    @property
    def invented(self) -> int:
        """Words of the text that weren't said."""
        heard = self.measurement.heard
        return 0 if heard.startswith("[") else missing(heard, self.measurement.said)

    @property
    def acted_wrongly(self) -> bool:
        """Whether something was done that wasn't meant."""
        return bool(self.done) and self.done != self.meant


@dataclass(kw_only=True)
class Outcome:
    """A contender in a scene, with all kinds of service. Times in seconds from the last word."""

    scene: Scene
    contender: str
    heard: dict[str, list[Heard]] = field(default_factory=dict, repr=False)
    billed: dict[str, int] = field(default_factory=dict)

    @property
    def all_heard(self) -> list[Heard]:
        """All sayings with all kinds."""
        return list(chain.from_iterable(self.heard.values()))

    def cells(self) -> Sequence[str]:
        """Return the row of the table."""
        everything = self.all_heard
        delays = [one.measurement.delay for one in everything]
        sayings = len(everything)
        return (
            f"{self.scene.ending}: {self.scene.name}",
            self.contender,
            *(
                figure(median(one.measurement.delay for one in self.heard[kind]), ".2f")
                for kind in SERVICE_KINDS
            ),
            figure(percentile(delays, 0.95), ".2f"),
            figure(min(delays), ".2f"),
            figure(max(delays), ".2f"),
            str(sum(len(one.measurement.said.split()) for one in everything)),
            str(sum(one.lost for one in everything)),
            str(sum(one.invented for one in everything)),
            str(sum(one.acted_wrongly for one in everything)),
            f"{sum(self.billed.values()) / sayings:.1f}",
        )


def scenes(chosen: Callable[[str], bool]) -> Iterator[Scene]:
    """Yield the scenes whose names are chosen."""
    everyone = (ENTITY, _LLM, CLOUD, BUFFER)
    commands = [[parts[0]] for parts in COMMANDS]
    makers: dict[str, Callable[[], Iterator[Scene]]] = {
        "commands": lambda: _by_hosts("whole commands", commands, everyone),
        "words": lambda: _by_hosts("one word", [["Yes"], ["Stop"], ["No"]], everyone),
        "pauses": _paused,
        "recognizer": _recognizer,
    }
    for name, maker in makers.items():
        if chosen(name):
            yield from maker()


def _by_hosts(
    name: str, texts: Sequence[Sequence[str]], contenders: Sequence[str]
) -> Iterator[Scene]:
    sayings = [
        Saying.of(*parts, voice=voice, quiet_after=_ENDLESS) for parts in texts for voice in VOICES
    ]
    for ending in (Ending.DETECTOR, Ending.RELAXED):
        satellite = Satellite(finished_speaking=_SETTINGS[ending].silence_seconds)
        yield Scene(
            name=name, ending=ending, sayings=sayings, contenders=contenders, satellite=satellite
        )


def _paused() -> Iterator[Scene]:
    groups = {"dictation": DICTATION, "paused commands": BEGINNINGS, "afterthoughts": AFTERTHOUGHTS}
    for ending, quiet in ((Ending.BUTTON, 0.3), (Ending.RECOGNIZER, 4.0)):
        contenders = (ENTITY, CLOUD) if ending is Ending.BUTTON else (ENTITY, _LLM, CLOUD)
        for group, texts in groups.items():
            for pause in PAUSES:
                sayings = [
                    Saying.of(*parts, voice=voice, pause=pause, quiet_after=quiet)
                    for parts in texts
                    for voice in VOICES
                ]
                yield Scene(
                    name=f"{group}, {pause} s",
                    ending=ending,
                    sayings=sayings,
                    contenders=contenders,
                )


def _recognizer() -> Iterator[Scene]:
    """Yield the scenes that only the option *End of speech* has to handle."""
    both = (ENTITY, CLOUD)
    commands = [parts[0] for parts in COMMANDS]

    def scene(name: str, texts: Sequence[Sequence[str]], **how: Any) -> Scene:  # noqa: ANN401
        satellite = how.pop("satellite", None)
        how.setdefault("quiet_after", 6.0)
        sayings = [Saying.of(*parts, voice=voice, **how) for parts in texts for voice in VOICES]
        return Scene(
            name=name,
            ending=Ending.RECOGNIZER,
            sayings=sayings,
            contenders=both,
            satellite=satellite,
        )

    several = [[text] for text in commands]
    yield scene("whole commands", several)
    yield scene(
        "wake word's tail, 6 s, command",
        several,
        before="Nabu",
        quiet_before=6.0,
        satellite=_NABU,
    )
    yield scene("wake word's tail, command", several, before="Nabu", satellite=_NABU)
    for level in (-10.0, -3.0):
        how = {"other": music(10), "other_level": level, "quiet_after": _ENDLESS}
        yield scene(f"music {-level:g} dB below", several, **how)
    for level in (-20.0, -10.0):
        how = {"television": _TELEVISION, "other_level": level, "quiet_after": _ENDLESS}
        yield scene(f"television {-level:g} dB below", several, **how)
    yield scene("70 s of monologue", [_MONOLOGUE], pause=0.5)
    yield scene("one word that is understood", [["Nevermind"]])
    yield scene(
        "one word that is waited for",
        [["Yes"], ["Blue"]],
        quiet_before=1.0,
        satellite=Satellite(waits_for_answer=True),
    )
    yield scene("wake word's tail, then nothing", [[]], before="Nabu", satellite=_NABU)


async def compare(scenes_: Sequence[Scene]) -> list[Outcome]:
    """Let the contenders listen to all scenes, with each kind of service."""
    results = {
        (id(scene), name): Outcome(scene=scene, contender=name)
        for scene in scenes_
        for name in scene.contenders
    }
    for kind in SERVICE_KINDS:
        async with Assist.open(LIGHTS) as assist, _contenders(assist, kind) as contenders:
            for scene in scenes_:
                sys.stderr.write(f"{kind}, {scene.ending}: {scene.name} …\n")
                for name, (heard, seconds) in (await _play(scene, contenders)).items():
                    results[id(scene), name].heard[kind] = heard
                    results[id(scene), name].billed[kind] = seconds
    return list(results.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    """A contender with a service of its own, so that its uploads can be counted."""

    emulator: Emulator
    speech_model: KnowingModel
    hear: Callable[..., Any]
    hass: HomeAssistant


@asynccontextmanager
async def _contenders(assist: Assist, kind: str) -> AsyncIterator[dict[str, _Listener]]:
    """Yield contenders by name; that of our entity that ends by itself is the option's name."""
    own: dict[str, tuple[dict[str, Any], bool]] = {
        ENTITY: ({}, True),
        _LLM: ({}, False),
        f"{ENTITY}, {Ending.RECOGNIZER}": ({"end_of_speech": "recognizer"}, True),
        f"{_LLM}, {Ending.RECOGNIZER}": ({"end_of_speech": "recognizer"}, False),
    }
    answers, pause = SERVICE_KINDS[kind]
    hass = assist.hass
    async with AsyncExitStack() as stack:
        listeners = {}
        for name in (*own, CLOUD, BUFFER):
            speech_model = KnowingModel()
            service = Emulator(
                speech_model=speech_model, answers=answers, pause=pause, latency=LATENCY
            )
            await stack.enter_async_context(service)
            address = await stack.enter_async_context(linked(LINK, service.url))
            if name in own:
                options, local = own[name]
                engine = await add_recognizer(hass, address, options)
            else:
                contender = await stack.enter_async_context(CONTENDERS[name](address))
                entity, local = PlainEntity(name, contender), True
                await hass.data[DATA_COMPONENT].async_add_entities([entity])
                engine = entity.entity_id
            pipeline = await assist.add_pipeline(engine, local=local)
            hear = partial(assist.hear, pipeline)
            listeners[name] = _Listener(
                emulator=service, speech_model=speech_model, hear=hear, hass=hass
            )
        yield listeners


async def _play(
    scene: Scene, listeners: Mapping[str, _Listener]
) -> dict[str, tuple[list[Heard], int]]:
    """Return the outcome of the sayings for each contender, and the seconds that are billed."""
    limit = asyncio.Semaphore(AT_ONCE)
    chosen: dict[str, _Listener] = {}
    for name in scene.contenders:
        option = f"{name}, {scene.ending}"
        chosen[name] = listeners[option if option in listeners else name]
    for listener in chosen.values():
        listener.speech_model.learn(scene.sayings)
        listener.emulator.requests.clear()
    with _listening(scene.satellite):
        heard = await asyncio.gather(
            *(
                asyncio.gather(
                    *(_hear(listener, scene.ending, each, limit) for each in scene.sayings)
                )
                for listener in chosen.values()
            )
        )
    return {
        name: (
            list(several),
            billed(
                len(request.audio)
                for request in chosen[name].emulator.requests_for(Endpoint.RECOGNITION)
            ),
        )
        for name, several in zip(chosen, heard, strict=True)
    }


async def _hear(
    listener: _Listener, ending: Ending, saying: Saying, limit: asyncio.Semaphore
) -> Heard:
    contender = Contender(
        recognize=partial(listener.hear, settings=_SETTINGS[ending]),
        session=async_get_session(listener.hass),
    )
    async with limit:
        measured = await measure(contender, saying.utterance)
    return Heard(
        measurement=measured,
        done=await _acts(listener.hass, measured.heard),
        meant=await _acts(listener.hass, measured.said),
    )


async def _acts(hass: HomeAssistant, text: str) -> Sequence[str]:
    """Return the actions of Home Assistant's agent for a text."""
    if not text or text.startswith("["):
        return ()
    context, done = Context(), []

    @callback
    def note(event: Event[Any]) -> None:
        if event.context.id == context.id:
            done.append(f"{event.data['service']} {event.data['service_data']['entity_id']}")

    stop = hass.bus.async_listen(EVENT_CALL_SERVICE, note)
    await async_converse(hass, text, None, context, "en")
    stop()
    return sorted(done)


@contextmanager
def _listening(satellite: Satellite | None) -> Iterator[None]:
    """Let a satellite of this kind listen, which only Home Assistant's own state could tell."""
    found = [satellite] if satellite else []
    with patch.object(interpreter, "async_get_satellites", return_value=found):
        yield


def missing(text: str, other: str) -> int:
    """Return how many words of a text aren't in another one."""
    return (Counter(_words(text)) - Counter(_words(other))).total()


def _words(text: str) -> list[str]:
    return text.casefold().replace(".", "").split()


def table(results: Iterable[Outcome]) -> Table:
    """Put all scenes together."""
    return Table(
        title="The end of speech: seconds from the last word to the text, and words lost",
        columns=(
            "host, scene",
            "contender",
            *(f"{kind.replace('_', ' ')}" for kind in SERVICE_KINDS),
            "p95",
            "first",
            "last",
            "words",
            "lost",
            "invented",
            "acted wrongly",
            "billed s",
        ),
        rows=[result.cells() for result in results],
        notes=(
            "The first four figures are medians, one for each kind of service.",
            "billed s: of all requests, each rounded up to a second, for one saying.",
            f"The service answers {LATENCY} s after its audio is complete, {LINK.name} away.",
        ),
    )


def main() -> None:
    """Measure the delay of answers, the lost words and the costs, and write the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench endpointing", description=main.__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=("commands", "words", "pauses", "recognizer"),
        help="measure only these scenes; may be repeated",
    )
    parser.add_argument("--markdown", action="store_true", help="a table in Markdown")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    chosen = list(scenes(lambda name: not arguments.only or name in arguments.only))
    result = table(asyncio.run(compare(chosen)))
    sys.stdout.write(result.as_markdown() if arguments.markdown else result.as_text())


if __name__ == "__main__":
    main()
