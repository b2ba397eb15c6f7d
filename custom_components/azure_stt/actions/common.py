"""Helpers of the actions: a media's audio, transcribed behind live voice."""

from collections.abc import AsyncIterable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..audio.pcm import SAMPLE_RATE, SAMPLE_WIDTH, AudioFormatError, WholeFrames
from ..azure_speech import BYTES_PER_SECOND, RecognitionOptions, SpeechError
from ..const import DOMAIN
from ..recognition.answering import Rules
from ..recognition.file_transcriber import FileTranscriber
from ..recognition.policy import LimitReachedError, Policy
from ..recognition.recording import NoSpeechError, Recording, recorded
from ..recognition.transcriber import Transcriber
from ..recognition.transcript import Part, Transcript
from ..resource.resource import Resource

type Response = dict[str, Any]

# Seconds for the answer to a segment of up to a minute, on a slow line too.
_DEADLINE: Final = 120.0

# Requests for the same part of a recording.
_TRIES: Final = 3


class SentAudio:
    """A meter of the audio that one action sends, retries included."""

    def __init__(self) -> None:
        """Initialize at zero."""
        self.seconds = 0.0

    def count_request(self) -> None:
        """Ignore the number of requests."""

    def count(self, audio: int, sent: int) -> None:  # noqa: ARG002 - a Meter's
        """Count bytes of audio."""
        self.seconds += audio / BYTES_PER_SECOND


READ_LIMIT: Final = 120.0
"""Seconds in which media must give something: a disk may have to wake up, or a share to return."""


def recording_policy(options: RecognitionOptions) -> Policy:
    """Return the policy for a recording: patient with slow lines and quiet voices."""
    return Policy(options=options, deadline=_DEADLINE, tries=_TRIES, several_voices=True)


def _recorded(pcm: AsyncIterable[bytes]) -> AbstractAsyncContextManager[Recording]:
    return recorded(pcm, WholeFrames(SAMPLE_WIDTH), idle_limit=READ_LIMIT)


async def async_transcribe_pcm(
    pcm: AsyncIterable[bytes],
    engines: Sequence[Resource],
    policy: Policy,
    on_part: Callable[[Part], None] | None = None,
) -> tuple[Transcript, float]:
    """Return the transcript of 16 kHz 16-bit mono PCM, and the seconds of audio sent for it.

    Each piece waits for a slot of its own, behind live voice.
    """
    sent = SentAudio()
    background = [resource.in_background(sent) for resource in engines]
    policy = replace(policy, parallel=engines[0].parallel_requests)
    async with _recorded(pcm) as recording:
        transcript = await FileTranscriber(
            recording, policy, background, on_part=on_part
        ).transcribe()
    return transcript, sent.seconds


async def async_recognize_pcm(
    pcm: AsyncIterable[bytes], engines: Sequence[Resource], policy: Policy
) -> tuple[Transcript, float]:
    """Return the first answer to PCM that goes up as a whole, and the seconds sent for it."""
    sent = SentAudio()
    background = [resource.in_background(sent) for resource in engines]
    policy = replace(policy, rules=Rules(first_answer=True))
    async with _recorded(pcm) as recording:
        transcript = await Transcriber(recording, policy, background).transcribe()
    return transcript, sent.seconds


def place(part: Part) -> Response:
    """Return a part's place in the media, in seconds."""
    return {
        "offset": round(part.start / SAMPLE_RATE, 2),
        "duration": round((part.end - part.start) / SAMPLE_RATE, 2),
    }


def within_limit(engines: Sequence[Resource], duration: float | None = None) -> list[Resource]:
    """Return the resources whose monthly limit has room for a recording of some seconds.

    Raises HomeAssistantError, translated, if none has.
    """
    if left := [engine for engine in engines if engine.limit.has_room(duration or 0.0)]:
        return left
    limits = [engine.limit for engine in engines]
    seconds = max(limit.seconds_left() for limit in limits)
    if not seconds or not duration:
        raise _limit_reached(limits[0].hours or 0.0)
    raise HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="media_over_limit",
        translation_placeholders={
            "minutes": f"{duration / 60:.1f}",
            "left": f"{seconds / 60:.1f}",
        },
    )


def _limit_reached(hours: float) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="monthly_limit_reached",
        translation_placeholders={"hours": f"{hours:g}"},
    )


@contextmanager
def raising_translated_errors() -> Iterator[None]:
    """Turn errors of audio and of Azure into ones that the user can read."""
    try:
        yield
    except (AudioFormatError, NoSpeechError) as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="media_unreadable",
            translation_placeholders={"error": str(err).removesuffix(".")},
        ) from err
    except LimitReachedError as err:
        raise _limit_reached(err.hours) from err
    except SpeechError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_recognized",
            translation_placeholders={"error": str(err)},
        ) from err
