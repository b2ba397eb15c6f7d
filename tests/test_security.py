"""A hostile answer through the whole entity: no crash, and no more than was said."""

import json
from typing import Final

import pytest

from homeassistant.components.stt import SpeechResultState
from homeassistant.core import HomeAssistant

from tests.conftest import Recognize
from tests.emulator import Emulator, Fault, Moment, speak
from tests.support.streams import AudioStream

SPOKEN: Final = speak("Turn on the cellar lamp")
MOST: Final = 4_000
"""Characters of a part: a minute of speech has some 1,500."""


def answering(*texts: str) -> Fault:
    """Return an answer with these alternatives, for all of the speech."""
    best = [
        {"Display": text, "Lexical": text, "ITN": text, "MaskedITN": text, "Confidence": 0.9}
        for text in texts
    ]
    answer = {
        "RecognitionStatus": "Success",
        "Offset": 0,
        "Duration": len(SPOKEN) * 10_000_000 // 32_000,
        "NBest": best,
    }
    body = json.dumps(answer, ensure_ascii=False)
    return Fault(at=Moment.AFTER_BODY, status=200, body=body)


@pytest.fixture
def home(hass: HomeAssistant, recognize: Recognize) -> None:
    """Give a home with names that are easily misheard."""
    for number in range(20):
        hass.states.async_set(f"light.l{number}", "off", {"friendly_name": f"Cellar lamp {number}"})


@pytest.mark.parametrize(
    "text",
    [
        *("x" * 100_000, "ß" * 100_000, "turn on the " + "1" * 50_000, "cellar lamb " * 20_000),
        *("(" * 50_000, "[a|b]" * 20_000, "{name} " * 1_000, "<name>" * 1_000, "\0" * 1_000),
        *("a\u0301" * 50_000, "\u202e" * 1_000, "🙂" * 50_000, "十一" * 50_000, " " * 100_000),
    ],
    ids=lambda text: ascii(text[:10]),
)
@pytest.mark.usefixtures("home")
async def test_endless_text(recognize: Recognize, emulator: Emulator, text: str) -> None:
    """A text longer than a minute of speech is cut before it's parsed."""
    emulator.faults.append(answering(text))
    result = await recognize(AudioStream(SPOKEN))
    assert result.result is SpeechResultState.SUCCESS
    assert result.text is not None
    assert len(result.text) <= MOST
    result.text.encode()


@pytest.mark.usefixtures("home")
async def test_endless_alternatives(recognize: Recognize, emulator: Emulator) -> None:
    """As many as fit into an answer cost no more than ten."""
    emulator.faults.append(answering(*(f"turn on the seller lamp {n}" for n in range(4_000))))
    result = await recognize(AudioStream(SPOKEN))
    assert result.result is SpeechResultState.SUCCESS
