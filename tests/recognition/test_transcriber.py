"""The policy: every word once and in order, for any pauses, any length and any service."""

from array import array
import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.azure_stt.azure_speech import (
    Alternative,
    AudioSource,
    Recognition,
    RecognitionOptions,
    RecognitionStatus,
    ResponseError,
    SpeechConnectionError,
    SpeechError,
    SpeechTimeoutError,
)
from custom_components.azure_stt.recognition import backup, recording, retry
from custom_components.azure_stt.recognition.answering import Heard, Patience
from custom_components.azure_stt.recognition.transcript import Transcript, join_texts
from tests.emulator import BYTES_PER_SECOND, SERVICE_KINDS, noise, silence, speak
from tests.emulator.profile import Answers

from .service import IN_TIME, LIGHT, Hanging, Other, Service, play, refused, taking, transcribe

TICKS = 10_000_000
LONGEST = 60.0


LATER: Final = silence(1.2)
"""Quiet after which words aren't a stream's first ones, which are answered early."""


@pytest.fixture(autouse=True)
def streams_are_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take streams that come at once for live ones."""
    monkeypatch.setattr(recording, "AHEAD", float("inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Words, the pause between them and the quiet after them; no words: a cough."""

    words: tuple[str, ...]
    pause_ms: int
    quiet: float

    @property
    def audio(self) -> bytes:
        """The text for the audio."""
        said = speak(" ".join(self.words), pause_ms=self.pause_ms) if self.words else noise(0.1)
        return said + silence(self.quiet)


QUIET = st.sampled_from([0.06, 0.25, 0.4, 0.6, 0.9, 1.5, 4, 8])
# Nobody says a word in less than a tenth of a second. A shorter sound is taken for a click.
WORDS = st.lists(st.integers(1000, 20_000).map(str), min_size=0, max_size=5).map(tuple)
CONVERSATIONS = st.lists(
    st.builds(Utterance, words=WORDS, pause_ms=st.integers(20, 200), quiet=QUIET),
    min_size=1,
    max_size=6,
)
SIZES = st.lists(
    st.sampled_from([1, 2, 319, 320, 640, 1001, 4096, 50_000]), min_size=1, max_size=4
).map(lambda sizes: [*sizes, 4096])


@given(
    before=st.sampled_from([0, 0.1, 0.9, 3, 7]),
    conversation=CONVERSATIONS,
    less=st.sampled_from([0, 2, 1000, 1900]),
    sizes=SIZES,
    service=st.builds(
        Service,
        pause=st.sampled_from([0.3, 0.5, 0.8]),
        initial_silence=st.sampled_from([1.0, 5.0]),
        late=st.sampled_from([0, 1, 20, 10_000]),
        answers=st.sampled_from(Answers),
    ),
    patience=st.sampled_from([Patience.TO_THE_END, Patience.AUTOMATIC]),
)
@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_every_word_once_and_in_order(
    before: float,
    conversation: list[Utterance],
    less: int,
    sizes: list[int],
    service: Service,
    patience: Patience,
) -> None:
    """Any chunks, pauses and utterances, and any moment of the service's answer."""
    audio = silence(1.6 + before) + b"".join(utterance.audio for utterance in conversation)
    audio = audio[: len(audio) - less]
    words = [word for utterance in conversation for word in utterance.words]
    transcript = await transcribe(play(audio, sizes=sizes), service, patience=patience)
    assert transcript.text.split() == words


# When to answer.


@pytest.mark.parametrize(("answers", "longest"), SERVICE_KINDS.values(), ids=SERVICE_KINDS)
@pytest.mark.parametrize("pause", [0.3, 0.6, 0.9, 2.5])
@pytest.mark.parametrize("patience", [Patience.AUTOMATIC, Patience.TO_THE_END])
async def test_goes_on_after_a_pause(
    patience: Patience, pause: float, answers: Answers, longest: float
) -> None:
    """Speech after a pause is recognized, with any kind of service."""
    service = Service(answers=answers, pause=longest)
    audio = play(LATER, LIGHT, silence(pause), IN_TIME, silence(1.35))
    transcript = await transcribe(audio, service, patience=patience)
    assert transcript.text == "Turn on the light in five minutes"
    one = pause < longest or answers is Answers.AT_END_EVERYTHING
    if patience is Patience.TO_THE_END:
        assert len(service.requests) == len(transcript.parts) == (1 if one else 2)
    # Finished at a pause, the upload is heard again as a whole.
    assert len(service.requests) <= 3


async def test_half_a_second_of_quiet_leads() -> None:
    """A service needs some of the room before the speech that goes on; not all of it."""
    service = Service()
    await transcribe(play(LATER, LIGHT, silence(3), IN_TIME), service)
    assert service.requests[1].index(IN_TIME) == pytest.approx(BYTES_PER_SECOND / 2, abs=640)


async def test_first_pause() -> None:
    """The first answer is all, if that is wanted."""
    service = Service()
    audio = play(LIGHT, silence(0.9), IN_TIME, silence(1.35))
    transcript = await transcribe(audio, service, patience=Patience.FIRST_PAUSE)
    assert transcript.text == "Turn on the light"
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("quiet", "answered"), [(0.7, False), (0.78, False), (0.84, True), (1.2, True)]
)
async def test_a_whole_command_is_answered_after_the_quiet(quiet: float, answered: bool) -> None:  # noqa: FBT001
    """The home knows it; 0.8 s of quiet prove that it doesn't go on."""
    forever = asyncio.get_running_loop().create_future()
    call = asyncio.create_task(
        transcribe(
            play(LIGHT, silence(quiet), forever), Service(), judge=taking(Heard.WHOLE_COMMAND)
        )
    )
    for _ in range(1000):
        await asyncio.sleep(0)
    assert call.done() is answered
    if not answered:
        forever.set_result(None)
    assert (await call).text == "Turn on the light"


async def test_a_whole_command_goes_on_within_the_quiet() -> None:
    """A complete command isn't the end: speech within 0.8 s belongs to it."""
    audio = play(LIGHT, silence(0.7), IN_TIME, silence(1.35))
    transcript = await transcribe(audio, Service(), judge=taking(Heard.WHOLE_COMMAND))
    assert transcript.text == "Turn on the light in five minutes"


async def test_is_whole_is_asked_for_all_that_was_said() -> None:
    """The parts together, and in the language of the utterance."""
    asked: list[tuple[str, str]] = []

    async def judge(transcript: Transcript) -> Heard:
        asked.append((transcript.text, transcript.language))
        return Heard.WORDS

    audio = play(LIGHT, silence(0.6), IN_TIME, silence(0.7), asyncio.sleep(0.01))
    await transcribe(audio, Service(), judge=judge, language="en-GB")
    assert asked == [
        ("Turn on the light", "en-GB"),
        ("Turn on the light in five minutes", "en-GB"),
    ]


@pytest.mark.parametrize("several", [False, True])
async def test_silence_at_the_end_costs_nothing(several: bool) -> None:  # noqa: FBT001
    """However long it is, and however quiet the voices that are listened for."""
    service = Service()
    transcript = await transcribe(play(LIGHT, silence(14)), service, several_voices=several)
    assert transcript.text == "Turn on the light"
    assert len(service.requests) == 1


@pytest.mark.parametrize("word", ["Stop", "A"])
async def test_one_word_is_a_beginning(word: str) -> None:
    """A word without any pause in it says nothing of the room: more may follow."""
    audio = play(speak(word), silence(0.7), speak("Light"), silence(0.9), speak("on"))
    assert (await transcribe(audio, Service())).text == f"{word} Light on"


@pytest.mark.parametrize("louder", [3, -6, -12])
async def test_voices_fall(louder: float) -> None:
    """The second half of a command may be quieter than the first, and be one word."""
    audio = play(LIGHT, silence(0.7), speak("now", level=-12 + louder), silence(0.7))
    assert (await transcribe(audio, Service())).text == "Turn on the light now"


@pytest.mark.parametrize("room", [-60, -43])
async def test_a_room_is_not_silent(room: float) -> None:
    """The room's noise is no continuation, and hides none."""
    hiss = array("h", noise(4.0, level=room))
    speech = array("h", LIGHT + silence(0.8) + IN_TIME + silence(1.3))
    mixed = array("h", [a + b for a, b in zip(speech, hiss, strict=False)]).tobytes()
    service = Service()
    transcript = await transcribe(play(mixed), service)
    assert len(transcript.parts) == len(service.requests) == 2


async def test_a_loud_room_is_measured_after_a_word() -> None:
    """A single word says nothing of the room, but the audio after it does: no request is needed."""

    class Knowing(Service):
        async def recognize(self, audio: AudioSource, _: RecognitionOptions) -> Recognition:
            self.requests.append(b"".join([block async for block in audio()]))
            return Recognition(
                status=RecognitionStatus.SUCCESS,
                alternatives=(Alternative(display="Stopping"),),
                offset=0.0,
                duration=len(word) / BYTES_PER_SECOND,
            )

    word, hiss = speak("Stopping"), array("h", noise(1.5, level=-20))
    samples = array("h", word + silence(1.5))
    mixed = array("h", [a + b for a, b in zip(samples, hiss, strict=False)]).tobytes()
    service = Knowing()
    assert (await transcribe(play(mixed), service)).text == "Stopping"
    assert len(service.requests) == 1


async def test_television_is_left_out() -> None:
    """Sound 15 dB below the command isn't sent at all."""
    service = Service()
    audio = play(LIGHT, silence(0.7), speak("and now the weather", level=-30), silence(0.7))
    assert (await transcribe(audio, service)).text == "Turn on the light"
    assert len(service.requests) == 1


async def test_television_after_a_bang_is_left_out() -> None:
    """A loud beginning doesn't make it a continuation; a person who goes on is recognized."""
    service = Service()
    weather = noise(0.08) + speak("and now the weather " * 5, level=-30)
    audio = play(LATER, LIGHT, silence(0.7), weather, silence(0.7), IN_TIME)
    assert (await transcribe(audio, service)).text == "Turn on the light in five minutes"
    assert len(service.requests) <= 4


async def test_goes_on_after_noise_and_silence() -> None:
    """Neither a cough nor a late beginning ends the utterance."""
    service = Service(initial_silence=2.0)
    audio = play(noise(0.3), silence(0.7), silence(4), LIGHT, silence(0.6), IN_TIME)
    assert (await transcribe(audio, service)).text == "Turn on the light in five minutes"


async def test_one_word_after_noise() -> None:
    """Even if the stream has long ended, and ends with the word."""
    service = Service(late=10_000)
    audio = play(noise(0.3), silence(0.7), speak("Stop"))
    assert (await transcribe(audio, service)).text == "Stop"
    audio = play(noise(0.3), silence(0.52), speak("Stop"))
    assert (await transcribe(audio, service)).text == "Stop"
    audio = play(noise(0.3), silence(10), speak("Stop"))
    assert (await transcribe(audio, service)).text == "Stop"


async def test_only_noise_ends() -> None:
    """It costs a request for each time that the service hears an end of it."""
    service = Service()
    audio = play(*[noise(0.3) + silence(0.6)] * 5)
    assert not (await transcribe(audio, service)).text
    assert len(service.requests) <= 6


async def test_a_service_that_answers_for_nothing_ends() -> None:
    """The loop ends for any answers of the service."""

    class Nothing(Service):
        async def recognize(self, audio: AudioSource, _: RecognitionOptions) -> Recognition:
            self.requests.append(await anext(aiter(audio())))
            return Recognition(status=RecognitionStatus.NO_MATCH, offset=0.0, duration=0.0)

    service = Nothing()
    transcript = await transcribe(play(LIGHT * 5), service)
    assert not transcript.text
    assert len(service.requests) < 20


async def test_an_answer_without_a_place() -> None:
    """Going on starts where the last word ends, or shortly before the end of the sent audio."""
    audio = play(LIGHT, silence(0.9), IN_TIME, silence(0.9))
    service = Service(places=False)
    assert (await transcribe(audio, service)).text == "Turn on the light in five minutes"


@pytest.mark.parametrize(
    ("language", "text"),
    [("en-US", "a b"), ("ja-JP", "ab"), ("zh-CN", "ab"), ("th-TH", "ab"), ("ko-KR", "a b")],
)
def test_join(language: str, text: str) -> None:
    """Languages that write no spaces get none."""
    assert join_texts(["a", "", "b"], language) == text


# Beyond 60 seconds.


def long_speech(seconds: float, pause_ms: int, words: int) -> tuple[bytes, list[str]]:
    """Return speech with a longer pause after some words, and its words."""
    audio, said = bytearray(), list[str]()
    while len(audio) < seconds * BYTES_PER_SECOND:
        some = [str(1000 + len(said) + number) for number in range(words)]
        said += some
        audio += speak(" ".join(some)) + silence(pause_ms / 1000)
    return bytes(audio), said


@pytest.mark.parametrize(
    ("patience", "pause_ms"),
    [
        (Patience.TO_THE_END, 40),
        (Patience.TO_THE_END, 43),
        (Patience.TO_THE_END, 120),
        (Patience.TO_THE_END, 210),
        (Patience.AUTOMATIC, 450),
        (Patience.FIRST_PAUSE, 60),
        (Patience.FIRST_PAUSE, 450),
    ],
)
async def test_long_speech(patience: Patience, pause_ms: int) -> None:
    """Every word once, and no request with more than 60 s: there is no pause to end one."""
    audio, words = long_speech(150, pause_ms, 31)
    service = Service()
    transcript = await transcribe(play(audio, sizes=[4096]), service, patience=patience)
    assert transcript.text.split() == words
    seconds = [len(request) / BYTES_PER_SECOND for request in service.requests]
    assert max(seconds) < 58.5
    assert min(seconds[:-1]) > 44
    if pause_ms >= 210:
        assert max(seconds) < 57


async def test_long_speech_of_several_voices() -> None:
    """It isn't cut where a person speaks from further away: that is no pause."""
    near, words = long_speech(44, 40, 31)
    far = [str(9000 + number) for number in range(200)]
    service = Service()
    audio = play(near + speak(" ".join(far), level=-35), sizes=[4096])
    transcript = await transcribe(audio, service, several_voices=True, patience=Patience.TO_THE_END)
    assert transcript.text.split() == [*words, *far]
    assert len(service.requests[0]) / BYTES_PER_SECOND > 57


async def test_a_long_silence() -> None:
    """More than a minute of it stops nothing, and needs no memory."""
    audio = play(LATER, LIGHT, silence(100), IN_TIME, silence(70), LIGHT, sizes=[4096])
    service = Service()
    transcript = await transcribe(audio, service)
    assert transcript.text == "Turn on the light in five minutes Turn on the light"
    assert len(service.requests) == 3


async def test_a_long_noise() -> None:
    """Minutes of it neither stop the stream nor need memory."""
    audio = play(*[noise(0.3) + silence(0.7)] * 90, LIGHT, sizes=[4096])
    assert (await transcribe(audio, Service())).text == "Turn on the light"


async def test_a_long_silence_before() -> None:
    """The first word may come late."""
    transcript = await transcribe(play(silence(130), LIGHT, sizes=[4096]), Service())
    assert transcript.text == "Turn on the light"


# Deadline and other engines.


async def test_first_retry_is_at_once() -> None:
    """A connection that was idle is often dead, so the first retry doesn't wait."""
    service = Service(errors=[SpeechConnectionError("Dead")])
    began = monotonic()
    assert (await transcribe(play(LIGHT), service)).text == "Turn on the light"
    assert monotonic() - began < 0.2


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge audio that comes at once as if it came at the speed of speech."""
    monkeypatch.setattr(retry, "ANSWER_SECONDS_PER_SECOND", 0.0)


async def test_a_request_that_hangs_is_sent_again(live: None) -> None:
    """At half the deadline, from the first sample, when the first request has been cancelled."""
    service = Hanging()
    transcript = await transcribe(play(LIGHT), service, deadline=0.2)
    assert transcript.text == "Turn on the light"
    assert service.requests == [LIGHT, LIGHT]
    assert service.most_at_once == 1


@pytest.mark.parametrize("alone", [True, False])
async def test_an_upload_that_progresses_is_never_cancelled(live: None, alone: bool) -> None:  # noqa: FBT001
    """A slow line may take longer than the deadline, with a second resource or without."""

    class Line(Service):
        async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
            async def slowly() -> AsyncIterator[bytes]:
                async for block in audio():
                    for start in range(0, len(block), 8_000):
                        yield block[start : start + 8_000]
                    await asyncio.sleep(0.06)

            return await super().recognize(slowly, options)

    service, second = Line(), Service()
    engines = [service] if alone else [service, second]
    audio = speak("one two three four five six seven eight " * 3)
    transcript = await transcribe(
        play(audio, sizes=[1_000_000]), service, engines=engines, deadline=0.2
    )
    assert len(transcript.text.split()) == 24
    assert len(service.requests) == 1
    assert not second.requests


async def test_the_answer_to_a_recording_may_take_as_long_as_its_half() -> None:
    """A service that works at twice real time isn't given up."""

    class Slow(Service):
        async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
            recognition = await super().recognize(audio, options)
            await asyncio.sleep(len(self.requests[-1]) / BYTES_PER_SECOND / 2)
            return recognition

    service = Slow()
    assert (await transcribe(play(LIGHT), service, deadline=0.2)).text == "Turn on the light"
    assert len(service.requests) == 1


async def test_a_slow_answer_is_taken() -> None:
    """The first answer counts: with a second resource, the slow one isn't cancelled."""

    class Slow(Service):
        async def recognize(self, audio: AudioSource, options: RecognitionOptions) -> Recognition:
            recognition = await super().recognize(audio, options)
            await asyncio.sleep(0.15)
            return recognition

    slow, hanging = Slow(), Hanging(hangs=9)
    transcript = await transcribe(play(LIGHT), slow, engines=[slow, hanging], deadline=0.2)
    assert transcript.text == "Turn on the light"


async def test_no_answer(live: None) -> None:
    """After the deadline that's an error."""
    service = Hanging(hangs=9)
    with pytest.raises(SpeechTimeoutError):
        await transcribe(play(LIGHT), service, deadline=0.1)
    assert len(service.requests) == 2


async def test_second_engine_at_half_the_deadline(live: None) -> None:
    """While the first one hangs; not before."""
    first, second = Hanging(hangs=9), Service()
    began = monotonic()
    transcript = await transcribe(play(LIGHT), first, engines=[first, second], deadline=0.3)
    assert transcript.text == "Turn on the light"
    assert 0.15 <= monotonic() - began < 0.25
    assert (len(first.requests), second.requests) == (1, [LIGHT])


async def test_second_engine_at_once() -> None:
    """When the first one has failed for good, while the person still speaks."""
    first, second = Service(errors=[refused()]), Service()
    audio = play(LIGHT, asyncio.sleep(0.01), silence(0.1), IN_TIME)
    transcript = await transcribe(audio, first, engines=[first, second])
    assert transcript.text == "Turn on the light in five minutes"
    assert (len(first.requests), len(second.requests)) == (1, 1)


async def test_deadline_begins_with_the_end() -> None:
    """Neither a long stream nor many parts use it up."""
    parts: list[bytes | Awaitable[object]] = [LIGHT, silence(0.7)] * 3
    audio = play(*parts, asyncio.sleep(0.3), LIGHT)
    transcript = await transcribe(audio, Service(), deadline=0.2)
    assert transcript.text == " ".join(["Turn on the light"] * 4)


async def test_backup_engine_gets_the_rest() -> None:
    """The recognized words are kept, and their audio isn't recognized again."""
    service, other = Service(spared=1, errors=[refused()]), Other()
    audio = play(LIGHT, silence(0.9), IN_TIME)
    transcript = await transcribe(audio, service, backup=other)
    assert transcript.text == "Turn on the light in five minutes"
    (start,) = other.starts
    assert len(LIGHT) // 2 <= start <= (len(LIGHT) + len(silence(0.9))) // 2


async def test_backup_engine_has_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline that has passed isn't its own."""
    monkeypatch.setattr(backup, "BACKUP_LIMIT", 0.2)
    other = Other(seconds=0.1)
    transcript = await transcribe(play(LIGHT), Hanging(hangs=9), backup=other, deadline=0.3)
    assert transcript.text == "Turn on the light"


async def test_backup_engine_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the resource's."""
    monkeypatch.setattr(backup, "BACKUP_LIMIT", 0.1)
    service = Service(errors=[refused()])
    with pytest.raises(ResponseError):
        await transcribe(play(LIGHT), service, backup=Other(seconds=9))


async def test_known_to_be_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is known to be down delays the backup engine only a little."""
    monkeypatch.setattr(retry, "_DEADLINE_WHEN_DOWN", 0.05)
    hanging = Hanging(down=True, hangs=9)
    async with asyncio.timeout(1):
        transcript = await transcribe(play(LIGHT), hanging, backup=Other())
    assert transcript.text == "Turn on the light"
    service = Service(down=True, errors=[SpeechConnectionError("No way")] * 9)
    assert (await transcribe(play(LIGHT), service, backup=Other())).text
    assert len(service.requests) == 1


async def test_half_a_command_is_an_error() -> None:
    """If the rest of a command can't be recognized, its beginning isn't acted on."""
    service = Service(spared=1, errors=[refused()])
    with pytest.raises(ResponseError):
        await transcribe(play(LIGHT, silence(0.9), IN_TIME), service)


@pytest.mark.parametrize("error", [OSError("host"), TimeoutError("host")])
async def test_a_broken_stream(error: Exception) -> None:
    """At any stage the stream's error is raised, and no request is left."""

    async def broken() -> AsyncIterator[bytes]:
        yield LIGHT
        await asyncio.sleep(0.01)
        raise error

    no_way: list[SpeechError] = [SpeechConnectionError("No way")]
    for service in (Service(), Service(errors=no_way * 99), Service(errors=[refused()])):
        for options in ({"engines": [service, Hanging()]}, {"backup": Other()}):
            with pytest.raises(type(error)) as caught:
                await transcribe(broken(), service, deadline=0.5, **options)
            assert caught.value is error


async def test_outage_in_the_middle_of_long_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of which no more is read, because too much waits, doesn't wait for ever."""
    monkeypatch.setattr(retry, "_BACKOFF", (0.0, 0.01))
    service = Service(errors=[SpeechConnectionError("Away")] * 1000)
    minutes = play(*[speak("one two three") + silence(2)] * 60, sizes=(32_000,))
    async with asyncio.timeout(10):
        with pytest.raises(SpeechConnectionError):
            await transcribe(minutes, service, patience=Patience.TO_THE_END, deadline=0.3)


@pytest.mark.parametrize(
    ("several", "text"), [(False, "one two three"), (True, "one two three four five")]
)
async def test_quiet_voice(several: bool, text: str) -> None:  # noqa: FBT001
    """A voice 20 dB quieter is a television, except in a recording of several people."""
    far = array("h", (sample // 10 for sample in array("h", speak("four five")))).tobytes()
    stream = play(speak("one two three"), silence(1), far, silence(1))
    heard: list[str] = []
    transcript = await transcribe(
        stream,
        Service(),
        patience=Patience.TO_THE_END,
        several_voices=several,
        on_part=lambda part: heard.append(part.text),
    )
    assert transcript.text == text
    assert heard[0] == "one two three"


async def test_duration_and_ranks() -> None:
    """A transcript has the duration of its words, and the other alternatives."""
    transcript = await transcribe(play(speak("one two"), silence(1)), Service())
    assert transcript.duration == pytest.approx(len(speak("one two")) / BYTES_PER_SECOND, abs=0.1)
    (best,) = transcript.ranked()
    assert [alternative.display for alternative in best] == ["one two"]
    empty = await transcribe(play(silence(0.2)), Service())
    assert empty.duration is None
    assert list(empty.ranked()) == []
