"""The emulator's second service: its transcriptions, and the requests that it refuses."""

from collections.abc import Sequence
import json
import time
from typing import Any, Final, override

import pytest

from tests.emulator import (
    F0_KEY,
    Alternative,
    Emulator,
    Fault,
    Heard,
    Moment,
    ScriptedModel,
    SpeechModel,
    silence,
    speak,
)
from tests.emulator.authentication import KEY_HEADER
from tests.emulator.caller import Caller, Reply, bearer, calling
from tests.emulator.endpoints import Endpoint
from tests.emulator.wav import wav_header
from tests.support.media import KINDS, media

pytestmark = pytest.mark.usefixtures("socket_enabled")

PATH: Final = "/speechtotext/transcriptions:transcribe"
SENTENCE: Final = "Turn on the kitchen light."
SPOKEN: Final = speak(SENTENCE)
DEFINITION: Final[dict[str, Any]] = {"locales": ["en-US"]}


def wav(pcm: bytes) -> bytes:
    """Return a WAV file."""
    return wav_header(size=len(pcm)) + pcm


def part(name: str, content: bytes, more: str = "") -> bytes:
    """Return a field of a form."""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def audio(file: bytes) -> bytes:
    """Return the form's file."""
    return part("audio", file, '; filename="a.wav"')


def form(definition: object, file: bytes) -> bytes:
    """Return a whole form."""
    text = definition if isinstance(definition, bytes) else json.dumps(definition).encode()
    return part("definition", text) + audio(file) + b"--b--\r\n"


async def post(
    caller: Caller, body: bytes, *, version: str = "2025-10-15", host: str | None = None
) -> Reply:
    """Post a form."""
    return await caller.post(
        PATH,
        host=host,
        headers={**caller.credentials, "Content-Type": "multipart/form-data; boundary=b"},
        query={"api-version": version},
        data=body,
    )


async def transcribe(caller: Caller, file: bytes, definition: object = DEFINITION) -> Reply:
    """Have a file transcribed."""
    return await post(caller, form(definition, file))


def code(reply: Reply) -> str:
    """Return the code of a refusal."""
    assert reply.content["code"] == "InvalidRequest"
    assert reply.headers["apim-request-id"]
    return str(reply.content["innerError"]["code"])


# Transcription.


async def test_all_that_is_said() -> None:
    """Milliseconds, words, and one text of everything."""
    async with calling() as caller:
        reply = await transcribe(caller, wav(silence(0.5) + SPOKEN + silence(1) + speak("Go on.")))
    assert reply.status == 200
    assert reply.headers["apim-request-id"]
    first, second = reply.content["phrases"]
    assert reply.content["combinedPhrases"] == [{"text": f"{SENTENCE} Go on."}]
    assert reply.content["durationMilliseconds"] == 500 + 580 + 1000 + 170
    assert (first["offsetMilliseconds"], first["durationMilliseconds"]) == (500, 580)
    assert (second["text"], second["offsetMilliseconds"]) == ("Go on.", 2080)
    assert (first["locale"], first["confidence"]) == ("en-US", 0.95)
    assert first["words"][1] == {
        "text": "on",
        "offsetMilliseconds": 620,
        "durationMilliseconds": 60,
    }


@pytest.mark.parametrize("kind", ["flac", "mp3 mono", "ogg opus", "webm opus", "wav", "wma", "aac"])
async def test_every_format(kind: str) -> None:
    """Files are taken as they are, compressed and with other rates."""
    async with calling(Emulator(speech_model=ScriptedModel([SENTENCE]))) as caller:
        reply = await transcribe(caller, media(SPOKEN, KINDS[kind]))
    assert reply.status == 200
    assert reply.content["combinedPhrases"] == [{"text": SENTENCE}]
    assert reply.content["durationMilliseconds"] == pytest.approx(580, abs=120)


async def test_silence() -> None:
    """Nothing is said in it."""
    async with calling() as caller:
        reply = await transcribe(caller, wav(silence(7)))
    assert reply.content == {"durationMilliseconds": 7000, "combinedPhrases": [], "phrases": []}


@pytest.mark.parametrize(
    ("mode", "text"),
    [("Masked", "Oh **** it."), ("Removed", "Oh it."), ("None", "Oh damn it.")],
)
async def test_profanity(mode: str, text: str) -> None:
    """It's masked by default, in words too."""
    async with calling() as caller:
        said = wav(speak("Oh damn it."))
        reply = await transcribe(caller, said, {**DEFINITION, "profanityFilterMode": mode})
        usual = await transcribe(caller, said)
    assert reply.content["combinedPhrases"] == [{"text": text}]
    assert [word["text"] for word in reply.content["phrases"][0]["words"]] == text.split()
    assert usual.content["combinedPhrases"] == [{"text": "Oh **** it."}]


async def test_nothing_but_profanity() -> None:
    """A text whose words are all removed leaves no phrase."""
    async with calling() as caller:
        definition = {**DEFINITION, "profanityFilterMode": "Removed"}
        reply = await transcribe(caller, wav(speak("damn")), definition)
    assert reply.content["phrases"] == []


class NamesModel(SpeechModel):
    """A speech model that hears the phrases that it expects."""

    def __init__(self, phrases: Sequence[str] = ()) -> None:
        """Expect phrases."""
        self._phrases = phrases

    @override
    def expecting(self, phrases: Sequence[str]) -> SpeechModel:
        return NamesModel(phrases)

    @override
    async def recognize(self, audio: bytes, language: str) -> Heard:
        return [Alternative(text=", ".join(self._phrases) or "Nothing.")]


async def test_phrases_reach_the_speech_model() -> None:
    """They are its prompt, for this request only; the other service's speech model knows none."""
    async with calling(Emulator(speech_model=NamesModel())) as caller:
        definition = {**DEFINITION, "phraseList": {"phrases": ["porch", "Küche"]}}
        reply = await transcribe(caller, wav(SPOKEN), definition)
        other = await transcribe(caller, wav(SPOKEN))
        short = await caller.recognize(SPOKEN)
    assert reply.content["combinedPhrases"] == [{"text": "porch, Küche"}]
    assert other.content["combinedPhrases"] == [{"text": "Nothing."}]
    assert short.content["DisplayText"] == "Nothing."


async def test_ear_of_its_own() -> None:
    """A script for the second service leaves the first one alone."""
    async with calling(Emulator(fast_model=ScriptedModel(["Porch."]))) as caller:
        reply = await transcribe(caller, wav(SPOKEN))
        short = await caller.recognize(SPOKEN)
    assert reply.content["combinedPhrases"] == [{"text": "Porch."}]
    assert short.content["DisplayText"] == SENTENCE


async def test_latency() -> None:
    """The answer comes so long after the upload, the model's time included."""
    async with calling(Emulator(fast_latency=0.2)) as caller:
        before = time.monotonic()
        await transcribe(caller, wav(SPOKEN))
        assert time.monotonic() - before >= 0.2


async def test_records() -> None:
    """The file and the definition are in the record."""
    async with calling() as caller:
        await transcribe(caller, wav(SPOKEN), {**DEFINITION, "profanityFilterMode": "None"})
    (record,) = caller.emulator.requests
    assert record.kind is Endpoint.TRANSCRIPTION
    assert bytes(record.audio) == wav(SPOKEN)
    assert json.loads(record.definition)["profanityFilterMode"] == "None"
    assert record.first_audio


# Refusals.


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (b"", "InvalidPayload"),
        (b"[]", "InvalidPayload"),
        (b"[" * 100_000, "InvalidPayload"),
        ('{"locales": ["en-US"], "a": "ü"}'.encode(), "InvalidPayload"),
        ({}, "InvalidPayload"),
        ({**DEFINITION, "nonsense": 1}, "InvalidPayload"),
        ({"locales": "en-US"}, "InvalidPayload"),
        ({"locales": []}, "InvalidPayload"),
        ({"locales": ["ja"]}, "InvalidLocale"),
        ({"locales": ["xx-XX"]}, "InvalidLocale"),
        ({**DEFINITION, "profanityFilterMode": "masked"}, "InvalidPayload"),
        ({**DEFINITION, "phraseList": ["porch"]}, "InvalidPayload"),
        ({**DEFINITION, "phraseList": {}}, "InvalidPayload"),
        ({**DEFINITION, "phraseList": {"phrases": "porch"}}, "InvalidPayload"),
        ({**DEFINITION, "phraseList": {"phrases": [5]}}, "InvalidPayload"),
        ({**DEFINITION, "phraseList": {"phrases": ["a\nb"]}}, "InvalidPayload"),
        ({**DEFINITION, "phraseList": {"phrases": ["a"] * 501}}, "InvalidPayload"),
        ({**DEFINITION, "phraseList": {"phrases": [], "biasingWeight": 2.1}}, "InvalidPayload"),
        ({**DEFINITION, "phraseList": {"phrases": [], "weight": 1}}, "InvalidPayload"),
    ],
    ids=ascii,
)
async def test_wrong_definition(definition: object, expected: str) -> None:
    """400, with a code in the interface's form."""
    async with calling() as caller:
        reply = await transcribe(caller, wav(SPOKEN), definition)
    assert (reply.status, code(reply)) == (400, expected)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        audio(wav(SPOKEN)) + b"--b--",
        part("definition", json.dumps(DEFINITION).encode()) + b"--b--",
        form(DEFINITION, wav(SPOKEN)).removesuffix(b"--b--\r\n"),
        form(DEFINITION, wav(SPOKEN)) + b"more",
        b"more" + form(DEFINITION, wav(SPOKEN)),
        audio(wav(SPOKEN)) + form(DEFINITION, wav(SPOKEN)),
        part("nonsense", b"") + form(DEFINITION, wav(SPOKEN)),
        form(DEFINITION, wav(SPOKEN)).replace(b'; filename="a.wav"', b""),
        form(DEFINITION, wav(SPOKEN)).replace(b' name="definition"', b""),
        form(DEFINITION, wav(SPOKEN)).replace(b"form-data; name", b"attachment; name"),
    ],
    ids=range(11),
)
async def test_wrong_form(body: bytes) -> None:
    """Both fields, once, within their boundary."""
    async with calling() as caller:
        reply = await post(caller, body)
    assert (reply.status, code(reply)) == (400, "InvalidPayload")


async def test_other_content_type() -> None:
    """Only a form is taken."""
    async with calling() as caller:
        reply = await caller.post(
            PATH,
            headers={**caller.credentials, "Content-Type": "audio/wav"},
            query={"api-version": "2025-10-15"},
            data=wav(SPOKEN),
        )
    assert (reply.status, code(reply)) == (400, "InvalidPayload")


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"This is a letter.",
        wav_header() + SPOKEN,
        wav(SPOKEN)[:1000],
        wav_header(size=0),
        media(SPOKEN, KINDS["flac"])[:20],
        media(SPOKEN, KINDS["m4a"]),
        media(SPOKEN, KINDS["mka"]),
    ],
    ids=["empty", "letter", "length 0", "cut", "no sound", "cut flac", "m4a", "mka"],
)
async def test_no_audio(file: bytes) -> None:
    """A file without sound, or without as much as it says."""
    async with calling() as caller:
        reply = await transcribe(caller, file)
    assert (reply.status, code(reply)) == (400, "InvalidAudio")


async def test_limits() -> None:
    """Bytes and seconds."""
    async with calling(Emulator(fast_largest=10_000)) as caller:
        reply = await transcribe(caller, wav(SPOKEN))
    assert reply.status == 413
    async with calling(Emulator(fast_longest=0.58)) as caller:
        too_long = await transcribe(caller, wav(SPOKEN))
        just_right = await transcribe(caller, wav(SPOKEN[:-320]))
    assert (too_long.status, code(too_long)) == (400, "InvalidAudio")
    assert just_right.status == 200


async def test_version() -> None:
    """The one before has no phrase list."""
    async with calling() as caller:
        reply = await post(caller, form(DEFINITION, wav(SPOKEN)), version="2024-11-15")
    assert (reply.status, code(reply)) == (400, "InvalidArgument")


async def test_tier_region_and_locale() -> None:
    """The free tier, a region without it, and a locale that it doesn't have."""
    async with calling(Emulator(fast_locales={"en-US"})) as caller:
        free = await transcribe(
            caller.with_credentials({KEY_HEADER: F0_KEY}), wav(SPOKEN), DEFINITION
        )
        welsh = await transcribe(caller, wav(SPOKEN), {"locales": ["cy-GB"]})
        caller.emulator.fast_transcription = False
        nowhere = await transcribe(caller, wav(SPOKEN))
    assert (free.status, code(free)) == (400, "InvalidSubscription")
    assert (welsh.status, code(welsh)) == (400, "InvalidLocale")
    assert nowhere.status == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("westeurope.api.cognitive.microsoft.com", 200),
        ("usgovvirginia.api.cognitive.microsoft.us", 200),
        ("chinaeast2.api.cognitive.azure.cn", 200),
        ("home.cognitiveservices.azure.com", 200),
        ("westeurope.stt.speech.microsoft.com", 404),
        ("login.microsoftonline.com", 404),
    ],
)
async def test_hosts(host: str, status: int) -> None:
    """It's where tokens are issued, not where short audio is recognized."""
    async with calling() as caller:
        assert (await post(caller, form(DEFINITION, wav(SPOKEN)), host=host)).status == status


async def test_authorization() -> None:
    """A key, or Microsoft Entra's token as it is; nothing that is unproven."""
    async with calling() as caller:
        application = caller.emulator.entra
        entra = await caller.post(
            f"/{application.tenant_id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": application.client_id,
                "client_secret": application.client_secret,
                "scope": "https://cognitiveservices.azure.com/.default",
            },
        )
        token = entra.content["access_token"]
        issued = await caller.fetch_token()
        statuses = [
            (await transcribe(caller.with_credentials(credentials), wav(SPOKEN))).status
            for credentials in (
                bearer(token),
                bearer(f"aad#{application.resource_id}#{token}"),
                bearer(issued),
                {KEY_HEADER: "0" * 32},
                {},
            )
        ]
    assert statuses == [200, 401, 401, 401, 403]


@pytest.mark.parametrize("moment", [Moment.BEFORE_BODY, Moment.DURING_BODY, Moment.AFTER_BODY])
async def test_faults(moment: Moment) -> None:
    """It goes wrong like everything else."""
    fault = Fault(where=Endpoint.TRANSCRIPTION, at=moment, status=503)
    async with calling(Emulator(faults=[fault])) as caller:
        assert (await transcribe(caller, wav(SPOKEN))).status == 503
        assert (await transcribe(caller, wav(SPOKEN))).status == 200
