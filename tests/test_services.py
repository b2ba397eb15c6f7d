"""The actions, called as a user calls them: files and speech in, text and scores out."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
import errno
from functools import partial
from itertools import count, pairwise
import json
import logging
import os
from pathlib import Path
import random
import re
from typing import Any, Final, override
from unittest.mock import ANY, Mock

import pytest
import voluptuous as vol

from homeassistant.components import tts
from homeassistant.components.media_source import MediaSource, MediaSourceItem, PlayMedia
from homeassistant.components.tts.const import DATA_COMPONENT as TTS_COMPONENT
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_integration,
    mock_platform,
)

from custom_components.azure_stt.actions import common, transcribe as transcribe_action
from custom_components.azure_stt.audio.ffmpeg import MediaReader
from custom_components.azure_stt.azure_speech import BYTES_PER_SECOND
from custom_components.azure_stt.const import DOMAIN, Tier
from custom_components.azure_stt.home.signals import SIGNAL_UTTERANCE, Utterance
from custom_components.azure_stt.recognition import retry
from tests.conftest import Recognize
from tests.emulator import (
    CUSTOM_SPEECH_ID,
    F0_KEY,
    Alternative,
    Emulator,
    Endpoint,
    Fault,
    Moment,
    RecordedRequest,
    ScriptedModel,
    noise,
    silence,
    speak,
    wav_header,
)
from tests.emulator.profile import Answers
from tests.support.home import ENTITY_ID, resource_entry, second_emulator, set_up_resource
from tests.support.line import thin_line
from tests.support.media import KINDS, media
from tests.support.sounds import SENTENCE, SPOKEN
from tests.support.streams import AudioStream, eventually

LOCAL: Final = "media-source://media_source/local"
SECOND_ID: Final = f"{ENTITY_ID}_2"

type Response = dict[str, Any]
type Action = Callable[..., Awaitable[Response]]


@pytest.fixture(autouse=True)
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Give the folder of Home Assistant's local media."""
    folder = tmp_path / "media"
    folder.mkdir()
    hass.config.media_dirs = {"local": str(folder)}
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once, and give up soon."""
    monkeypatch.setattr(retry, "_BACKOFF", (0.0, 0.01, 0.02))
    monkeypatch.setattr(retry, "_FILE_BACKOFF", (0.0, 0.01))
    monkeypatch.setattr(common, "_DEADLINE", 3.0)


@pytest.fixture
def azure(loaded_entry: MockConfigEntry, emulator: Emulator) -> Emulator:
    """Give the emulator behind a resource that is set up; it forgets the set-up's requests."""
    emulator.requests.clear()
    return emulator


def wav(pcm: bytes) -> bytes:
    """Return a WAV file."""
    return wav_header(size=len(pcm)) + pcm


async def act(
    hass: HomeAssistant, action: str, media_id: str, target: str | Sequence[str], **data: object
) -> dict[str, Response]:
    """Call an action and return the response of each target."""
    chosen = {"media_content_id": media_id, "media_content_type": "audio/mpeg"}
    response = await hass.services.async_call(
        DOMAIN,
        action,
        {ATTR_ENTITY_ID: target, "media": chosen, **data},
        blocking=True,
        return_response=True,
    )
    assert response is not None
    json.dumps(response)
    return response  # type: ignore[return-value] # each is an object


async def transcribe(hass: HomeAssistant, name: str = "speech.wav", **data: object) -> Response:
    """Return the response to transcribing a local file by short audio."""
    data = {"method": "short_audio", **data}
    return (await act(hass, "transcribe", f"{LOCAL}/{name}", ENTITY_ID, **data))[ENTITY_ID]


async def assess(hass: HomeAssistant, name: str = "speech.wav", **data: object) -> Response:
    """Return the response to assessing a local file."""
    data = {"reference_text": SENTENCE, **data}
    return (await act(hass, "assess_pronunciation", f"{LOCAL}/{name}", ENTITY_ID, **data))[
        ENTITY_ID
    ]


def words(number: int, first: int = 0) -> str:
    """Return words that are all different."""
    return " ".join(f"w{index}" for index in range(first, first + number))


def recognitions(emulator: Emulator) -> list[RecordedRequest]:
    """Return the emulator's requests for recognition."""
    return emulator.requests_for(Endpoint.RECOGNITION)


def open_files(folder: Path) -> list[str]:
    """Return which files of a folder are open in this process."""
    names = (_target(link) for link in Path("/proc/self/fd").iterdir())
    return [name for name in names if name.startswith(str(folder))]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""


def told(error: HomeAssistantError) -> str:
    """Return the user's error message: the English text, with its placeholders filled."""
    assert error.translation_domain == DOMAIN
    integration = Path(common.__file__).parents[1]
    texts = json.loads((integration / "translations/en.json").read_text())["exceptions"]
    text: str = texts[error.translation_key]["message"]
    return text.format(**error.translation_placeholders or {})


# Transcribing.


@pytest.mark.parametrize("name", ["flac", "m4a", "mp3", "mp4 5.1", "ogg opus", "wav", "webm opus"])
async def test_transcribe(hass: HomeAssistant, azure: Emulator, folder: Path, name: str) -> None:
    """A local file of any kind becomes its text."""
    file = f"speech.{name.split(maxsplit=1)[0]}"
    (folder / file).write_bytes(media(SPOKEN, KINDS[name]))
    response = await transcribe(hass, file)
    seconds = response.pop("seconds_sent")
    # A little of the silence after a lossy codec may be sent again.
    assert seconds == pytest.approx(len(SPOKEN) / BYTES_PER_SECOND, abs=0.2)
    (part,) = response.pop("parts")
    heard = response.pop("words")
    assert [word["word"] for word in heard] == ["turn", "on", "the", "kitchen", "light"]
    assert response == {
        "text": SENTENCE,
        "language": "en-US",
        "damaged": False,
        "missing": [],
        "method": "short_audio",
    }
    assert part == {
        "offset": pytest.approx(0.1, abs=0.06),
        "duration": pytest.approx(len(SPOKEN) / BYTES_PER_SECOND - 0.2, abs=0.06),
        "text": SENTENCE,
        "confidence": 0.95,
        "alternatives": [],
    }
    assert not open_files(folder)


class Voice(tts.TextToSpeechEntity):
    """An engine that speaks so that the emulator understands it."""

    entity_id = "tts.voice"
    _attr_name = "Voice"
    _attr_default_language = "en"
    _attr_supported_languages = ["en"]  # noqa: RUF012 - as the base has it

    @override
    def get_tts_audio(
        self, message: str, language: str, options: dict[str, Any]
    ) -> tuple[str | None, bytes | None]:
        if message == "mute":
            return None, None
        sound = silence(0.1) + speak(message, level=-36, pause_ms=100) + silence(0.1)
        return "mp3", media(sound, KINDS["mp3"])


async def test_served_in_an_outage(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, azure: Emulator, folder: Path
) -> None:
    """An action reaches a recognizer whose resource was down a moment ago."""
    loaded_entry.runtime_data.health._failures = 99
    assert loaded_entry.runtime_data.down
    (folder / "speech.wav").write_bytes(wav(speak(SENTENCE)))
    assert (await transcribe(hass))["text"] == SENTENCE


@pytest.fixture
async def voice(hass: HomeAssistant, tmp_path: Path, azure: Emulator) -> None:
    """Add an engine for text-to-speech."""
    assert await async_setup_component(hass, "tts", {"tts": {"cache_dir": str(tmp_path / "tts")}})
    await hass.data[TTS_COMPONENT].async_add_entities([Voice()])


async def test_text_to_speech(hass: HomeAssistant, voice: None) -> None:
    """Home Assistant's own speech can be transcribed too, and needn't be on disk."""
    for cache in (True, False):
        media_id = tts.generate_media_source_id(hass, SENTENCE, "tts.voice", "en", cache=cache)
        for method in ("short_audio", "fast"):
            response = await act(hass, "transcribe", media_id, ENTITY_ID, method=method)
            assert response[ENTITY_ID]["text"] == SENTENCE
            assert response[ENTITY_ID]["method"] == method


async def test_several_parts(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Minutes of speech come in parts, each in its place, and nothing is lost or heard twice."""
    sentences = [words(9, first=20 * index) for index in range(40)]
    sound, places = silence(1.3), []
    for index, sentence in enumerate(sentences):
        places.append(len(sound) / BYTES_PER_SECOND)
        sound += speak(sentence, pause_ms=200) + silence(0.9 + index % 5)
    assert len(sound) > 150 * BYTES_PER_SECOND
    (folder / "speech.wav").write_bytes(wav(sound))
    response = await transcribe(hass)
    assert response["text"] == " ".join(sentences)
    assert [part["text"] for part in response["parts"]] == sentences
    assert [part["offset"] for part in response["parts"]] == pytest.approx(places, abs=0.03)
    for part, sentence in zip(response["parts"], sentences, strict=True):
        length = len(speak(sentence, pause_ms=200)) / BYTES_PER_SECOND
        assert part["duration"] == pytest.approx(length, abs=0.05)
        assert part["confidence"] == 0.95
    # The pauses aren't sent, but for their edges.
    assert response["seconds_sent"] < 0.9 * len(sound) / BYTES_PER_SECOND


async def test_no_pause(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Speech without pauses is cut between words, at less than a minute."""
    text = words(1300)
    sound = speak(text)
    assert len(sound) > 130 * BYTES_PER_SECOND
    (folder / "speech.wav").write_bytes(wav(sound))
    response = await transcribe(hass)
    assert response["text"] == text
    assert len(response["parts"]) == 3
    ends = [part["offset"] + part["duration"] for part in response["parts"]]
    assert ends[-1] == pytest.approx(len(sound) / BYTES_PER_SECOND, abs=0.1)
    assert response["seconds_sent"] == pytest.approx(len(sound) / BYTES_PER_SECOND, abs=3)
    assert {request.status for request in azure.requests} == {200}


@pytest.mark.parametrize("room", [silence(40), noise(40, level=-62)], ids=["silence", "noise"])
async def test_quiet_speaker(
    hass: HomeAssistant, azure: Emulator, folder: Path, recognize: Recognize, room: bytes
) -> None:
    """A distant speaker, 20 dB quieter, is recognized, and so is the next speaker."""
    pause = room[: 2 * BYTES_PER_SECOND]
    sound = pause.join(
        [
            b"",
            speak("Can you all hear me?", level=-12),
            speak("Very well indeed", level=-32),
            speak("Yes we can", level=-32),
            speak("Then let us begin", level=-12),
            b"",
        ]
    )
    (folder / "speech.wav").write_bytes(wav(sound))
    whole = "Can you all hear me? Very well indeed Yes we can Then let us begin"
    assert (await transcribe(hass))["text"] == whole
    # A voice assistant isn't meant to hear them.
    assert "indeed" not in ((await recognize(AudioStream(sound))).text or "")


@pytest.mark.parametrize("gap", [0.02, 0.06, 0.1, 0.15, 0.18])
async def test_quiet_speaker_is_not_cut(
    hass: HomeAssistant, azure: Emulator, folder: Path, gap: float
) -> None:
    """Nor is the quiet one taken for a pause when a segment must end."""
    loud, quiet, last = words(400), words(60, 500), words(100, 600)
    sound = speak(loud) + silence(gap) + speak(quiet, level=-32) + silence(gap) + speak(last)
    (folder / "speech.wav").write_bytes(wav(sound))
    assert (await transcribe(hass))["text"] == f"{loud} {quiet} {last}"


async def test_alternatives(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Each part has its alternatives, once each, and the best one's confidence."""
    texts = ["Call Ann.", "Call Anne.", "call ann", "Call Ann.", "Col Anne."]
    azure.speech_model = ScriptedModel(
        [
            [
                Alternative(text=text, confidence=0.9 - 0.1 * index)
                for index, text in enumerate(texts)
            ],
            [Alternative(text="Now.", confidence=0.4)],
        ]
    )
    sound = speak("one two") + silence(1) + speak("three")
    (folder / "speech.wav").write_bytes(wav(sound))
    first, second = (await transcribe(hass))["parts"]
    assert (first["text"], first["confidence"]) == ("Call Ann.", 0.9)
    assert first["alternatives"] == ["Call Anne.", "call ann", "Col Anne."]
    assert (second["text"], second["confidence"]) == ("Now.", 0.4)
    assert second["alternatives"] == []


async def test_silence(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Without speech the text is empty, and that isn't an error."""
    (folder / "speech.wav").write_bytes(wav(silence(20)))
    response = await transcribe(hass)
    assert response.pop("seconds_sent") == 0
    assert not recognitions(azure)
    assert response == {
        "text": "",
        "language": "en-US",
        "parts": [],
        "words": [],
        "method": "short_audio",
        "damaged": False,
        "missing": [],
    }


# Options.


@pytest.mark.parametrize(
    ("home", "asked", "used"),
    [
        (("en", "US"), {}, "en-US"),
        (("en", "GB"), {}, "en-GB"),
        (("de", "CH"), {}, "de-CH"),
        (("fr", None), {}, "fr-FR"),
        (("nb", None), {}, "nb-NO"),
        (("nn", None), {}, "nb-NO"),
        (("nn", "NO"), {}, "nb-NO"),
        (("zh-Hant", None), {}, "zh-TW"),
        (("zh-Hant", "HK"), {}, "zh-HK"),
        (("zh-Hans", None), {}, "zh-CN"),
        (("eo", None), {}, "en-US"),
        (("en", "US"), {"language": "de-DE"}, "de-DE"),
        (("en", "US"), {"language": "zh-CN-sichuan"}, "zh-CN-sichuan"),
    ],
)
@pytest.mark.parametrize("action", [transcribe, assess])
async def test_language(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    action: Action,
    home: tuple[str, str | None],
    asked: Mapping[str, str],
    used: str,
) -> None:
    """It's the requested one, otherwise the nearest to Home Assistant's own."""
    hass.config.language, hass.config.country = home
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    assert (await action(hass, **asked))["language"] == used
    (request,) = recognitions(azure)
    assert request.query["language"] == used


@pytest.mark.parametrize(
    ("action", "options"),
    [
        (transcribe, {"language": "en"}),
        (transcribe, {"language": "tlh-KX"}),
        (transcribe, {"language": ""}),
        (transcribe, {"profanity": "shouted"}),
        (transcribe, {"profanity": "Masked"}),
        (transcribe, {"text_form": "sung"}),
        (transcribe, {"granularity": "word"}),
        (transcribe, {"method": "slow"}),
        (transcribe, {"media": "speech.wav"}),
        (transcribe, {"media": None}),
        (assess, {"language": "en"}),
        (assess, {"reference_text": ""}),
        (assess, {"reference_text": " \n "}),
        (assess, {"reference_text": "x" * 1001}),
        (assess, {"reference_text": None}),
        (assess, {"granularity": "letter"}),
        (assess, {"dimension": "fourth"}),
        (assess, {"grading_system": "school"}),
        (assess, {"enable_miscue": "perhaps"}),
        (assess, {"profanity": "raw"}),
    ],
)
async def test_refused_options(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    action: Action,
    options: Mapping[str, Any],
) -> None:
    """Invalid options are refused before anything is sent."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    with pytest.raises(vol.Invalid):
        await action(hass, **options)
    assert not azure.requests


PROFANE: Final = "Turn the damn light on."


@pytest.mark.parametrize(
    ("options", "text", "asked"),
    [
        ({}, "Turn the **** light on.", "masked"),
        ({"profanity": "masked"}, "Turn the **** light on.", "masked"),
        ({"profanity": "removed"}, "Turn the light on.", "removed"),
        ({"profanity": "raw"}, PROFANE, "raw"),
        ({"text_form": "display"}, "Turn the **** light on.", "masked"),
        ({"text_form": "no_final_punctuation"}, "Turn the **** light on", "masked"),
        ({"text_form": "lexical"}, "turn the **** light on", "masked"),
        ({"text_form": "lexical", "profanity": "raw"}, "turn the damn light on", "raw"),
        ({"text_form": "itn", "profanity": "removed"}, "turn the light on", "removed"),
    ],
)
async def test_wording(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    options: Mapping[str, str],
    text: str,
    asked: str,
) -> None:
    """The call's own options win over the recognizer's."""
    (folder / "speech.wav").write_bytes(wav(speak(PROFANE)))
    response = await transcribe(hass, **options)
    assert response["text"] == response["parts"][0]["text"] == text
    (request,) = recognitions(azure)
    assert request.query["profanity"] == asked


@pytest.mark.parametrize(
    "recognizer",
    [
        {
            "profanity": "raw",
            "text_form": "no_final_punctuation",
            "corrections": [{"heard": "kitchen light", "meant": "Küchenlampe"}],
        }
    ],
)
async def test_recognizer_options(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Options missing in the call are the recognizer's, and its corrections are made."""
    (folder / "speech.wav").write_bytes(
        wav(speak(SENTENCE) + silence(1) + speak("The Kitchen light, damn!"))
    )
    response = await transcribe(hass)
    texts = ["Turn on the Küchenlampe", "The Küchenlampe, damn"]
    assert [part["text"] for part in response["parts"]] == texts
    assert response["text"] == " ".join(texts)
    response = await transcribe(hass, profanity="masked", text_form="display")
    assert response["text"] == "Turn on the Küchenlampe. The Küchenlampe, ****!"


@pytest.mark.parametrize(
    "recognizer", [{"endpoint_id": CUSTOM_SPEECH_ID, "endpoint_language": "en-US"}]
)
@pytest.mark.parametrize("action", [transcribe, assess])
async def test_custom_endpoint(
    hass: HomeAssistant, azure: Emulator, folder: Path, action: Action
) -> None:
    """A Custom Speech endpoint is used for its own language."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    await action(hass)
    await action(hass, language="en-GB")
    ours, another = recognitions(azure)
    assert ours.query["cid"] == CUSTOM_SPEECH_ID
    assert "cid" not in another.query


async def test_several_targets(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Each of several recognizers answers for itself."""
    (folder / "speech.wav").write_bytes(wav(speak(SENTENCE)))
    async with second_emulator() as second:
        await set_up_resource(hass, second, {"text_form": "lexical"})
        media_id = f"{LOCAL}/speech.wav"
        targets = [ENTITY_ID, SECOND_ID]
        response = await act(hass, "transcribe", media_id, targets, method="short_audio")
        assert {target: each["text"] for target, each in response.items()} == {
            ENTITY_ID: SENTENCE,
            SECOND_ID: "turn on the kitchen light",
        }
        assert len(recognitions(azure)) == len(recognitions(second)) == 1


# The queue.


async def use_free_tier(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Let a resource be of the tier that takes one request at a time."""
    hass.config_entries.async_update_entry(
        entry,
        data={**entry.data, "api_key": F0_KEY},
        options={**entry.options, "tier": Tier.F0},
    )
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_live_voice_first(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    azure: Emulator,
    folder: Path,
    recognize: Recognize,
) -> None:
    """While a long file is transcribed, a voice waits for at most one of its segments."""
    await use_free_tier(hass, loaded_entry)
    azure.requests.clear()
    azure.latency = 0.05
    sentences = [words(3, first=10 * index) for index in range(8)]
    (folder / "speech.wav").write_bytes(wav(silence(1).join(map(speak, sentences))))
    calls = [asyncio.create_task(transcribe(hass)) for _ in range(2)]
    for begun in (2, 9):
        await eventually(partial(lambda begun: len(recognitions(azure)) >= begun, begun))
        before = len(recognitions(azure))
        assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
        assert SENTENCE in recognitions(azure)[before].text
    for response in await asyncio.gather(*calls):
        assert response["text"] == " ".join(sentences)
    assert len(recognitions(azure)) == 2 + 2 * len(sentences)
    assert {request.status for request in azure.requests} == {200}
    for first, second in pairwise(recognitions(azure)):
        assert first.answered is not None
        assert first.answered <= second.started


async def test_one_piece_is_uploaded_at_a_time(
    hass: HomeAssistant, azure: Emulator, folder: Path
) -> None:
    """Several are recognized at once, but their uploads don't fill a thin line together."""
    azure.answers, azure.latency = Answers.AT_END, 0.5
    sentences = [words(60, first=100 * index) for index in range(5)]
    (folder / "speech.wav").write_bytes(wav(silence(1).join(map(speak, sentences))))
    async with thin_line(azure.port, 15 * BYTES_PER_SECOND) as address:
        entry = resource_entry(address, recognizer={})
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        azure.requests.clear()
        media_id = f"{LOCAL}/speech.wav"
        response = await act(hass, "transcribe", media_id, SECOND_ID, method="short_audio")
        assert response[SECOND_ID]["text"] == " ".join(sentences)
    requests = sorted(recognitions(azure), key=lambda request: request.started)
    uploads = [(request.first_audio or 0.0, request.last_audio or 0.0) for request in requests]
    # The buffered end of one upload is still under way when the next one begins.
    assert max(sum(one <= first < last for one, last in uploads) for first, _ in uploads) <= 2
    answered = [request.answered or 0.0 for request in requests]
    assert any(upload[0] < done for upload, done in zip(uploads[1:], answered, strict=False))


async def test_waiting_is_no_failure(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, azure: Emulator, folder: Path
) -> None:
    """Several files share the one slot, and nothing is sent twice."""
    await use_free_tier(hass, loaded_entry)
    azure.requests.clear()
    azure.latency = 0.02
    (folder / "speech.wav").write_bytes(wav(silence(1).join([speak("one"), speak("two")])))
    responses = await asyncio.gather(*(transcribe(hass) for _ in range(10)))
    assert [response["text"] for response in responses] == ["one two"] * 10
    assert len(recognitions(azure)) == 20


# Leftovers.


def running(before: set[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Return the tasks since then, without the emulator's own."""
    return [
        task
        for task in asyncio.all_tasks() - before
        if "web_protocol" not in str(getattr(task.get_coro(), "cr_code", ""))
    ]


@pytest.mark.parametrize("action", [transcribe, assess])
async def test_cancelled_anywhere(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    azure: Emulator,
    folder: Path,
    action: Action,
) -> None:
    """Whenever the call is cancelled, no task, file or slot is held."""
    (folder / "speech.wav").write_bytes(wav(silence(1).join([speak("one"), speak("two")])))
    slots = loaded_entry.runtime_data._queue
    assert (await action(hass))["text"]
    before = asyncio.all_tasks()
    for steps in count():
        call = asyncio.ensure_future(action(hass))
        for step in range(steps):
            await asyncio.sleep(0 if step < 10 else 0.001)
        call.cancel()
        await asyncio.wait([call])
        await eventually(lambda: not running(before) and not open_files(folder))
        assert slots.free == 100
        if not call.cancelled():
            break
    assert call.result()["text"] == ("one two" if action is transcribe else "one")
    assert steps > 10


async def test_cancelled_while_it_waits(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, azure: Emulator, folder: Path
) -> None:
    """A cancelled wait for a slot gives up the place."""
    await use_free_tier(hass, loaded_entry)
    azure.requests.clear()
    azure.latency = 0.3
    (folder / "speech.wav").write_bytes(wav(speak(SENTENCE)))
    slots = loaded_entry.runtime_data._queue
    calls: list[asyncio.Task[Response]] = []
    for waiting in range(3):
        calls.append(asyncio.create_task(transcribe(hass)))
        await eventually(partial(lambda number: len(slots._waiting) == number, waiting))
        await eventually(lambda: slots.free == 0)
    calls[1].cancel()
    await asyncio.wait([calls[1]])
    assert calls[1].cancelled()
    assert (await calls[0])["text"] == (await calls[2])["text"] == SENTENCE
    assert len(recognitions(azure)) == 2
    assert slots.free == 1


@pytest.mark.parametrize("cancellations", [1, 2])
async def test_cancelled_while_it_is_opened(
    hass: HomeAssistant, azure: Emulator, folder: Path, cancellations: int
) -> None:
    """A slow file is closed as soon as it's open, however often it's cancelled."""
    pipe = folder / "speech.wav"
    os.mkfifo(pipe)
    before = asyncio.all_tasks()
    call = asyncio.create_task(transcribe(hass))
    for _ in range(cancellations):
        await asyncio.sleep(0.05)
        call.cancel()
    await asyncio.sleep(0.05)
    pipe.write_bytes(wav(SPOKEN))
    await asyncio.wait([call])
    assert call.cancelled()
    await eventually(lambda: not running(before) and not open_files(folder))
    assert not azure.requests


async def test_reload(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, azure: Emulator, folder: Path
) -> None:
    """A change of the settings doesn't end a transcription."""
    azure.latency = 0.1
    (folder / "speech.wav").write_bytes(wav(silence(1).join([speak("one"), speak("two")])))
    call = asyncio.create_task(transcribe(hass))
    await eventually(lambda: len(recognitions(azure)) == 1)
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    assert (await call)["text"] == "one two"


async def test_usage(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, azure: Emulator, folder: Path
) -> None:
    """All audio sent is counted, retries included."""
    usage = loaded_entry.runtime_data.usage
    seconds, requests = usage.seconds, usage.requests_month
    azure.faults.append(Fault(reset=True, at=Moment.AFTER_BODY))
    sound = speak(SENTENCE) + silence(2) + speak("now")
    (folder / "speech.wav").write_bytes(wav(sound))
    response = await transcribe(hass)
    assert response["text"] == f"{SENTENCE} now"
    assert response["seconds_sent"] == pytest.approx(usage.seconds - seconds, abs=0.01)
    assert response["seconds_sent"] > len(sound) / BYTES_PER_SECOND
    assert usage.requests_month - requests == len(recognitions(azure)) == 3


async def test_assistants_are_not_told(
    hass: HomeAssistant, azure: Emulator, folder: Path, recognize: Recognize
) -> None:
    """Neither triggers nor the event entity get it, because nobody spoke to Assist."""
    utterances: list[Utterance] = []
    async_dispatcher_connect(hass, SIGNAL_UTTERANCE, utterances.append)
    (folder / "speech.wav").write_bytes(wav(speak(SENTENCE)))
    await transcribe(hass)
    await assess(hass)
    await hass.async_block_till_done()
    assert not utterances
    await recognize(AudioStream(speak(SENTENCE)))
    await hass.async_block_till_done()
    assert [utterance.text for utterance in utterances] == [SENTENCE]


async def test_log(
    hass: HomeAssistant, azure: Emulator, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log shows a long file's progress once a minute, and never the words."""
    caplog.set_level(logging.DEBUG)
    azure.faults.append(Fault(reset=True, at=Moment.AFTER_BODY))
    sound = (speak("hippopotamus " * 5) + silence(14)) * 10
    (folder / "speech.wav").write_bytes(wav(sound))
    assert (await transcribe(hass))["text"].count("hippopotamus") == 50
    (folder / "short.wav").write_bytes(wav(speak("hippopotamus")))
    await assess(hass, "short.wav", reference_text="A rhinoceros", enable_miscue=True)
    ours = [record for record in caplog.records if record.name == transcribe_action.__name__]
    assert [record.levelno for record in ours] == [logging.INFO] * 2
    length = round(len(sound) / BYTES_PER_SECOND)
    for record, minute in zip(ours, (1, 2), strict=True):
        assert record.message.endswith(f" s of a recording ({length} s)")
        assert 60 * minute <= int(record.message.split()[1]) < 60 * minute + 20
    # Home Assistant itself logs an action's data, including the reference text.
    lines = [record for record in caplog.records if not record.name.startswith("homeassistant.")]
    said = re.compile("hippo|rhino", re.IGNORECASE)
    assert not [line for line in lines if said.search(f"{line.getMessage()} {line.args}")]
    assert not re.search("hippo", caplog.text, re.IGNORECASE)


# Failures.


class Radio(MediaSource):
    """A source of media that isn't a file."""

    name = "Radio"

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        return PlayMedia("http://127.0.0.1:1/endless.mp3", "audio/mpeg")


@pytest.fixture
async def radio(hass: HomeAssistant, azure: Emulator) -> None:
    """Add radio stations to Home Assistant's media."""

    async def source(_: HomeAssistant) -> MediaSource:
        return Radio("radio")

    mock_integration(hass, MockModule("radio"))
    mock_platform(hass, "radio.media_source", Mock(async_get_media_source=source))
    assert await async_setup_component(hass, "radio", {})


@pytest.mark.parametrize("action", ["transcribe", "assess_pronunciation"])
@pytest.mark.parametrize(
    "media_id",
    [
        "media-source://radio/endless",
        "http://127.0.0.1:1/speech.wav",
        "https://127.0.0.1:1/speech.wav",
        "file:///etc/hostname",
        "/etc/hostname",
        "speech.wav",
        "media-source://nothing/speech.wav",
        "media-source://tts/tts.voice?message=Hello",
        "media-source://media_source/other/speech.wav",
        f"{LOCAL}/../secret.wav",
        f"{LOCAL}/folder/../../secret.wav",
        f"{LOCAL}//etc/hostname",
        f"{LOCAL}/~/speech.wav",
    ],
)
async def test_not_ours_to_read(
    hass: HomeAssistant, azure: Emulator, radio: None, tmp_path: Path, action: str, media_id: str
) -> None:
    """Stations, addresses and files outside the media folders aren't read."""
    (tmp_path / "secret.wav").write_bytes(wav(speak("secret")))
    (tmp_path / "media/folder").mkdir()
    text = {"reference_text": "secret"} if action == "assess_pronunciation" else {}
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, action, media_id, ENTITY_ID, **text)
    assert told(raised.value).startswith("Only local files and text-to-speech can be used")
    assert not azure.requests


@pytest.mark.parametrize("path", ["%2e%2e/secret.wav", "..%2fsecret.wav", "..\\secret.wav"])
async def test_odd_names(hass: HomeAssistant, azure: Emulator, tmp_path: Path, path: str) -> None:
    """Names are no URLs: nothing in them leads out of the folder."""
    (tmp_path / "secret.wav").write_bytes(wav(speak("secret")))
    with pytest.raises(ServiceValidationError) as raised:
        await transcribe(hass, path)
    assert told(raised.value)
    assert not azure.requests


@pytest.mark.parametrize("action", [transcribe, assess])
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.mp3", None, "No such file or directory"),
        ("folder.mp3", None, "Is a directory"),
        ("folder", None, "It names no file of a known kind"),
        ("speech.sound", wav(SPOKEN), "It names no file of a known kind"),
        ("empty.wav", b"", "It is no audio file of a known kind"),
        ("text.mp3", b"Turn on the light. " * 99, "It is no audio file of a known kind"),
        ("music.m3u8", b"#EXTM3U\n#EXTINF:1,\nspeech.wav\n", "It is no audio file of a known kind"),
        ("header.wav", wav_header(), "No sound in the file can be decoded"),
    ],
)
async def test_unreadable(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    action: Action,
    name: str,
    content: bytes | None,
    reason: str,
) -> None:
    """A file without sound is refused with the reason, and closed."""
    (folder / "folder.mp3").mkdir()
    (folder / "folder").mkdir()
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(ServiceValidationError) as raised:
        await action(hass, name)
    assert told(raised.value).startswith(f"This file can't be read: {reason}. ")
    assert not any(request.audio for request in azure.requests)
    assert not open_files(folder)


async def test_damage_is_said(
    hass: HomeAssistant, azure: Emulator, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The readable part is transcribed; the response and the log say that it isn't all."""
    file = bytearray(media(SPOKEN * 3, KINDS["flac"]))
    third = len(file) // 3
    file[third : 2 * third] = random.Random(0).randbytes(third)  # noqa: S311 - any will do
    (folder / "speech.flac").write_bytes(file)
    response = await transcribe(hass, "speech.flac")
    assert response["damaged"] is True
    assert response["text"].endswith(SENTENCE)
    assert "is damaged" in caplog.text


@pytest.mark.parametrize("media_id", ["", "media-source://", "media-source://media_source", LOCAL])
async def test_no_name(hass: HomeAssistant, azure: Emulator, media_id: str) -> None:
    """A folder is no file, and nothing is none either."""
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "transcribe", media_id, ENTITY_ID)
    assert told(raised.value)
    assert not azure.requests


async def test_not_permitted(
    hass: HomeAssistant, azure: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that Home Assistant may not open is an error that says so."""
    denied = Mock(side_effect=PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(ServiceValidationError) as raised:
        await transcribe(hass)
    monkeypatch.undo()
    assert "Permission denied." in told(raised.value)


@pytest.mark.parametrize(
    ("media_id", "reason"),
    [
        ("media-source://tts/tts.other?message=Hello", "Provider tts.other not found"),
        ("media-source://tts/tts.voice", "No message specified"),
        ("media-source://tts/tts.voice?message=mute", "No TTS from Voice"),
    ],
)
async def test_mute(hass: HomeAssistant, voice: None, media_id: str, reason: str) -> None:
    """A text-to-speech engine that says nothing, or isn't there, is an error that says so."""
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "transcribe", media_id, ENTITY_ID)
    assert reason.lower() in told(raised.value).lower()


@pytest.mark.parametrize("action", [transcribe, assess])
async def test_azure_is_down(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    azure: Emulator,
    folder: Path,
    action: Action,
) -> None:
    """It's tried three times within the deadline, and then the user sees the reason."""
    azure.faults.append(Fault(status=503, times=None))
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    with pytest.raises(HomeAssistantError) as raised:
        await action(hass)
    assert not isinstance(raised.value, ServiceValidationError)
    assert told(raised.value).startswith("Azure could not recognize the speech: ")
    assert "503" in told(raised.value)
    assert 2 <= len(recognitions(azure)) <= 3
    assert not open_files(folder)
    assert loaded_entry.runtime_data._queue.free == 100


async def test_short_outage(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """An outage in the middle costs nothing but time."""
    sentences = [words(3, first=10 * index) for index in range(4)]
    (folder / "speech.wav").write_bytes(wav(silence(1).join(map(speak, sentences))))
    azure.faults += [
        Fault(status=500),
        Fault(reset=True, at=Moment.AFTER_BODY),
    ]
    assert (await transcribe(hass))["text"] == " ".join(sentences)


async def test_part_that_fails_three_times(
    hass: HomeAssistant, azure: Emulator, loaded_entry: MockConfigEntry, folder: Path
) -> None:
    """It is reported with its place, the rest goes on, and live voice isn't affected."""
    sentences = [words(3, first=10 * index) for index in range(4)]
    sound = silence(1).join(map(speak, sentences))
    (folder / "speech.wav").write_bytes(wav(sound))
    azure.answers = Answers.AT_END
    azure.faults.append(Fault(times=3, status=503))
    response = await transcribe(hass)
    [missing] = response["missing"]
    first = len(speak(sentences[0])) / BYTES_PER_SECOND
    assert missing["offset"] == 0
    assert missing["duration"] >= first
    assert not missing["duration"] > len(sound) / BYTES_PER_SECOND / 2 + 1
    assert response["text"] == " ".join(sentences[2:])
    assert not loaded_entry.runtime_data.down
    assert loaded_entry.runtime_data.health._failures == 0


@pytest.mark.parametrize("fault", [Fault(status=503, times=None), Fault(status=403, times=None)])
async def test_second_resource(
    hass: HomeAssistant, emulator: Emulator, folder: Path, fault: Fault
) -> None:
    """If the first resource fails, the second one answers, also for the rest."""
    (folder / "speech.wav").write_bytes(wav(silence(1).join([speak("one"), speak("two")])))
    async with second_emulator() as second:
        other = await set_up_resource(hass, second)
        await set_up_resource(hass, emulator, {"second_entry": other.entry_id})
        emulator.faults.append(fault)
        response = await transcribe(hass)
        assert response["text"] == "one two"
        assert len(recognitions(second)) == 2
        assert response["seconds_sent"] >= other.runtime_data.usage.seconds - 0.3


@pytest.mark.parametrize("action", [transcribe, assess])
async def test_refused_key(
    hass: HomeAssistant, azure: Emulator, folder: Path, action: Action
) -> None:
    """A key that is no good any more is asked for anew."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    azure.keys.clear()
    azure.expire_tokens()
    with pytest.raises(HomeAssistantError) as raised:
        await action(hass)
    assert told(raised.value).startswith("Azure could not recognize the speech: ")
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    assert (flow["handler"], flow["context"]["source"]) == (DOMAIN, SOURCE_REAUTH)


# Assessing.


def asked_for(request: RecordedRequest) -> Mapping[str, Any]:
    """Return the settings in a request's header."""
    content: Mapping[str, Any] = json.loads(b64decode(request.headers["Pronunciation-Assessment"]))
    return content


DEFAULTS: Final = {
    "ReferenceText": SENTENCE,
    "GradingSystem": "HundredMark",
    "Granularity": "Phoneme",
    "Dimension": "Comprehensive",
    "EnableMiscue": "False",
    "EnableProsodyAssessment": "False",
}
SCENARIO: Final = "0d5c5b0e-3f5a-4d62-9a53-6f7f3a1e2b4c"


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, {}),
        (
            {"reference_text": "  Bonne journée, 世界 🙂 \n"},
            {"ReferenceText": "Bonne journée, 世界 🙂"},
        ),
        ({"reference_text": '"}\r\nX: 1'}, {"ReferenceText": '"}\r\nX: 1'}),
        ({"reference_text": "x" * 1000}, {"ReferenceText": "x" * 1000}),
        ({"granularity": "phoneme"}, {}),
        ({"granularity": "word"}, {"Granularity": "Word"}),
        ({"granularity": "full_text"}, {"Granularity": "FullText"}),
        ({"dimension": "comprehensive"}, {}),
        ({"dimension": "basic"}, {"Dimension": "Basic"}),
        ({"grading_system": "hundred_mark"}, {}),
        ({"grading_system": "five_point"}, {"GradingSystem": "FivePoint"}),
        ({"enable_miscue": True}, {"EnableMiscue": "True"}),
        ({"enable_miscue": "off"}, {}),
        ({"enable_prosody": True}, {"EnableProsodyAssessment": "True"}),
        ({"scenario_id": SCENARIO}, {"ScenarioId": SCENARIO}),
    ],
)
async def test_assessment_request(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    options: Mapping[str, Any],
    asked: Mapping[str, str],
) -> None:
    """Each option arrives as the service wants it, and nothing that isn't asked for."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    await assess(hass, **options)
    (request,) = recognitions(azure)
    assert request.status == 200
    assert asked_for(request) == {**DEFAULTS, **asked}
    assert request.query["format"] == "detailed"


async def test_assessment(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """The text is scored, and each word; an error has its name."""
    (folder / "speech.wav").write_bytes(wav(silence(0.5) + speak("Turn of the light please")))
    response = await assess(
        hass, reference_text="Turn on the kitchen light", enable_miscue=True, enable_prosody=True
    )
    words = response.pop("words")
    assert response == {
        "text": "Turn of the light please",
        "language": "en-US",
        "seconds_sent": pytest.approx(1.06),
        "offset": 0.5,
        "duration": pytest.approx(0.56),
        "pronunciation": 80.5,
        "accuracy": 74.0,
        "fluency": 100.0,
        "completeness": 60.0,
        "prosody": 87.8,
    }
    assert [(word["word"], word["accuracy"], word.get("error")) for word in words] == [
        ("turn", 100.0, None),
        ("of", 35.0, "mispronunciation"),
        ("the", 100.0, None),
        ("kitchen", 0.0, "omission"),
        ("light", 100.0, None),
        ("please", 35.0, "insertion"),
    ]
    assert words[0] == {
        "word": "turn",
        "offset": 0.5,
        "duration": pytest.approx(0.08),
        "accuracy": 100.0,
        "prosody": {"break_length": 0, "monotone_confidence": 0.0},
        "syllables": ANY,
        "phonemes": ANY,
    }
    assert words[0]["syllables"][0]["grapheme"] == "turn"
    assert words[0]["phonemes"][0] == {
        "phoneme": "t",
        "offset": 0.5,
        "duration": pytest.approx(0.02),
        "accuracy": 100.0,
    }
    assert "offset" not in words[3]


async def test_phonemes(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Phonemes come in the chosen alphabet, with as many alternatives as were asked for."""
    (folder / "speech.wav").write_bytes(wav(speak("the light")))
    response = await assess(
        hass, reference_text="the light", phoneme_alphabet="ipa", nbest_phoneme_count=3
    )
    [request] = azure.requests_for(Endpoint.RECOGNITION)
    asked = json.loads(b64decode(request.headers["Pronunciation-Assessment"]))
    assert (asked["PhonemeAlphabet"], asked["NBestPhonemeCount"]) == ("IPA", 3)
    for word in response["words"]:
        assert [len(phoneme["alternatives"]) for phoneme in word["phonemes"]] == [3] * len(
            word["phonemes"]
        )


async def test_prosody_where_azure_has_none(
    hass: HomeAssistant, azure: Emulator, folder: Path
) -> None:
    """Prosody is refused before anything is sent, with the reason."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    asked = len(azure.requests)
    with pytest.raises(ServiceValidationError) as caught:
        await assess(hass, language="de-DE", enable_prosody=True)
    assert "de-DE" in told(caught.value)
    assert len(azure.requests) == asked


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"dimension": "basic"}, {"accuracy": 100.0}),
        (
            {"grading_system": "five_point"},
            {"pronunciation": 5.0, "accuracy": 5.0, "fluency": 5.0, "completeness": 5.0},
        ),
    ],
)
async def test_assessment_scores(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    options: Mapping[str, str],
    expected: Mapping[str, float],
) -> None:
    """There are the scores that were asked for, in their points, and no others."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    response = await assess(hass, granularity="full_text", **options)
    for name in ("text", "language", "seconds_sent", "offset", "duration"):
        assert response.pop(name) is not None
    assert response == {**expected, "words": []}


def ticks(milliseconds: int) -> int:
    """Return the service's count of time."""
    return milliseconds * 10_000


ANSWER: Final = {
    "RecognitionStatus": "Success",
    "Offset": ticks(500),
    "Duration": ticks(400),
    "DisplayText": "Hello.",
    "NBest": [
        {
            "Confidence": 0.97,
            "Lexical": "hello",
            "ITN": "hello",
            "MaskedITN": "hello",
            "Display": "Hello.",
            "AccuracyScore": 91,
            "FluencyScore": 92,
            "CompletenessScore": 93,
            "ProsodyScore": 94.5,
            "PronScore": 95,
            "Words": [
                {
                    "Word": "hello",
                    "Offset": ticks(500),
                    "Duration": ticks(400),
                    "AccuracyScore": 90,
                    "ErrorType": "None",
                    "Feedback": {
                        "Prosody": {
                            "Break": {
                                "ErrorTypes": ["UnexpectedBreak", "None"],
                                "UnexpectedBreak": {"Confidence": 0.25},
                                "MissingBreak": {"Confidence": 0.75},
                                "BreakLength": 1100000,
                            },
                            "Intonation": {
                                "ErrorTypes": ["Monotone"],
                                "Monotone": {
                                    "SyllablePitchDeltaConfidence": 0.5,
                                    "Confidence": 0.125,
                                },
                            },
                        }
                    },
                    "Phonemes": [
                        {
                            "Phoneme": "hh",
                            "Offset": ticks(500),
                            "Duration": ticks(150),
                            "AccuracyScore": 80,
                        },
                        {"Phoneme": "ow", "AccuracyScore": 70},
                    ],
                }
            ],
        }
    ],
}


async def test_assessment_of_sounds(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """All that the service tells stands there in plain names."""
    azure.faults.append(Fault(at=Moment.AFTER_BODY, status=200, body=json.dumps(ANSWER)))
    (folder / "speech.wav").write_bytes(wav(silence(0.5) + speak("Hello.")))
    assert await assess(hass) == {
        "text": "Hello.",
        "language": "en-US",
        "seconds_sent": 0.6,
        "offset": 0.5,
        "duration": pytest.approx(0.4, abs=0.31),
        "pronunciation": 95,
        "accuracy": 91,
        "fluency": 92,
        "completeness": 93,
        "prosody": 94.5,
        "words": [
            {
                "word": "hello",
                "offset": 0.5,
                "duration": 0.4,
                "accuracy": 90,
                "prosody": {
                    "break_errors": ["unexpected_break"],
                    "break_length": 1100000,
                    "unexpected_break_confidence": 0.25,
                    "missing_break_confidence": 0.75,
                    "intonation_errors": ["monotone"],
                    "monotone_confidence": 0.125,
                    "syllable_pitch_delta_confidence": 0.5,
                },
                "phonemes": [
                    {"phoneme": "hh", "offset": 0.5, "duration": 0.15, "accuracy": 80},
                    {"phoneme": "ow", "accuracy": 70},
                ],
            }
        ],
    }


async def test_assessment_after_silence(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Places count from the media's beginning, after any silence."""
    (folder / "speech.wav").write_bytes(wav(silence(12) + speak(SENTENCE) + silence(1)))
    response = await assess(hass)
    assert len(recognitions(azure)) == 1
    assert response["offset"] == pytest.approx(12, abs=0.02)
    assert response["words"][0]["offset"] == pytest.approx(12, abs=0.001)
    last = response["words"][-1]
    length = len(speak(SENTENCE)) / BYTES_PER_SECOND
    assert last["offset"] + last["duration"] == pytest.approx(12 + length, abs=0.001)


async def test_first_sentence_is_assessed(
    hass: HomeAssistant, azure: Emulator, folder: Path
) -> None:
    """Speech after a long pause is ignored."""
    (folder / "speech.wav").write_bytes(wav(speak(SENTENCE) + silence(1) + speak("What?")))
    assert (await assess(hass))["text"] == SENTENCE
    assert len(recognitions(azure)) == 1


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "ogg opus"])
async def test_half_a_minute(hass: HomeAssistant, azure: Emulator, folder: Path, name: str) -> None:
    """30 seconds are assessed, and a moment more is refused before anything is sent."""
    sound = speak(SENTENCE, level=-36, pause_ms=100) + silence(0.4)
    sound = (sound * 40)[: 30 * BYTES_PER_SECOND]
    file = f"speech.{name.partition(' ')[0]}"
    (folder / file).write_bytes(media(sound, KINDS[name]))
    response = await assess(hass, file)
    assert response["seconds_sent"] == pytest.approx(30, abs=0.02)
    azure.requests.clear()
    (folder / file).write_bytes(media(sound + silence(0.1), KINDS[name]))
    with pytest.raises(ServiceValidationError) as raised:
        await assess(hass, file)
    assert told(raised.value).startswith("Azure assesses up to 30 seconds.")
    assert not azure.requests
    assert not open_files(folder)


async def test_hours_are_not_read(
    hass: HomeAssistant, azure: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A media that is too long is refused as soon as that is known."""
    read = Mock(side_effect=[bytes(BYTES_PER_SECOND)] * 100)
    monkeypatch.setattr(MediaReader, "read", read)
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    with pytest.raises(ServiceValidationError):
        await assess(hass)
    assert read.call_count == 31


@pytest.mark.parametrize("sound", [silence(3), silence(20), noise(3), silence(8) + noise(1)])
async def test_nothing_heard(
    hass: HomeAssistant, azure: Emulator, folder: Path, sound: bytes
) -> None:
    """Without speech there is nothing to assess."""
    (folder / "speech.wav").write_bytes(wav(sound))
    with pytest.raises(HomeAssistantError) as raised:
        await assess(hass)
    assert told(raised.value).startswith("No speech was detected in the recording.")
    assert not isinstance(raised.value, ServiceValidationError)
