"""One request and its answer on the wire, with the fault that strikes it."""

import asyncio
from contextlib import suppress
from http import HTTPStatus
import socket
import struct
import time
from typing import NoReturn

from aiohttp import web

from .answer import Answer, RefusedError, refuse
from .faults import Fault, Moment
from .records import RecordedRequest

_PIECE = 16 * 1024
_DRIPS_PER_SECOND = 10


class Exchange:
    """Reads the body and writes the answer; records both; lets the fault strike at its moment."""

    def __init__(self, request: web.BaseRequest, record: RecordedRequest, fault: Fault) -> None:
        """Take a request whose headers have come."""
        self.request = request
        self.record = record
        self._fault = fault
        self._end_of_chunk = 0

    async def begin(self) -> None:
        """Let the fault strike that comes before everything. Raises `RefusedError`."""
        await self._strike(Moment.BEFORE_BODY)

    async def invite_body(self) -> None:
        """Send `100 Continue` to a client that waits for it before it sends the body."""
        if self.record.expects_continue and not self._fault.withhold_continue:
            await self.request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            # aiohttp would take the answer for already begun.
            self.request.writer.output_size = 0

    async def read(self, patience: float) -> bytes | None:
        """Read some of the body; `None` at its end.

        Raises `RefusedError` (408) if nothing comes for some seconds. [doc] The status; [?] the
        time.
        """
        try:
            async with asyncio.timeout(patience):
                return await self._read()
        except TimeoutError:
            refuse(HTTPStatus.REQUEST_TIMEOUT, "No audio arrived in time.")

    async def drain(self, seconds: float) -> None:
        """Take the rest of the body, without looking at it, for some seconds."""
        if seconds <= 0:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self._read() is not None:
                    pass
                await asyncio.Event().wait()

    async def _read(self) -> bytes | None:
        data, is_whole_chunk = await self.request.content.readchunk()
        if not data and not is_whole_chunk:
            return None
        self.record.body_bytes += len(data)
        # aiohttp also reports the empty chunk that ends a body, but not always.
        if is_whole_chunk and self.record.body_bytes > self._end_of_chunk:
            self.record.chunks += 1
            self._end_of_chunk = self.record.body_bytes
        if self.record.body_bytes >= self._fault.after_bytes:
            await self._strike(Moment.DURING_BODY)
        return data

    async def end_body(self) -> None:
        """Let the fault strike that comes after the body. Raises `RefusedError`."""
        await self._strike(Moment.AFTER_BODY)

    async def send(self, answer: Answer) -> web.StreamResponse:
        """Send the answer. If the body is still coming, the connection closes after it."""
        if self._fault.at is Moment.DURING_ANSWER and self._fault.answer is not None:
            answer = self._fault.answer
        self.record.status = answer.status
        self.record.text = answer.body.decode(errors="replace")
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.content_length = len(answer.body)
        if not self.request.content.is_eof():
            response.force_close()
        await response.prepare(self.request)
        half = len(answer.body) // 2 if self._fault.at is Moment.DURING_ANSWER else 0
        await self._write(response, answer.body[:half])
        await self._strike(Moment.DURING_ANSWER)
        await self._write(response, answer.body[half:])
        await response.write_eof()
        self.record.answered = time.monotonic()
        return response

    async def _write(self, response: web.StreamResponse, body: bytes) -> None:
        """Write a part of the body, slowly if the fault says so."""
        speed = self._fault.bytes_per_second
        size = _PIECE if speed is None else max(1, int(speed / _DRIPS_PER_SECOND))
        for start in range(0, len(body), size):
            await response.write(body[start : start + size])
            if speed is not None:
                await asyncio.sleep(size / speed)

    async def _strike(self, moment: Moment) -> None:
        fault = self._fault
        if fault.at is not moment:
            return
        await asyncio.sleep(fault.delay)
        if fault.reset:
            await self._reset()
        if fault.answer is not None and moment is not Moment.DURING_ANSWER:
            raise RefusedError(fault.answer)

    async def _reset(self) -> NoReturn:
        """Reset the connection, so that the client sees `ECONNRESET`."""
        transport = self.request.transport
        if transport is not None:
            connection: socket.socket = transport.get_extra_info("socket")
            no_time_to_linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time_to_linger)
            transport.abort()
        # aiohttp leaves a lost connection alone when its handler is cancelled.
        raise asyncio.CancelledError
