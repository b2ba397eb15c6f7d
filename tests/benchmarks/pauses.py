"""People who pause: the delay of their answers, and how many of their words are lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from statistics import median
from typing import Final

from homeassistant.components.stt.const import DATA_COMPONENT

from custom_components.azure_stt.recognition.answering import Patience
from custom_components.azure_stt.resource.client_factory import async_get_session
from tests.emulator import BYTES_PER_SECOND, CUT
from tests.support.home import hear

from .assist import Assist
from .comparison import Comparison
from .contenders import CONTENDERS, ENTITY, FLOOR, PEERS, Contender
from .figures import Spread
from .home import add_recognizer
from .link import FAR, LINKS, LOOPBACK, SLOW, Link
from .measure import Measurement, measure
from .person import Saying, detector_hears_voices, use_voice
from .plain import PlainEntity
from .servers import emulator, linked
from .table import Table, figure

PAUSE: Final = 0.5
"""Seconds of quiet after which the service answers."""

AUTOMATIC: Final = f"entity, {Patience.AUTOMATIC}"
FIRST_PAUSE: Final = f"entity, {Patience.FIRST_PAUSE}"
TO_THE_END: Final = f"entity, {Patience.TO_THE_END}"

_CLEARLY: Final = 0.1  # the stream hands over 40 ms at a time

_WHY: Final = (
    "Clients that always take the first answer are faster but lose everything after a pause. The"
    " entity waits for 0.8 s of quiet; its option 'first pause' is as fast, and loses as much."
)

LIGHTS: Final = ("Kitchen light", "Ceiling lamp", "Hallway light", "Reading lamp")

COMMANDS: Final = (
    ("Turn on the kitchen light",),
    ("Turn off the hallway light",),
    ("Switch on the ceiling lamp please",),
    ("Turn off all the lights in the kitchen",),
)
BEGINNINGS: Final = (
    ("Turn off all the lights", "in the kitchen"),
    ("Set a timer for five minutes", "and thirty seconds"),
    ("Turn on all of the", "lights in the kitchen"),
)
"""Commands whose first part isn't a whole one, or could go on."""
AFTERTHOUGHTS: Final = (
    ("Turn on the kitchen light", "in five minutes"),
    ("Turn off the hallway light", "and the ceiling lamp"),
)
"""Commands whose first part is a whole one."""
DICTATION: Final = (
    (
        "Remember to buy milk and bread for tomorrow morning",
        "the plumber will come on Friday at nine",
        "please call my mother before the weekend",
        "and water the plants while we are away",
    ),
    (
        "Tell the others that I will be late tonight",
        "the train has stopped somewhere in the fields",
        "nobody knows when it will go on again",
        "so please begin with dinner without me",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Texts in parts, and the seconds of quiet between these."""

    name: str
    texts: Sequence[Sequence[str]] = field(repr=False)
    pause: float = 0.0
    link: Link = LOOPBACK


WHOLE: Final = Case(name="whole commands", texts=COMMANDS)
_SHORT: Final = Case(name="0.6 s pause", texts=(*BEGINNINGS, *AFTERTHOUGHTS), pause=0.6)
CASES: Final = (
    WHOLE,
    replace(_SHORT, name="0.3 s pause", pause=0.3),
    _SHORT,
    Case(name="0.9 s pause", texts=BEGINNINGS, pause=0.9),
    Case(name="0.9 s, then more", texts=AFTERTHOUGHTS, pause=0.9),
    Case(name="dictation", texts=DICTATION, pause=0.7),
)
LINKED: Final = tuple(replace(case, link=link) for link in (SLOW, FAR) for case in (WHOLE, _SHORT))
"""Some of them over the links."""


FEW: Final = tuple(replace(case, texts=case.texts[:1]) for case in CASES[:3])
"""Some of them, each with one text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A saying, and its outcome."""

    measurement: Measurement
    host_end: float
    """Seconds from the last loud sample to where Assist's detector ends the stream."""
    handed_over: str = field(repr=False)
    """The words before that end, because the others can't be recognized."""

    @property
    def lost(self) -> int:
        """Words that were handed over, or would have been, and that aren't in the text."""
        return _missing(self.handed_over, self.measurement.heard)

    @property
    def cut(self) -> int:
        """Words that Assist itself cuts off."""
        return _missing(self.measurement.said, self.handed_over)

    @property
    def is_early(self) -> bool:
        """Whether it was answered clearly before Assist would have ended the stream."""
        return self.measurement.delay < self.host_end - _CLEARLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """A contender in a case. Times in seconds from the last loud sample."""

    case: Case
    contender: str
    delay: Spread | None
    """Until the text, of those that were heard right; `None` if there are none."""
    host_end: float | None
    """Until Assist's detector ends the stream, median of those that it lets be said."""
    early: int
    """Texts that were right, and there before that."""
    words: int
    cut: int
    """Words that Assist itself cut off."""
    lost: int
    """Words besides."""
    wrong: int
    """Texts with an error, including those that Home Assistant cut off."""

    @classmethod
    def of(cls, case: Case, contender: str, heard: Sequence[Heard]) -> Pauses:
        """Sum up the outcomes of all sayings."""
        right = [one for one in heard if one.measurement.is_right]
        ends = [one.host_end for one in heard if not one.cut]
        return cls(
            case=case,
            contender=contender,
            delay=Spread.of([one.measurement.delay for one in right]),
            host_end=median(ends) if ends else None,
            early=sum(one.is_early for one in right),
            words=sum(len(one.measurement.said.split()) for one in heard),
            cut=sum(one.cut for one in heard),
            lost=sum(one.lost for one in heard),
            wrong=len(heard) - len(right),
        )

    @property
    def goal(self) -> str:
        """Whether our entity reached its goal."""
        if self.contender not in {AUTOMATIC, TO_THE_END}:
            return ""
        answers_early = self.delay is not None and self.early == self.delay.count
        met = not self.lost
        if self.contender == AUTOMATIC and not self.case.pause:
            met = met and answers_early
        return "met" if met else "missed"


async def compare(cases: Sequence[Case], runs: int) -> list[Pauses]:
    """Let all contenders listen to every saying at the same time, a number of times."""
    results: list[Pauses] = []
    for link, of_link in groupby(cases, key=lambda case: case.link):
        async with (
            emulator(pause=PAUSE) as address,
            Assist.open(LIGHTS) as assist,
            _contenders(assist, address, link) as contenders,
        ):
            await _listen(Saying.of(*COMMANDS[0]), contenders)
            for case in of_link:
                results += await _compare(case, contenders, runs)
    return results


async def _compare(case: Case, contenders: dict[str, Contender], runs: int) -> list[Pauses]:
    heard: dict[str, list[Heard]] = {name: [] for name in contenders}
    for saying in [Saying.of(*parts, pause=case.pause) for parts in case.texts] * runs:
        for name, one in (await _listen(saying, contenders)).items():
            heard[name].append(one)
    return [Pauses.of(case, name, several) for name, several in heard.items()]


@asynccontextmanager
async def _contenders(
    assist: Assist, address: str, link: Link
) -> AsyncIterator[dict[str, Contender]]:
    """Give each contender a pipeline, and a link of its own: they speak at the same time."""
    hass = assist.hass
    async with AsyncExitStack() as stack:
        engines: dict[str, str] = {}
        for patience in Patience:
            own = await stack.enter_async_context(linked(link, address))
            options = {"patience": patience}
            engines[f"entity, {patience}"] = await add_recognizer(hass, own, options)
        for name in (FLOOR, *PEERS):
            own = await stack.enter_async_context(linked(link, address))
            contender = await stack.enter_async_context(CONTENDERS[name](own))
            entity = PlainEntity(name, contender)
            await hass.data[DATA_COMPONENT].async_add_entities([entity])
            engines[name] = entity.entity_id
        stack.enter_context(detector_hears_voices())
        yield {
            name: Contender(
                recognize=partial(assist.hear, await assist.add_pipeline(engine)),
                session=async_get_session(hass),
            )
            for name, engine in engines.items()
        }


async def _listen(saying: Saying, contenders: dict[str, Contender]) -> dict[str, Heard]:
    host_end = saying.host_end()
    speech = saying.utterance.speech
    end = round((saying.utterance.seconds + host_end) * BYTES_PER_SECOND)
    # A word that the end goes through is cut off.
    handed_over = (await hear(speech[: max(0, end)])).removesuffix(CUT).rstrip()
    measured = await asyncio.gather(
        *(_measure(contender, saying) for contender in contenders.values())
    )
    return {
        name: Heard(measurement=one, host_end=host_end, handed_over=handed_over)
        for name, one in zip(contenders, measured, strict=True)
    }


def _missing(text: str, other: str) -> int:
    """Return how many words of a text aren't in another one."""
    return (Counter(text.split()) - Counter(other.split())).total()


async def _measure(contender: Contender, saying: Saying) -> Measurement:
    use_voice(saying)
    return await measure(contender, saying.utterance)


def table(results: Sequence[Pauses]) -> Table:
    """Put the cases together."""
    return Table(
        title="Pauses: from the last loud sample to the text, and words lost",
        columns=(
            "link, case",
            "contender",
            "ratio",
            "median s",
            "p95 s",
            "host's end s",
            "early",
            "words",
            "cut",
            "lost",
            "goal",
            "right",
            "wrong",
        ),
        rows=[_cells(result) for result in results],
        notes=(
            (
                "ratio: the median divided by the time at which Assist's detector ends the stream;"
                f" early: right texts that came {_CLEARLY} s or more before that."
            ),
            (
                "median, p95: of texts that are right. cut: words after the end of the stream,"
                " which reach no engine; lost: words before it that aren't in the text."
            ),
            (
                f"goal, '{AUTOMATIC}' and '{TO_THE_END}': no word lost; whole commands,"
                f" '{AUTOMATIC}': each answered before the end of the stream."
            ),
            (
                "Assist's pipeline with its own detector and Home Assistant's own agent, all"
                " contenders at the same time. The detector hears Piper's voice; the service hears"
                f" the same words in code at the same places, and answers after {PAUSE} s of quiet."
            ),
            "then more: words that follow a complete command after the 0.8 s that are waited.",
            f"dictation: four sentences, {CASES[-1].pause} s apart.",
            "Each contender has its own link.",
        ),
    )


def _cells(result: Pauses) -> Sequence[str]:
    delay, host_end = result.delay, result.host_end
    return (
        f"{result.case.link.name}, {result.case.name}",
        result.contender,
        figure(delay.median / host_end if delay and host_end else None),
        figure(delay and delay.median),
        figure(delay and delay.p95),
        figure(host_end),
        str(result.early),
        str(result.words),
        str(result.cut),
        str(result.lost),
        result.goal,
        str(delay.count if delay else 0),
        str(result.wrong),
    )


def comparisons(results: Sequence[Pauses]) -> Iterator[Comparison]:
    """Yield the delays of whole commands, and the words lost in pauses."""
    names = {AUTOMATIC: ENTITY} | {name: name for name in (FLOOR, *PEERS)}
    compared = [result for result in results if result.contender in names]
    for link in LINKS:
        of_link = [result for result in compared if result.case.link == link]
        whole = [result for result in of_link if not result.case.pause]
        if whole:
            yield Comparison(
                what="Last loud sample to text",
                where=f"{link.name}, whole commands, median",
                unit="s",
                values={names[one.contender]: one.delay and one.delay.median for one in whole},
                why=_WHY,
                is_plotted=link == LOOPBACK,
            )
        pauses = [result for result in of_link if result.case.pause]
        if pauses:
            yield Comparison(
                what="Words lost",
                where=f"{link.name}, speech with pauses",
                unit="%",
                values={names[one.contender]: _share_lost(pauses, one.contender) for one in pauses},
                is_plotted=link == LOOPBACK,
            )


def _share_lost(results: Sequence[Pauses], contender: str) -> float:
    """Return the percentage of the words handed over that a contender loses."""
    own = [result for result in results if result.contender == contender]
    handed_over = sum(result.words - result.cut for result in own)
    return 100 * sum(result.lost for result in own) / handed_over
