"""Answers over HTTP, and the errors in the form that Azure gives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
import json
from typing import NoReturn, override

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole HTTP answer: status code, headers and the body's bytes."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A request that is answered at once, without looking at the rest of it."""

    def __init__(self, answer: Answer) -> None:
        """Carry the answer that the client is to get."""
        super().__init__(answer.status)
        self.answer = answer

    @override
    def __str__(self) -> str:
        return f"{self.answer.status} {self.answer.body.decode(errors='replace')}"


def json_answer(
    content: object, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Answer:
    """Make an answer whose body is the content as JSON."""
    return Answer(
        status=status,
        body=json.dumps(content, ensure_ascii=False).encode(),
        headers={"Content-Type": JSON_TYPE, **(headers or {})},
    )


def refuse(status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> NoReturn:
    """Refuse a request as Azure's gateway does, which stands before the service.

    Always raises `RefusedError`.
    """
    content = {"error": {"code": str(int(status)), "message": message}}
    raise RefusedError(json_answer(content, status, headers))


def refuse_content(message: str) -> NoReturn:
    """Refuse a request as the recognizer itself does: 400 for its options or its audio.

    Always raises `RefusedError`.
    """
    raise RefusedError(json_answer({"Message": message}, HTTPStatus.BAD_REQUEST))
