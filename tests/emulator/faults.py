"""Faults on demand: the kind of trouble, and its moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
import json
from typing import Final

from .answer import JSON_TYPE, Answer, refuse_content
from .endpoints import Endpoint


class Moment(StrEnum):
    """When in the course of a request a fault strikes."""

    BEFORE_BODY = "before_body"
    """When the headers have come: before authentication, `100 Continue` and any audio."""
    DURING_BODY = "during_body"
    """When `after_bytes` of the body have been read. Only recognition and
    fast transcription have one."""
    AFTER_BODY = "after_body"
    """When the answer would be sent: at the end of the utterance, or of the upload."""
    DURING_ANSWER = "during_answer"
    """When half of the answer's body has been sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    At its moment it waits for `delay`; then it resets the connection, or answers with `status`
    and `body`, or (if neither is set) lets the request go on as if nothing had been.
    """

    where: Endpoint = Endpoint.RECOGNITION
    times: int | None = 1
    """How many requests it strikes; `None`: all, for good."""
    at: Moment = Moment.BEFORE_BODY
    after_bytes: int = 0
    """For `DURING_BODY`: how many bytes of the body are read before."""
    delay: float = 0.0
    """Seconds."""
    reset: bool = False
    """Whether the connection is reset (TCP RST), without an answer or in the middle of it."""
    status: int | None = None
    """The answer's status. A redirection needs `Location` in `headers`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    """The answer's body: a page of HTML (a captive portal), something that isn't JSON, …"""
    body_size: int = 0
    """If it is more than the body's length: the body is repeated up to this size."""
    withhold_continue: bool = False
    """Whether `100 Continue` is never sent."""
    bytes_per_second: float | None = None
    """How slowly the answer's body drips; `None`: at once."""

    @property
    def answer(self) -> Answer | None:
        """The answer instead of the true one; `None` if it stays."""
        if self.status is None:
            return None
        body = self.body.encode()
        if self.body_size > len(body):
            filler = body or b" "
            body = (filler * (self.body_size // len(filler) + 1))[: self.body_size]
        return Answer(status=self.status, body=body, headers=self.headers)


NO_FAULT = Fault()

PASSING_400: Final = Fault(
    status=HTTPStatus.BAD_REQUEST,
    headers={"Content-Type": JSON_TYPE},
    body='{"Message": "Invalid HTTP request"}',
)
"""A 400 that passes: 4 of 4,513 requests, and the same bytes were taken a moment later [field]. Its
form is the recognizer's [?]. `replace(PASSING_400, times=2)` strikes twice."""
BARE_401: Final = Fault(status=HTTPStatus.UNAUTHORIZED)
"""A 401 without a body: a throttle, or a token that has expired [field]."""


def take_fault(faults: list[Fault], where: Endpoint) -> Fault:
    """Take the first fault for an endpoint, and off the list when it has struck often enough."""
    for index, fault in enumerate(faults):
        if fault.where is not where:
            continue
        if fault.times == 1:
            del faults[index]
        elif fault.times is not None:
            faults[index] = replace(fault, times=fault.times - 1)
        return fault
    return NO_FAULT


def fault_from_json(text: str) -> Fault:
    """Make a fault of a JSON object with the names of its fields.

    Raises `RefusedError` (400) if a name or an enumeration's value doesn't exist.
    """
    try:
        values = json.loads(text)
        for name, enumeration in {"where": Endpoint, "at": Moment}.items():
            if name in values:
                values[name] = enumeration(values[name])
        return Fault(**values)
    except (TypeError, ValueError) as error:
        refuse_content(str(error))
