"""The benchmarks' own logic: figures, tables, the simulated link, the host's pace."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
import re
from time import monotonic

import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.figures import Spread, percentile
from tests.benchmarks.link import LOOPBACK, SLOW, Line, Link, Relay
from tests.benchmarks.measure import Measurement, Stages
from tests.benchmarks.speech import CHUNK, Host, Utterance, command, speech_of
from tests.benchmarks.table import Table
from tests.emulator import BYTES_PER_SECOND, SpokenEar

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
    """The rate holds for each direction by itself: what has come goes back meanwhile."""
    async with echo_behind(Link(name="thin", up=4e5, down=4e5)) as (reader, writer):
        assert 0.4 <= await round_trip(reader, writer, 20_000) < 0.4 + SLACK


@pytest.mark.usefixtures("socket_enabled")
async def test_relay_end() -> None:
    """The end of one direction arrives behind what was sent before, and the other goes on."""
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
    """What is said can be understood, and ends loud at a chunk's end."""
    heard = await SpokenEar().recognize(utterance.speech, "en-US")
    assert not isinstance(heard, str)
    assert heard[0].text == utterance.text
    assert "0007" in utterance.text
    assert len(utterance.speech) % CHUNK == 0
    assert any(utterance.speech[-CHUNK:])


def test_speech_length() -> None:
    """Long speech is as long as wanted."""
    assert speech_of(4.0, 1).seconds == 4.0


async def test_host() -> None:
    """The host hands over 10 ms chunks in bursts, none before it's spoken, and all of them."""
    speech = bytes([1]) * (20 * CHUNK)
    host = Host(Utterance(text="", speech=speech, quiet_after=0.05))
    began = monotonic()
    speaking = asyncio.create_task(host.speak())
    chunks = []
    async for chunk in host.stream():
        chunks.append(chunk)
        assert monotonic() - began >= len(chunks) * CHUNK / BYTES_PER_SECOND - 0.001
    await speaking
    assert b"".join(chunks) == speech + bytes(5 * CHUNK)
    assert {len(chunk) for chunk in chunks} == {CHUNK}
    assert 0.2 <= host.spoken_at - began < 0.2 + SLACK


def test_stages() -> None:
    """The emulator's record is found by the text."""
    measurement = Measurement(said="seven", heard="seven", spoken_at=1.0, heard_at=1.5, cpu=0.0)
    requests = [
        {"text": "six", "last_audio": 9.0, "answered": 9.0, "chunks": 9},
        {"text": '{"Display": "seven"}', "last_audio": 1.25, "answered": 1.375, "chunks": 3},
    ]
    stages = Stages.of(measurement, requests)
    assert stages == Stages(to_service=0.25, in_service=0.125, from_service=0.125, chunks=3)
    assert Stages.of(measurement, requests[:1]) is None


@pytest.mark.parametrize("arguments", [["--what"], ["--runs", "0"], ["--only", "everything"]])
def test_wrong_usage(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong usage has the exit status that it has everywhere."""
    monkeypatch.setattr("sys.argv", ["bench", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2


@pytest.fixture(autouse=True)
def quiet_usage(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """See that nothing but usage is written."""
    yield
    assert re.match(r"(usage: .*)?$", capsys.readouterr().err, re.DOTALL)


@asynccontextmanager
async def relay_to_echo(link: Link) -> AsyncIterator[int]:
    """Run a server that sends back what comes, with a link before it; give the port."""
    async with await asyncio.start_server(echo, "127.0.0.1") as server:
        relay = Relay(link, server.sockets[0].getsockname()[1])
        async with await relay.listen() as front:
            yield front.sockets[0].getsockname()[1]


@asynccontextmanager
async def echo_behind(link: Link) -> AsyncIterator[Stream]:
    """Open a connection over a link to a server that sends back what comes."""
    async with relay_to_echo(link) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()
        await writer.wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes."""
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
    """Send so many bytes, wait for all of them to come back, and return the seconds."""
    began = monotonic()
    writer.write(bytes(size))
    await reader.readexactly(size)
    return monotonic() - began
