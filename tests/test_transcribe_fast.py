"""The action *Transcribe* by fast transcription: whole files in one request."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
import json
import logging
from pathlib import Path
import time
from typing import Any, BinaryIO, Final

import pytest

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.azure_stt.actions import (
    audio_file,
    fast as fast_action,
    progress as progress_module,
)
from custom_components.azure_stt.actions.media import OpenFile, async_open_media
from custom_components.azure_stt.audio.ffmpeg import MediaReader
from custom_components.azure_stt.azure_speech import BYTES_PER_SECOND
from custom_components.azure_stt.resource.resource import Resource
from tests.audio.test_media_reader import video
from tests.emulator import (
    CUSTOM_SPEECH_ID,
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
from tests.support.home import second_emulator, set_up_resource
from tests.support.media import KINDS, media
from tests.support.sounds import SENTENCE, SPOKEN
from tests.support.streams import eventually

from .test_services import (
    azure,
    folder,
    open_files,
    quick,
    recognitions,
    running,
    told,
    transcribe as by_short_audio,
    use_free_tier,
    wav,
    words,
)

__all__ = ["azure", "folder", "quick"]

type Response = dict[str, Any]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(fast_action, "_PAUSES", (0.0, 0.01))


async def transcribe(hass: HomeAssistant, name: str = "speech.wav", **data: object) -> Response:
    """Return the response to transcribing a local file, by the usual method."""
    return await by_short_audio(hass, name, **{"method": "automatic", **data})


def transcriptions(emulator: Emulator) -> list[RecordedRequest]:
    """Return the emulator's requests for fast transcription."""
    return emulator.requests_for(Endpoint.TRANSCRIPTION)


def fault(status: int = 500, **options: Any) -> Fault:  # noqa: ANN401 - a fault's own
    """Return a fault of fast transcription."""
    return Fault(where=Endpoint.TRANSCRIPTION, status=status, **options)


# Requests.


@pytest.mark.parametrize(
    "name",
    ["wav", "wav 8 kHz", "mp3", "mp3 mono", "flac", "ogg opus", "wma", "aac", "webm opus"],
)
async def test_sent_as_it_is(hass: HomeAssistant, azure: Emulator, folder: Path, name: str) -> None:
    """A file that Azure takes goes up byte by byte, with its length."""
    azure.fast_model = ScriptedModel([SENTENCE])
    file = media(SPOKEN, KINDS[name])
    (folder / "speech").with_suffix(f".{name.split(maxsplit=1)[0]}").write_bytes(file)
    response = await transcribe(hass, f"speech.{name.split(maxsplit=1)[0]}")
    assert (response["text"], response["method"]) == (SENTENCE, "fast")
    (record,) = transcriptions(azure)
    assert bytes(record.audio) == file
    assert not record.chunked
    assert not recognitions(azure)
    assert response["seconds_sent"] == pytest.approx(len(SPOKEN) / BYTES_PER_SECOND, abs=0.15)
    assert not open_files(folder)


@pytest.mark.parametrize(
    "name",
    ["m4a", "mka", "mp4 5.1", "flac 5.1", "wav 24 bit", "wav float", "ogg vorbis", "aiff", "mov"],
)
async def test_sent_as_opus(hass: HomeAssistant, azure: Emulator, folder: Path, name: str) -> None:
    """Any other file becomes OGG/Opus as it's sent."""
    azure.fast_model = ScriptedModel([SENTENCE])
    suffix = name.split(maxsplit=1)[0]
    (folder / f"speech.{suffix}").write_bytes(media(SPOKEN, KINDS[name]))
    response = await transcribe(hass, f"speech.{suffix}")
    assert (response["text"], response["method"]) == (SENTENCE, "fast")
    (record,) = transcriptions(azure)
    assert record.audio.startswith(b"OggS")
    assert b"OpusHead" in record.audio
    assert record.chunked
    # The answer says how long it was.
    assert response["seconds_sent"] == pytest.approx(len(SPOKEN) / BYTES_PER_SECOND, abs=0.15)
    assert not open_files(folder)


async def test_matroska_is_no_webm(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """FFmpeg has one name for both, and Azure takes one."""
    azure.fast_model = ScriptedModel([SENTENCE])
    kind = replace(KINDS["webm opus"], container="matroska")
    (folder / "speech.mka").write_bytes(media(SPOKEN, kind))
    response = await transcribe(hass, "speech.mka")
    assert (response["text"], response["method"]) == (SENTENCE, "fast")
    assert transcriptions(azure)[0].audio.startswith(b"OggS")


async def test_opus_has_all_of_it(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Nothing of a long file is lost or doubled in the encoder."""
    sound = b"".join(noise(0.5) + silence(1) for _ in range(40))
    azure.fast_model = ScriptedModel([f"w{index}." for index in range(40)])
    (folder / "speech.m4a").write_bytes(media(sound, KINDS["m4a"]))
    response = await transcribe(hass, "speech.m4a")
    assert [part["text"] for part in response["parts"]] == [f"w{index}." for index in range(40)]
    places = [1.5 * index for index in range(40)]
    assert [part["offset"] for part in response["parts"]] == pytest.approx(places, abs=0.06)
    assert len(transcriptions(azure)[0].audio) < len(sound) / 5


async def test_wav_of_unknown_length(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """A header without a length would be an empty file's, so it's not sent as it is."""
    azure.fast_model = ScriptedModel([SENTENCE])
    (folder / "speech.wav").write_bytes(wav_header() + SPOKEN)
    assert (await transcribe(hass))["method"] == "fast"
    assert transcriptions(azure)[0].audio.startswith(b"OggS")


async def test_large_file(
    hass: HomeAssistant, azure: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of more than Azure takes becomes a small one."""
    assert audio_file.LARGEST == azure.fast_largest == 250_000_000
    azure.fast_model = ScriptedModel([SENTENCE])
    monkeypatch.setattr(audio_file, "LARGEST", 10_000)
    azure.fast_largest = 10_000
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    assert (await transcribe(hass))["method"] == "fast"
    assert transcriptions(azure)[0].audio.startswith(b"OggS")


# Responses.


async def test_response(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """It has the same fields as short audio's: parts and words with their places."""
    sound = silence(0.5) + speak("Turn on.") + silence(1) + speak("The light.")
    (folder / "speech.wav").write_bytes(wav(sound))
    response = await transcribe(hass)
    seconds = response.pop("seconds_sent")
    assert seconds == pytest.approx(len(sound) / BYTES_PER_SECOND, abs=0.01)
    other = await transcribe(hass, method="short_audio")
    assert [word["word"] for word in response["words"]] == ["Turn", "on.", "The", "light."]
    assert [word["word"] for word in other["words"]] == ["turn", "on", "the", "light"]
    for ours, theirs in zip(response.pop("words"), other.pop("words"), strict=True):
        assert ours["offset"] == pytest.approx(theirs["offset"], abs=0.02)
        assert ours["duration"] == pytest.approx(theirs["duration"], abs=0.02)
    for ours, theirs in zip(response.pop("parts"), other.pop("parts"), strict=True):
        for key in ("offset", "duration"):
            assert ours.pop(key) == pytest.approx(theirs.pop(key), abs=0.03)
        assert ours == theirs
    assert response == {
        "text": "Turn on. The light.",
        "language": "en-US",
        "method": "fast",
        "damaged": False,
        "missing": [],
    }


async def test_silence(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Without speech, the text is empty."""
    (folder / "speech.wav").write_bytes(wav(silence(20)))
    response = await transcribe(hass)
    assert (response["text"], response["parts"], response["words"]) == ("", [], [])
    assert (response["method"], response["seconds_sent"]) == ("fast", 20)


async def test_remarks_are_no_words(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """A phrase that is no speech isn't a part."""
    azure.fast_model = ScriptedModel(["[Music]", "Hello."])
    (folder / "speech.wav").write_bytes(wav(noise(1) + silence(1) + noise(1)))
    response = await transcribe(hass)
    assert response["text"] == "Hello."
    assert [part["text"] for part in response["parts"]] == ["Hello."]


@pytest.mark.parametrize(
    "recognizer",
    [{"profanity": "raw", "corrections": [{"heard": "kitchen light", "meant": "Küchenlampe"}]}],
)
async def test_recognizer_options(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """The recognizer's corrections are made, and the call's options win."""
    (folder / "speech.wav").write_bytes(wav(speak("The Kitchen light, damn!")))
    assert (await transcribe(hass))["text"] == "The Küchenlampe, damn!"
    response = await transcribe(
        hass, profanity="masked", text_form="no_final_punctuation", language="en-GB"
    )
    assert response["text"] == "The Küchenlampe, ****"
    assert '"en-GB"' in transcriptions(azure)[-1].definition


PROFANE: Final = "Turn the damn five light on."


@pytest.mark.parametrize("method", ["fast", "short_audio"])
@pytest.mark.parametrize(
    ("profanity", "hidden"), [("masked", ["****"]), ("removed", []), ("raw", ["damn"])]
)
async def test_words_are_as_masked_as_the_text(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    method: str,
    profanity: str,
    hidden: list[str],
) -> None:
    """Words that Azure masks in the text are masked as words; figures don't count."""
    (folder / "speech.wav").write_bytes(wav(speak(PROFANE)))
    response = await transcribe(hass, method=method, profanity=profanity)
    found = [word["word"].lower().strip(".") for word in response["words"]]
    assert found == ["turn", "the", *hidden, "five", "light", "on"]


async def test_words_of_a_language_without_spaces(
    hass: HomeAssistant, azure: Emulator, folder: Path
) -> None:
    """They are looked for anywhere in the text."""
    said = [{"text": word, "offsetMilliseconds": 100} for word in ("请", "该死", "打开", "灯")]
    answer = {"phrases": [{"text": "请打开灯。", "words": said}]}
    azure.faults.append(fault(200, body=json.dumps(answer)))
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    response = await transcribe(hass, language="zh-CN", profanity="removed")
    assert [word["word"] for word in response["words"]] == ["请", "打开", "灯"]


async def test_numbers_are_not_hidden(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Short audio's words are as they were spoken, also where the text has figures."""
    text, lexical = "Damn, set 5 lights.", "damn set five lights"
    azure.speech_model = ScriptedModel([Alternative(text=text, lexical=lexical)] * 2)
    (folder / "speech.wav").write_bytes(wav(speak("one two three four")))
    for profanity, hidden in (("masked", ["****"]), ("removed", [])):
        response = await transcribe(hass, method="short_audio", profanity=profanity)
        found = [word["word"] for word in response["words"]]
        assert found == [*hidden, "set", "five", "lights"]
        assert "amn" not in str(response)


# Which way.


async def test_automatic_on_the_free_tier(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, azure: Emulator, folder: Path
) -> None:
    """Short audio is used, without a request in vain; asked for by name, fast is tried."""
    await use_free_tier(hass, loaded_entry)
    azure.requests.clear()
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    response = await transcribe(hass)
    assert (response["text"], response["method"]) == (SENTENCE, "short_audio")
    assert "fast_error" not in response
    assert not transcriptions(azure)
    for _ in range(2):
        response = await transcribe(hass, method="fast")
        assert (response["text"], response["method"]) == (SENTENCE, "short_audio")
        assert "Standard" in response["fast_error"]
    assert len(transcriptions(azure)) == 1


async def test_short_audio_by_name(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """Fast transcription isn't asked."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    assert (await transcribe(hass, method="short_audio"))["method"] == "short_audio"
    assert not transcriptions(azure)


@pytest.mark.parametrize(
    "recognizer", [{"endpoint_id": CUSTOM_SPEECH_ID, "endpoint_language": "en-US"}]
)
async def test_custom_model(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """A model of the user's own is only in the other service."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    assert (await transcribe(hass))["method"] == "short_audio"
    assert (await transcribe(hass, language="en-GB"))["method"] == "fast"
    assert recognitions(azure)[0].query["cid"] == CUSTOM_SPEECH_ID


async def test_language_without_it(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """It's asked for once."""
    azure.fast_locales = {"en-US"}
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    response = await transcribe(hass, language="cy-GB")
    assert (response["text"], response["method"]) == (SENTENCE, "short_audio")
    assert "locale" in response["fast_error"]
    response = await transcribe(hass, language="cy-GB")
    assert (response["method"], "fast_error" in response) == ("short_audio", False)
    assert (await transcribe(hass))["method"] == "fast"
    assert len(transcriptions(azure)) == 2


@pytest.mark.parametrize("recognizer", [{"second_entry": "second"}])
async def test_second_resource(
    hass: HomeAssistant, azure: Emulator, folder: Path, loaded_entry: MockConfigEntry
) -> None:
    """It's asked where the first one is refused."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    azure.fast_transcription = False
    async with second_emulator() as second:
        entry = await set_up_resource(hass, second)
        subentry = next(iter(loaded_entry.subentries.values()))
        hass.config_entries.async_update_subentry(
            loaded_entry, subentry, data={**subentry.data, "second_entry": entry.entry_id}
        )
        await hass.async_block_till_done(wait_background_tasks=True)
        response = await transcribe(hass)
        assert (response["text"], response["method"]) == (SENTENCE, "fast")
        assert len(transcriptions(second)) == 1


# Failures.


@pytest.mark.parametrize(
    ("answer", "reason", "requests"),
    [
        (fault(401, body='{"error": {"message": "No."}}'), "credentials", 1),
        (fault(404), "no fast transcription", 1),
        (fault(403, body='{"message": "Out of quota."}'), "quota", 1),
        (fault(400, body='{"code": "InvalidAudio"}'), "refused", 1),
        (fault(500, times=None), "500", 3),
        (fault(429, times=None), "too many", 3),
        (Fault(where=Endpoint.TRANSCRIPTION, reset=True, times=None), "failed", 3),
        (fault(200, body="[", body_size=50_000_000, times=None), "too large", 3),
    ],
    ids=["401", "404", "quota", "audio", "500", "429", "reset", "50 MB"],
)
async def test_short_audio_takes_over(
    hass: HomeAssistant,
    loaded_entry: MockConfigEntry,
    azure: Emulator,
    folder: Path,
    answer: Fault,
    reason: str,
    requests: int,
) -> None:
    """Nothing is lost, the response says why, and the resource stays in use."""
    azure.faults.append(answer)
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    response = await transcribe(hass)
    assert (response["text"], response["method"]) == (SENTENCE, "short_audio")
    assert reason in response["fast_error"]
    assert response["words"]
    assert len(transcriptions(azure)) == requests
    assert not loaded_entry.runtime_data.down
    assert not hass.config_entries.flow.async_progress()
    assert not open_files(folder)


async def test_failures_that_pass(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """A 503 and a broken connection are tried again, from the file's beginning."""
    azure.faults += [
        fault(503),
        Fault(where=Endpoint.TRANSCRIPTION, at=Moment.AFTER_BODY, reset=True),
    ]
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    response = await transcribe(hass)
    assert (response["text"], response["method"]) == (SENTENCE, "fast")
    assert "fast_error" not in response
    assert len(transcriptions(azure)) == 3
    assert response["seconds_sent"] > 1.5 * len(SPOKEN) / BYTES_PER_SECOND


async def test_retry_after(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """The retry waits as long as Azure asks."""
    azure.faults.append(fault(429, headers={"Retry-After": "1"}))
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await transcribe(hass))["method"] == "fast"
    assert loop.time() - began >= 1
    assert len(transcriptions(azure)) == 2


async def test_longer_than_two_hours(
    hass: HomeAssistant, azure: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It isn't sent in vain."""
    assert fast_action.LONGEST == azure.fast_longest == 7200
    monkeypatch.setattr(fast_action, "LONGEST", 1)
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    response = await transcribe(hass)
    assert (response["text"], response["method"]) == (SENTENCE, "short_audio")
    assert "two hours" in response["fast_error"]
    assert not transcriptions(azure)


@pytest.mark.parametrize("method", ["automatic", "fast", "short_audio"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("speech.wav", b"This is a letter."),
        ("speech.mp3", b""),
        ("speech.wav", wav_header(size=0)),
        ("speech.flac", media(SPOKEN, KINDS["flac"])[:60]),
        ("speech.mp4", video("mp4")),
        ("speech.mkv", video("matroska")),
    ],
    ids=["letter", "empty", "no sound", "cut", "video", "Matroska video"],
)
async def test_no_audio(
    hass: HomeAssistant, azure: Emulator, folder: Path, method: str, name: str, content: bytes
) -> None:
    """A file that isn't audio is a clear error, with any method."""
    (folder / name).write_bytes(content)
    with pytest.raises(ServiceValidationError) as raised:
        await transcribe(hass, name, method=method)
    assert "can't be read" in told(raised.value)
    assert not open_files(folder)


@pytest.mark.parametrize("name", ["wav", "m4a"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_file_that_goes_away(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    moment: str,
) -> None:
    """A file that can't be read any more is the file's error, at once."""
    file = folder / f"speech.{name}"
    look = audio_file._look_into

    def vanish(open_file: OpenFile) -> object:
        if moment == "before":
            file.unlink()
            return look(open_file)
        looked = look(open_file)
        file.unlink()
        return looked

    monkeypatch.setattr(audio_file, "_look_into", vanish)
    file.write_bytes(media(SPOKEN, KINDS[name]))
    with pytest.raises(ServiceValidationError) as raised:
        await transcribe(hass, file.name)
    assert "No such file" in told(raised.value)
    assert len(transcriptions(azure)) <= 1
    assert not recognitions(azure)
    assert not open_files(folder)


async def test_read_after_the_end(tmp_path: Path) -> None:
    """A file that was let go is not opened again by a thread that comes late."""
    file = tmp_path / "speech.wav"
    file.write_bytes(b"sound")
    source = audio_file._RawFile(lambda: file.open("rb"))
    assert (source.read(), source.done) == (b"sound", 5)
    source.close()
    assert source.read() == b""
    assert not open_files(tmp_path)


async def test_damage_is_said(
    hass: HomeAssistant, azure: Emulator, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where a file is encoded, the response and the log say that some of it can't be read."""
    azure.fast_model = ScriptedModel([SENTENCE])
    file = bytearray(media(SPOKEN * 3, KINDS["flac 5.1"]))
    third = len(file) // 3
    file[third : 2 * third] = bytes(third)
    (folder / "speech.flac").write_bytes(file)
    response = await transcribe(hass, "speech.flac")
    assert (response["method"], response["damaged"]) == ("fast", True)
    assert "is damaged" in caplog.text


async def test_azure_is_down(hass: HomeAssistant, azure: Emulator, folder: Path) -> None:
    """If neither way is there, it's an error."""
    await azure.stop()
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    with pytest.raises(HomeAssistantError, match="not recognize"):
        await transcribe(hass)
    assert not open_files(folder)


@pytest.mark.parametrize("name", ["wav", "m4a"])
async def test_cancelled_anywhere(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, azure: Emulator, folder: Path, name: str
) -> None:
    """Whenever the call is cancelled, no task, file, slot or notification is held."""
    azure.fast_model = ScriptedModel(lambda _audio, _language: SENTENCE)
    (folder / f"speech.{name}").write_bytes(media(SPOKEN, KINDS[name]))
    resource: Resource = loaded_entry.runtime_data
    call = partial(transcribe, hass, f"speech.{name}")
    assert (await call())["method"] == "fast"
    before = asyncio.all_tasks()
    for steps in range(400):
        task = asyncio.ensure_future(call())
        for step in range(steps):
            await asyncio.sleep(0 if step < 10 else 0.001)
        task.cancel()
        await asyncio.wait([task])
        await eventually(lambda: not running(before) and not open_files(folder))
        assert resource._queue.free == 100
        if not task.cancelled():
            break
    assert task.result()["text"] == SENTENCE
    assert steps > 10


async def test_cancelled_twice(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second cancellation doesn't keep files open, however often they were opened."""
    close = audio_file._RawFile.close

    def close_slowly(source: audio_file._RawFile) -> None:
        time.sleep(0.05)
        close(source)

    monkeypatch.setattr(audio_file._RawFile, "close", close_slowly)
    file = tmp_path / "speech.wav"
    file.write_bytes(wav(SPOKEN))
    using = asyncio.Event()

    def open_file() -> BinaryIO:
        return file.open("rb")

    async def use(reader: MediaReader) -> None:
        async with audio_file.async_sent_file(hass, open_file, reader, lambda _: None) as sent:
            kept.append(sent)
            for _ in range(2):
                await anext(aiter(sent.audio.open()))
            using.set()
            await asyncio.Event().wait()

    # Python would close a forgotten file.
    kept: list[audio_file.SentFile] = []
    async with async_open_media(hass, open_file) as reader:
        task = asyncio.create_task(use(reader))
        await using.wait()
        assert len(open_files(tmp_path)) == 3
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        await eventually(lambda: len(open_files(tmp_path)) == 1)
    assert task.cancelled()
    assert kept


# Notifications.


@pytest.fixture
def notifications(hass: HomeAssistant) -> Iterator[list[tuple[str, str | None, str]]]:
    """Return the notifications: their event, title and text."""
    seen: list[tuple[str, str | None, str]] = []

    @callback
    def note(
        update: persistent_notification.UpdateType,
        changed: dict[str, persistent_notification.Notification],
    ) -> None:
        seen.extend((update, each["title"], each["message"]) for each in changed.values())

    signal = persistent_notification.SIGNAL_PERSISTENT_NOTIFICATIONS_UPDATED
    unsubscribe = async_dispatcher_connect(hass, signal, note)
    yield seen
    unsubscribe()


async def test_quick_files_show_nothing(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    notifications: list[tuple[str, str | None, str]],
) -> None:
    """A notification that is gone in a moment would only disturb."""
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    await transcribe(hass)
    assert not notifications


@pytest.mark.parametrize("language", ["en", "de", "xx"])
async def test_progress_of_fast_transcription(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    notifications: list[tuple[str, str | None, str]],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    """How much was sent, then that Azure works; it's gone in the end."""
    hass.config.language = language
    monkeypatch.setattr(progress_module, "_PATIENCE", 0.0)
    azure.fast_latency = 0.1
    (folder / "My memo.wav").write_bytes(wav(speak(words(800))))
    assert (await transcribe(hass, "My memo.wav"))["text"] == words(800)
    title = "My memo.wav wird transkribiert" if language == "de" else "Transcribing My memo.wav"
    assert {each[1] for each in notifications} == {title}
    texts = [text for how, _, text in notifications if how != "removed"]
    percents = [int(text.split()[0].strip("%")) for text in texts if text[0].isdigit()]
    assert percents == sorted(set(percents))
    assert len(percents) > 3
    assert all(percent % 5 == 0 for percent in percents)
    assert texts[-1] == (
        "Azure transkribiert die Aufnahme."
        if language == "de"
        else "Azure is transcribing the recording."
    )
    assert [how for how, *_ in notifications].count("removed") == 1
    assert notifications[-1][0] == "removed"


async def test_progress_of_short_audio(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    notifications: list[tuple[str, str | None, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """How much is transcribed, also where it takes over."""
    monkeypatch.setattr(progress_module, "_PATIENCE", 0.0)
    azure.fast_transcription = False
    azure.latency = 0.05
    sentences = [words(3, first=10 * index) for index in range(8)]
    (folder / "speech.wav").write_bytes(wav(silence(1).join(map(speak, sentences))))
    assert (await transcribe(hass))["method"] == "short_audio"
    texts = [text for how, _, text in notifications if how != "removed"]
    percents = [int(text.partition("%")[0]) for text in texts if "transcribed" in text]
    assert len(percents) > 4
    assert percents == sorted(set(percents))
    assert notifications[-1][0] == "removed"


async def test_notification_goes_with_an_error(
    hass: HomeAssistant,
    azure: Emulator,
    folder: Path,
    notifications: list[tuple[str, str | None, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cancelled call leaves none either."""
    monkeypatch.setattr(progress_module, "_PATIENCE", 0.0)
    azure.fast_latency = 30
    (folder / "speech.wav").write_bytes(wav(SPOKEN))
    call = asyncio.create_task(transcribe(hass))
    await eventually(lambda: bool(notifications))
    call.cancel()
    await asyncio.wait([call])
    assert notifications[-1][0] == "removed"


async def test_log(
    hass: HomeAssistant, azure: Emulator, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Spoken words are never in the log."""
    caplog.set_level(logging.DEBUG)
    azure.faults.append(fault(500))
    (folder / "speech.wav").write_bytes(wav(speak("hippopotamus")))
    assert (await transcribe(hass))["text"] == "hippopotamus"
    assert "hippo" not in caplog.text
