"""A `multipart/form-data` body, read as strictly as a service may read it.

https://www.rfc-editor.org/rfc/rfc7578
"""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
import re


class FormError(Exception):
    """A body that isn't such a form. The message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form."""

    content: bytes
    filename: str | None


def read_form(content_type: str, body: bytes) -> dict[str, Field]:
    """Read a form's fields by their names. Raises `FormError`."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        message = "The content type must be multipart/form-data with a boundary"
        raise FormError(message)
    delimiter = b"\r\n--" + boundary.encode()
    first, *parts = (b"\r\n" + body).split(delimiter)
    if first or not parts or not re.fullmatch(rb"--(\r\n)?", parts.pop()):
        message = "The form doesn't begin or end with its boundary"
        raise FormError(message)
    fields: dict[str, Field] = {}
    for part in parts:
        name, field = _read_part(part)
        if name in fields:
            message = f"The field {name} comes twice"
            raise FormError(message)
        fields[name] = field
    return fields


def _read_part(part: bytes) -> tuple[str, Field]:
    head, gap, content = part.partition(b"\r\n\r\n")
    headers = BytesHeaderParser().parsebytes(head.removeprefix(b"\r\n"))
    name = headers.get_param("name", header="Content-Disposition")
    if not gap or headers.get_content_disposition() != "form-data" or not isinstance(name, str):
        message = "A field has no name"
        raise FormError(message)
    return name, Field(content=content, filename=headers.get_filename())
