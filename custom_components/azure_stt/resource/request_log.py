"""The last requests of a resource, for diagnostics."""

import asyncio
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.util import dt as dt_util

from ..azure_speech import Recognition, ResponseError, SpeechError, Transcription

REMEMBERED: Final = 20
"""Requests that are kept."""

_TRANSCRIBED: Final = "transcribed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """How a request went: its start, its outcome, and how many seconds it took.

    `status` is the recognition's status ("transcribed" by fast transcription), or the kind of
    error with the HTTP status if any.
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

    async def record[Answer: Recognition | Transcription](
        self, request: Awaitable[Answer]
    ) -> Answer:
        """Await a request and log its outcome; raises the request's own error."""
        loop = asyncio.get_running_loop()
        began, began_at = loop.time(), dt_util.utcnow()
        status, connection_id = "cancelled", None
        try:
            answer = await request
        except SpeechError as err:
            status, connection_id = error_kind(err), err.connection_id
            raise
        else:
            status, connection_id = _status(answer), answer.connection_id
            return answer
        finally:
            self.append(
                LoggedRequest(
                    began=began_at,
                    status=status,
                    seconds=round(loop.time() - began, 3),
                    connection_id=connection_id,
                )
            )


def _status(answer: Recognition | Transcription) -> str:
    """Return a recognition's status; fast transcription's answers have none."""
    return answer.status if isinstance(answer, Recognition) else _TRANSCRIBED


def error_kind(err: SpeechError) -> str:
    """Return the kind of error, without its message."""
    status = f" {err.status}" if isinstance(err, ResponseError) else ""
    return f"{type(err).__name__}{status}"
