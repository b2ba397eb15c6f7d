"""The test of a resource: its host, its second service, and a sentence spoken to it."""

import asyncio
from dataclasses import replace
from difflib import SequenceMatcher
import logging
from typing import Final

from homeassistant.components import tts
from homeassistant.components.tts.const import DOMAIN as TTS_DOMAIN
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util, language as language_util

from ..audio.pcm import AudioFormatError
from ..azure_speech import (
    BYTES_PER_SECOND,
    AudioFile,
    Profanity,
    RecognitionOptions,
    SpeechError,
    TranscriptionOptions,
)
from ..const import DOMAIN
from ..home.assist import Voice, async_get_voice
from ..home.words import plain
from ..recognition.recording import NoSpeechError
from ..resource.report import ResourceReport, SpokenSample
from ..resource.resource import AzureSttConfigEntry, Resource
from .common import async_recognize_pcm, recording_policy
from .languages import nearest_locale
from .media import async_find_media, async_open_media, async_read

_LOGGER = logging.getLogger(__name__)

SENTENCES: Final = ("de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt-BR", "sv", "zh-Hans")
"""The languages in which there is a sample sentence: those of the translations."""

# Seconds for an answer to silence by fast transcription, and for the whole spoken sample.
_FAST_LIMIT: Final = 10.0
_SAMPLE_LIMIT: Final = 45.0

_SILENCE: Final = bytes(BYTES_PER_SECOND // 5)


async def async_check_up(hass: HomeAssistant, entry: AzureSttConfigEntry) -> ResourceReport:
    """Test a resource, behind live voice, and keep the outcome for diagnostics.

    From the monthly limit on, only the connection is tested.
    """
    resource = entry.runtime_data
    report = await _check_connection(resource)
    if not report.error and not report.limit_reached:
        voice = _find_voice(hass, entry)
        language = voice.stt_language if voice else nearest_locale(hass)
        report = replace(report, has_fast=await _has_fast(resource, language))
        if voice and (said := await _sentence(hass, voice.language)):
            report = replace(report, sample=await _try_sample(hass, resource, voice, said))
    resource.report = report
    return report


async def _check_connection(resource: Resource) -> ResourceReport:
    tested_at = dt_util.utcnow()
    seconds = error = None
    try:
        seconds = round(await resource.check(), 3)
    except SpeechError as err:
        resource.health.async_note_failure(err)
        # Its traceback would keep the frames of the request.
        error = err.with_traceback(None)
    else:
        resource.health.async_note_success()
    return ResourceReport(
        tested_at=tested_at,
        host=resource.client.host,
        seconds=seconds,
        error=error,
        limit_reached=not resource.limit.has_room(0),
    )


async def _has_fast(resource: Resource, language: str) -> bool | None:
    """Return whether there is fast transcription, asked anew; None if that couldn't be told."""
    resource.fast_refusals.async_forget()
    try:
        await resource.transcribe_fast(
            AudioFile.from_pcm(_SILENCE),
            TranscriptionOptions(language=language),
            limit=_FAST_LIMIT,
            background=True,
        )
    except SpeechError:
        return None if resource.fast_refusals.offered(language) else False
    return True


@callback
def _find_voice(hass: HomeAssistant, entry: AzureSttConfigEntry) -> Voice | None:
    """Return the voice of a pipeline with one of the recognizers, or of any other engine."""
    if TTS_DOMAIN not in hass.config.components:
        return None
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if entity.domain == Platform.STT and (voice := async_get_voice(hass, entity.entity_id)):
            return voice
    engine = tts.async_default_engine(hass)
    if engine is None:
        return None
    language = nearest_locale(hass)
    return Voice(engine=engine, language=hass.config.language, stt_language=language)


async def _sentence(hass: HomeAssistant, language: str) -> str | None:
    """Return the sample sentence in a language; None if there is none."""
    matches = language_util.matches(language, SENTENCES)
    if not matches:
        return None
    texts = await async_get_translations(hass, matches[0], "common", [DOMAIN])
    return texts[f"component.{DOMAIN}.common.test_sentence"]


async def _try_sample(
    hass: HomeAssistant, resource: Resource, voice: Voice, said: str
) -> SpokenSample:
    """Have text-to-speech say a sentence, and return Azure's result for it."""
    sample = SpokenSample(language=voice.stt_language, said=said)
    try:
        async with asyncio.timeout(_SAMPLE_LIMIT):
            heard = await _hear(hass, resource, voice, said)
    except TimeoutError:
        return replace(sample, error=f"There was no answer within {_SAMPLE_LIMIT:.0f} s")
    except (AudioFormatError, HomeAssistantError, NoSpeechError, SpeechError) as err:
        return replace(sample, error=str(err).removesuffix("."))
    except Exception as err:
        # Engines raise any kind of error, and a test has to report it.
        _LOGGER.exception("%s failed in a test", voice.engine)
        return replace(sample, error=type(err).__name__)
    words, found = (words_of(text, spaced=" " in said) for text in (said, heard))
    blocks = SequenceMatcher(None, words, found, autojunk=False).get_matching_blocks()
    return replace(
        sample,
        heard=heard,
        words=len(words),
        right=sum(block.size for block in blocks),
        is_exact=words == found,
    )


async def _hear(hass: HomeAssistant, resource: Resource, voice: Voice, said: str) -> str:
    """Return the text of a sentence that text-to-speech says."""
    media_id = tts.generate_media_source_id(
        hass,
        said,
        voice.engine,
        voice.language,
        {tts.ATTR_VOICE: voice.voice} if voice.voice else None,
        cache=False,
    )
    options = RecognitionOptions(language=voice.stt_language, profanity=Profanity.RAW)
    open_file = await async_find_media(hass, media_id)
    async with async_open_media(hass, open_file) as reader:
        transcript, _ = await async_recognize_pcm(
            async_read(hass, reader), [resource], recording_policy(options)
        )
    return transcript.text


def words_of(text: str, *, spaced: bool) -> list[str]:
    """Return the words of a text, or its characters in a language without spaces."""
    words = plain(text).split()
    return words if spaced else list("".join(words))
