"""Several languages in one home: the same speech in each of them, one answer."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from homeassistant.components.stt import SpeechResultState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import Recognize
from tests.emulator import (
    Alternative,
    Emulator,
    Endpoint,
    Fault,
    RecognitionStatus,
    ScriptedModel,
    silence,
    speak,
)
from tests.support.streams import AudioStream

type Answer = Alternative | RecognitionStatus


@pytest.fixture
def recognizer() -> dict[str, Any]:
    """Give a recognizer of several languages."""
    return {"languages": ["de-DE", "fr-FR"]}


@pytest.fixture
def answers(emulator: Emulator) -> Callable[[Mapping[str, Answer]], None]:
    """Give the model a text in each language; it has none in others."""

    def script(lines: Mapping[str, Answer]) -> None:
        emulator.speech_model = ScriptedModel(
            lambda _, language: lines.get(language, RecognitionStatus.NO_MATCH)
        )

    return script


def sure(text: str, confidence: float) -> Alternative:
    """Return an alternative with a confidence."""
    return Alternative(text=text, confidence=confidence)


def asked(emulator: Emulator) -> list[str]:
    """Return the languages that were asked, after the check at the start."""
    return [request.query["language"] for request in emulator.requests_for(Endpoint.RECOGNITION)][
        1:
    ]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        pytest.param(
            {"en-US": sure("Good day.", 0.5), "de-DE": sure("Guten Tag.", 0.9)},
            "Guten Tag.",
            id="surer",
        ),
        pytest.param(
            {"en-US": sure("Good day.", 0.9), "de-DE": sure("Guten Tag.", 0.9)},
            "Good day.",
            id="the pipeline's language wins a tie",
        ),
        pytest.param({"de-DE": sure("Guten Tag.", 0.2)}, "Guten Tag.", id="words before no words"),
        pytest.param(
            {"en-US": sure("Cellar lamp on.", 0.4), "de-DE": sure("Keller Lampe an.", 0.9)},
            "Cellar lamp on.",
            id="what the home understands",
        ),
        pytest.param({}, "", id="nobody hears a word"),
    ],
)
async def test_winner(
    hass: HomeAssistant,
    recognize: Recognize,
    emulator: Emulator,
    answers: Callable[[Mapping[str, Answer]], None],
    lines: Mapping[str, Answer],
    text: str,
) -> None:
    """The answer is chosen by its words, by their meaning here, and by confidence."""
    hass.states.async_set("light.cellar", "off", {"friendly_name": "Cellar lamp"})
    answers(lines)
    result = await recognize(AudioStream(speak("Something.")))
    assert (result.text, result.result) == (text, SpeechResultState.SUCCESS)
    assert sorted(asked(emulator)) == ["de-DE", "en-US", "fr-FR"]
    sounds = {bytes(request.audio) for request in emulator.requests[-3:]}
    assert len(sounds) == 1


@pytest.mark.parametrize(
    "recognizer",
    [
        {
            "languages": ["de-DE", "fr-FR"],
            "corrections": [{"heard": "seller lamp", "meant": "cellar lamp"}],
        }
    ],
)
async def test_the_corrected_text_is_judged_as_understood(
    hass: HomeAssistant,
    recognize: Recognize,
    answers: Callable[[Mapping[str, Answer]], None],
) -> None:
    """A text that the home understands only after the user's corrections wins."""
    hass.states.async_set("light.cellar", "off", {"friendly_name": "Cellar lamp"})
    answers({"en-US": sure("Seller, lamp on.", 0.4), "de-DE": sure("Keller Lampe an.", 0.9)})
    assert (await recognize(AudioStream(speak("Something.")))).text == "cellar lamp on."


async def test_winner_goes_on_alone(
    recognize: Recognize, emulator: Emulator, answers: Callable[[Mapping[str, Answer]], None]
) -> None:
    """After a pause only the language that was spoken is asked."""
    answers({"de-DE": sure("Guten Tag.", 0.9)})
    result = await recognize(AudioStream(speak("One."), silence(0.7), speak("Two.")))
    assert result.text == "Guten Tag. Guten Tag."
    assert sorted(asked(emulator)) == ["de-DE", "de-DE", "en-US", "fr-FR"]


@pytest.mark.parametrize("status", [405, 403, 404])
async def test_one_language_fails(
    recognize: Recognize,
    emulator: Emulator,
    answers: Callable[[Mapping[str, Answer]], None],
    status: int,
) -> None:
    """A language that Azure refuses harms no other one."""
    answers(dict.fromkeys(("en-US", "de-DE", "fr-FR"), sure("Hello.", 0.9)))
    emulator.faults.append(Fault(status=status))
    assert (await recognize(AudioStream(speak("Something.")))).text == "Hello."
    assert len(asked(emulator)) == 3


async def test_all_languages_fail(recognize: Recognize, emulator: Emulator) -> None:
    """If all of them fail, so does the utterance."""
    emulator.faults.append(Fault(status=405, times=3))
    result = await recognize(AudioStream(speak("Something.")))
    assert result.result is SpeechResultState.ERROR


async def test_not_on_the_free_tier(
    hass: HomeAssistant, recognize: Recognize, emulator: Emulator, loaded_entry: MockConfigEntry
) -> None:
    """A tier with one request at a time asks in the pipeline's language only."""
    hass.config_entries.async_update_entry(
        loaded_entry, options={**loaded_entry.options, "tier": "f0"}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    emulator.requests.clear()
    assert (await recognize(AudioStream(speak("Hello.")))).text == "Hello."
    assert len(emulator.requests_for(Endpoint.RECOGNITION)) == 1
