"""The speech-to-text entity: Assist's stream in, its text out."""

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
from homeassistant.components.stt.models import DEFAULT_AUDIO_PROCESSING, SpeechAudioProcessing
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started

from .audio.decoder import StreamDecoder
from .audio.pcm import AudioFormatError
from .azure_speech import AudioFormat, Profanity, RecognitionOptions, SpeechError
from .azure_speech.locales import LOCALES
from .const import (
    CONF_CORRECTIONS,
    CONF_DEADLINE,
    CONF_END_OF_SPEECH,
    CONF_ENDPOINT_ID,
    CONF_ENDPOINT_LANGUAGE,
    CONF_FALLBACK_ENTITY,
    CONF_HOME_AWARE,
    CONF_LANGUAGES,
    CONF_PATIENCE,
    CONF_PROFANITY,
    CONF_SECOND_ENTRY,
    CONF_SECOND_OPINION,
    CONF_TEXT_FORM,
    CONF_TIER,
    CONF_UPLOAD,
    DEFAULT_RECOGNIZER,
    SUBENTRY_TYPE,
    Tier,
    Upload,
)
from .entity import RecognizerEntity
from .home.assist import async_get_assistant, async_languages
from .home.backup_engine import async_ask_backup_engine, is_known_engine, waiting_entities
from .home.interpreter import Interpreter
from .home.learned import Learned
from .home.metadata import pcm_format
from .home.satellites import async_listening_satellite, finished_speaking
from .home.second_opinion import SecondOpinion
from .home.selection import async_prepare
from .home.signals import SIGNAL_UTTERANCE, Outcome, Utterance
from .home.text_format import Corrections, TextForm, TextFormat
from .recognition.answering import RULES, EndOfSpeech, Patience
from .recognition.policy import Policy
from .recognition.recording import NoSpeechError, Recording, recorded
from .recognition.task_scope import TaskScope
from .recognition.transcript import Transcript
from .recognition.transcription import transcribe
from .resource.issues import Issue, async_create_issue, async_delete_issue
from .resource.opus import async_load_opus
from .resource.resource import AzureSttConfigEntry, Resource

_LOGGER = logging.getLogger(__name__)

# This doesn't limit streams. The resource queues its requests itself.
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
    """Recognizes speech while it is spoken."""

    _attr_name = None

    def __init__(
        self, hass: HomeAssistant, entry: AzureSttConfigEntry, subentry: ConfigSubentry
    ) -> None:
        """Initialize with the resource, because an utterance may outlive the runtime data."""
        super().__init__(hass, entry, subentry)
        self._attr_translation_key = "recognizer"
        self._resource = entry.runtime_data
        self._prepared: set[str] = set()
        self._settings = settings = {**DEFAULT_RECOGNIZER, **subentry.data}
        self.text_format = TextFormat(
            form=TextForm(settings[CONF_TEXT_FORM]),
            profanity=Profanity(settings[CONF_PROFANITY]),
            corrections=Corrections(settings.get(CONF_CORRECTIONS, [])),
        )
        self._sends_opus = settings[CONF_UPLOAD] == Upload.OPUS
        self._learned = Learned.of(settings)
        wanted = settings[CONF_HOME_AWARE] and settings[CONF_SECOND_OPINION]
        # The free tier has no fast transcription.
        self._second_opinion = (
            SecondOpinion(self._resource, self.text_format, self._learned, settings)
            if wanted and entry.options[CONF_TIER] == Tier.S0
            else None
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Prepare for Opus and for texts that aren't understood, and look for the backups."""
        await super().async_added_to_hass()
        if self._sends_opus:
            await async_load_opus(self.hass)
        self.async_on_remove(async_at_started(self.hass, self._async_notice_backups))
        for language in async_languages(self.hass, self.entity_id):
            self._entry.async_create_background_task(
                self.hass, self._prepare(language), f"{self.entity_id} {language}"
            )

    async def _prepare(self, language: str) -> None:
        """Prepare for texts in a language that the home doesn't understand, once."""
        if language not in self._prepared and self._settings[CONF_HOME_AWARE]:
            await async_prepare(self.hass, self.entity_id, language)
            self._prepared.add(language)

    @property
    @override
    def audio_processing(self) -> SpeechAudioProcessing:
        """Whether Home Assistant's detector finds the end of speech, or the recognizer does."""
        recognizer = self._settings[CONF_END_OF_SPEECH] == EndOfSpeech.RECOGNIZER
        return replace(DEFAULT_AUDIO_PROCESSING, requires_external_vad=not recognizer)

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
        """Return the text: empty for silence, an error if no engine answered.

        Raises the stream's own error.
        """
        if self.entity_id in waiting_entities.get():
            _LOGGER.debug("%s is asked in a circle", self.entity_id)
            return _ERROR
        self._async_notice_backups(self.hass)
        satellite_id = async_listening_satellite(self.hass)
        token = waiting_entities.set(waiting_entities.get() | {self.entity_id})
        try:
            utterance = await self._recognize(metadata, stream)
        finally:
            waiting_entities.reset(token)
        # A recognizer that acts as backup leaves the announcement to the other one.
        if not waiting_entities.get():
            async_dispatcher_send(
                self.hass, SIGNAL_UTTERANCE, replace(utterance, satellite_id=satellite_id)
            )
        if utterance.outcome is Outcome.FAILED:
            return _ERROR
        return SpeechResult(utterance.text, SpeechResultState.SUCCESS)

    async def _recognize(self, metadata: SpeechMetadata, stream: AsyncIterable[bytes]) -> Utterance:
        """Return the outcome of an utterance; log the reason if it failed."""
        outcome = Outcome.FAILED
        interpreter = Interpreter.for_utterance(
            self.hass,
            self.entity_id,
            self.text_format,
            self._learned,
            home_aware=self._settings[CONF_HOME_AWARE],
        )
        try:
            async with (
                recorded(stream, StreamDecoder(pcm_format(metadata))) as recording,
                TaskScope() as tasks,
            ):
                tasks.start(self._prepare(metadata.language))
                transcript = await self._transcribe(recording, metadata.language, interpreter)
            return await self._recognized(transcript, recording, interpreter)
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
        finally:
            for engine in self.engines():
                engine.async_note_utterance_end()
        return self._utterance(outcome, metadata.language)

    async def _recognized(
        self, transcript: Transcript, recording: Recording, interpreter: Interpreter
    ) -> Utterance:
        """Return the outcome of a transcript, with the text that goes out."""
        selection = await interpreter.select(transcript)
        if selection.text and self._second_opinion:
            selection = await self._second_opinion.on(
                self.hass, self.entity_id, selection, transcript, recording
            )
        if not selection.text:
            return self._utterance(Outcome.NO_SPEECH, transcript.language)
        others = (self.text_format.text(each, transcript.language) for each in transcript.ranked())
        return replace(
            self._utterance(Outcome.RECOGNIZED, transcript.language),
            text=selection.text,
            heard=selection.heard,
            changes=selection.changes,
            alternatives=tuple(
                other for other in dict.fromkeys(others) if other not in ("", selection.text)
            ),
            confidence=transcript.confidence,
            duration=transcript.duration,
            delay=recording.since(transcript.parts[-1].end),
        )

    def _utterance(self, outcome: Outcome, language: str) -> Utterance:
        return Utterance(
            entry_id=self._entry.entry_id,
            recognizer_id=self._subentry.subentry_id,
            entity_id=self.entity_id,
            outcome=outcome,
            language=language,
        )

    def options_for(self, language: str) -> RecognitionOptions:
        """Return the options of a request in a language."""
        custom = self._settings.get(CONF_ENDPOINT_LANGUAGE) == language
        return RecognitionOptions(
            language=language,
            audio_format=AudioFormat.OGG if self._sends_opus else AudioFormat.WAV,
            profanity=self.text_format.profanity,
            endpoint_id=self._settings.get(CONF_ENDPOINT_ID) if custom else None,
        )

    async def _transcribe(
        self, recording: Recording, language: str, interpreter: Interpreter
    ) -> Transcript:
        """Return the transcript, without the tail of a wake word."""
        backup_entity = self._settings.get(CONF_FALLBACK_ENTITY)
        backup = backup_entity and partial(async_ask_backup_engine, self.hass, backup_entity)
        transcript = await transcribe(
            recording,
            self._policy(language, interpreter),
            self.engines(),
            judge=interpreter.judge,
            understands=partial(interpreter.understands, language),
            backup=backup or None,
        )
        return interpreter.without_wake_word(transcript)

    def _policy(self, language: str, interpreter: Interpreter) -> Policy:
        additional_languages = self._additional_languages(language)
        patience = Patience(self._settings[CONF_PATIENCE])
        return Policy(
            options=self.options_for(language),
            additional_languages=additional_languages,
            rules=RULES[
                EndOfSpeech(self._settings[CONF_END_OF_SPEECH]),
                Patience.TO_THE_END if additional_languages else patience,
                async_get_assistant(self.hass, self.entity_id, language).decides,
            ],
            finished_speaking=finished_speaking(interpreter.satellites),
            deadline=self._settings[CONF_DEADLINE],
            parallel=self._resource.parallel_requests,
        )

    def _additional_languages(self, language: str) -> list[str]:
        """Return the additional languages; none on the free tier, which takes one request."""
        if self._entry.options[CONF_TIER] == Tier.F0:
            return []
        return [other for other in self._settings.get(CONF_LANGUAGES, []) if other != language]

    def engines(self) -> list[Resource]:
        """Return the resource, and the second one if it's loaded."""
        return [self._resource, *(entry.runtime_data for entry in self._loaded_entries()[1:])]

    def _loaded_entries(self) -> list[AzureSttConfigEntry]:
        """Return the recognizer's entry, and that of the second resource if it's loaded."""
        second = self._second_entry
        if second is None or second.state is not ConfigEntryState.LOADED:
            return [self._entry]
        return [self._entry, second]

    @property
    def _second_entry(self) -> AzureSttConfigEntry | None:
        entry_id = self._settings.get(CONF_SECOND_ENTRY)
        return self.hass.config_entries.async_get_entry(entry_id) if entry_id else None

    @callback
    def _async_notice_backups(self, _: HomeAssistant) -> None:
        """Show a notice while the second resource or the other engine is missing."""
        engine = self._settings.get(CONF_FALLBACK_ENTITY)
        for issue, missing in (
            (
                Issue.SECOND_ENTRY_MISSING,
                CONF_SECOND_ENTRY in self._settings and not self._second_entry,
            ),
            (Issue.FALLBACK_MISSING, engine and not is_known_engine(self.hass, engine)),
        ):
            change = async_create_issue if missing else async_delete_issue
            change(self.hass, self._entry, issue, self._subentry)
