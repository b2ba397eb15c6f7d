"""The entity: an audio stream in, text out."""

import asyncio
from dataclasses import replace
import logging
from pathlib import Path
from typing import Any, cast
import wave

from aiohttp.test_utils import TestClient
import pytest

from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechResultState,
)
from homeassistant.components.stt.const import DATA_COMPONENT
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.azure_stt.audio.pcm import PcmFormat
from custom_components.azure_stt.azure_speech.locales import LOCALES
from custom_components.azure_stt.home.signals import SIGNAL_UTTERANCE, Outcome, Utterance
from custom_components.azure_stt.recognition import recording
from tests.conftest import Recognize
from tests.emulator import (
    S0_KEY,
    SERVICE_KINDS,
    Alternative,
    Emulator,
    Endpoint,
    Fault,
    Moment,
    ScriptedModel,
    noise,
    silence,
    speak,
    wav_header,
)
from tests.support.home import ENTITY_ID, metadata
from tests.support.media import KINDS, media
from tests.support.sounds import FORMATS, SENTENCE, SPOKEN, converted_audio, header, ogg
from tests.support.streams import AudioStream, eventually


async def test_entity(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """The recognizer is an entity and a device, and takes Azure's 145 locales."""
    entry = entity_registry.async_get(ENTITY_ID)
    assert entry is not None
    (subentry_id,) = loaded_entry.subentries
    assert entry.unique_id == subentry_id
    assert entry.translation_key == "recognizer"  # its icon
    assert entry.config_subentry_id == subentry_id
    assert entry.device_id is not None
    device = dr.async_get(hass).async_get(entry.device_id)
    assert device is not None
    assert device.name == "Azure Speech to Text"
    assert isinstance(device, dr.DeviceEntry)
    assert device.entry_type is dr.DeviceEntryType.SERVICE
    assert len(LOCALES) == 145


async def test_text(recognize: Recognize, emulator: Emulator) -> None:
    """The spoken text comes out, and all of the audio was sent."""
    stream = AudioStream(speak(SENTENCE))
    result = await recognize(stream)
    assert (result.text, result.result) == (SENTENCE, SpeechResultState.SUCCESS)
    assert stream.closed
    request = emulator.requests_for(Endpoint.RECOGNITION)[-1]
    assert bytes(request.audio) == speak(SENTENCE)
    assert request.query["language"] == "en-US"
    assert request.query["profanity"] == "masked"


async def test_the_first_alternative_is_the_decision(
    recognize: Recognize, emulator: Emulator
) -> None:
    """Azure's first alternative goes out, even if the opposite has a higher confidence."""
    emulator.speech_model = ScriptedModel(
        [
            [
                Alternative(text="Turn off the kitchen light.", confidence=0.75),
                Alternative(text="turn on the kitchen light", confidence=0.86),
            ]
        ]
    )
    result = await recognize(AudioStream(speak("on")))
    assert result.text == "Turn off the kitchen light."


@pytest.mark.parametrize("text", [".", "...", " ", "[BLANK_AUDIO]", "(music)."])
async def test_text_without_words_is_no_speech(
    hass: HomeAssistant, recognize: Recognize, emulator: Emulator, text: str
) -> None:
    """Marks and remarks aren't speech: Assist gets no text."""
    utterances: list[Utterance] = []
    async_dispatcher_connect(hass, SIGNAL_UTTERANCE, utterances.append)
    emulator.speech_model = ScriptedModel(lambda *_: Alternative(text=text))
    result = await recognize(AudioStream(speak(SENTENCE)))
    assert (result.text, result.result) == ("", SpeechResultState.SUCCESS)
    await hass.async_block_till_done()
    assert [utterance.outcome for utterance in utterances] == [Outcome.NO_SPEECH]


@pytest.mark.parametrize("recognizer", [{"corrections": [{"heard": "uh", "meant": ""}]}])
async def test_text_that_is_corrected_away_is_no_speech(
    recognize: Recognize, emulator: Emulator
) -> None:
    """Where a correction leaves nothing but marks, nothing was said."""
    emulator.speech_model = ScriptedModel(lambda *_: Alternative(text="Uh."))
    assert (await recognize(AudioStream(speak("uh")))).text == ""


async def test_sends_while_the_person_speaks(recognize: Recognize, emulator: Emulator) -> None:
    """The first words are at the service before the last are spoken."""
    go_on = asyncio.Event()
    stream = AudioStream(speak("Turn on the"), silence(0.04), go_on.wait(), speak("kitchen light."))
    call = asyncio.create_task(recognize(stream))
    requests = emulator.requests
    await eventually(lambda: len(requests[-1].audio) >= len(speak("Turn on the")))
    assert requests[-1].answered is None
    go_on.set()
    assert (await call).text == SENTENCE


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((), id="nothing"),
        pytest.param((b"",), id="empty chunk"),
        pytest.param((b"\0",), id="half a sample"),
        pytest.param((wav_header(),), id="only a header"),
        pytest.param((wav_header()[:20],), id="half a header"),
        pytest.param((silence(0.5),), id="silence"),
        pytest.param((noise(0.5),), id="noise"),
    ],
)
async def test_nothing_said(
    recognize: Recognize, parts: tuple[bytes, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Without words the result is an empty success, and the log stays clean."""
    result = await recognize(AudioStream(*parts))
    assert (result.text, result.result) == ("", SpeechResultState.SUCCESS)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((wav_header(), speak(SENTENCE)), id="header"),
        pytest.param((wav_header()[:7], wav_header()[7:], speak(SENTENCE)), id="header cut in two"),
        pytest.param((wav_header(), wav_header(), speak(SENTENCE)), id="second header"),
        pytest.param((speak(SENTENCE), b"\1"), id="half a sample more"),
    ],
)
async def test_odd_streams(recognize: Recognize, parts: tuple[bytes, ...]) -> None:
    """Odd ends of a stream change nothing."""
    assert (await recognize(AudioStream(*parts))).text == SENTENCE


async def test_other_format_than_declared(recognize: Recognize) -> None:
    """A header overrides the declared format."""
    form = PcmFormat(rate=44_100, bits=24, channels=2)
    stream = AudioStream(header(form), converted_audio(speak(SENTENCE), form))
    assert (await recognize(stream)).text == SENTENCE


@pytest.mark.parametrize(
    "audio",
    [
        pytest.param(wav_header(codec=7, sample_rate=8000) + bytes(8000), id="mu-law"),
        pytest.param(b"OggS\0" + bytes(8000), id="OGG without Opus"),
    ],
)
async def test_unsupported_format(
    recognize: Recognize, audio: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """An unsupported format is an error with one line in the log."""
    stream = AudioStream(audio, asyncio.get_running_loop().create_future())
    result = await recognize(stream)
    assert (result.text, result.result) == (None, SpeechResultState.ERROR)
    assert stream.closed
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert f"{ENTITY_ID} got audio that it can't take" in record.message


async def test_every_format(hass: HomeAssistant, loaded_entry: MockConfigEntry) -> None:
    """All that the entity says it takes, it understands."""
    entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
    assert entity is not None

    async def hear(form: PcmFormat) -> str | None:
        declared = replace(
            metadata(),
            bit_rate=AudioBitRates(form.bits),
            sample_rate=AudioSampleRates(form.rate),
            channel=AudioChannels(form.channels),
        )
        assert entity.check_metadata(declared)
        stream = AudioStream(converted_audio(speak(SENTENCE), form))
        return (await entity.internal_async_process_audio_stream(declared, stream)).text

    texts = await asyncio.gather(*map(hear, FORMATS))
    assert {form: text for form, text in zip(FORMATS, texts, strict=True) if text != SENTENCE} == {}


@pytest.mark.parametrize("part", [400, 100_000], ids=["bit by bit", "at once"])
async def test_opus(hass: HomeAssistant, loaded_entry: MockConfigEntry, part: int) -> None:
    """OGG/Opus is understood, and goes on after a pause as other audio does."""
    entity = hass.data[DATA_COMPONENT].get_entity(ENTITY_ID)
    assert entity is not None
    declared = replace(metadata(), format=AudioFormats.OGG, codec=AudioCodecs.OPUS)
    assert entity.check_metadata(declared)
    file = ogg(SPOKEN + silence(1.5) + SPOKEN, page_ms=20)
    stream = AudioStream(*(file[at : at + part] for at in range(0, len(file), part)))
    result = await entity.internal_async_process_audio_stream(declared, stream)
    assert result.text == f"{SENTENCE} {SENTENCE}"


@pytest.mark.parametrize(
    "error", [ValueError("host"), TimeoutError("host")], ids=["exception", "timeout"]
)
async def test_stream_fails(recognize: Recognize, error: Exception) -> None:
    """The stream's error is raised to the pipeline as it is."""
    stream = AudioStream(speak("Turn on"), error)
    with pytest.raises(type(error), match="host") as caught:
        await recognize(stream)
    assert caught.value is error
    assert stream.closed


async def test_stream_goes_away(
    recognize: Recognize, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dialog that is closed in mid-sentence ends by itself, and runs nothing."""
    monkeypatch.setattr(recording, "IDLE_LIMIT", 0.05)
    stream = AudioStream(speak("Turn on the"), asyncio.Event().wait())
    result = await recognize(stream)
    assert (result.text, result.result) == ("", SpeechResultState.SUCCESS)
    assert stream.closed


async def test_cancelled(recognize: Recognize) -> None:
    """A pipeline that is stopped closes the audio stream."""
    stream = AudioStream(speak("Turn on the"), asyncio.Event().wait())
    call = asyncio.create_task(recognize(stream))
    await eventually(lambda: stream.sent >= len(speak("Turn on the")))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert stream.closed


@pytest.mark.parametrize("recognizer", [{"patience": "first_pause"}])
@pytest.mark.parametrize("kind", SERVICE_KINDS)
async def test_first_answer_is_taken(recognize: Recognize, emulator: Emulator, kind: str) -> None:
    """At a pause, with any kind of service; the stream is closed at once."""
    emulator.answers, emulator.pause = SERVICE_KINDS[kind]
    stream = AudioStream(speak(SENTENCE), silence(1), asyncio.Event().wait())
    assert (await recognize(stream)).text == SENTENCE
    assert stream.closed


@pytest.mark.parametrize("recognizer", [{"deadline": 0.3}])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(times=None, status=500), id="500"),
        pytest.param(Fault(times=None, status=429), id="429"),
        pytest.param(Fault(times=None, reset=True), id="reset"),
        pytest.param(Fault(times=None, reset=True, at=Moment.AFTER_BODY), id="reset at the end"),
        pytest.param(Fault(times=None, status=200, body="<html>Log in</html>"), id="portal"),
        pytest.param(
            Fault(times=None, status=302, headers={"Location": "http://127.0.0.1:1/"}),
            id="redirect",
        ),
    ],
)
async def test_trouble(
    recognize: Recognize, emulator: Emulator, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure of the service is an error with one line in the log that helps."""
    emulator.faults.append(fault)
    result = await recognize(AudioStream(speak(SENTENCE)))
    assert (result.text, result.result) == (None, SpeechResultState.ERROR)
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert ENTITY_ID in record.message
    assert "[request " in record.message


async def test_retry_does_not_wait_for_the_go_ahead(
    recognize: Recognize, emulator: Emulator
) -> None:
    """A retry after a break is sent at once, without `Expect`."""
    emulator.faults.append(Fault(reset=True, at=Moment.AFTER_BODY))
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    first, second = emulator.requests_for(Endpoint.RECOGNITION)[-2:]
    assert first.expects_continue
    assert not second.expects_continue
    assert first.audio == second.audio


async def test_wrong_key_starts_reauth(
    hass: HomeAssistant, recognize: Recognize, emulator: Emulator
) -> None:
    """A key that was revoked is asked for anew."""
    emulator.keys.clear()
    emulator.expire_tokens()
    result = await recognize(AudioStream(speak(SENTENCE)))
    assert result.result is SpeechResultState.ERROR
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert flow["step_id"] == "reauth_confirm"


async def test_reload_in_mid_speech(
    hass: HomeAssistant, recognize: Recognize, loaded_entry: MockConfigEntry
) -> None:
    """An utterance survives a reload of its entry."""
    go_on = asyncio.Event()
    stream = AudioStream(speak("Turn on the"), silence(0.04), go_on.wait(), speak("kitchen light."))
    call = asyncio.create_task(recognize(stream))
    await eventually(lambda: stream.sent >= len(speak("Turn on the")))
    assert await hass.config_entries.async_reload(loaded_entry.entry_id)
    assert not call.done()
    go_on.set()
    assert (await call).text == SENTENCE


async def test_many_at_once(recognize: Recognize) -> None:
    """Utterances that come together don't get mixed up."""
    sentences = [f"Turn on light {number}." for number in range(20)]
    results = await asyncio.gather(*(recognize(AudioStream(speak(text))) for text in sentences))
    assert [result.text for result in results] == sentences


@pytest.mark.parametrize(
    "form",
    [
        PcmFormat(rate=16_000, bits=16, channels=1),
        PcmFormat(rate=44_100, bits=16, channels=2),
        PcmFormat(rate=48_000, bits=24, channels=2),
    ],
    ids=str,
)
async def test_web_api(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
    form: PcmFormat,
) -> None:
    """A WAV file that is posted to Home Assistant is recognized, header and all."""
    path = tmp_path / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(form.channels)
        file.setsampwidth(form.bits // 8)
        file.setframerate(form.rate)
        file.writeframes(converted_audio(speak(SENTENCE), form))
    client = await hass_client()
    response = await client.post(
        f"/api/stt/{ENTITY_ID}",
        headers={
            "X-Speech-Content": (
                "format=wav; codec=pcm; sample_rate=16000; bit_rate=16; channel=1; language=en-US"
            )
        },
        data=path.read_bytes(),
    )
    assert await response.json() == {"text": SENTENCE, "result": "success"}


async def post(client: TestClient[Any, Any], file: bytes) -> dict[str, Any]:
    """Post a file under the name of WAV, and return Home Assistant's response."""
    response = await client.post(
        f"/api/stt/{ENTITY_ID}",
        headers={
            "X-Speech-Content": (
                "format=wav; codec=pcm; sample_rate=16000; bit_rate=16; channel=1; language=en-US"
            )
        },
        data=file,
    )
    return cast("dict[str, Any]", await response.json())


@pytest.mark.parametrize("name", ["flac", "m4a", "mp3", "ogg vorbis", "webm opus", "aiff", "rf64"])
async def test_web_api_reads_other_files(
    loaded_entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    emulator: Emulator,
    name: str,
) -> None:
    """A file of another kind under the name of WAV is understood, by one request."""
    file = (
        media(SPOKEN, KINDS["wav 24 bit"], rf64="always")
        if name == "rf64"
        else media(SPOKEN, KINDS[name])
    )
    before = len(emulator.requests_for(Endpoint.RECOGNITION))
    assert await post(await hass_client(), file) == {"text": SENTENCE, "result": "success"}
    assert len(emulator.requests_for(Endpoint.RECOGNITION)) == before + 1


async def test_web_api_leaves_out_data_after_the_sound(
    loaded_entry: MockConfigEntry, hass_client: ClientSessionGenerator, emulator: Emulator
) -> None:
    """Tags behind a WAV file's sound cost no request and are no words."""
    tags = b"LIST" + (16_384).to_bytes(4, "little") + noise(16_384 / 32_000)
    whole = wav_header(size=len(SPOKEN))[8:] + SPOKEN + tags
    file = b"RIFF" + len(whole).to_bytes(4, "little") + whole
    before = len(emulator.requests_for(Endpoint.RECOGNITION))
    assert await post(await hass_client(), file) == {"text": SENTENCE, "result": "success"}
    (request,) = emulator.requests_for(Endpoint.RECOGNITION)[before:]
    assert bytes(request.audio) == SPOKEN


async def test_web_api_refuses_files_without_sound(
    loaded_entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A picture is an error for Assist and a warning in the log, and isn't sent to Azure."""
    before = len(emulator.requests_for(Endpoint.RECOGNITION))
    client = await hass_client()
    answer = await post(client, b"\x89PNG\r\n\x1a\n" + noise(0.5))
    assert answer == {"text": None, "result": "error"}
    assert not any(each.audio for each in emulator.requests_for(Endpoint.RECOGNITION)[before:])
    (record,) = (each for each in caplog.records if "can't take" in each.getMessage())
    assert record.levelno == logging.WARNING


async def test_nothing_said_reaches_the_log(
    recognize: Recognize, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither spoken words nor the key are written to the log, even for debugging."""
    caplog.set_level(logging.DEBUG)
    await recognize(AudioStream(speak(SENTENCE)))
    emulator.faults.append(Fault(status=500, body=f'{{"message": "{S0_KEY}"}}'))
    assert (await recognize(AudioStream(speak(SENTENCE)))).text == SENTENCE
    emulator.faults.append(Fault(status=405, body=f'{{"message": "{S0_KEY}"}}'))
    assert (await recognize(AudioStream(speak(SENTENCE)))).text is None
    ours = [
        record.getMessage() for record in caplog.records if record.name.startswith("custom_comp")
    ]
    assert ours
    assert not any("kitchen" in message or S0_KEY in message for message in ours)
