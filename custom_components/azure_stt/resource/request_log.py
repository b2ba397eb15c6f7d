"""The last requests of a resource, for diagnostics."""

import asyncio
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.util import dt as dt_util

from ..azure_speech import Recognition, ResponseError, SpeechError

REMEMBERED: Final = 20
"""Requests that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """How a request went: its start, its outcome, and how many seconds it took.

    `status` is the recognition's status, or the kind of error with the HTTP status if any.
    """

    began: datetime
    status: str
    seconds: float
    connection_id: str | None


class RequestLog(deque[LoggedRequest]):
    """The last requests, oldest first."""

    def __init__(self) -> None:
        """Initialize an empty log."""
        super().__init__(maxlen=REMEMBERED)

    async def record(self, request: Awaitable[Recognition]) -> Recognition:
        """Await a request and log how it went; raises what it raises."""
        loop = asyncio.get_running_loop()
        began, began_at = loop.time(), dt_util.utcnow()
        status, connection_id = "cancelled", None
        try:
            recognition = await request
        except SpeechError as err:
            status, connection_id = _kind(err), err.connection_id
            raise
        else:
            status, connection_id = recognition.status, recognition.connection_id
            return recognition
        finally:
            self.append(
                LoggedRequest(
                    began=began_at,
                    status=status,
                    seconds=round(loop.time() - began, 3),
                    connection_id=connection_id,
                )
            )


def _kind(err: SpeechError) -> str:
    """Return the kind of error, without its message."""
    status = f" {err.status}" if isinstance(err, ResponseError) else ""
    return f"{type(err).__name__}{status}"
