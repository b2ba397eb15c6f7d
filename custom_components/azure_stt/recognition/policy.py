"""The policy: the transcriber's settings and its callbacks."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from ..azure_speech import AudioSource, Recognition, RecognitionOptions, SpeechError
from .answering import Heard, Rules
from .recording import Recording
from .service_kind import ServiceKind
from .transcript import Transcript

DEFAULT_DEADLINE: Final = 8.0
"""Seconds to an answer, from the later of the stream's end and the last finished part."""


class LimitReachedError(SpeechError):
    """The user's limit for the month is reached, so nothing is sent to the resource."""

    def __init__(self, hours: float) -> None:
        """Initialize with the limit."""
        super().__init__(f"The limit of {hours:g} hours a month is reached")
        self.hours = hours


class Engine(Protocol):
    """An Azure resource."""

    @property
    def down(self) -> bool:
        """Whether the resource is known to be unreachable."""

    @property
    def kind(self) -> ServiceKind:
        """The behavior of the service, as its answers have shown it."""

    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        """Recognize the first utterance; raises a SpeechError."""


type Judge = Callable[[Transcript], Awaitable[Heard]]
"""Returns how the home understands a transcript's text in its final form."""

type Understands = Callable[[str], Awaitable[bool]]
"""Returns whether the home understands a text."""

type BackupEngine = Callable[[Recording, int, str], Coroutine[Any, Any, str | None]]
"""Recognizes a recording from a position on in a language, with another speech engine.
Returns None if it fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a recording is transcribed. It doesn't change while that runs."""

    options: RecognitionOptions
    additional_languages: Sequence[str] = ()
    """Languages recognized in addition to that of the options."""
    rules: Rules = field(default_factory=Rules)
    """When to answer. By default that is the end of the stream."""
    finished_speaking: float = 0.0
    """Seconds of quiet before which nothing is answered: the satellite's own setting."""
    deadline: float = DEFAULT_DEADLINE
    tries: int | None = None
    """Requests for the same audio at most; None for as many as the deadline allows."""
    several_voices: bool = False
    """Whether much quieter voices belong to the recording too, as in a meeting."""

    parallel: int = 1
    """Requests at once for a file."""

    @property
    def all_options(self) -> list[RecognitionOptions]:
        """The options of each language, the pipeline's first.

        A custom endpoint knows one language.
        """
        others = (
            replace(self.options, language=language, endpoint_id=None)
            for language in self.additional_languages
        )
        return [self.options, *others]
