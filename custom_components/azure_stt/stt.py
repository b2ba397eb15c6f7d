"""The speech-to-text entity: Assist's stream in, its text out."""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import replace
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
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .audio import SAMPLE_RATE, AudioFormatError, PcmDecoder, PcmFormat
from .azure_speech import Profanity, RecognitionOptions, SpeechError
from .choice import (
    Choice,
    async_choose,
    async_is_whole,
    async_listening_satellite,
    async_understands,
)
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
from .texts import Corrections, TextForm, Wording
from .transcriber import Patience, Transcriber, Transcript
from .utterance import SIGNAL_UTTERANCE, Outcome, Utterance

_LOGGER = logging.getLogger(__name__)

# Streams are not touched by this; the resource limits its requests itself.
PARALLEL_UPDATES = 0

_ERROR = SpeechResult(None, SpeechResultState.ERROR)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AzureSttConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity for each recognizer."""
    for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE):
        async_add_entities(
            [AzureSpeechToTextEntity(hass, entry, subentry)],
            config_subentry_id=subentry.subentry_id,
        )


class AzureSpeechToTextEntity(RecognizerEntity, SpeechToTextEntity):
    """Recognises speech while it is spoken."""

    _attr_name = None
    _attr_translation_key = "recognizer"

    def __init__(
        self, hass: HomeAssistant, entry: AzureSttConfigEntry, subentry: ConfigSubentry
    ) -> None:
        """Keep the resource: an utterance may outlive the entry's runtime data."""
        super().__init__(hass, entry, subentry)
        self._resource = entry.runtime_data
        self._settings = settings = {**DEFAULT_RECOGNIZER, **subentry.data}
        self.wording = Wording(
            form=TextForm(settings[CONF_TEXT_FORM]),
            profanity=Profanity(settings[CONF_PROFANITY]),
            corrections=Corrections(settings.get(CONF_CORRECTIONS, [])),
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Show the resource's health as it changes."""
        await super().async_added_to_hass()
        for engine in self.engines():
            self.async_on_remove(engine.async_add_listener(self.async_write_ha_state))

    @property
    @override
    def available(self) -> bool:
        """Whether anyone could answer; calls are served all the same."""
        return not all(engine.down for engine in self.engines()) or bool(self._fallback_entity)

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
        satellite_id = async_listening_satellite(self.hass)
        token = asked.set(asked.get() | {self.entity_id})
        try:
            utterance = await self._hear(metadata, stream)
        finally:
            asked.reset(token)
        # What is heard in another recognizer's stead is told by that one.
        if not asked.get():
            async_dispatcher_send(
                self.hass, SIGNAL_UTTERANCE, replace(utterance, satellite_id=satellite_id)
            )
        if utterance.outcome is Outcome.FAILED:
            return _ERROR
        return SpeechResult(utterance.text, SpeechResultState.SUCCESS)

    async def _hear(self, metadata: SpeechMetadata, stream: AsyncIterable[bytes]) -> Utterance:
        """Return what became of an utterance; the log says why if it failed."""
        outcome = Outcome.FAILED
        try:
            async with recorded(stream, PcmDecoder(_declared(metadata))) as recording:
                transcript = await self._transcriber(recording, metadata.language).transcribe()
                delay = await _delay(recording, transcript)
            return await self._recognized(transcript, delay)
        except NoSpeechError as err:
            _LOGGER.debug("%s: %s", self.entity_id, err)
            outcome = Outcome.NO_SPEECH
        except AudioFormatError as err:
            _LOGGER.warning("%s got audio that it can't take: %s", self.entity_id, err)
        except SpeechError as err:
            _LOGGER.error(  # noqa: TRY400 - where it was raised doesn't help anybody
                "%s could not recognize speech: %s%s",
                self.entity_id,
                err,
                f" [request {err.connection_id}]" if err.connection_id else "",
            )
        return self._utterance(outcome, metadata.language)

    async def _recognized(self, transcript: Transcript, delay: float | None) -> Utterance:
        """Return a transcript's utterance, in the words in which it's given on."""
        text = await self._text(transcript)
        if not text:
            return self._utterance(Outcome.NO_SPEECH, transcript.language)
        others = (self.wording.text(each, transcript.language) for each in transcript.ranked())
        return replace(
            self._utterance(Outcome.RECOGNIZED, transcript.language),
            text=text,
            alternatives=tuple(other for other in dict.fromkeys(others) if other not in ("", text)),
            confidence=transcript.confidence,
            duration=transcript.duration,
            delay=delay,
        )

    def _utterance(self, outcome: Outcome, language: str) -> Utterance:
        return Utterance(
            entry_id=self._entry.entry_id,
            recognizer_id=self._subentry.subentry_id,
            entity_id=self.entity_id,
            outcome=outcome,
            language=language,
        )

    async def _text(self, transcript: Transcript) -> str:
        """Return the text that goes out: choice, then form, then the user's corrections."""
        parts = [part.alternatives for part in transcript.parts]
        choice = Choice(alternatives=tuple(alternatives[0] for alternatives in parts))
        if parts and self._settings[CONF_HOME_AWARE]:
            choice = await async_choose(self.hass, self.entity_id, parts, transcript.language)
        return self.wording.text(choice.alternatives, transcript.language, choice.mending)

    def options_for(self, language: str) -> RecognitionOptions:
        """Return how a language is recognised."""
        custom = self._settings.get(CONF_ENDPOINT_LANGUAGE) == language
        return RecognitionOptions(
            language=language,
            profanity=self.wording.profanity,
            endpoint_id=self._settings.get(CONF_ENDPOINT_ID) if custom else None,
        )

    def _transcriber(self, recording: Recording, language: str) -> Transcriber:
        entity_id, fallback_entity = self.entity_id, self._fallback_entity
        return Transcriber(
            recording=recording,
            options=self.options_for(language),
            engines=self.engines(),
            is_whole=partial(async_is_whole, self.hass, entity_id),
            languages=self._further_languages(language),
            understands=partial(async_understands, self.hass, entity_id, language),
            fallback=partial(async_fall_back, self.hass, fallback_entity)
            if fallback_entity
            else None,
            patience=Patience(self._settings[CONF_PATIENCE]),
            deadline=self._settings[CONF_DEADLINE],
        )

    def _further_languages(self, language: str) -> list[str]:
        """Return the languages that are asked beside a pipeline's; none one after the other."""
        if self._entry.options[CONF_TIER] == Tier.F0:
            return []
        return [other for other in self._settings.get(CONF_LANGUAGES, []) if other != language]

    @property
    def _fallback_entity(self) -> str | None:
        return self._settings.get(CONF_FALLBACK_ENTITY)

    def engines(self) -> list[Resource]:
        """Return the resource, and the second one if it's there now."""
        entry = self._second_entry
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return [self._resource]
        return [self._resource, entry.runtime_data]

    @property
    def _second_entry(self) -> AzureSttConfigEntry | None:
        entry_id = self._settings.get(CONF_SECOND_ENTRY)
        return self.hass.config_entries.async_get_entry(entry_id) if entry_id else None

    @callback
    def _async_notice_second_entry(self) -> None:
        """Notice that the second resource was removed, or is there again."""
        missing = CONF_SECOND_ENTRY in self._settings and self._second_entry is None
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


async def _delay(recording: Recording, transcript: Transcript) -> float | None:
    """Return the seconds since the last word, by the audio that came since."""
    if not transcript.parts:
        return None
    since_word = (recording.length - transcript.parts[-1].end) / SAMPLE_RATE
    if not recording.ended:
        return since_word
    return since_word + asyncio.get_running_loop().time() - await recording.ends()
