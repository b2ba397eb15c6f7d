"""The script's own HTTP: an answer is read while the request is still being sent."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any, Final

import pytest

from .helpers import load_script

pytestmark = pytest.mark.usefixtures("socket_enabled")

type Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK: Final = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def script() -> ModuleType:
    """Return the script."""
    return load_script()


@asynccontextmanager
async def answering(script: ModuleType, handler: Handler) -> AsyncGenerator[Any]:
    """Yield a link to a server that handles its one connection so."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await handler(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        address = script.Address(host="127.0.0.1", port=port, tls=False)
        link = await asyncio.to_thread(script.Link, address)
        yield link
        link.close()


def upload(script: ModuleType, count: int, interval: float) -> list[Any]:
    """Return a body of chunks of 0.1 s each, some seconds apart, and its end."""
    pieces = [
        script.Piece(at=number * interval, data=script.make_chunk(b"audio"), audio=0.1)
        for number in range(count)
    ]
    return [*pieces, script.Piece(at=0, data=script.make_chunk(b""))]


async def exchange(script: ModuleType, link: Any, body: list[Any], *, expect: bool = False) -> Any:  # noqa: ANN401
    """Make a request and return the reply."""
    head = script.make_head("POST", "/", {"Host": "test"})
    return await asyncio.to_thread(script.Exchange(link, head, body, expect=expect).run)


async def test_early_answer(script: ModuleType) -> None:
    """It ends the upload, and says how much was sent before it."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3 * len(script.make_chunk(b"audio")))
        writer.write(OK + b"Content-Length: 2\r\n\r\n{}")
        await writer.drain()

    async with answering(script, handler) as link:
        reply = await exchange(script, link, upload(script, 100, 0.05))
        assert reply.is_early
        assert reply.sent == pytest.approx(0.3, abs=0.15)
        assert reply.total == pytest.approx(0.1, abs=0.15)
        assert link.closes_within(1)


async def test_answer_at_the_end(script: ModuleType) -> None:
    """The time after the upload is measured, and that the connection stays."""
    done = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"0\r\n\r\n")
        await asyncio.sleep(0.2)
        writer.write(OK + b"Content-Length: 0\r\n\r\n")
        await done.wait()

    async with answering(script, handler) as link:
        reply = await exchange(script, link, upload(script, 3, 0.01))
        assert reply.waited == pytest.approx(0.2, abs=0.1)
        assert reply.sent == pytest.approx(0.3)
        assert not link.closes_within(0.1)
        done.set()


async def test_go_ahead(script: ModuleType) -> None:
    """The body waits for it, and its time is measured."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        assert not reader._buffer  # type: ignore[attr-defined]  # nothing came before
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(OK + b"Content-Length: 0\r\n\r\n")

    async with answering(script, handler) as link:
        reply = await exchange(script, link, upload(script, 1, 0), expect=True)
    assert reply.continued == pytest.approx(0.2, abs=0.1)
    assert reply.status == 200


async def test_no_go_ahead(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body is sent after a while all the same."""
    monkeypatch.setattr(script, "CONTINUE_LIMIT", 0.1)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(OK + b"Content-Length: 0\r\n\r\n")

    async with answering(script, handler) as link:
        reply = await exchange(script, link, upload(script, 1, 0), expect=True)
    assert reply.continued is None
    assert reply.sent == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n1;x=y\r\nc\r\n0\r\n\r\n",
            b"ab\nc",
            id="chunks",
        ),
        pytest.param(b"CONTENT-LENGTH:4\r\n\r\nabcdef", b"abcd", id="length"),
        pytest.param(b"Server: old\r\n\r\nuntil the end", b"until the end", id="end"),
    ],
)
async def test_bodies(answer: bytes, body: bytes, script: ModuleType) -> None:
    """A body's end is found in each of HTTP's ways, byte by byte."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in OK + answer:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

    async with answering(script, handler) as link:
        reply = await exchange(script, link, upload(script, 1, 0))
    assert reply.body == body


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", OK + b"Content-Length: 9\r\n\r\nab"]
)
async def test_no_answer(answer: bytes, script: ModuleType) -> None:
    """Anything that isn't a whole answer is a network's error."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with answering(script, handler) as link:
        with pytest.raises(OSError, match=r"without an answer|isn't HTTP"):
            await exchange(script, link, upload(script, 1, 0))


async def test_patience(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends some time after the upload."""
    monkeypatch.setattr(script, "ANSWER_LIMIT", 0.2)
    done = asyncio.Event()

    async def handler(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await done.wait()

    async with answering(script, handler) as link:
        with pytest.raises(TimeoutError, match="No answer in"):
            await exchange(script, link, upload(script, 3, 0.2))
        done.set()
