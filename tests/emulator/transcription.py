"""Fast transcription: a whole file in one request, strict about everything that is documented.

https://learn.microsoft.com/azure/ai-services/speech-service/fast-transcription-create
https://learn.microsoft.com/rest/api/speechtotext/transcriptions/transcribe
"""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
import json
import math
import time
from typing import Any, Final, NoReturn
from uuid import uuid4

from .answer import Answer, RefusedError, json_answer
from .authentication import Authentication
from .decoding import DecodingError, decode
from .endpoints import Host
from .exchange import Exchange
from .form import FormError, read_form
from .segmentation import Segmenter, Utterance
from .settings import Settings
from .speech_model import (
    BYTES_PER_SECOND,
    TICKS_PER_SECOND,
    Alternative,
    RecognitionStatus,
    SpeechModel,
)
from .text import mask_profanity, remove_profanity

VERSION: Final = "2025-10-15"
"""The version of the interface, which has the phrase list. [doc]"""
PHRASES: Final = 500
"""How many phrases a list may have. [doc] Advised; [?] the handling of more."""
_HEAVIEST: Final = 2.0
_TICKS_PER_MILLISECOND: Final = TICKS_PER_SECOND // 1000
_FIELDS: Final = {"audio", "definition"}
_MODES: Final = {"None", "Masked", "Removed", "Tags"}
_KEYS: Final = {"locales", "phraseList", "profanityFilterMode"}
# [?] The handling of such phrases.
_CONTROLS: Final = frozenset(map(chr, (*range(32), *range(127, 160))))
_REQUEST_ID: Final = "apim-request-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Definition:
    locale: str
    phrases: list[str]
    profanity: str


class Transcriber:
    """Answers requests for fast transcription."""

    def __init__(self, settings: Settings, authentication: Authentication) -> None:
        """Use the settings' speech model and limits."""
        self._settings = settings
        self._authentication = authentication

    async def answer(self, host: Host, exchange: Exchange) -> Answer:
        """Answer one request. Raises `RefusedError` for any error."""
        settings, request = self._settings, exchange.request
        identity = self._authentication.identify_plain(host, request.headers)
        exchange.record.credential = identity.credential
        if request.query.get("api-version") != VERSION:
            _refuse("InvalidArgument", "The api-version isn't supported.")
        if identity.tier not in settings.fast_tiers:
            # [rec] of the same interface's batch transcription, for a tier without it:
            # Azure-Samples/cognitive-services-speech-sdk#1307.
            _refuse(
                "InvalidSubscription",
                'Only "Standard" subscriptions for the region of the called service are valid.',
            )
        await exchange.invite_body()
        form = await self._read_form(exchange)
        due = time.monotonic() + settings.fast_latency
        definition = _read_definition(form["definition"], settings)
        exchange.record.definition = form["definition"].decode()
        exchange.record.audio += form["audio"][: settings.keep_audio]
        content = await self._transcribe(form["audio"], definition)
        await asyncio.sleep(due - time.monotonic())
        await exchange.end_body()
        return json_answer(content, headers={_REQUEST_ID: str(uuid4())})

    async def _read_form(self, exchange: Exchange) -> dict[str, bytes]:
        """Read the two fields. Raises `RefusedError`."""
        body = bytearray()
        while (data := await exchange.read(self._settings.audio_timeout)) is not None:
            now = time.monotonic()
            exchange.record.first_audio = exchange.record.first_audio or now
            exchange.record.last_audio = now
            body += data
            if len(body) > self._settings.fast_largest:
                # [?] Azure's answer.
                _refuse(
                    "InvalidRequest", "The file is too large.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                )
        try:
            form = read_form(exchange.request.headers.get("Content-Type", ""), bytes(body))
        except FormError as error:
            _refuse("InvalidPayload", str(error))
        if form.keys() != _FIELDS or not form["audio"].filename:
            _refuse("InvalidPayload", "The form must have audio, a file, and definition.")
        return {name: field.content for name, field in form.items()}

    async def _transcribe(self, file: bytes, definition: _Definition) -> dict[str, Any]:
        try:
            pcm = await asyncio.to_thread(decode, file)
        except DecodingError as error:
            _refuse("InvalidAudio", str(error))
        if len(pcm) >= self._settings.fast_longest * BYTES_PER_SECOND:
            _refuse("InvalidAudio", "The audio is too long.")
        speech_model = self._settings.fast_model or self._settings.speech_model
        if definition.phrases:
            speech_model = speech_model.expecting(definition.phrases)
        segmenter = Segmenter(pause=self._settings.pause, initial_silence=math.inf)
        segmenter.feed(pcm)
        segmenter.finish()
        phrases = [
            phrase
            for utterance in segmenter.utterances
            if (phrase := await _phrase(speech_model, utterance, definition))
        ]
        text = " ".join(phrase["text"] for phrase in phrases)
        return {
            "durationMilliseconds": 1000 * len(pcm) // BYTES_PER_SECOND,
            # [?] The content without speech.
            "combinedPhrases": [{"text": text}] if text else [],
            "phrases": phrases,
        }


async def _phrase(
    speech_model: SpeechModel, utterance: Utterance, definition: _Definition
) -> dict[str, Any] | None:
    """Return the best alternative of an utterance, the only one that is given [doc]."""
    heard = await speech_model.recognize(utterance.audio, definition.locale)
    if isinstance(heard, RecognitionStatus) or not heard:
        return None
    best = heard[0]
    text = _treat_profanity(best.text, definition.profanity)
    if not text:
        return None
    return {
        "offsetMilliseconds": utterance.offset // _TICKS_PER_MILLISECOND,
        "durationMilliseconds": utterance.duration // _TICKS_PER_MILLISECOND,
        "text": text,
        "words": _words(best, utterance, definition.profanity),
        "locale": definition.locale,
        "confidence": best.confidence,
    }


def _words(alternative: Alternative, utterance: Utterance, profanity: str) -> list[dict[str, Any]]:
    return [
        {
            "text": _treat_profanity(word.text, profanity),
            "offsetMilliseconds": (utterance.audio_offset + word.offset) // _TICKS_PER_MILLISECOND,
            "durationMilliseconds": word.duration // _TICKS_PER_MILLISECOND,
        }
        for word in alternative.words
        if _treat_profanity(word.text, profanity)
    ]


def _treat_profanity(text: str, mode: str) -> str:
    if mode == "Masked":
        return mask_profanity(text)
    return remove_profanity(text) if mode == "Removed" else text


def _read_definition(text: bytes, settings: Settings) -> _Definition:
    """Read the definition. Raises `RefusedError`: [doc] the names, [?] the answers."""
    try:
        content = json.loads(text)
        text.decode("ascii")
    except ValueError, RecursionError:
        _refuse("InvalidPayload", "The definition isn't JSON.")
    if not isinstance(content, dict) or not content.keys() <= _KEYS:
        _refuse("InvalidPayload", f"The definition has other members than {', '.join(_KEYS)}.")
    locales = content.get("locales")
    if not isinstance(locales, list) or len(locales) != 1:
        _refuse("InvalidPayload", "Exactly one locale is taken here.")
    if locales[0] not in settings.fast_locales:
        _refuse("InvalidLocale", "The specified locale is not supported.")
    profanity = content.get("profanityFilterMode", "Masked")
    if profanity not in _MODES:
        _refuse("InvalidPayload", f"profanityFilterMode is not one of {', '.join(_MODES)}.")
    phrases = _read_phrases(content.get("phraseList", {"phrases": []}))
    return _Definition(locale=locales[0], phrases=phrases, profanity=profanity)


def _read_phrases(phrase_list: Any) -> list[str]:  # noqa: ANN401
    if not isinstance(phrase_list, dict) or not phrase_list.keys() <= {"phrases", "biasingWeight"}:
        _refuse("InvalidPayload", "phraseList has phrases and biasingWeight.")
    phrases, weight = phrase_list.get("phrases"), phrase_list.get("biasingWeight", 1.0)
    if not isinstance(weight, int | float) or not 0 <= weight <= _HEAVIEST:
        _refuse("InvalidPayload", "biasingWeight is a number from 0 to 2.")
    if not isinstance(phrases, list) or len(phrases) > PHRASES:
        _refuse("InvalidPayload", f"phrases is a list of at most {PHRASES}.")
    if not all(isinstance(phrase, str) and _CONTROLS.isdisjoint(phrase) for phrase in phrases):
        _refuse("InvalidPayload", "A phrase isn't a text of one line.")
    return phrases


def _refuse(code: str, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> NoReturn:
    """Refuse a request in the form of this interface [doc]. Always raises `RefusedError`."""
    content = {
        "code": "InvalidRequest",
        "message": message,
        "innerError": {"code": code, "message": message},
    }
    raise RefusedError(json_answer(content, status, {_REQUEST_ID: str(uuid4())}))
