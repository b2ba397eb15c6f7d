"""Which commands a home with awkward names does right: `scripts/bench recognition --help`.

Two synthetic voices say them in three rooms, a speech model hears them without any hint at the
names, and Home Assistant's own agent does what it makes of the text.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
import logging
from pathlib import Path
import shutil
from string import Template
import sys
from typing import Final

from tests.support.sentences import SENTENCES

from .awkward_english import ENGLISH
from .awkward_home import AwkwardHome, Command
from .awkward_italian import ITALIAN
from .commanded_home import CommandedHome, Heard, SecondHearing, Way
from .hearing import Condition, Room, SpeechModel, say
from .plot import Bar, Panel, draw
from .table import Table
from .trials import COLUMNS, NOTES, Tally, Trial

_PAGE: Final = Path("docs/recognition.md")
_PLOT: Final = _PAGE.with_suffix(".svg")
_DETAILS: Final = Path("docs/recognition-tables.md")
_TEMPLATE: Final = Path(__file__).with_suffix(".md")

_HOMES: Final = {"english": ENGLISH, "italian": ITALIAN}
_MODELS: Final = {"whisper": "Whisper tiny.en", "multilingual": "Whisper base"}
_EVERYTHING: Final = (
    ("english", "whisper", 1),
    ("english", "multilingual", 2),
    ("italian", "multilingual", 2),
)
"""The homes, the models, and which share of the commands: the larger model takes long."""
_SHOWN: Final = (Way.AGENT, Way.LLM)
"""Those on the page. Where local intents come first, an LLM gets nearly the same texts."""
_STAGES: Final = ("as recognized", "names matched", "second opinion")
_SUM_COLUMNS: Final = (
    "home, model",
    "text goes to",
    *Room,
    "misheard names repaired, clean",
    "harmed",
)
_VOICES: Final = {
    "slt": ("flite", "flite"),
    "lp": ("text2wave", "festival festvox-italp16k"),
    "pc": ("text2wave", "festival festvox-itapc16k"),
}
"""The program and Debian's packages for each voice that isn't Piper's."""
_TUNED_VOICE: Final = "joe"
"""The voice that thresholds were set with."""

type Tallies = Mapping[Way, Sequence[tuple[Condition, Tally]]]
"""The outcome for each agent under each condition."""


def main() -> None:
    """Let it all be said, heard and done, and write the tables."""
    arguments = _parse_arguments()
    logging.disable()
    if arguments.write:
        _write(
            {
                _title(home, model): _measure(home, model, step, failures=arguments.failures)
                for home, model, step in _EVERYTHING
            }
        )
        return
    speech_model = arguments.model or ("whisper" if arguments.home == "english" else "multilingual")
    tallies, others = _measure(
        arguments.home, speech_model, arguments.step, failures=arguments.failures
    )
    for table in (*_tables(tallies), *others):
        sys.stdout.write((table.as_markdown() if arguments.markdown else table.as_text()) + "\n")


def _write(results: Mapping[str, tuple[Tallies, Sequence[Table]]]) -> None:
    """Write the page with one table and one plot, and all tables to a file beside it."""
    sums = Table(
        title="In short",
        columns=_SUM_COLUMNS,
        rows=[
            _sums(title, way, tallies[way])
            for title, (tallies, _) in results.items()
            for way in _SHOWN
        ],
    )
    panels = [
        _panel(title, way, tallies[way])
        for title, (tallies, _) in results.items()
        for way in _SHOWN
    ]
    _PLOT.write_text(draw("Commands done right, of those spoken clearly: more is better", panels))
    _PAGE.write_text(
        Template(_TEMPLATE.read_text()).substitute(
            sums=sums.as_markdown().rstrip(), plot=_PLOT.name, details=_DETAILS.name
        )
    )
    sections = (
        f"# {title}\n\n{'\n'.join(table.as_markdown() for table in (*_tables(tallies), *others))}"
        for title, (tallies, others) in results.items()
    )
    _DETAILS.write_text("\n".join(sections))


def _sums(title: str, way: Way, tallies: Sequence[tuple[Condition, Tally]]) -> list[str]:
    """Return a row of the page: the commands done right in each room, at each stage."""
    rooms = [_in_room(room, tallies) for room in Room]
    whole = Tally(condition="", trials=[trial for room in rooms for trial in room.trials])
    return [
        title,
        way,
        *(f"{' → '.join(map(str, room.right()))} of {len(room.trials)}" for room in rooms),
        _in_room(Room.CLEAN, tallies).repaired_names(),
        str(whole.harmed()),
    ]


def _panel(title: str, way: Way, tallies: Sequence[tuple[Condition, Tally]]) -> Panel:
    tally = _in_room(Room.CLEAN, tallies)
    return Panel(
        title=title,
        subtitle=f"to {way}",
        bars=[
            Bar(name=name, value=right, shown=f"{right} of {len(tally.trials)}", is_ours=stage > 0)
            for stage, (name, right) in enumerate(zip(_STAGES, tally.right(), strict=True))
        ],
        full=len(tally.trials),
    )


def _in_room(room: Room, tallies: Sequence[tuple[Condition, Tally]]) -> Tally:
    """Put the voices in a room together."""
    return Tally(
        condition=room,
        trials=[
            trial
            for condition, tally in tallies
            if condition.room is room
            for trial in tally.trials
        ],
    )


def _title(home: str, model: str) -> str:
    return f"{home.capitalize()}, {_MODELS[model]}"


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench recognition",
        description="Speak to a home with awkward names and count what it does right. Sounds"
        " and what Whisper hears are kept in .dev/bench; the first run of everything takes more"
        " than an hour.",
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


def _measure(
    home: str, speech_model: str, step: int, *, failures: bool
) -> tuple[Tallies, Sequence[Table]]:
    return asyncio.run(_run(_HOMES[home], speech_model, step, failures=failures))


def _tables(tallies: Tallies) -> Iterator[Table]:
    for way, several in tallies.items():
        yield _report(way, several)


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


async def _run(
    plan: AwkwardHome, model: str, step: int, *, failures: bool
) -> tuple[Tallies, Sequence[Table]]:
    """Say it under each condition, then do it in each way; the rest must stay as it is."""
    commands = plan.commands[::step]
    sentences = SENTENCES[plan.language][::step]
    voices = _voices(plan)
    conditions = [Condition(voice=voice, room=room) for voice in voices for room in Room]
    async with (
        SpeechModel.listening(model, plan.locale) as speech_model,
        CommandedHome.open(plan) as home,
    ):
        heard = [(each, await _listen(speech_model, commands, each)) for each in conditions]
        tallies = {
            way: [
                (
                    condition,
                    Tally(
                        condition=str(condition),
                        trials=[await home.try_out(each, way, speech_model) for each in answers],
                    ),
                )
                for condition, answers in heard
            ]
            for way in Way
        }
        others = [await _leave_alone(speech_model, home, voice, sentences) for voice in voices[:1]]
    if failures:
        for several in tallies.values():
            _list_failures([tally for _, tally in several])
    return tallies, others


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
    speech_model: SpeechModel, home: CommandedHome, voice: str, sentences: Sequence[str]
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
                second = SecondHearing(speech_model, sound)
                first, *_, last = await home.texts(alternatives, way, second)
                changed += first != last
                asked += second.seconds > 0
            counts.append(f"{changed} ({asked})")
        understood = sum(bool(alternatives) for _, alternatives in answers)
        table.rows.append((str(condition), str(len(sentences)), str(understood), *counts))
    return table


def _report(way: Way, tallies: Sequence[tuple[Condition, Tally]]) -> Table:
    """Put together how it went: under each condition, and for the names in each half.

    Held out are the names and the voices that no threshold was set with.
    """
    trials = [(condition, trial) for condition, tally in tallies for trial in tally.trials]
    groups: tuple[tuple[str, Callable[[Condition, Trial], bool]], ...] = (
        ("all", lambda _, __: True),
        ("names that thresholds were set with", lambda _, trial: trial.command.tuned),
        ("other names", lambda _, trial: not trial.command.tuned),
        (
            "held out, clean",
            lambda condition, trial: (
                condition.room is Room.CLEAN
                and condition.voice != _TUNED_VOICE
                and not trial.command.tuned
            ),
        ),
    )
    sums = [
        Tally(condition=title, trials=[trial for each, trial in trials if belongs(each, trial)])
        for title, belongs in groups
    ]
    return Table(
        title=f"To {way.value}",
        columns=COLUMNS,
        rows=[tally.row() for tally in (*(tally for _, tally in tallies), *sums) if tally.trials],
        notes=NOTES,
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
