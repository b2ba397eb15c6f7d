"""The end of speech: when texts are answered, and sounds that aren't part of them."""

from array import array
import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import pi, sin
from time import monotonic
from typing import Any, Final
from unittest.mock import patch

import pytest

from homeassistant.components.assist_satellite import (
    AssistSatelliteConfiguration,
    AssistSatelliteWakeWord,
)
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.home import interpreter, satellites
from custom_components.azure_stt.recognition import answering, transcriber
from tests.emulator import (
    BYTES_PER_SECOND,
    SERVICE_KINDS,
    Emulator,
    Endpoint,
    noise,
    silence,
    speak,
)
from tests.support.home import ENTITY_ID, metadata
from tests.test_patience import home  # noqa: F401 - a fixture

CHUNK: Final = BYTES_PER_SECOND // 100
LIGHT: Final = "Turn on the kitchen light"
LATER: Final = silence(1.6)
"""Quiet after which words aren't the stream's first ones."""

RECOGNIZER: Final = {"end_of_speech": "recognizer"}


@dataclass(kw_only=True)
class Endless:
    """A stream that never ends: it sends silence after the speech, in real time."""

    audio: bytes
    sent: int = 0
    closed: bool = False

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield chunks when their time has come."""
        began = monotonic()
        try:
            while True:
                await asyncio.sleep(began + self.sent / BYTES_PER_SECOND - monotonic())
                chunk = self.audio[self.sent : self.sent + CHUNK].ljust(CHUNK, b"\0")
                self.sent += CHUNK
                yield chunk
        finally:
            self.closed = True


async def say(hass: HomeAssistant, *parts: bytes) -> tuple[str | None, float]:
    """Return the text of an endless stream, and the seconds of quiet that it took."""
    host = Endless(audio=b"".join(parts))
    entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
    assert entity is not None
    async with asyncio.timeout(20):
        result = await entity.internal_async_process_audio_stream(metadata(), host.stream())
    assert host.closed
    return result.text, (host.sent - len(host.audio)) / BYTES_PER_SECOND


def hum(seconds: float) -> bytes:
    """Return the hum of a bad cable: 50 Hz and its harmonics, 30 dB below full scale."""
    tones = [[sin(2 * pi * tone * sample / 16_000) for sample in range(320)] for tone in (50, 150)]
    period = array("h", [round(700 * sum(both)) for both in zip(*tones, strict=True)])
    return period.tobytes() * round(seconds * 50)


@contextmanager
def listening(**satellite: Any) -> Iterator[None]:  # noqa: ANN401
    """Let a satellite listen."""
    found = [satellites.Satellite(**satellite)]
    with patch.object(interpreter, "async_get_satellites", return_value=found):
        yield


@pytest.fixture(params=SERVICE_KINDS)
def any_kind(request: pytest.FixtureRequest, emulator: Emulator) -> None:
    """Make the service one of the four kinds that Azure may be."""
    emulator.answers, emulator.pause = SERVICE_KINDS[request.param]
    emulator.latency = 0.1


@pytest.mark.usefixtures("home", "any_kind")
async def test_each_row(hass: HomeAssistant, emulator: Emulator) -> None:
    """A stream that never ends gets its answer after the quiet that the text needs."""
    rows: Sequence[tuple[Sequence[bytes], str, float]] = [
        ([LATER, speak(LIGHT)], LIGHT, 0.8),
        ([LATER, speak("What time is it")], "What time is it", 1.2),
        ([speak("Yes")], "Yes", 1.7),
        ([silence(0.4), speak("No way")], "No way", 1.7),
    ]
    # The first text that isn't understood loads the language's words.
    await say(hass, speak("Yes"))
    answers = await asyncio.gather(*(say(hass, *parts) for parts, _, _ in rows))
    for (_, expected, quiet), (text, seconds) in zip(rows, answers, strict=True):
        assert text == expected
        assert quiet - 0.1 < seconds < quiet + 0.6


@pytest.mark.usefixtures("home", "any_kind")
async def test_other_texts_wait_for_the_streams_end(hass: HomeAssistant) -> None:
    """A text that isn't understood isn't answered before the stream ends."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await say(hass, LATER, speak("What is the meaning of life"))


@pytest.mark.usefixtures("home", "any_kind")
async def test_relaxed(hass: HomeAssistant) -> None:
    """Nothing is answered before the satellite takes the pause for an end."""
    with listening(finished_speaking=1.25):
        (command, after), (first, longer) = await asyncio.gather(
            say(hass, LATER, speak(LIGHT)), say(hass, speak("Yes"))
        )
    assert (command, first) == (LIGHT, "Yes")
    assert after > 1.2
    assert longer > 1.7


@pytest.mark.parametrize("recognizer", [RECOGNIZER])
@pytest.mark.usefixtures("home", "any_kind")
async def test_the_recognizer_ends_by_itself(hass: HomeAssistant) -> None:
    """It answers anything after two seconds, and a lone first word only if understood."""
    entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
    assert entity is not None
    assert not entity.audio_processing.requires_external_vad
    (command, fast), (words, slow), (after, _) = await asyncio.gather(
        say(hass, LATER, speak(LIGHT)),
        say(hass, LATER, speak("What is the meaning of life")),
        say(hass, speak("Boo"), silence(2.5), speak(LIGHT)),
    )
    assert (command, words, after) == (LIGHT, "What is the meaning of life", LIGHT)
    assert 0.7 < fast < 1.4
    assert 1.9 < slow < 2.6


@pytest.mark.parametrize("recognizer", [RECOGNIZER])
@pytest.mark.parametrize(
    "sound",
    [b"", noise(30, level=-30), hum(30), silence(0.5) + speak("a")[:640], speak("Nabu")],
    ids=["silence", "even noise", "hum", "click", "tail of a wake word"],
)
@pytest.mark.usefixtures("home")
async def test_the_recognizer_gives_up(
    hass: HomeAssistant, emulator: Emulator, sound: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without speech it ends, and nothing is invented or paid for."""
    monkeypatch.setattr(transcriber, "SILENCE_MAX", 1.5)
    with listening(wake_words=("Okay Nabu",)):
        text, _ = await say(hass, sound)
    assert text == ""
    if sound != speak("Nabu"):
        assert not emulator.requests_for(Endpoint.RECOGNITION)


@pytest.mark.parametrize("recognizer", [RECOGNIZER])
@pytest.mark.usefixtures("home")
async def test_the_recognizer_ends_speech_without_end(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Speech without an end is recognized for at most two minutes."""
    monkeypatch.setattr(transcriber, "SPEECH_MAX", 3.0)
    text, _ = await say(hass, speak(" ".join(map(str, range(100, 200)))))
    assert text is not None


@pytest.mark.parametrize("recognizer", [{}, RECOGNIZER], ids=["host", "recognizer"])
@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Nabu. Turn on the kitchen light.", "Turn on the kitchen light."),
        ("okay nabu turn on the kitchen light", "turn on the kitchen light"),
        ("Turn on Nabu.", "Turn on Nabu."),
    ],
)
@pytest.mark.usefixtures("home")
async def test_tail_of_a_wake_word(hass: HomeAssistant, said: str, text: str) -> None:
    """It isn't part of the utterance, and the command after it is answered as early."""
    with listening(wake_words=("Okay Nabu",)):
        heard, seconds = await say(hass, speak(said, pause_ms=400))
    assert (heard or "").casefold() == text.casefold()
    assert seconds < 2.6


@pytest.mark.usefixtures("home", "any_kind")
async def test_tail_before_a_late_command(hass: HomeAssistant) -> None:
    """A wake word's tail alone isn't answered, however long the pause after it."""
    with listening(wake_words=("Okay Nabu",)):
        text, _ = await say(hass, speak("Nabu."), silence(2.5), speak(LIGHT))
    assert text == LIGHT


@pytest.mark.usefixtures("home", "any_kind")
async def test_tail_before_a_late_command_in_a_room(hass: HomeAssistant) -> None:
    """The room's noise hides neither where the command begins nor where it ends."""

    def room(seconds: float) -> bytes:
        return noise(seconds, level=-55)

    with listening(wake_words=("Okay Nabu",)):
        text, seconds = await say(hass, room(0.2), speak("Nabu."), room(6), speak(LIGHT), room(1.5))
    assert text == LIGHT
    assert seconds < 0


@pytest.mark.usefixtures("home", "any_kind")
async def test_an_answer_that_the_satellite_waits_for(hass: HomeAssistant) -> None:
    """Any answer to a question is understood."""
    with listening(waits_for_answer=True):
        text, seconds = await say(hass, LATER, speak("The blue one"))
    assert text == "The blue one"
    assert 1.1 < seconds < 1.8


@pytest.mark.usefixtures("home", "any_kind")
@pytest.mark.parametrize("pause", [0.3, 0.65, 0.75])
async def test_a_paused_command_is_heard_by_one_request(
    hass: HomeAssistant, emulator: Emulator, pause: float
) -> None:
    """After a pause in which it could have been answered, the whole is heard again."""
    for _ in range(2):
        text, _ = await say(
            hass, LATER, speak("Turn on"), silence(pause), speak("the kitchen light")
        )
        assert text == LIGHT
    # At the second time the kind of service is known.
    assert len(emulator.requests_for(Endpoint.RECOGNITION)) <= 6


async def test_satellites_are_read(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """Wake words, the detection's seconds and the question are those of the listening one."""

    class Found:
        vad_sensitivity_entity_id = "select.finished_speaking"
        _ask_question_future = None

        def async_get_configuration(self) -> AssistSatelliteConfiguration:
            words = [
                AssistSatelliteWakeWord(id=name, wake_word=name.title(), trained_languages=["en"])
                for name in ("okay nabu", "hey jarvis")
            ]
            return AssistSatelliteConfiguration(
                available_wake_words=words,
                active_wake_words=["hey jarvis"],
                max_active_wake_words=1,
            )

    class Component:
        def get_entity(self, _: str) -> Found:
            return Found()

    hass.data["assist_satellite"] = Component()
    hass.states.async_set("select.finished_speaking", "relaxed")
    hass.states.async_set("assist_satellite.one", "idle")
    assert satellites.async_get_satellites(hass) == []
    hass.states.async_set("assist_satellite.one", "listening")
    [satellite] = satellites.async_get_satellites(hass)
    assert satellite == satellites.Satellite(finished_speaking=1.25, wake_words=("Hey Jarvis",))
    assert satellites.wake_words([satellite], ["ok_nabu_v0.1"]) == ["Hey Jarvis", "ok nabu"]
    assert satellites.finished_speaking([satellite]) == 1.25
    assert satellites.finished_speaking([]) == 0.7


def test_table() -> None:
    """Every combination has its row, and none answers before the upload has ended."""
    assert len(answering.RULES) == 12
    for (end, _, _), rules in answering.RULES.items():
        assert rules.ends_itself is (end is answering.EndOfSpeech.RECOGNIZER)
        times = [rules.whole_command, rules.understood, rules.first_words, rules.anything]
        for seconds in filter(None, times):
            assert rules.upload_ends is not None
            assert rules.upload_ends < seconds
