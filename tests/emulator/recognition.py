"""The course of one recognition: check, listen until the first utterance ends, answer."""

import asyncio
import time

from .answer import Answer, json_answer, refuse_content
from .authentication import Authentication, Identity
from .ear import TICKS_PER_SECOND, RecognitionStatus
from .endpoints import Host
from .exchange import Exchange
from .limits import Limits
from .ogg import is_opus, opus_seconds
from .options import AudioType, Options, read_options
from .result import Result, result_json, success
from .segmentation import Segmenter, Utterance
from .settings import Settings
from .wav import EXPECTED_FORMAT, WavReader


class Recognizer:
    """Answers requests for recognition."""

    def __init__(self, settings: Settings, authentication: Authentication) -> None:
        """Use the settings' ear and limits."""
        self._settings = settings
        self._authentication = authentication
        self._limits = Limits(settings)

    async def answer(self, host: Host, exchange: Exchange) -> Answer:
        """Answer one request. Raises `RefusedError` for any other status than 200.

        Whatever is wrong with the headers is found before `100 Continue` is sent, so that no
        audio is spent on it.
        """
        settings, request = self._settings, exchange.request
        identity = self._authentication.identify(host, request.headers)
        exchange.record.credential = identity.credential
        options = read_options(request.headers, request.query, settings.custom_speech)
        with self._limits.recognition(identity):
            await exchange.invite_body()
            listen = self._listen if options.audio_type is AudioType.WAV else self._listen_to_opus
            utterance, silence = await listen(exchange, options, identity)
            result = await self._recognize(utterance, silence, options)
            await asyncio.sleep(settings.answer_delay)
            await exchange.end_body()
        return json_answer(result_json(result, options, ticks_as_text=settings.ticks_as_text))

    async def _listen(
        self, exchange: Exchange, options: Options, identity: Identity
    ) -> tuple[Utterance | None, int]:
        """Listen to PCM: give the first utterance, and the ticks of audio that were judged."""
        settings = self._settings
        reader = WavReader()
        segmenter = Segmenter(pause=settings.pause, initial_silence=settings.initial_silence)
        try:
            while not segmenter.has_ended:
                data = await exchange.read(settings.audio_timeout)
                if data is None:
                    reader.finish()
                    segmenter.finish()
                    break
                audio = reader.feed(data)
                exchange.record.header = reader.header
                self._record(exchange, audio)
                # A header that disagrees with the audio isn't an error: nothing is understood.
                is_understood = reader.format in {None, EXPECTED_FORMAT}
                segmenter.feed(audio if is_understood else bytes(len(audio)))
                # What Azure does with longer audio isn't known, so nobody may depend on it.
                if segmenter.seconds > options.longest_audio and not segmenter.has_ended:
                    refuse_content(f"The audio is longer than {options.longest_audio:.0f} seconds")
        finally:
            self._limits.use_audio(identity, segmenter.seconds)
        if not segmenter.seconds:
            # Neither is it known for no audio at all.
            refuse_content("There is no audio")
        return segmenter.utterance, segmenter.offset

    async def _listen_to_opus(
        self, exchange: Exchange, options: Options, identity: Identity
    ) -> tuple[Utterance | None, int]:
        """Take a whole OGG file: without a decoder, all of it is one utterance."""
        file = bytearray()
        while (data := await exchange.read(self._settings.audio_timeout)) is not None:
            file += data
            self._record(exchange, data)
        if not is_opus(file):
            refuse_content("Not an OGG file with Opus")
        seconds = opus_seconds(file)
        self._limits.use_audio(identity, seconds)
        if seconds > options.longest_audio:
            refuse_content(f"The audio is longer than {options.longest_audio:.0f} seconds")
        duration = round(seconds * TICKS_PER_SECOND)
        utterance = Utterance(offset=0, duration=duration, audio=bytes(file), audio_offset=0)
        return utterance, duration

    async def _recognize(
        self, utterance: Utterance | None, silence: int, options: Options
    ) -> Result:
        if utterance is None:
            return Result(status=RecognitionStatus.INITIAL_SILENCE_TIMEOUT, offset=silence)
        heard = await self._settings.ear.recognize(utterance.audio, options.language)
        if not heard:
            heard = RecognitionStatus.NO_MATCH
        if isinstance(heard, RecognitionStatus):
            return Result(status=heard, offset=utterance.offset, duration=utterance.duration)
        return success(
            heard,
            audio_offset=utterance.audio_offset,
            offset=utterance.offset,
            duration=utterance.duration,
        )

    def _record(self, exchange: Exchange, audio: bytes) -> None:
        if not audio:
            return
        record = exchange.record
        record.last_audio = time.monotonic()
        record.first_audio = record.first_audio or record.last_audio
        record.audio += audio[: max(0, self._settings.keep_audio - len(record.audio))]
