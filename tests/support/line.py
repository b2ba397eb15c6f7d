"""A line that carries as many bytes in a second as it's told, and no more than it has sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import socket
from typing import Final

# The line's own buffer: small, so that the sender notices how slow it is.
_HELD: Final = 4096
_TICK: Final = 0.02


@asynccontextmanager
async def thin_line(port: int, bytes_per_second: float) -> AsyncIterator[str]:
    """Lead to a port of this machine by a line that is thin upwards; give its address."""
    carriers: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrier = asyncio.current_task()
        assert carrier
        carriers.add(carrier)
        there = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(
                _pump(reader, there[1], bytes_per_second), _pump(there[0], writer, None)
            )
        finally:
            writer.close()
            there[1].close()

    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _HELD)
    server = await asyncio.start_server(carry, sock=listening, limit=_HELD)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.close()
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bytes_per_second: float | None
) -> None:
    size = _HELD if bytes_per_second is None else int(bytes_per_second * _TICK)
    try:
        while data := await reader.read(size):
            writer.write(data)
            await writer.drain()
            if bytes_per_second is not None:
                await asyncio.sleep(len(data) / bytes_per_second)
        writer.write_eof()
    except ConnectionError:
        writer.close()
