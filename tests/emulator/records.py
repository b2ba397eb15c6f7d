"""The emulator's record of every request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .authentication import Credential
from .endpoints import Endpoint


@dataclass(slots=True, kw_only=True)
class RecordedRequest:
    """One request, filled in as it goes on. Times are seconds of `time.monotonic`."""

    kind: Endpoint
    method: str
    host: str
    """As the `Host` header has it, port included."""
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Looked up without regard to case. Keys and tokens stay in: this is a tool for tests."""
    connection: int
    """The TCP connection that it came over, by the client's port."""
    started: float
    """When the request's headers were complete."""
    credential: Credential | None = None
    """How it was authenticated; `None` if it wasn't."""
    chunked: bool = False
    expects_continue: bool = False
    """Whether it came with `Expect: 100-continue`."""
    chunks: int = 0
    """Complete HTTP chunks of the body that were read."""
    body_bytes: int = 0
    """Bytes of the body that were read, header included."""
    definition: str = field(default="", repr=False)
    """The definition of a fast transcription: JSON."""
    header: bytes = b""
    """The audio file's header."""
    audio: bytearray = field(default_factory=bytearray, repr=False)
    """The audio that was read, without its header, up to the setting `keep_audio`."""
    first_audio: float | None = None
    last_audio: float | None = None
    status: int | None = None
    """The status of the answer; `None` if there was none, as after a reset."""
    text: str = field(default="", repr=False)
    """The answer's body."""
    answered: float | None = None
    """When the last byte of the answer was handed to the connection."""

    def as_json(self) -> dict[str, object]:
        """Give the record as JSON can hold it: everything but the audio itself."""
        return {
            "kind": self.kind,
            "method": self.method,
            "host": self.host,
            "path": self.path,
            "query": dict(self.query),
            "headers": dict(self.headers),
            "connection": self.connection,
            "started": self.started,
            "credential": self.credential,
            "chunked": self.chunked,
            "expects_continue": self.expects_continue,
            "chunks": self.chunks,
            "body_bytes": self.body_bytes,
            "audio_bytes": len(self.audio),
            "first_audio": self.first_audio,
            "last_audio": self.last_audio,
            "status": self.status,
            "text": self.text,
            "answered": self.answered,
        }
