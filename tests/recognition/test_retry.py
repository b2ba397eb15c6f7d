"""The policy's details: the requests to each engine, their times, and the logged parts."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, override

import pytest

from custom_components.azure_stt.audio.decoder import StreamDecoder
from custom_components.azure_stt.azure_speech import (
    Alternative,
    AudioSource,
    Profanity,
    Recognition,
    RecognitionOptions,
    RecognitionStatus,
    ResponseError,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
    Word,
)
from custom_components.azure_stt.recognition import retry
from custom_components.azure_stt.recognition.answering import Patience
from custom_components.azure_stt.recognition.policy import Policy
from custom_components.azure_stt.recognition.recording import Recording, recorded
from custom_components.azure_stt.recognition.segment import Segment
from custom_components.azure_stt.recognition.transcriber import Transcriber
from tests.emulator import noise, silence

from .service import (
    IN_TIME,
    LIGHT,
    Hanging,
    Other,
    Service,
    play,
    refused,
    transcribe,
)

SECOND: Final = 16_000
SUCCESS: Final = RecognitionStatus.SUCCESS


def broken(times: int = 1) -> list[SpeechError]:
    """Return errors that trying again may help against."""
    return [SpeechConnectionError("Broken") for _ in range(times)]


@dataclass(kw_only=True)
class Asked(Service):
    """An engine that remembers its requests and their times."""

    options: list[RecognitionOptions] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @override
    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        self.options.append(options)
        self.times.append(monotonic())
        return await super().recognize(audio, options)


class Slow(Service):
    """An engine that takes a while to answer."""

    @override
    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        recognition = await super().recognize(audio, options)
        await asyncio.sleep(0.2)
        return recognition


# Requests.


async def test_options_go_along() -> None:
    """Every engine is asked for the same, and the transcript says in which language."""
    first, second = Asked(errors=[refused()]), Asked()
    transcript = await transcribe(
        play(LIGHT), first, engines=[first, second], language="en-GB", deadline=1
    )
    assert first.options == second.options == [RecognitionOptions(language="en-GB")]
    assert transcript.language == "en-GB"


async def test_silence_is_waited_out() -> None:
    """Nothing is asked until something is heard."""
    service = Service()
    await transcribe(play(silence(60), LIGHT, sizes=[4096]), service)
    [request] = service.requests
    assert len(request) < len(LIGHT) + 32_000


async def test_quiet_after_noise_costs_nothing() -> None:
    """At the end only sound that stands out from the rest is asked about."""
    service = Service(late=10_000)
    await transcribe(play(noise(0.3), silence(3)), service)
    assert len(service.requests) == 1


async def test_an_answer_to_nothing() -> None:
    """An engine that answers without having listened is believed, and not asked for ever."""

    class Deaf(Service):
        @override
        async def recognize(self, audio: AudioSource, _: RecognitionOptions) -> Recognition:
            self.requests.append(b"")
            return Recognition(status=SUCCESS, alternatives=(Alternative(display="On"),))

    service = Deaf()
    transcript = await transcribe(play(LIGHT), service, patience=Patience.FIRST_PAUSE)
    assert transcript.text == "On"


# Trying again.


async def test_further_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits its time, by half more or less; the last one's is that of all that follow."""
    monkeypatch.setattr(retry, "_BACKOFF", (0.0, 0.0, 0.2))
    for value, share in ((0.0, 0.5), (9.0, 1.5)):
        monkeypatch.setattr(retry, "uniform", lambda *limits, value=value: _within(limits, value))
        service = Asked(errors=broken(5))
        await transcribe(play(LIGHT), service)
        waits = [
            after - before for before, after in zip(service.times, service.times[1:], strict=False)
        ]
        assert len(waits) == 5
        assert max(waits[:2]) < 0.09
        assert all(0.2 * share <= wait < 0.2 * share + 0.09 for wait in waits[2:])


def _within(limits: Sequence[float], value: float) -> float:
    """Return a number, or the limit that it is beyond."""
    low, high = limits
    return max(low, min(value, high))


async def test_a_second_engine_does_not_shorten_the_first_ones_tries() -> None:
    """A broken connection isn't the end of a resource that is up."""
    first, second = Service(errors=broken()), Service()
    transcript = await transcribe(play(LIGHT), first, engines=[first, second])
    assert transcript.text == "Turn on the light"
    assert (len(first.requests), len(second.requests)) == (2, 0)


async def test_down_and_alone() -> None:
    """Without an alternative a resource that is down is asked again."""
    service = Service(down=True, errors=broken())
    assert (await transcribe(play(LIGHT), service)).text == "Turn on the light"
    assert len(service.requests) == 2


async def test_down_with_a_second_engine() -> None:
    """Where one can, the first failure moves on."""
    first, second = Service(down=True, errors=broken(9)), Service()
    transcript = await transcribe(play(LIGHT), first, engines=[first, second])
    assert transcript.text == "Turn on the light"
    assert (len(first.requests), len(second.requests)) == (1, 1)


@pytest.mark.parametrize(
    ("down", "backup_engine"),
    [pytest.param(False, Other(), id="up"), pytest.param(True, None, id="down and alone")],
)
async def test_only_an_outage_that_another_engine_covers_is_short(
    monkeypatch: pytest.MonkeyPatch, *, down: bool, backup_engine: Other | None
) -> None:
    """A slow resource has its whole deadline if it is up, or without an alternative."""
    monkeypatch.setattr(retry, "_DEADLINE_WHEN_DOWN", 0.05)
    service = Slow(down=down)
    transcript = await transcribe(play(LIGHT), service, backup=backup_engine, deadline=1)
    assert [part.recognition.status for part in transcript.parts] == [SUCCESS]
    assert transcript.text == "Turn on the light"


async def test_deadline_of_each_part() -> None:
    """It begins when the part before is finished: slow answers to many parts are no timeout."""
    audio = play(silence(1.2), LIGHT, silence(0.7), LIGHT, silence(0.7), LIGHT)
    transcript = await transcribe(audio, Slow(), deadline=0.5)
    assert transcript.text == " ".join(["Turn on the light"] * 3)


async def test_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says so; nothing spins while it is waited for."""
    waits = 0
    wait = asyncio.wait

    async def count(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        nonlocal waits
        waits += 1
        return await wait(*arguments, **options)

    monkeypatch.setattr(asyncio, "wait", count)
    with pytest.raises(SpeechTimeoutError, match=r"^There was no answer in time$"):
        await transcribe(play(LIGHT), Hanging(hangs=9), deadline=0.1)
    assert waits < 10


# The backup engine.


async def test_backup_engine_in_the_language() -> None:
    """It gets the language, and its text lasts from there to the end."""
    languages: list[str] = []

    class Listening(Other):
        @override
        async def __call__(self, recording: Recording, start: int, language: str) -> str:
            languages.append(language)
            return await super().__call__(recording, start, language)

    other = Listening()
    transcript = await transcribe(
        play(LIGHT), Service(errors=[refused()]), backup=other, language="en-GB"
    )
    [part] = transcript.parts
    assert languages == ["en-GB"]
    assert (part.start, part.end, part.text) == (0, len(LIGHT) // 2, "Turn on the light")
    assert part.recognition.alternatives == (Alternative(display=part.text),)
    assert transcript.confidence is None


# Several languages.


@dataclass(kw_only=True)
class Polyglot(Asked):
    """An engine that hears something else, more or less surely, in each language."""

    hears: dict[str, tuple[str, float | None] | SpeechError]

    @override
    async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
        recognition = await super().recognize(audio, options)
        heard = self.hears[options.language]
        if isinstance(heard, SpeechError):
            raise heard
        text, confidence = heard
        return Recognition(
            status=SUCCESS if text else RecognitionStatus.NO_MATCH,
            alternatives=(Alternative(display=text, confidence=confidence),) if text else (),
            offset=recognition.offset,
            duration=recognition.duration,
        )


def understands(*texts: str) -> Callable[[str], Any]:
    """Return a home that understands these texts, and thinks so of nothing, too."""

    async def understood(text: str) -> bool:
        return not text or text in texts

    return understood


@pytest.mark.parametrize(
    ("hears", "understood", "text"),
    [
        pytest.param({"en": ("a", 0.5), "de": ("b", 0.9)}, (), "b", id="surer"),
        pytest.param({"en": ("a", 0.9), "de": ("b", 0.5)}, (), "a", id="less sure"),
        pytest.param({"en": ("a", 0.5), "de": ("b", 0.9)}, ("a",), "a", id="understood"),
        pytest.param({"en": ("a", 0.9), "de": ("b", 0.5)}, ("b",), "b", id="other understood"),
        pytest.param({"en": ("a", 0.5), "de": ("b", 0.5)}, ("a", "b"), "a", id="own language"),
        pytest.param({"en": ("a", None), "de": ("b", 0.1)}, (), "b", id="sure of nothing"),
        pytest.param({"en": ("a", 0.1), "de": ("b", None)}, (), "a", id="not sure either"),
        pytest.param({"en": ("", None), "de": ("b", 0.1)}, ("c",), "b", id="words"),
        pytest.param({"en": ("", None), "de": ("b", None)}, (), "b", id="words of any kind"),
        pytest.param({"en": ("a", 0.1), "de": ("", None)}, ("b",), "a", id="no words"),
        pytest.param({"en": ("", None), "de": ("", None)}, ("c",), "", id="nothing"),
        pytest.param({"en": refused(), "de": ("b", 0.1)}, (), "b", id="one fails"),
        pytest.param({"en": ("a", 0.1), "de": refused()}, (), "a", id="the other fails"),
    ],
)
async def test_languages(
    hears: dict[str, tuple[str, float | None] | SpeechError],
    understood: tuple[str, ...],
    text: str,
) -> None:
    """Words before none, understood texts before others, then the most confident one."""
    engine = Polyglot(hears=hears)
    transcript = await transcribe(
        play(LIGHT),
        engine,
        language="en",
        additional_languages=["de"],
        understands=understands(*understood) if understood else None,
        deadline=1,
    )
    assert transcript.text == text
    if text:
        assert transcript.language == next(
            name for name, heard in hears.items() if isinstance(heard, tuple) and heard[0] == text
        )
    assert sorted(options.language for options in engine.options) == ["de", "en"]


async def test_languages_differ_in_nothing_else() -> None:
    """But for a custom endpoint, which knows one language: the options are the same."""
    engine = Polyglot(hears={"en": ("a", 0.1), "de": ("b", 0.9)})
    options = RecognitionOptions(language="en", endpoint_id="a-b", profanity=Profanity.RAW)
    async with recorded(play(LIGHT, silence(0.7), IN_TIME), StreamDecoder()) as recording:
        policy = Policy(options=options, additional_languages=["de"])
        await Transcriber(recording, policy, [engine]).transcribe()
    asked = {each.language: each for each in engine.options}
    assert asked["en"] == options
    assert asked["de"] == RecognitionOptions(language="de", profanity=Profanity.RAW)
    # The winner goes on alone, with the same options.
    assert engine.options[2:] == [asked["de"]]


async def test_all_languages_fail() -> None:
    """The error is that of the pipeline's language."""
    errors = {"en": refused(), "de": ResponseError("Forbidden", status=403)}
    with pytest.raises(ResponseError) as caught:
        await transcribe(
            play(LIGHT), Polyglot(hears={**errors}), language="en", additional_languages=["de"]
        )
    assert caught.value is errors["en"]


async def test_languages_that_hang() -> None:
    """Without an error there is one that says so."""
    with pytest.raises(SpeechTimeoutError, match=r"^There was no answer in time$"):
        await transcribe(play(LIGHT), Hanging(hangs=9), additional_languages=["de"], deadline=0.1)


# Where a part is.


class Read(Segment):
    """A segment of which a number of samples have been read."""

    def __init__(self, position: int, cut: int | None = None) -> None:
        """Begin a second into the recording."""
        super().__init__(Recording(), SECOND)
        self.position = SECOND + position
        self.cut = cut


def answered(text: str, place: tuple[float | None, float | None], *words: Word) -> Recognition:
    """Return an answer at a place, with words at theirs."""
    return Recognition(
        status=SUCCESS if text else RecognitionStatus.NO_MATCH,
        alternatives=(Alternative(display=text, words=words),) if text else (),
        offset=place[0],
        duration=place[1],
    )


WORDS: Final = (
    Word(text="a", offset=0.2, duration=0.3),
    Word(text="b", offset=0.6, duration=0.4),
    Word(text="c", offset=1.5, duration=0.25),
)


@pytest.mark.parametrize(
    ("recognition", "start", "end"),
    [
        pytest.param(answered("a", (0.5, 1.0)), 0.5, 1.5, id="as it says"),
        pytest.param(answered("a", (0.5, 9.0)), 0.5, 4.0, id="not beyond what was sent"),
        pytest.param(answered("", (3.0, 0.0)), 3.0, 3.0, id="silence"),
        pytest.param(answered("", (3.0, None)), 3.0, 3.0, id="silence without a duration"),
        pytest.param(answered("", (None, None)), 0.0, 3.8, id="nothing anywhere"),
        pytest.param(answered("a", (0.5, 0.0), *WORDS), 0.5, 1.75, id="by its last word"),
        pytest.param(answered("a", (None, None), *WORDS), 0.0, 1.75, id="only by that"),
        pytest.param(answered("a", (None, 2.0), *WORDS), 0.0, 1.75, id="a duration from nowhere"),
        pytest.param(
            answered("a", (None, None), *WORDS, Word(text="d", duration=1.0)),
            *(0.0, 3.8),
            id="a word without an offset",
        ),
        pytest.param(
            answered("a", (None, None), *WORDS, Word(text="d", offset=1.0)),
            *(0.0, 3.8),
            id="a word without a duration",
        ),
        pytest.param(answered("a", (0.5, None)), 0.5, 3.8, id="by what was sent"),
        pytest.param(answered("a", (0.0, 0.01)), 0.0, 0.1, id="a short word"),
        pytest.param(answered("", (0.0, 0.01)), 0.0, 0.1, id="a short noise"),
        pytest.param(answered("", (0.0, 0.0)), 0.0, 0.5, id="nothing goes on for half a second"),
        pytest.param(answered("a", (3.9, 0.0)), 3.8, 3.8, id="no beginning behind the end"),
    ],
)
def test_place(recognition: Recognition, start: float, end: float) -> None:
    """Four seconds were read: where the answer belongs, as exactly as it says it."""
    part = retry.place(recognition, Read(4 * SECOND))
    assert part.recognition is recognition
    assert part.text == recognition.text
    assert not part.cut
    places = ((part.start - SECOND) / SECOND, (part.end - SECOND) / SECOND)
    assert places == pytest.approx((start, end))


def test_least_place() -> None:
    """Even if next to nothing was read: words that say nothing of their place have a tenth."""
    for text, shortest in (("a", 0.1), ("", 0.5)):
        part = retry.place(answered(text, (None, None)), Read(10))
        assert part.end == SECOND + shortest * SECOND


@pytest.mark.parametrize(("end", "cut"), [(3.4, False), (3.6, True), (4.0, True)])
def test_cut(end: float, *, cut: bool) -> None:
    """Speech that ends near to where long speech was cut ends there."""
    part = retry.place(answered("a", (0.0, end)), Read(4 * SECOND, cut=5 * SECOND))
    assert part.cut is cut
    assert part.end == SECOND + round((4 if cut else end) * SECOND)
