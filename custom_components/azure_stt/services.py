"""The actions: transcribe a recording, and assess how a text is read aloud."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from enum import Enum
import logging
from typing import Any, Final

import voluptuous as vol

from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import MediaSelector
from homeassistant.helpers.service import async_register_platform_entity_service
from homeassistant.helpers.typing import VolDictType
from homeassistant.util import language as language_util

from .audio import SAMPLE_RATE, SAMPLE_WIDTH, AudioFormatError, WholeFrames
from .azure_speech import (
    BYTES_PER_SECOND,
    Dimension,
    GradingSystem,
    Granularity,
    Profanity,
    PronunciationAssessment,
    RecognitionOptions,
    SpeechError,
)
from .background import BackgroundEngine
from .const import CONF_PROFANITY, CONF_TEXT_FORM, DOMAIN
from .locales import LOCALES
from .media import async_open_media, async_read
from .recording import NoSpeechError, recorded
from .responses import assessment, transcription
from .stt import AzureSpeechToTextEntity
from .texts import TextForm
from .transcriber import Part, Patience, Transcriber, Transcript

_LOGGER = logging.getLogger(__name__)

ATTR_MEDIA: Final = "media"
ATTR_LANGUAGE: Final = "language"

# The media selector's name for it.
ATTR_ID: Final = "media_content_id"

ASSESSED_MAX: Final = 30
"""Seconds of audio that the service assesses.

https://learn.microsoft.com/azure/ai-services/speech-service/rest-speech-to-text-short
"""

# It goes up in a header, and nobody reads so much aloud in that time.
_REFERENCE_MAX: Final = 1000

# Seconds for a segment of up to a minute, on a slow line too.
_DEADLINE: Final = 120.0

# Samples between two lines in the log.
_TOLD_EACH: Final = 60 * SAMPLE_RATE

# Where none of the service's languages is near to Home Assistant's.
_LANGUAGE: Final = "en-US"

_MEDIA: Final[VolDictType] = {
    vol.Required(ATTR_MEDIA): MediaSelector({"accept": ["audio/*", "video/*"]}),
    vol.Optional(ATTR_LANGUAGE): vol.In(LOCALES),
}


def _choice[E: Enum](options: type[E]) -> Callable[[Any], E]:
    """Return what takes the names of an enum's members, in small letters."""
    named = {option.name.lower(): option for option in options}
    return vol.All(vol.In(named), named.__getitem__)


_TRANSCRIBE: Final[VolDictType] = {
    **_MEDIA,
    vol.Optional(CONF_PROFANITY): _choice(Profanity),
    vol.Optional(CONF_TEXT_FORM): _choice(TextForm),
}
_ASSESSMENT: Final[VolDictType] = {
    vol.Required("reference_text"): vol.All(
        cv.string, str.strip, vol.Length(min=1, max=_REFERENCE_MAX)
    ),
    vol.Optional("granularity"): _choice(Granularity),
    vol.Optional("dimension"): _choice(Dimension),
    vol.Optional("grading_system"): _choice(GradingSystem),
    vol.Optional("enable_miscue"): cv.boolean,
    vol.Optional("enable_prosody"): cv.boolean,
    vol.Optional("scenario_id"): cv.string,
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions, whose targets are the speech-to-text entities."""
    for name, schema, action in (
        ("transcribe", _TRANSCRIBE, _async_transcribe),
        ("assess_pronunciation", {**_MEDIA, **_ASSESSMENT}, _async_assess_pronunciation),
    ):
        async_register_platform_entity_service(
            hass,
            DOMAIN,
            name,
            entity_domain=STT_DOMAIN,
            schema=schema,
            func=action,
            supports_response=SupportsResponse.ONLY,
        )


async def _async_transcribe(entity: AzureSpeechToTextEntity, call: ServiceCall) -> ServiceResponse:
    """Return all that is said in a media, however long it is."""
    wording = replace(
        entity.wording,
        profanity=call.data.get(CONF_PROFANITY, entity.wording.profanity),
        form=call.data.get(CONF_TEXT_FORM, entity.wording.form),
    )
    options = replace(entity.options_for(_language(call)), profanity=wording.profanity)
    with _errors():
        async with async_open_media(call.hass, call.data[ATTR_MEDIA][ATTR_ID]) as reader:
            transcript, seconds_sent = await _hear(
                entity,
                async_read(call.hass, reader),
                options,
                patience=Patience.TO_THE_END,
                heard=_progress(entity.entity_id, reader.duration),
            )
    return transcription(transcript, wording, seconds_sent)


async def _async_assess_pronunciation(
    entity: AzureSpeechToTextEntity, call: ServiceCall
) -> ServiceResponse:
    """Return the scores of how a text is read aloud in a media."""
    options = replace(
        entity.options_for(_language(call)),
        pronunciation=PronunciationAssessment(
            **{str(key): call.data[str(key)] for key in _ASSESSMENT if str(key) in call.data}
        ),
    )
    with _errors():
        async with async_open_media(call.hass, call.data[ATTR_MEDIA][ATTR_ID]) as reader:
            pcm = await _short(async_read(call.hass, reader))
        transcript, seconds_sent = await _hear(
            entity, _once(pcm), options, patience=Patience.FIRST_PAUSE
        )
    if not transcript.parts:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="nothing_heard")
    return assessment(transcript.parts[0], options.language, seconds_sent)


async def _hear(
    entity: AzureSpeechToTextEntity,
    pcm: AsyncIterable[bytes],
    options: RecognitionOptions,
    patience: Patience,
    heard: Callable[[Part], None] | None = None,
) -> tuple[Transcript, float]:
    """Return what is said, and the seconds of audio that were sent for it.

    Each segment waits for a slot of its own, after live voice.
    """
    engines = [BackgroundEngine(resource) for resource in entity.engines()]
    async with recorded(pcm, WholeFrames(SAMPLE_WIDTH)) as recording:
        transcript = await Transcriber(
            recording=recording,
            options=options,
            engines=engines,
            is_whole=_never,
            deadline=_DEADLINE,
            patience=patience,
            several_voices=True,
            heard=heard,
        ).transcribe()
    return transcript, sum(engine.seconds_sent for engine in engines)


async def _never(_: str, __: str) -> bool:
    """Tell that no text is a whole command: nobody waits for the answer."""
    return False


async def _short(pcm: AsyncGenerator[bytes]) -> bytes:
    """Return samples that aren't longer than what can be assessed."""
    read = bytearray()
    async with aclosing(pcm):
        async for block in pcm:
            read += block
            if len(read) > ASSESSED_MAX * BYTES_PER_SECOND:
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="media_too_long",
                    translation_placeholders={"seconds": str(ASSESSED_MAX)},
                )
    return bytes(read)


async def _once(pcm: bytes) -> AsyncGenerator[bytes]:
    yield pcm


def _language(call: ServiceCall) -> str:
    """Return the language that is asked for, else the nearest to Home Assistant's own."""
    if language := call.data.get(ATTR_LANGUAGE):
        return str(language)
    config = call.hass.config
    matches = language_util.matches(config.language, LOCALES, country=config.country)
    return matches[0] if matches else _LANGUAGE


def _progress(entity_id: str, duration: float | None) -> Callable[[Part], None]:
    """Return what tells the log, once in a minute of audio, how far a long file is."""
    told = 0

    def tell(part: Part) -> None:
        nonlocal told
        if part.end - told >= _TOLD_EACH:
            told = part.end
            _LOGGER.info(
                "%s has transcribed %d s of %s",
                entity_id,
                part.end // SAMPLE_RATE,
                f"{duration:.0f} s" if duration else "a file that does not say how long it is",
            )

    return tell


@contextmanager
def _errors() -> Iterator[None]:
    """Turn what can go wrong into what the user is told."""
    try:
        yield
    except (AudioFormatError, NoSpeechError) as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="media_unreadable",
            translation_placeholders={"error": str(err).removesuffix(".")},
        ) from err
    except SpeechError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_recognized",
            translation_placeholders={"error": str(err)},
        ) from err
