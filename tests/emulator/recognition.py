"""The course of one recognition: check, listen, answer."""

import time

from .answer import Answer, json_answer
from .authentication import Authentication, Identity
from .endpoints import Host
from .exchange import Exchange
from .limits import Limits
from .listening import Listened, Listener
from .options import AudioType, Options, read_options
from .result import Result, join, result_json, success
from .segmentation import Utterance
from .settings import Settings
from .speech_model import TICKS_PER_SECOND, RecognitionStatus


class Recognizer:
    """Answers requests for recognition."""

    def __init__(self, settings: Settings, authentication: Authentication) -> None:
        """Use the settings' speech model and limits."""
        self._settings = settings
        self._authentication = authentication
        self._limits = Limits(settings)

    async def answer(self, host: Host, exchange: Exchange) -> Answer:
        """Answer one request. Raises `RefusedError` for any error.

        Whatever is wrong with the headers is found before `100 Continue` is sent, so that no
        audio is spent on it [doc].
        """
        settings, request = self._settings, exchange.request
        identity = self._authentication.identify(host, request.headers)
        exchange.record.credential = identity.credential
        options = read_options(request.headers, request.query, settings)
        with self._limits.recognition(identity):
            await exchange.invite_body()
            listened = await self._listen(exchange, options, identity)
            due = self._due(exchange, listened)
            result = await self._recognize(listened, options)
            await exchange.drain(due - time.monotonic())
            await exchange.end_body()
        return json_answer(result_json(result, options, settings), settings.success_status)

    def _due(self, exchange: Exchange, listened: Listened) -> float:
        """Return when the answer is due, by `time.monotonic`."""
        worked = time.monotonic()
        if self._settings.speed is not None:
            begun = exchange.record.first_audio or worked
            worked = max(worked, begun + listened.end / TICKS_PER_SECOND / self._settings.speed)
        return worked + self._settings.latency

    async def _listen(self, exchange: Exchange, options: Options, identity: Identity) -> Listened:
        """Listen to the upload while it comes."""
        is_opus = options.audio_type is AudioType.OGG
        listener = Listener(self._settings, options.longest_audio, is_opus=is_opus)
        try:
            while (data := await exchange.read(self._settings.audio_timeout)) is not None:
                audio = listener.feed(data)
                self._record(exchange, audio, listener.header)
                if listener.is_done:
                    break
            return listener.finish()
        finally:
            self._limits.use_audio(identity, listener.seconds)

    async def _recognize(self, listened: Listened, options: Options) -> Result:
        if not listened.utterances:
            # [rec] The offset is the silence's length, the duration 0.
            silence = round(self._settings.initial_silence * TICKS_PER_SECOND)
            return Result(
                status=RecognitionStatus.INITIAL_SILENCE_TIMEOUT,
                offset=min(listened.end, silence),
            )
        return join(
            [await self._understand(utterance, options) for utterance in listened.utterances]
        )

    async def _understand(self, utterance: Utterance, options: Options) -> Result:
        speech_model = self._settings.speech_model
        if options.audio_type is AudioType.OGG:
            speech_model = speech_model.after_codec()
        heard = await speech_model.recognize(utterance.audio, options.language)
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
