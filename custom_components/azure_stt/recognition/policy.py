"""What the transcriber is told, and what it needs from the world around it."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from ..azure_speech import AudioSource, Recognition, RecognitionOptions
from .recording import Recording

DEFAULT_DEADLINE: Final = 8.0
"""Seconds to an answer, from the later of the stream's end and the last finished part."""


class Patience(StrEnum):
    """When to answer if the person pauses."""

    AUTOMATIC = "automatic"
    """At the pause if the home understands a whole command, else at the stream's end."""
    FIRST_PAUSE = "first_pause"
    TO_THE_END = "to_the_end"


class Engine(Protocol):
    """An Azure resource."""

    @property
    def down(self) -> bool:
        """Whether the resource is known to be unreachable."""

    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        """Recognize the first utterance; raises a SpeechError."""


type IsWholeCommand = Callable[[str, str], Awaitable[bool]]
"""Returns whether a text in a language is a command that nobody would continue."""

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
    """Languages recognized beside that of the options. With any, the answer comes at the
    stream's end."""
    patience: Patience = Patience.AUTOMATIC
    deadline: float = DEFAULT_DEADLINE
    several_voices: bool = False
    """Whether much quieter voices belong to the recording too, as in a meeting."""
