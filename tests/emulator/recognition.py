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
from .wav import WavReader


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
            while (data := await exchange.read(settings.audio_timeout)) is not None:
                audio = reader.feed(data)
                self._record(exchange, audio, reader.header)
                # A header that disagrees with the audio isn't an error: nothing is understood.
                segmenter.feed(audio if reader.is_understood else bytes(len(audio)))
                if segmenter.has_ended:
                    break
                _check_length(segmenter.seconds, options)
            else:
                reader.finish()
                segmenter.finish()
        finally:
            self._limits.use_audio(identity, segmenter.seconds)
        if not segmenter.seconds:
            # What Azure answers to no audio at all isn't known, so nobody may depend on it.
            refuse_content("There is no audio")
        return segmenter.utterance, segmenter.offset

    async def _listen_to_opus(
        self, exchange: Exchange, options: Options, identity: Identity
    ) -> tuple[Utterance | None, int]:
        """Take a whole OGG file: without a decoder, all of it is one utterance."""
        file = bytearray()
        while (data := await exchange.read(self._settings.audio_timeout)) is not None:
            file += data
            self._record(exchange, data, b"")
        if not is_opus(file):
            refuse_content("Not an OGG file with Opus")
        seconds = opus_seconds(file)
        self._limits.use_audio(identity, seconds)
        _check_length(seconds, options)
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

    def _record(self, exchange: Exchange, audio: bytes, header: bytes) -> None:
        record = exchange.record
        record.header = header
        if audio:
            record.last_audio = time.monotonic()
            record.first_audio = record.first_audio or record.last_audio
            record.audio += audio[: max(0, self._settings.keep_audio - len(record.audio))]


def _check_length(seconds: float, options: Options) -> None:
    """Refuse audio that is too long. What Azure answers isn't known: nobody may depend on it."""
    if seconds > options.longest_audio:
        refuse_content(f"The audio is longer than {options.longest_audio:.0f} seconds")
