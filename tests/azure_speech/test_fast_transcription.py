"""Fast transcription: the request's form, and what is made of each answer."""

from aiohttp import ClientSession
import pytest

from custom_components.azure_stt.azure_speech import (
    AudioFile,
    FastTranscriber,
    TranscriptionOptions,
    wav_header,
)
from tests.emulator import Emulator, Endpoint as Service, silence, speak

from .helpers import SENTENCE, Connect

OPTIONS = TranscriptionOptions(language="en-US")


@pytest.fixture
def transcriber(session: ClientSession, connect: Connect) -> FastTranscriber:
    """Give fast transcription with a good key."""
    client = connect()
    return FastTranscriber(session, client.endpoint, client.credential)


async def test_transcribes(emulator: Emulator, transcriber: FastTranscriber) -> None:
    """Each phrase has its place, its words and its confidence."""
    pcm = speak(SENTENCE) + silence(1) + speak("Open the door.")
    result = await transcriber.transcribe(AudioFile.from_pcm(pcm[:100], pcm[100:]), OPTIONS)
    assert result.text == f"{SENTENCE} Open the door."
    assert [phrase.text for phrase in result.phrases] == [SENTENCE, "Open the door."]
    assert [phrase.offset for phrase in result.phrases] == [0, 1.58]
    assert [word.text for word in result.words] == [*SENTENCE.split(), "Open", "the", "door."]
    assert (result.words[5].offset, result.words[5].duration) == (1.58, 0.08)
    assert result.duration == len(pcm) / 32_000
    assert result.confidence == 0.95
    assert {phrase.language for phrase in result.phrases} == {"en-US"}
    (record,) = emulator.requests_for(Service.TRANSCRIPTION)
    assert record.query == {"api-version": "2025-10-15"}
    assert bytes(record.audio) == wav_header(len(pcm)) + pcm
