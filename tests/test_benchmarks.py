"""The benchmarks' own logic: figures, tables, the simulated link, the stream's pace."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
import re
from time import monotonic
from xml.etree import ElementTree as ET

from aiohttp import ClientSession
import pytest

from custom_components.azure_stt.audio.decoder import StreamDecoder
from tests.benchmarks import person
from tests.benchmarks.__main__ import main
from tests.benchmarks.comparison import NO_TEXT, Comparison, setbacks, table as compare
from tests.benchmarks.contenders import (
    BUFFER,
    BUFFER_TWICE,
    CLOUD,
    COMPARED,
    CONTENDERS,
    ENTITY,
    LANGUAGE,
    Contender,
)
from tests.benchmarks.encoded import Sentence, row
from tests.benchmarks.failure import ROUND_TRIP, Failure
from tests.benchmarks.figures import Spread, percentile
from tests.benchmarks.finished import FinishedParts
from tests.benchmarks.link import LOOPBACK, SLOW, Line, Link, Relay
from tests.benchmarks.measure import Measurement, Stages, measure
from tests.benchmarks.page import TABLES, page, tables_page
from tests.benchmarks.pauses import AUTOMATIC, CASES, FIRST_PAUSE, WHOLE, Case, Heard, Pauses
from tests.benchmarks.person import Saying
from tests.benchmarks.plain import PlainEntity
from tests.benchmarks.plot import plot
from tests.benchmarks.speech import CHUNK, Form, Microphone, Utterance, command, speech_of
from tests.benchmarks.starting import IMPORTS
from tests.benchmarks.table import Table
from tests.benchmarks.understood import CASES as UNDERSTOOD, ON, Understood
from tests.emulator import BYTES_PER_SECOND, Emulator, Fault, Moment, SpokenModel, noise, silence
from tests.support.home import hear, metadata

type Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

# A machine that is busy may be late, never early.
SLACK = 0.5


def test_spread() -> None:
    """The middle and the bad end."""
    spread = Spread.of([float(value) for value in range(100, 0, -1)])
    assert spread == Spread(median=50.5, p95=95.0, worst=100.0, count=100)


@pytest.mark.parametrize(("values", "expected"), [([7], 7), ([2, 1], 2), (range(1, 21), 19)])
def test_percentile(values: list[float], expected: float) -> None:
    """The nearest rank is always one of the values."""
    assert percentile(values, 0.95) == expected


def test_table() -> None:
    """Names stand to the left, figures to the right; Markdown says so too."""
    table = Table(title="Speed", columns=("who", "ms"), rows=[("floor", "1.0"), ("we", "12.5")])
    table.notes = ("ms: less is better",)
    assert table.as_text() == (
        "Speed\n\nwho      ms\n-----  ----\nfloor   1.0\nwe     12.5\n\nms: less is better\n"
    )
    assert table.as_markdown() == (
        "## Speed\n\n| who | ms |\n| --- | ---: |\n| floor | 1.0 |\n| we | 12.5 |\n\n"
        "- ms: less is better\n"
    )


def comparison(**values: float | None) -> Comparison:
    """Return a figure of contenders, who are named by the beginnings of their names."""
    names = [next(name for name in COMPARED if name.startswith(start)) for start in values]
    return Comparison(
        what="Time < 1",
        where="here",
        unit="ms",
        values=dict(zip(names, values.values(), strict=True)),
        why="It is careful.",
        is_plotted=True,
    )


@pytest.mark.parametrize(
    ("values", "behind"),
    [
        ({"entity": 1.0, "hass": 0.5, "bare": 0.1}, [CLOUD]),
        ({"entity": 1.0, "hass": 0.96, "buffer": -0.1}, [BUFFER]),
        ({"entity": None, "hass": None, "buffer": 2.0}, [BUFFER]),
        ({"entity": 0.0, "hass": 0.0, "buffer": None}, []),
    ],
)
def test_behind(values: dict[str, float | None], behind: list[str]) -> None:
    """Ours is behind a contender that is ahead by more than chance; the floor doesn't count."""
    assert comparison(**values).behind == behind


def test_comparisons() -> None:
    """Ratios come first, and a missing measurement or text isn't a figure."""
    both = [comparison(entity=300.4, bare=150.2, hass=None), comparison(entity=0.12345)]
    assert compare(both).rows == [
        ("Time < 1: here (ms)", "2.00", "", "", "150", NO_TEXT, "", "", "300"),
        ("Time < 1: here (ms)", "", "", "", "", "", "", "", "0.123"),
    ]


@pytest.mark.parametrize(
    "worst",
    [
        pytest.param({"entity": 4.0, "hass": 1.0, "buffer": 2.0}, id="ratio to the best"),
        pytest.param({"entity": None, "hass": 5.0}, id="no text"),
        pytest.param({"entity": 1.0, "hass": 9.0, "buffer": -0.5}, id="nothing to measure"),
    ],
)
def test_setbacks(worst: dict[str, float | None]) -> None:
    """Of the figures in which ours is behind, the worst one stands for its reason."""
    ahead, behind = comparison(entity=1.0, hass=3.0), comparison(entity=6.0, hass=2.0)
    slow = comparison(**worst)
    assert setbacks([ahead, behind, slow, behind]) == {"It is careful.": slow}
    assert setbacks([ahead]) == {}


def test_setback_line() -> None:
    """A setback names ours and those that are ahead of it."""
    slow = comparison(entity=2.0, hass=1.0, buffer=3.0)
    assert slow.line == f"Time < 1: here (ms): {ENTITY} 2, {CLOUD} 1"


def test_plot() -> None:
    """There's a bar for each contender that was measured, and the longest one fits."""
    drawn = plot([comparison(entity=2.0, hass=1.0, buffer=None)])
    picture = ET.fromstring(drawn)  # noqa: S314 - it is ours
    bars = picture.findall(".//{*}rect")
    assert [bar.get("width") for bar in bars] == ["125", "1", "250"]
    assert {"Time < 1 (ms)", "here", NO_TEXT} <= {text.text for text in picture.iter()}


@pytest.mark.parametrize(("entity", "expected"), [(2.0, "- It is careful. (Time"), (1.0, "5 %")])
def test_page(entity: float, expected: str) -> None:
    """The page says where ours is slower, or that there is no such place."""
    text = page("scripts/bench", "a core", [comparison(entity=entity, hass=1.0)])
    assert expected in text
    assert f"({TABLES.name})" in text
    assert "$" not in text


def test_page_has_one_short_table() -> None:
    """The page's table has the figures that are plotted; the tables' page has all."""
    plotted = comparison(entity=2.0, hass=1.0)
    other = replace(plotted, what="Memory", is_plotted=False)
    details = Table(title="Details of it", columns=("who",))
    short = page("scripts/bench", "a core", [plotted, other])
    full = tables_page("scripts/bench", "a core", [plotted, other], [details])
    assert "| Time < 1: here (ms) | 2 |  | 1 |" in short
    assert "| Memory: here" not in short
    assert "| Memory: here" in full
    assert "## Details of it" in full
    assert full.endswith("| --- |\n")


def test_line() -> None:
    """A line sends one packet after another; the delay holds up none of them."""
    line = Line(rate=8000, delay=0.5)
    assert line.arrival(100, ready=1.0) == pytest.approx(1.6)
    assert line.arrival(100, ready=1.0) == pytest.approx(1.7)
    assert line.arrival(100, ready=5.0) == pytest.approx(5.6)


def test_line_without_rate() -> None:
    """Without a rate there is only the delay."""
    line = Line(rate=None, delay=0.5)
    assert [line.arrival(10**6, ready=1.0) for _ in range(2)] == [1.5, 1.5]


def test_direct_link() -> None:
    """Only a link that does something needs a relay."""
    assert LOOPBACK.is_direct
    assert not SLOW.is_direct


@pytest.mark.usefixtures("socket_enabled")
async def test_relay_delay() -> None:
    """A connection is usable after a round trip, and then each way takes its half of one."""
    async with echo_behind(Link(name="far", delay=0.05)) as (reader, writer):
        assert 0.2 <= await round_trip(reader, writer, 100) < 0.2 + SLACK
        assert 0.1 <= await round_trip(reader, writer, 100) < 0.1 + SLACK


@pytest.mark.usefixtures("socket_enabled")
async def test_relay_rate() -> None:
    """The rate holds for each direction by itself: echoes go back meanwhile."""
    async with echo_behind(Link(name="thin", up=4e5, down=4e5)) as (reader, writer):
        assert 0.4 <= await round_trip(reader, writer, 20_000) < 0.4 + SLACK


@pytest.mark.usefixtures("socket_enabled")
async def test_relay_end() -> None:
    """The end of one direction arrives after its data, and the other goes on."""
    async with echo_behind(Link(name="far", delay=0.02)) as (reader, writer):
        writer.write(b"last words")
        writer.write_eof()
        assert await reader.read() == b"last words"


@pytest.mark.usefixtures("socket_enabled")
async def test_relay_reset() -> None:
    """A connection that is reset takes no other one with it."""
    async with relay_to_echo(Link(name="far", delay=0.01)) as port:
        _, broken = await asyncio.open_connection("127.0.0.1", port)
        broken.write(b"never read")
        broken.transport.abort()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await round_trip(reader, writer, 10)
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("utterance", [command(7), speech_of(4.0, 7)])
async def test_speech(utterance: Utterance) -> None:
    """The speech can be understood, and ends loud at a chunk's end."""
    heard = await SpokenModel().recognize(utterance.speech, "en-US")
    assert not isinstance(heard, str)
    assert heard[0].text == utterance.text
    assert "0007" in utterance.text
    assert len(utterance.speech) % CHUNK == 0
    assert any(utterance.speech[-CHUNK:])


@pytest.mark.parametrize("name", [name for one in IMPORTS for name in (*one.loaded, *one.modules)])
def test_timed_imports(name: str) -> None:
    """Every module whose import is timed is there."""
    assert find_spec(name)


def test_speech_length() -> None:
    """Long speech is as long as wanted."""
    assert speech_of(4.0, 1).seconds == 4.0


@pytest.mark.parametrize("form", Form)
async def test_forms(form: Form) -> None:
    """In any form, the source hands over the same words in as many chunks."""
    utterance = speech_of(3.0, 7, form)
    microphone = Microphone(utterance)
    chunks = [microphone._chunk(number) for number in range(microphone._chunks)]
    assert len(chunks) == 300
    decoder = StreamDecoder()
    pcm = b"".join([*map(decoder.feed, chunks), *iter(decoder.flush, b"")])
    assert await hear(pcm) == utterance.text


async def test_plain_entity() -> None:
    """A contender's text is the entity's."""

    async def recognize(stream: AsyncIterable[bytes]) -> str:
        return b"".join([chunk async for chunk in stream]).decode()

    async def stream() -> AsyncIterator[bytes]:
        yield b"on and"
        yield b" on"

    async with ClientSession() as session:
        entity = PlainEntity("bare post", Contender(recognize=recognize, session=session))
        result = await entity.async_process_audio_stream(metadata(LANGUAGE), stream())
    assert (entity.entity_id, result.text) == ("stt.bare_post", "on and on")


async def test_host() -> None:
    """It hands over all 10 ms chunks in bursts, none before it's spoken."""
    speech = bytes([1]) * (20 * CHUNK)
    microphone = Microphone(Utterance(text="", speech=speech, quiet_after=0.05))
    began = monotonic()
    speaking = asyncio.create_task(microphone.speak())
    chunks = []
    async for chunk in microphone.stream():
        chunks.append(chunk)
        assert monotonic() - began >= len(chunks) * CHUNK / BYTES_PER_SECOND - 0.001
    await speaking
    assert b"".join(chunks) == speech + bytes(5 * CHUNK)
    assert {len(chunk) for chunk in chunks} == {CHUNK}
    assert 0.2 <= microphone.spoken_at - began < 0.2 + SLACK


def test_stages() -> None:
    """The emulator's record is found by the text."""
    measurement = Measurement(said="seven", heard="seven", spoken_at=1.0, heard_at=1.5, cpu=0.0)
    requests = [
        {"text": "six", "last_audio": 9.0, "answered": 9.0, "chunks": 9},
        {
            "text": '{"Display": "seven"}',
            "last_audio": 1.25,
            "answered": 1.375,
            "chunks": 3,
            "body_bytes": 900,
        },
    ]
    stages = Stages.of(measurement, requests)
    assert stages == Stages(
        to_service=0.25, in_service=0.125, from_service=0.125, chunks=3, size=900
    )
    assert Stages.of(measurement, requests[:1]) is None


async def test_failure(caplog: pytest.LogCaptureFixture) -> None:
    """A contender that fails stops nothing; it's told, and isn't taken for a quick one."""

    async def fail(_: AsyncIterable[bytes]) -> str:
        raise OSError

    async with ClientSession() as session:
        measured = await measure(Contender(recognize=fail, session=session), command(7))
    assert measured.heard == "[OSError]"
    assert not measured.is_right
    assert "OSError" in caplog.text
    assert Spread.of([]) is None


@pytest.mark.parametrize("name", [CLOUD, BUFFER, BUFFER_TWICE])
async def test_peers(emulator: Emulator, name: str) -> None:
    """The other clients recognize their audio, with stubs of their surroundings."""
    async with CONTENDERS[name](emulator.url) as contender:
        assert (await measure(contender, command(7))).is_right


@pytest.mark.parametrize(("name", "right"), [(CLOUD, False), (BUFFER, False), (BUFFER_TWICE, True)])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_peers_after_a_reset(emulator: Emulator, name: str, *, right: bool) -> None:
    """A client that doesn't retry has no text."""
    emulator.faults.append(Fault(at=Moment.DURING_BODY, after_bytes=9600, reset=True))
    async with CONTENDERS[name](emulator.url) as contender:
        assert (await measure(contender, command(7))).is_right is right


@pytest.mark.parametrize(
    ("more", "wrong", "met"),
    [(2 * ROUND_TRIP, 0, True), (2 * ROUND_TRIP, 1, False), (0.105, 0, False), (None, 0, False)],
)
def test_failure_goal(more: float | None, wrong: int, *, met: bool) -> None:
    """One upload and two round trips, and no wrong text."""
    failure = Failure(
        over_tls=False,
        contender=ENTITY,
        delay=None,
        more=more,
        ratio=None,
        requests=2.0,
        wrong=wrong,
    )
    assert failure.meets_goal is met


@pytest.mark.parametrize(
    ("more", "wrong", "met"),
    [(0.002, 0, True), (-0.01, 1, False), (0.0021, 0, False), (None, 0, False)],
)
def test_understood_goal(more: float | None, wrong: int, *, met: bool) -> None:
    """Two milliseconds, and no wrong text."""
    row = Understood(
        case=UNDERSTOOD[0], setting=ON, delay=None, more=more, ratio=None, cpu=0.0, wrong=wrong
    )
    assert row.meets_goal is met


def heard(said: str, text: str, *, delay: float, handed_over: str | None = None) -> Heard:
    """Return the outcome of a saying whose stream ends 1.3 s after it."""
    return Heard(
        measurement=Measurement(said=said, heard=text, spoken_at=1.0, heard_at=1.0 + delay, cpu=0),
        host_end=1.3,
        handed_over=handed_over or said,
    )


def test_words_lost() -> None:
    """Words that Home Assistant cuts off are told from lost ones."""
    one = heard("on and on and off", "on", delay=1.0, handed_over="on and on")
    assert (one.lost, one.cut) == (2, 2)
    assert heard("on and off", "on and off off", delay=1.0).lost == 0


@pytest.mark.parametrize(
    ("case", "contender", "one", "goal"),
    [
        (WHOLE, AUTOMATIC, heard("on", "on", delay=0.8), "met"),
        (WHOLE, AUTOMATIC, heard("on", "on", delay=1.25), "missed"),
        (CASES[1], AUTOMATIC, heard("on", "on", delay=1.25), "met"),
        (CASES[1], AUTOMATIC, heard("on and on", "on", delay=0.8), "missed"),
        (CASES[1], AUTOMATIC, heard("on off", "on", delay=1.3, handed_over="on"), "met"),
        (CASES[1], FIRST_PAUSE, heard("on and on", "on", delay=0.8), ""),
    ],
)
def test_pauses_goal(case: Case, contender: str, one: Heard, goal: str) -> None:
    """No word is lost, and a whole command is answered before the stream ends."""
    assert Pauses.of(case, contender, [one]).goal == goal


@pytest.fixture
def voice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a noise of 1.2 s in some quiet be the voice."""
    sound = silence(0.25) + noise(1.2) + silence(0.35)
    monkeypatch.setattr(person, "say", lambda _, texts: dict.fromkeys(texts, sound))


async def test_saying(voice: None) -> None:
    """The words lie where the voice is, and each part has its pause before it."""
    saying = Saying.of("Turn off all the lights", "in the big kitchen", pause=0.3)
    speech = saying.utterance.speech
    assert (
        await hear(speech) == saying.utterance.text == "Turn off all the lights in the big kitchen"
    )
    assert saying.utterance.seconds == pytest.approx(0.25 + 1.2 + 0.3 + 1.2, abs=0.02)
    assert len(speech) % CHUNK == 0
    assert any(speech[-CHUNK:])
    assert len(saying.voice) == pytest.approx(len(speech) + len(silence(0.35)), abs=CHUNK)
    middle = slice(*(round(seconds * 16_000) * 2 for seconds in (1.5, 1.7)))
    assert not any(speech[middle])
    assert not any(saying.voice[middle])


async def test_saying_with_too_few_words(voice: None) -> None:
    """The service mustn't find a pause between two words."""
    with pytest.raises(ValueError, match="Too few words"):
        Saying.of("Yes please")


async def test_detector(voice: None) -> None:
    """The detector notices the voice, and the audio passes it unchanged."""
    person.use_voice(Saying.of("Turn off all the lights"))
    detector = person._TwoTracks(0, 0, is_vad_enabled=True)
    chunk = detector.enhance_chunk(bytes([7]) * CHUNK, 500)
    assert chunk.audio == bytes([7]) * CHUNK
    assert chunk.speech_probability is not None


@pytest.mark.parametrize(
    "arguments",
    [
        ["--what"],
        ["--runs", "0"],
        ["--only", "everything"],
        ["--write", "--only", "load"],
    ],
)
def test_wrong_usage(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong usage has the exit status that it has everywhere."""
    monkeypatch.setattr("sys.argv", ["bench", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2


def test_word_errors() -> None:
    """The standard error tells whether Opus is worse than by chance."""
    sentences = [Sentence(words=10, wav=1, opus=3), Sentence(words=10, wav=1, opus=1)]
    assert row("all", sentences) == ("all", "2", "20", "10.0", "20.0", "10.0", "10.0")
    assert row("one", sentences[:1])[-2:] == ("20.0", "0.0")


def test_finished_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished part is taken when a run with the same schedule is resumed, and only then."""
    monkeypatch.chdir(tmp_path)
    parts = FinishedParts(schedule="ten runs", resume=False)
    part = parts.save("load", [Spread.of([1.0])], 3.0)
    assert parts.load("load") is None
    assert FinishedParts(schedule="ten runs", resume=True).load("load") == part
    assert FinishedParts(schedule="ten runs", resume=True).load("memory") is None
    assert FinishedParts(schedule="one run", resume=True).load("load") is None


@pytest.fixture(autouse=True)
def quiet_usage(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """See that nothing but usage is written."""
    yield
    assert re.match(r"(usage: .*)?$", capsys.readouterr().err, re.DOTALL)


@asynccontextmanager
async def relay_to_echo(link: Link) -> AsyncIterator[int]:
    """Run an echo server, with a link before it; yield the port."""
    async with await asyncio.start_server(echo, "127.0.0.1") as server:
        relay = Relay(link, server.sockets[0].getsockname()[1])
        async with await relay.listen() as front:
            yield front.sockets[0].getsockname()[1]


@asynccontextmanager
async def echo_behind(link: Link) -> AsyncIterator[Stream]:
    """Open a connection over a link to an echo server."""
    async with relay_to_echo(link) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()
        await writer.wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send all data back."""
    try:
        while data := await reader.read(1024):
            writer.write(data)
    except ConnectionError:
        pass
    finally:
        writer.close()


async def round_trip(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int
) -> float:
    """Send a number of bytes, wait for all of them to come back, and return the seconds."""
    began = monotonic()
    writer.write(bytes(size))
    await reader.readexactly(size)
    return monotonic() - began
