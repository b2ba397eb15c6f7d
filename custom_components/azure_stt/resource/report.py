"""The outcome of a test of a resource."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..azure_speech import SpeechError
from .request_log import error_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenSample:
    """A sentence that text-to-speech said, and its words as Azure recognized them.

    `right` is how many of the `words` were recognized, and `is_exact` says that no others were.
    `error` is the reason why there is no text.
    """

    language: str
    said: str
    heard: str = ""
    words: int = 0
    right: int = 0
    is_exact: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceReport:
    """The outcome of a test: the connection, then everything that needs one.

    `seconds` is the round trip of a short request. `has_fast` is None if it couldn't be told
    whether there is fast transcription.
    """

    tested_at: datetime
    host: str
    seconds: float | None = None
    error: SpeechError | None = None
    limit_reached: bool = False
    has_fast: bool | None = None
    sample: SpokenSample | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome for diagnostics: without host and words."""
        sample = self.sample
        return {
            "tested_at": self.tested_at.isoformat(timespec="seconds"),
            "error": self.error and error_kind(self.error),
            "seconds": self.seconds,
            "limit_reached": self.limit_reached,
            "fast_transcription": self.has_fast,
            "sample": sample
            and {
                "language": sample.language,
                "words": sample.words,
                "right": sample.right,
                "is_exact": sample.is_exact,
                "failed": sample.error is not None,
            },
        }
