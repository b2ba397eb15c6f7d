"""Which commands a home with awkward names does right: `scripts/bench recognition --help`.

Two synthetic voices say them, clean and in noise, a speech model hears them without any hint at
the names, and Home Assistant's own agent does what it makes of the text.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
import logging
from pathlib import Path
import re
import shutil
from string import Template
import sys
from typing import Any, Final

from homeassistant.components.assist_pipeline.pipeline import KEY_ASSIST_PIPELINE
from homeassistant.components.conversation import (
    DOMAIN as CONVERSATION_DOMAIN,
    HOME_ASSISTANT_AGENT,
    ConversationInput,
    async_converse,
    async_get_chat_log,
    async_handle_intents,
)
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import (
    area_registry as ar,
    chat_session,
    entity_registry as er,
    floor_registry as fr,
)
from homeassistant.setup import async_setup_component

from custom_components.azure_stt.azure_speech import Alternative, Profanity
from custom_components.azure_stt.home.second_opinion import AskAgain, async_ask_second_opinion
from custom_components.azure_stt.home.selection import async_select
from custom_components.azure_stt.home.text_format import Corrections, TextForm, TextFormat
from tests.support.sentences import SENTENCES

from .awkward_english import ENGLISH
from .awkward_home import AwkwardHome, Command, Thing
from .awkward_italian import ITALIAN
from .hearing import Condition, Room, SpeechModel, say
from .home import home_assistant
from .table import Table

DISPLAY: Final = TextFormat(
    form=TextForm.DISPLAY, profanity=Profanity.MASKED, corrections=Corrections([])
)
"""The text format of a recognizer without options."""

_PAGE: Final = Path("docs/recognition.md")
_DETAILS: Final = Path("docs/recognition-tables.md")
_TEMPLATE: Final = Path(__file__).with_suffix(".md")

_HOMES: Final = {"english": ENGLISH, "italian": ITALIAN}
_MODELS: Final = {"whisper": "Whisper tiny.en", "multilingual": "Whisper base"}
_EVERYTHING: Final = (
    ("english", "whisper"),
    ("english", "multilingual"),
    ("italian", "multilingual"),
)
_VOICES: Final = {
    "slt": ("flite", "flite"),
    "lp": ("text2wave", "festival festvox-italp16k"),
    "pc": ("text2wave", "festival festvox-itapc16k"),
}
"""The program and Debian's packages for each voice that isn't Piper's."""

_SERVICES: Final = {
    "light": ("turn_on", "turn_off"),
    "switch": ("turn_on", "turn_off"),
    "fan": ("turn_on", "turn_off", "set_percentage"),
    "cover": ("open_cover", "close_cover", "set_cover_position"),
    "lock": ("lock", "unlock"),
    "vacuum": ("start", "return_to_base"),
    "media_player": ("turn_on", "turn_off", "media_pause", "volume_set"),
}
_OPPOSITES: Final = (
    {"turn_on", "turn_off"},
    {"open_cover", "close_cover"},
    {"lock", "unlock"},
    {"start", "return_to_base"},
)
_ATTRIBUTES: Final[dict[str, dict[str, Any]]] = {
    "light": {"supported_color_modes": ["brightness"]},
    "fan": {"supported_features": 49},
    "cover": {"supported_features": 15},
    "vacuum": {"supported_features": 8212},
    "media_player": {"supported_features": 389},
}
_STATES: Final = {
    "lock": "locked",
    "cover": "closed",
    "vacuum": "docked",
    "media_player": "playing",
}


class Way(StrEnum):
    """The agents that get the text."""

    AGENT = "Home Assistant's agent"
    """With its gazetteer, which corrects names itself."""
    LOCAL_FIRST = "LLM, local intents first"
    LLM = "LLM"
    """Its action isn't known; it is judged as if it took the names literally."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A service that was called for an entity."""

    service: str
    entity_id: str
    values: tuple[tuple[str, str], ...] = ()

    def reverses(self, other: Action) -> bool:
        """Tell whether it does the opposite of another action, to the same thing."""
        return self.entity_id == other.entity_id and {self.service, other.service} in _OPPOSITES


type Deeds = frozenset[Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A command, its sound, and the recognized alternatives."""

    command: Command
    sound: bytes = field(repr=False)
    alternatives: Sequence[Alternative]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A spoken command, and the action for its text at each stage."""

    command: Command
    wanted: Deeds
    texts: tuple[str, str, str]
    """The first alternative, the selected text, and that after a second opinion."""
    asked_again: bool
    deeds: tuple[Deeds, Deeds, Deeds]
    misheard_name: bool
    """Whether all that the model got wrong is the name."""

    def right(self, stage: int) -> bool:
        """Return whether exactly the intended action was carried out."""
        return self.deeds[stage] == self.wanted

    @property
    def spoiled(self) -> bool:
        """Whether a right text became wrong in the end."""
        return self.right(0) and not self.right(-1)

    @property
    def led_astray(self) -> bool:
        """Whether something is done that wasn't wanted, and that the first text hadn't done."""
        return bool(self.deeds[-1] - self.wanted - self.deeds[0])

    @property
    def reversed(self) -> bool:
        """Whether the opposite is done, which the first alternative hadn't done."""
        return any(
            done.reverses(wanted)
            for done in self.deeds[-1] - self.deeds[0]
            for wanted in self.wanted
        )


@dataclass(kw_only=True)
class Tally:
    """The outcome of all commands under one condition."""

    condition: str
    trials: list[Trial] = field(default_factory=list)

    def row(self) -> list[str]:
        """Return the figures, for a table."""
        right = [sum(trial.right(stage) for trial in self.trials) for stage in range(3)]
        failed = [trial for trial in self.trials if not trial.right(0)]
        return [
            self.condition,
            str(len(self.trials)),
            *map(str, right),
            str(sum(trial.asked_again for trial in self.trials)),
            _repaired(failed),
            _repaired([trial for trial in failed if trial.misheard_name]),
            str(sum(trial.spoiled for trial in self.trials)),
            str(sum(trial.led_astray for trial in self.trials)),
            str(sum(trial.reversed for trial in self.trials)),
        ]


def _repaired(failed: Sequence[Trial]) -> str:
    return f"{sum(trial.right(-1) for trial in failed)} of {len(failed)}"


_COLUMNS: Final = (
    "condition",
    "commands",
    "first right",
    "selected right",
    "second opinion",
    "asked again",
    "repaired",
    "name alone",
    "made wrong",
    "led astray",
    "reversed",
)


_NOTES: Final = (
    "right: just what the written command does was done.",
    "repaired: of what the first alternative got wrong; name alone: in the name only.",
    "made wrong: what was right before.",
    "led astray: something unwanted is done that the first alternative hadn't done.",
    "reversed: and it is the opposite of what is wanted.",
)


class _SecondHearing:
    """Lets the model hear a sound again, and notes whether that happened."""

    def __init__(self, speech_model: SpeechModel, sound: bytes) -> None:
        self.asked = False
        self._speech_model = speech_model
        self._sound = sound

    async def __call__(self, names: Sequence[str]) -> str:
        self.asked = True
        return await self._speech_model.hear_again(self._sound, names)


class Home:
    """The awkward home in a Home Assistant, which reports the actions for a text."""

    def __init__(self, hass: HomeAssistant, plan: AwkwardHome) -> None:
        """Have nothing done yet."""
        self.hass = hass
        self._plan = plan
        self._done: list[Action] = []
        self._known: dict[tuple[bool, str], Deeds] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, plan: AwkwardHome) -> AsyncIterator[Home]:
        """Set it all up."""
        async with home_assistant() as hass:
            home = cls(hass, plan)
            components = ("homeassistant", "conversation", "assist_pipeline", "intent", *_SERVICES)
            for component in components:
                assert await async_setup_component(hass, component, {})
            home._furnish()
            for way in Way:
                await home._add_pipeline(way)
            await hass.async_block_till_done()
            yield home

    async def deeds(self, text: str, way: Way) -> Deeds:
        """Return the actions for a text."""
        key = way is Way.AGENT, text
        if key not in self._known:
            self._done.clear()
            await (self._ask_agent if way is Way.AGENT else self._ask_locally)(text)
            await self.hass.async_block_till_done()
            self._known[key] = frozenset(self._done)
        return self._known[key]

    async def texts(
        self, alternatives: Sequence[Alternative], way: Way, ask_again: AskAgain
    ) -> tuple[str, str, str]:
        """Return the first alternative, the selected text, and that after a second opinion."""
        if not alternatives:
            return "", "", ""
        entity_id, locale = _entity_id(way), self._plan.locale
        selected = await async_select(self.hass, entity_id, [alternatives], locale, DISPLAY)
        final = await async_ask_second_opinion(
            self.hass, entity_id, selected, locale, DISPLAY, ask_again
        )
        return selected.heard, selected.text, final.text

    async def try_out(self, heard: Heard, way: Way, speech_model: SpeechModel) -> Trial:
        """Select among the alternatives, and carry out the text."""
        second = _SecondHearing(speech_model, heard.sound)
        command = heard.command
        texts = await self.texts(heard.alternatives, way, second)
        first, selected, final = [await self.deeds(text, way) for text in texts]
        return Trial(
            command=command,
            wanted=await self.deeds(command.text, way),
            texts=texts,
            asked_again=second.asked,
            deeds=(first, selected, final),
            misheard_name=self._misheard_name(command, texts[0]),
        )

    def _misheard_name(self, command: Command, text: str) -> bool:
        before, after = (_words(part) for part in command.text.split(command.name))
        heard = _words(text.replace("%", f" {self._plan.percent}"))
        end = len(heard) - len(after)
        return len(before) < end and heard[: len(before)] == before and heard[end:] == after

    async def _ask_agent(self, text: str) -> None:
        language = self._plan.language
        await async_converse(self.hass, text, None, Context(), language, HOME_ASSISTANT_AGENT)

    async def _ask_locally(self, text: str) -> None:
        """Do as a pipeline with an LLM does first, if it prefers local intents."""
        user_input = ConversationInput(
            text=text,
            context=Context(),
            conversation_id=None,
            device_id=None,
            satellite_id=None,
            language=self._plan.language,
            agent_id=HOME_ASSISTANT_AGENT,
        )
        with (
            chat_session.async_get_chat_session(self.hass) as session,
            async_get_chat_log(self.hass, session, user_input) as chat_log,
        ):
            await async_handle_intents(self.hass, user_input, chat_log)

    def _furnish(self) -> None:
        """Add floors, areas, things, and services that only note their calls."""
        areas = {name: ar.async_get(self.hass).async_create(name) for name in self._plan.areas}
        for floor_name, area_names in self._plan.floors.items():
            floor = fr.async_get(self.hass).async_create(floor_name)
            for name in area_names:
                ar.async_get(self.hass).async_update(areas[name].id, floor_id=floor.floor_id)
        for thing in self._plan.things:
            self._add(thing, areas[thing.area].id if thing.area else None)
        for domain, services in _SERVICES.items():
            for service in services:
                self.hass.services.async_register(domain, service, self._note)

    def _add(self, thing: Thing, area_id: str | None) -> None:
        registry = er.async_get(self.hass)
        entity = registry.async_get_or_create(
            thing.domain,
            "test",
            thing.name,
            object_id_base=thing.name,
            original_name=thing.name,
        )
        aliases: list[str | er.ComputedNameType] = [er.COMPUTED_NAME]
        if thing.alias:
            aliases.append(thing.alias)
        registry.async_update_entity(entity.entity_id, area_id=area_id, aliases=aliases)
        self.hass.states.async_set(
            entity.entity_id,
            _STATES.get(thing.domain, "off"),
            {"friendly_name": thing.name, **_ATTRIBUTES.get(thing.domain, {})},
        )
        async_expose_entity(self.hass, CONVERSATION_DOMAIN, entity.entity_id, should_expose=True)

    async def _add_pipeline(self, way: Way) -> None:
        language = self._plan.language
        await self.hass.data[KEY_ASSIST_PIPELINE].pipeline_store.async_create_item(
            {
                "name": way.value,
                "language": language,
                "conversation_engine": HOME_ASSISTANT_AGENT
                if way is Way.AGENT
                else "conversation.llm",
                "conversation_language": language,
                "prefer_local_intents": way is Way.LOCAL_FIRST,
                "stt_engine": _entity_id(way),
                "stt_language": self._plan.locale,
                "tts_engine": None,
                "tts_language": None,
                "tts_voice": None,
                "wake_word_entity": None,
                "wake_word_id": None,
            }
        )

    async def _note(self, call: ServiceCall) -> None:
        entity_ids = call.data["entity_id"]
        values = {name: str(value) for name, value in call.data.items() if name != "entity_id"}
        for entity_id in [entity_ids] if isinstance(entity_ids, str) else entity_ids:
            self._done.append(
                Action(
                    service=call.service,
                    entity_id=entity_id,
                    values=tuple(sorted(values.items())),
                )
            )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _entity_id(way: Way) -> str:
    return f"stt.{way.name.lower()}"


def main() -> None:
    """Let it all be said, heard and done, and write the tables."""
    arguments = _parse_arguments()
    logging.disable()
    if arguments.write:
        _write({each: _tables(*each, arguments) for each in _EVERYTHING})
        return
    speech_model = arguments.model or ("whisper" if arguments.home == "english" else "multilingual")
    for table in _tables(arguments.home, speech_model, arguments):
        sys.stdout.write((table.as_markdown() if arguments.markdown else table.as_text()) + "\n")


def _write(results: Mapping[tuple[str, str], Sequence[Table]]) -> None:
    """Write the page with the sums, and all tables to a file beside it."""
    sums = Table(
        title="In short",
        columns=("home, model", "text goes to", *_COLUMNS[1:]),
        rows=[
            (_title(*each), table.title.removeprefix("To "), *row[1:])
            for each, tables in results.items()
            for table in tables
            for row in table.rows
            if row[0] == "all"
        ],
        notes=_NOTES,
    )
    template = Template(_TEMPLATE.read_text())
    _PAGE.write_text(template.substitute(sums=sums.as_markdown().rstrip(), details=_DETAILS.name))
    sections = (f"# {_title(*each)}\n\n{_as_markdown(tables)}" for each, tables in results.items())
    _DETAILS.write_text("\n".join(sections))


def _title(home: str, model: str) -> str:
    return f"{home.capitalize()}, {_MODELS[model]}"


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench recognition",
        description="Speak to a home with awkward names and count what it does right. Sounds"
        " and what Whisper hears are kept in .dev/bench; the first run takes half an hour.",
    )
    parser.add_argument("--home", choices=_HOMES, default="english", help="English by default")
    parser.add_argument(
        "--model",
        choices=_MODELS,
        help="tiny.en or base; by default the one that knows no other language, if it's enough",
    )
    parser.add_argument("--step", type=int, default=1, help="take every nth command")
    parser.add_argument("--failures", action="store_true", help="list what isn't right in the end")
    parser.add_argument("--markdown", action="store_true", help="tables in Markdown")
    parser.add_argument(
        "--write", action="store_true", help=f"all of it, to {_PAGE} and {_DETAILS}"
    )
    return parser.parse_args()


def _as_markdown(tables: Sequence[Table]) -> str:
    return "\n".join(table.as_markdown() for table in tables)


def _tables(home: str, speech_model: str, arguments: argparse.Namespace) -> list[Table]:
    return asyncio.run(_run(_HOMES[home], speech_model, arguments))


def _voices(plan: AwkwardHome) -> list[str]:
    """Return the voices that this machine has."""
    voices = []
    for voice in plan.voices:
        program, packages = _VOICES.get(voice, ("sh", ""))
        if shutil.which(program):
            voices.append(voice)
        else:
            _say(f"Without the voice {voice} (Debian: apt-get install {packages})")
    return voices


async def _run(plan: AwkwardHome, model: str, arguments: argparse.Namespace) -> list[Table]:
    """Say it under each condition, then do it in each way."""
    commands = plan.commands[:: arguments.step]
    sentences = SENTENCES[plan.language][:: arguments.step]
    voices = _voices(plan)
    conditions = [Condition(voice=voice, room=room) for voice in voices for room in Room]
    tables = []
    async with SpeechModel.listening(model, plan.locale) as speech_model, Home.open(plan) as home:
        heard = [(each, await _listen(speech_model, commands, each)) for each in conditions]
        for way in Way:
            tallies = [
                Tally(
                    condition=str(condition),
                    trials=[await home.try_out(each, way, speech_model) for each in answers],
                )
                for condition, answers in heard
            ]
            tables.append(_report(way, tallies))
            if arguments.failures:
                _list_failures(tallies)
        if voices:
            tables.append(await _leave_alone(speech_model, home, voices[0], sentences))
    return tables


async def _listen(
    speech_model: SpeechModel, commands: Sequence[Command], condition: Condition
) -> list[Heard]:
    """Return the alternatives for each command."""
    _say(f"{condition}")
    sounds = say(condition.voice, [command.text for command in commands])
    heard = []
    for command in commands:
        sound = condition.sound(sounds[command.text])
        heard.append(
            Heard(command=command, sound=sound, alternatives=await speech_model.hear(sound))
        )
    return heard


async def _leave_alone(
    speech_model: SpeechModel, home: Home, voice: str, sentences: Sequence[str]
) -> Table:
    """Say sentences that aren't commands, and count texts that were changed."""
    table = Table(
        title="Dictation, shopping lists and questions: how many were changed (and asked again)",
        columns=("condition", "utterances", "heard", *Way),
    )
    sounds = say(voice, sentences)
    for room in Room:
        condition = Condition(voice=voice, room=room)
        _say(f"{condition}, no commands")
        answers = [
            (sound := condition.sound(sounds[text]), await speech_model.hear(sound))
            for text in sentences
        ]
        counts = []
        for way in Way:
            changed = asked = 0
            for sound, alternatives in answers:
                second = _SecondHearing(speech_model, sound)
                first, *_, last = await home.texts(alternatives, way, second)
                changed += first != last
                asked += second.asked
            counts.append(f"{changed} ({asked})")
        understood = sum(bool(alternatives) for _, alternatives in answers)
        table.rows.append((str(condition), str(len(sentences)), str(understood), *counts))
    return table


def _report(way: Way, tallies: Sequence[Tally]) -> Table:
    """Put together how it went: under each condition, and for the names in each half."""
    trials = [trial for tally in tallies for trial in tally.trials]
    halves: tuple[tuple[str, Callable[[Trial], bool]], ...] = (
        ("all", lambda _: True),
        ("names that thresholds were set with", lambda trial: trial.command.tuned),
        ("other names", lambda trial: not trial.command.tuned),
    )
    sums = [
        Tally(condition=title, trials=list(filter(belongs, trials)))
        for title, belongs in (halves if any(map(halves[1][1], trials)) else halves[:1])
    ]
    return Table(
        title=f"To {way.value}",
        columns=_COLUMNS,
        rows=[tally.row() for tally in (*tallies, *sums)],
        notes=_NOTES,
    )


def _list_failures(tallies: Sequence[Tally]) -> None:
    for tally in tallies:
        for trial in tally.trials:
            if not trial.right(-1):
                sys.stdout.write(f"{tally.condition}: {trial.command.text} > {trial.texts}\n")


def _say(text: str) -> None:
    """Report the progress on standard error."""
    sys.stderr.write(f"{text} …\n")


if __name__ == "__main__":
    main()
