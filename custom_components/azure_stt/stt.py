"""The speech-to-text entity: Assist's stream in, its text out."""

from collections.abc import AsyncIterable
from functools import partial
import logging
from typing import override

from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechMetadata,
    SpeechResult,
    SpeechResultState,
    SpeechToTextEntity,
)
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .audio import AudioFormatError, PcmDecoder, PcmFormat
from .azure_speech import Profanity, RecognitionOptions, SpeechError
from .choice import Choice, async_choose, async_is_whole, async_understands
from .const import (
    CONF_CORRECTIONS,
    CONF_DEADLINE,
    CONF_ENDPOINT_ID,
    CONF_ENDPOINT_LANGUAGE,
    CONF_FALLBACK_ENTITY,
    CONF_HOME_AWARE,
    CONF_LANGUAGES,
    CONF_PATIENCE,
    CONF_PROFANITY,
    CONF_SECOND_ENTRY,
    CONF_TEXT_FORM,
    CONF_TIER,
    DEFAULT_RECOGNIZER,
    SUBENTRY_TYPE,
    Tier,
)
from .entity import RecognizerEntity
from .fallback import asked, async_fall_back
from .locales import LOCALES
from .recording import NoSpeechError, Recording, recorded
from .repairs import Issue, async_create_issue, async_delete_issue
from .resource import AzureSttConfigEntry, Resource
from .texts import Corrections, TextForm, formed
from .transcriber import Patience, Transcriber, Transcript, join

_LOGGER = logging.getLogger(__name__)

# Streams are not touched by this; the resource limits its requests itself.
PARALLEL_UPDATES = 0

_SILENCE = SpeechResult("", SpeechResultState.SUCCESS)
_ERROR = SpeechResult(None, SpeechResultState.ERROR)


async def async_setup_entry(
    _: HomeAssistant,
    entry: AzureSttConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity for each recognizer."""
    for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE):
        async_add_entities(
            [AzureSpeechToTextEntity(entry, subentry)], config_subentry_id=subentry.subentry_id
        )


class AzureSpeechToTextEntity(RecognizerEntity, SpeechToTextEntity):
    """Recognises speech while it is spoken."""

    _attr_name = None
    _attr_translation_key = "recognizer"

    def __init__(self, entry: AzureSttConfigEntry, subentry: ConfigSubentry) -> None:
        """Keep the resource: an utterance may outlive the entry's runtime data."""
        super().__init__(entry, subentry)
        self._resource = entry.runtime_data
        self._options = {**DEFAULT_RECOGNIZER, **subentry.data}
        self._corrections = Corrections(self._options.get(CONF_CORRECTIONS, []))

    @override
    async def async_added_to_hass(self) -> None:
        """Show the resource's health as it changes."""
        await super().async_added_to_hass()
        for engine in self._engines():
            self.async_on_remove(engine.async_add_listener(self.async_write_ha_state))

    @property
    @override
    def available(self) -> bool:
        """Whether anyone could answer; calls are served all the same."""
        return not all(engine.down for engine in self._engines()) or bool(self._fallback_entity)

    @property
    @override
    def supported_languages(self) -> list[str]:
        return list(LOCALES)

    @property
    @override
    def supported_formats(self) -> list[AudioFormats]:
        return [AudioFormats.WAV, AudioFormats.OGG]

    @property
    @override
    def supported_codecs(self) -> list[AudioCodecs]:
        return [AudioCodecs.PCM, AudioCodecs.OPUS]

    @property
    @override
    def supported_bit_rates(self) -> list[AudioBitRates]:
        return list(AudioBitRates)

    @property
    @override
    def supported_sample_rates(self) -> list[AudioSampleRates]:
        return list(AudioSampleRates)

    @property
    @override
    def supported_channels(self) -> list[AudioChannels]:
        return list(AudioChannels)

    @override
    async def async_process_audio_stream(
        self, metadata: SpeechMetadata, stream: AsyncIterable[bytes]
    ) -> SpeechResult:
        """Return the text; empty for silence, an error for what Azure couldn't do.

        What the host's stream itself raises is raised again.
        """
        if self.entity_id in asked.get():
            _LOGGER.debug("%s is asked in a circle", self.entity_id)
            return _ERROR
        self._async_notice_second_entry()
        token = asked.set(asked.get() | {self.entity_id})
        try:
            async with recorded(stream, PcmDecoder(_declared(metadata))) as recording:
                transcript = await self._transcriber(recording, metadata.language).transcribe()
        except NoSpeechError as err:
            _LOGGER.debug("%s: %s", self.entity_id, err)
            return _SILENCE
        except AudioFormatError as err:
            _LOGGER.warning("%s got audio that it can't take: %s", self.entity_id, err)
            return _ERROR
        except SpeechError as err:
            _LOGGER.error(  # noqa: TRY400 - where it was raised doesn't help anybody
                "%s could not recognize speech: %s%s",
                self.entity_id,
                err,
                f" [request {err.connection_id}]" if err.connection_id else "",
            )
            return _ERROR
        finally:
            asked.reset(token)
        return SpeechResult(await self._text(transcript), SpeechResultState.SUCCESS)

    async def _text(self, transcript: Transcript) -> str:
        """Return the text that goes out: choice, then form, then the user's corrections."""
        if not transcript.parts:
            return ""
        language = transcript.language
        parts = [part.alternatives for part in transcript.parts]
        if self._options[CONF_HOME_AWARE]:
            choice = await async_choose(self.hass, self.entity_id, parts, language)
        else:
            choice = Choice(alternatives=tuple(alternatives[0] for alternatives in parts))
        form = TextForm(self._options[CONF_TEXT_FORM])
        profanity = Profanity(self._options[CONF_PROFANITY])
        text = join((formed(each, form, profanity) for each in choice.alternatives), language)
        if choice.mending:
            text = choice.mending.applied_to(text)
        return self._corrections.apply(text)

    def _transcriber(self, recording: Recording, language: str) -> Transcriber:
        entity_id, fallback_entity = self.entity_id, self._fallback_entity
        return Transcriber(
            recording=recording,
            options=RecognitionOptions(
                language=language,
                profanity=Profanity(self._options[CONF_PROFANITY]),
                endpoint_id=self._options.get(CONF_ENDPOINT_ID)
                if self._options.get(CONF_ENDPOINT_LANGUAGE) == language
                else None,
            ),
            engines=self._engines(),
            is_whole=partial(async_is_whole, self.hass, entity_id),
            languages=self._further_languages(language),
            understands=partial(async_understands, self.hass, entity_id, language),
            fallback=partial(async_fall_back, self.hass, fallback_entity)
            if fallback_entity
            else None,
            patience=Patience(self._options[CONF_PATIENCE]),
            deadline=self._options[CONF_DEADLINE],
        )

    def _further_languages(self, language: str) -> list[str]:
        """Return the languages that are asked beside a pipeline's; none one after the other."""
        if self._entry.options[CONF_TIER] == Tier.F0:
            return []
        return [other for other in self._options.get(CONF_LANGUAGES, []) if other != language]

    @property
    def _fallback_entity(self) -> str | None:
        return self._options.get(CONF_FALLBACK_ENTITY)

    def _engines(self) -> list[Resource]:
        """Return the resource, and the second one if it's there now."""
        entry = self._second_entry
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return [self._resource]
        return [self._resource, entry.runtime_data]

    @property
    def _second_entry(self) -> AzureSttConfigEntry | None:
        entry_id = self._options.get(CONF_SECOND_ENTRY)
        return self.hass.config_entries.async_get_entry(entry_id) if entry_id else None

    @callback
    def _async_notice_second_entry(self) -> None:
        """Notice that the second resource was removed, or is there again."""
        missing = CONF_SECOND_ENTRY in self._options and self._second_entry is None
        change = async_create_issue if missing else async_delete_issue
        change(self.hass, self._entry, Issue.SECOND_ENTRY_MISSING)


def _declared(metadata: SpeechMetadata) -> PcmFormat | None:
    """Return the form of PCM that the host declares; None if it declares OGG/Opus."""
    if (metadata.format, metadata.codec) != (AudioFormats.WAV, AudioCodecs.PCM):
        return None
    return PcmFormat(
        rate=metadata.sample_rate.value,
        bits=metadata.bit_rate.value,
        channels=metadata.channel.value,
    )
