"""A hostile host: it answers with any bytes, in any number and at any speed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from compression import zstd
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final, Self
import zlib

MEBIBYTE: Final = 1024 * 1024
GIBIBYTE: Final = 1024 * MEBIBYTE

type Reply = Callable[[], Iterable[bytes]]
"""Gives the answer, piece by piece; it may be endless."""


@dataclass(slots=True)
class HostileServer:
    """Answers every connection alike, and counts the bytes that it could send."""

    reply: Reply
    pause: float
    port: int = 0
    sent: int = 0
    requests: list[bytes] = field(default_factory=list)
    """The heads of the requests."""
    _tasks: list[asyncio.Task[object]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    @asynccontextmanager
    async def running(cls, reply: Reply, pause: float = 0.0) -> AsyncIterator[Self]:
        """Serve on a free port, with a delay in seconds between the pieces of a reply."""
        hostile = cls(reply, pause)
        server = await asyncio.start_server(hostile._serve, "127.0.0.1", 0)
        hostile.port = server.sockets[0].getsockname()[1]
        async with server:
            yield hostile
            server.close_clients()
            await hostile.is_left()

    async def is_left(self) -> None:
        """Wait until every client has hung up; fail after five seconds."""
        async with asyncio.timeout(5):
            await asyncio.gather(*self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._tasks.append(task)
        # A client that has had enough leaves half a request, or resets the connection.
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            for piece in self.reply():
                writer.write(piece)
                await writer.drain()
                self.sent += len(piece)
                await asyncio.sleep(self.pause)
            writer.write_eof()
            await reader.read()
        writer.close()


def head(*headers: str, status: str = "200 OK") -> bytes:
    """Return an answer's head."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


def chunk(content: bytes) -> bytes:
    """Return a chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(content), content)


def endless(begin: bytes, piece: bytes) -> Reply:
    """Return a reply that begins somehow and then repeats itself for ever."""

    def reply() -> Iterator[bytes]:
        yield begin
        yield from repeat(piece)

    return reply


def swelling(encoding: str) -> Reply:
    """Return a reply of a few megabytes at most that would swell to a gibibyte of spaces."""
    spaces = b" " * MEBIBYTE

    def reply() -> Iterator[bytes]:
        name = encoding.removeprefix("bare ")
        yield head(f"Content-Encoding: {name}", "Connection: close")
        if name == "zstd":
            yield zstd.compress(spaces) * 1024
            return
        windows = {"gzip": 31, "deflate": 15, "bare deflate": -15}
        compressor = zlib.compressobj(9, wbits=windows[encoding])
        yield compressor.compress(spaces) + compressor.flush(zlib.Z_FULL_FLUSH)
        # After a full flush the same bytes stand for the same spaces, again and again.
        yield (compressor.compress(spaces) + compressor.flush(zlib.Z_FULL_FLUSH)) * 1023

    return reply
