"""Links between the client and the service, simulated by a relay in a process of its own.

Each direction of a link is a line that sends one packet after another at its rate, however
many connections share it; what it has sent arrives after the delay. A connection that is
opened is usable after a round trip, as with TCP's handshake. Rates count the payload:
neither the headers of TCP and IP nor loss are simulated.
"""

import argparse
import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
import socket
import ssl
import sys
from typing import Final

_PACKET: Final = 1460  # bytes of payload in an Ethernet frame
_BACKLOG: Final = 16  # packets of one connection that are under way; then the sender waits
_WINDOW: Final = 16 * 1024  # bytes that this machine's own buffers may hold in addition


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way to the service. Without delay and rate there is nothing in between."""

    name: str
    delay: float = 0.0
    """Seconds that a packet takes, one way: half the round trip."""
    up: float | None = None
    """Bits per second toward the service; `None`: no limit."""
    down: float | None = None
    """Bits per second toward the client; `None`: no limit."""

    @property
    def is_direct(self) -> bool:
        """Whether nothing is simulated."""
        return self == Link(name=self.name)


LOOPBACK: Final = Link(name="loopback")
SLOW: Final = Link(name="50 ms, 1 Mbit/s", delay=0.025, up=1e6, down=1e6)
FAR: Final = Link(name="200 ms, 300 kbit/s", delay=0.1, up=3e5, down=3e5)
THIN: Final = Link(name="200 ms, 128 kbit/s", delay=0.1, up=128e3, down=1e6)
THINNEST: Final = Link(name="300 ms, 64 kbit/s", delay=0.15, up=64e3, down=1e6)
LINKS: Final = (LOOPBACK, SLOW, FAR)
"""All that everything is measured on."""

THIN_LINKS: Final = (THIN, THINNEST)
"""Those that carry less than PCM needs, by name as thin as a bad mobile connection."""


class Line:
    """One direction of a link. Times are those of the event loop."""

    def __init__(self, *, rate: float | None, delay: float) -> None:
        """Begin idle; the rate is in bits per second, the delay in seconds."""
        self._rate = rate
        self._delay = delay
        self._free_at = 0.0

    def arrival(self, size: int, ready: float) -> float:
        """Take a packet of `size` bytes that is ready then; return when it arrives."""
        begin = max(ready, self._free_at)
        self._free_at = begin if self._rate is None else begin + 8 * size / self._rate
        return self._free_at + self._delay


class Relay:
    """Carries the connections of a link to a port of this machine."""

    def __init__(self, link: Link, port: int, certificate: Path | None = None) -> None:
        """Lead to this port of 127.0.0.1; with a certificate, TLS ends here."""
        self._port = port
        self._tls: ssl.SSLContext | None = None
        if certificate:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(certificate)
        self._round_trip = 2 * link.delay
        self._up = Line(rate=link.up, delay=link.delay)
        self._down = Line(rate=link.down, delay=link.delay)

    async def listen(self) -> asyncio.Server:
        """Take connections on a free port of 127.0.0.1."""
        listening = socket.create_server(("127.0.0.1", 0))
        # Waiting data would look sent already.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
        return await asyncio.start_server(
            self._connect, sock=listening, limit=_PACKET, ssl=self._tls
        )

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        usable_at = asyncio.get_running_loop().time() + self._round_trip
        there = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.gather(
                _carry(reader, there[1], self._up, usable_at),
                _carry(there[0], writer, self._down, usable_at),
            )
        finally:
            writer.close()
            there[1].close()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line, usable_at: float
) -> None:
    """Carry one direction of one connection to its end."""
    under_way = asyncio.Queue[tuple[float, bytes]](_BACKLOG)
    async with asyncio.TaskGroup() as group:
        group.create_task(_send(reader, under_way, line, usable_at))
        group.create_task(_deliver(under_way, writer))


async def _send(
    reader: asyncio.StreamReader,
    under_way: asyncio.Queue[tuple[float, bytes]],
    line: Line,
    usable_at: float,
) -> None:
    now = asyncio.get_running_loop().time
    packet = b"begin"
    while packet:
        try:
            packet = await reader.read(_PACKET)
        except ConnectionError:
            packet = b""
        await under_way.put((line.arrival(len(packet), max(now(), usable_at)), packet))


async def _deliver(
    under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
) -> None:
    """Hand over each packet when it's due; the empty one is the end."""
    now = asyncio.get_running_loop().time
    packet = b"begin"
    while packet:
        due, packet = await under_way.get()
        await asyncio.sleep(due - now())
        with suppress(ConnectionError):
            writer.write(packet)
            await writer.drain()
    with suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()


async def _run(link: Link, port: int, certificate: Path | None) -> None:
    server = await Relay(link, port, certificate).listen()
    address = server.sockets[0].getsockname()
    sys.stdout.write(f"http{'s' if certificate else ''}://127.0.0.1:{address[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Run a relay until it's terminated; it writes its address to standard output."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("port", type=int, help="the service's port on 127.0.0.1")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds, one way")
    parser.add_argument("--up", type=float, help="bits per second toward the service")
    parser.add_argument("--down", type=float, help="bits per second toward the client")
    parser.add_argument("--certificate", type=Path, help="take TLS, with this certificate and key")
    arguments = parser.parse_args()
    link = Link(name="", delay=arguments.delay, up=arguments.up, down=arguments.down)
    asyncio.run(_run(link, arguments.port, arguments.certificate))


if __name__ == "__main__":
    main()
