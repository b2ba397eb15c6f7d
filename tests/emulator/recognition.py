"""The course of one recognition: check, listen, answer."""

import time

from .answer import Answer, json_answer, refuse_audio_format, refuse_content
from .authentication import Authentication, Identity
from .ear import TICKS_PER_SECOND, RecognitionStatus
from .endpoints import Host
from .exchange import Exchange
from .limits import Limits
from .listening import Listened, Listener
from .ogg import is_opus, opus_seconds
from .options import AudioType, Options, read_options
from .profile import OverLength
from .result import Result, join, result_json, success
from .segmentation import Utterance
from .settings import Settings


class Recognizer:
    """Answers requests for recognition."""

    def __init__(self, settings: Settings, authentication: Authentication) -> None:
        """Use the settings' ear and limits."""
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
            listen = self._listen if options.audio_type is AudioType.WAV else self._listen_to_opus
            listened = await listen(exchange, options, identity)
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
        """Listen to PCM."""
        listener = Listener(self._settings, options.longest_audio)
        try:
            while (data := await exchange.read(self._settings.audio_timeout)) is not None:
                audio = listener.feed(data)
                self._record(exchange, audio, listener.header)
                if listener.is_done:
                    break
            return listener.finish()
        finally:
            self._limits.use_audio(identity, listener.seconds)

    async def _listen_to_opus(
        self, exchange: Exchange, options: Options, identity: Identity
    ) -> Listened:
        """Take a whole OGG file: without a decoder, all of it is one utterance."""
        file = bytearray()
        while (data := await exchange.read(self._settings.audio_timeout)) is not None:
            file += data
            self._record(exchange, data, b"")
        if not is_opus(file):
            refuse_audio_format()
        seconds = opus_seconds(file)
        self._limits.use_audio(identity, seconds)
        is_refused = self._settings.over_length is OverLength.REFUSE
        if is_refused and seconds > options.longest_audio:
            refuse_content(f"The audio is longer than {options.longest_audio:.0f} seconds")
        duration = round(seconds * TICKS_PER_SECOND)
        utterance = Utterance(offset=0, duration=duration, audio=bytes(file), audio_offset=0)
        return Listened(utterances=[utterance], end=duration)

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
