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
    """Refuse a request in the gateway's form, which stands before the service.

    [rec] The form is the one of a wrong key's 401. Always raises `RefusedError`.
    """
    content = {"error": {"code": str(int(status)), "message": message}}
    raise RefusedError(json_answer(content, status, headers))


def refuse_bare(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> NoReturn:
    """Refuse a request without a body. Always raises `RefusedError`."""
    raise RefusedError(Answer(status=status, headers=headers or {}))


def refuse_path() -> NoReturn:
    """Refuse a path that the host doesn't have: 404. Always raises `RefusedError`.

    [rec] MicrosoftDocs/azure-docs#19232.
    """
    content = {"statusCode": 404, "message": "Resource not found"}
    raise RefusedError(json_answer(content, HTTPStatus.NOT_FOUND))


def refuse_content(message: str) -> NoReturn:
    """Refuse a request in the recognizer's form: 400 for its options or its audio.

    [rec] The form is the one of the three messages below; any other message is ours, for
    something of which Azure's answer isn't known. Always raises `RefusedError`.
    """
    raise RefusedError(json_answer({"Message": message}, HTTPStatus.BAD_REQUEST))


def refuse_language() -> NoReturn:
    """Refuse a missing or wrong language or endpoint id. Always raises `RefusedError` (400).

    [rec] MicrosoftDocs/azure-docs#23489.
    """
    refuse_content("Invalid CID or language")


def refuse_audio_format() -> NoReturn:
    """Refuse audio in the wrong format. Always raises `RefusedError` (400).

    [rec] Azure-Samples/cognitive-services-speech-sdk#387 and #464.
    """
    refuse_content("Unsupported audio format")


def refuse_empty_audio() -> NoReturn:
    """Refuse an upload without any audio. Always raises `RefusedError` (400).

    [rec] The words; [?] their form.
    """
    refuse_content("No audio data received")
