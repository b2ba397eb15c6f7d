"""A service in this process, and recordings that it transcribes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any, Final

from custom_components.azure_stt.audio.decoder import StreamDecoder
from custom_components.azure_stt.azure_speech import (
    Alternative,
    AudioSource,
    Recognition,
    RecognitionOptions,
    RecognitionStatus,
    ResponseError,
    SpeechError,
)
from custom_components.azure_stt.recognition.answering import (
    RULES,
    EndOfSpeech,
    Heard,
    Patience,
    Rules,
)
from custom_components.azure_stt.recognition.file_transcriber import FileTranscriber
from custom_components.azure_stt.recognition.policy import Judge, Policy
from custom_components.azure_stt.recognition.recording import Recording, recorded
from custom_components.azure_stt.recognition.service_kind import ServiceKind
from custom_components.azure_stt.recognition.transcriber import Transcriber
from custom_components.azure_stt.recognition.transcript import Transcript
from tests.emulator import BYTES_PER_SECOND, speak
from tests.emulator.profile import Answers
from tests.emulator.segmentation import Segmenter, Utterance as Said
from tests.support.home import hear

TICKS: Final = 10_000_000
LONGEST: Final = 60.0
POLICY: Final = {
    "additional_languages",
    "deadline",
    "finished_speaking",
    "parallel",
    "several_voices",
    "tries",
}

LIGHT: Final = speak("Turn on the light")
IN_TIME: Final = speak("in five minutes")


@dataclass(kw_only=True)
class Service:
    """An engine that behaves as one of the four kinds of service that Azure may be.

    By default it answers early, at the end of the first utterance. `late` is how many more
    blocks it takes before the answer is out.
    """

    answers: Answers = Answers.EARLY
    kind: ServiceKind = field(default_factory=ServiceKind)

    pause: float = 0.5
    initial_silence: float = 5.0
    late: int = 0
    places: bool = True
    down: bool = False
    spared: int = 0
    """The number of requests before the errors."""
    errors: list[SpeechError] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    """The audio of each request."""
    at_once: int = 0
    most_at_once: int = 0

    async def recognize(self, audio: AudioSource, _: RecognitionOptions) -> Recognition:
        """Listen until the first utterance has ended."""
        self.requests.append(b"")
        if self.errors and len(self.requests) > self.spared:
            raise self.errors.pop(0)
        segmenter = Segmenter(pause=self.pause, initial_silence=self.initial_silence)
        late = self.late
        async for block in audio():
            self.requests[-1] += block
            segmenter.feed(block)
            if segmenter.has_ended and self.answers is Answers.EARLY:
                late -= 1
                if late < 0:
                    break
        else:
            segmenter.finish()
        if len(self.requests[-1]) > LONGEST * BYTES_PER_SECOND:
            msg = "Too long"
            raise ResponseError(msg, status=400)
        everything = self.answers is Answers.AT_END_EVERYTHING
        utterances = list(islice(segmenter.utterances, None if everything else 1))
        return await self._answer(utterances, segmenter.offset / TICKS)

    async def _answer(self, utterances: Sequence[Said], judged: float) -> Recognition:
        if not utterances:
            return Recognition(
                status=RecognitionStatus.INITIAL_SILENCE_TIMEOUT, offset=judged, duration=0.0
            )
        text = " ".join(filter(None, [await hear(utterance.audio) for utterance in utterances]))
        first, last = utterances[0], utterances[-1]
        return Recognition(
            status=RecognitionStatus.SUCCESS if text else RecognitionStatus.NO_MATCH,
            alternatives=(Alternative(display=text),) if text else (),
            offset=first.offset / TICKS if self.places else None,
            duration=(last.offset + last.duration - first.offset) / TICKS if self.places else None,
        )


def taking(heard: Heard) -> Judge:
    """Return a judge that takes every text for the same."""

    async def judge(_: Transcript) -> Heard:
        return heard

    return judge


async def transcribe(
    chunks: AsyncIterator[bytes],
    service: Service,
    **options: Any,  # noqa: ANN401 - the transcriber's own
) -> Transcript:
    """Transcribe an audio stream with a service; options are the policy's or the transcriber's.

    `patience`, `end_of_speech` and `decides` choose the policy's rules.
    """
    rules = RULES[
        options.pop("end_of_speech", EndOfSpeech.HOME_ASSISTANT),
        options.pop("patience", Patience.AUTOMATIC),
        options.pop("decides", True),
    ]
    if options.get("additional_languages"):
        rules = Rules()
    kind: type[Transcriber | FileTranscriber] = options.pop("transcriber", Transcriber)
    if kind is Transcriber:
        options.setdefault("judge", taking(Heard.WORDS))
    async with recorded(chunks, StreamDecoder()) as recording:
        return await kind(
            recording,
            Policy(
                options=RecognitionOptions(language=options.pop("language", "en-US")),
                rules=rules,
                **{name: options.pop(name) for name in POLICY & options.keys()},
            ),
            options.pop("engines", [service]),
            **options,
        ).transcribe()


async def play(
    *parts: bytes | Awaitable[object], sizes: Sequence[int] = (640,)
) -> AsyncIterator[bytes]:
    """Give audio in chunks of these sizes, over and over, with a breath after each."""
    lengths = cycle(sizes)
    for part in parts:
        if not isinstance(part, bytes):
            await part
            continue
        start = 0
        while start < len(part):
            size = next(lengths)
            yield part[start : start + size]
            start += size
            await asyncio.sleep(0)


@dataclass(kw_only=True)
class Hanging(Service):
    """An engine that doesn't answer its first requests."""

    hangs: int = 1

    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        """Listen, and hang."""
        self.hangs -= 1
        hangs = self.hangs >= 0
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            recognition = await super().recognize(audio, options)
            if hangs:
                await asyncio.Event().wait()
        finally:
            self.at_once -= 1
        return recognition


class Other:
    """A backup engine, which remembers the position from which it read."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        """Answer after some seconds."""
        self.starts: list[int] = []
        self._seconds = seconds

    async def __call__(self, recording: Recording, start: int, _: str) -> str:
        """Hear the rest of the recording."""
        self.starts.append(start)
        audio = b"".join([block async for block in recording.read(start)])
        await asyncio.sleep(self._seconds)
        return await hear(audio)


def refused() -> ResponseError:
    """Return an error that isn't retryable."""
    return ResponseError("Nothing there", status=404)
