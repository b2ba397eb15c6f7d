"""The emulator's answers: their forms, and the speech model's results."""

import pytest

from tests.emulator import (
    Alternative,
    Emulator,
    RecognitionStatus,
    ScriptedModel,
    Word,
    silence,
    speak,
)
from tests.emulator.caller import calling

pytestmark = pytest.mark.usefixtures("socket_enabled")

DETAILED = {"language": "en-US", "format": "detailed"}
# The answer's form.

GUESSES = [
    Alternative(
        text="Turn on the light.",
        confidence=0.6,
        words=[Word(text="Turn", offset=0, duration=10), Word(text="on", offset=20, duration=10)],
    ),
    Alternative(text="Wait 5 minutes.", lexical="wait five minutes", confidence=0.8),
]


async def test_detailed_format() -> None:
    """Every alternative has its forms, in the model's order, regardless of the confidences."""
    async with calling(Emulator(speech_model=ScriptedModel([GUESSES]))) as caller:
        reply = await caller.recognize(speak("on"), query=DETAILED)
    assert "DisplayText" not in reply.content
    assert reply.content["NBest"] == [
        {
            "Confidence": 0.6,
            "Lexical": "turn on the light",
            "ITN": "turn on the light",
            "MaskedITN": "Turn on the light",
            "Display": "Turn on the light.",
        },
        {
            "Confidence": 0.8,
            "Lexical": "wait five minutes",
            "ITN": "wait 5 minutes",
            "MaskedITN": "Wait 5 minutes",
            "Display": "Wait 5 minutes.",
        },
    ]


async def test_simple_format_has_the_first_alternative() -> None:
    """The first one, even if another has a higher confidence."""
    async with calling(Emulator(speech_model=ScriptedModel([GUESSES]))) as caller:
        reply = await caller.recognize(speak("on"))
    assert reply.content["DisplayText"] == "Turn on the light."
    assert "NBest" not in reply.content


async def test_word_times() -> None:
    """Words have times from the upload's start, and only if they are asked for."""
    async with calling() as caller:
        reply = await caller.recognize(
            silence(1) + speak("Turn on."), query=DETAILED | {"wordLevelTimestamps": "true"}
        )
    assert reply.content["NBest"][0]["Words"] == [
        {"Word": "turn", "Offset": 10_000_000, "Duration": 800_000, "Confidence": 0.0},
        {"Word": "on", "Offset": 11_200_000, "Duration": 700_000, "Confidence": 0.0},
    ]


async def test_ticks_as_text() -> None:
    """Times can be strings, as on Microsoft's page."""
    async with calling(Emulator(ticks_as_text=True)) as caller:
        reply = await caller.recognize(
            speak("on"), query=DETAILED | {"wordLevelTimestamps": "true"}
        )
    assert (reply.content["Offset"], reply.content["Duration"]) == ("0", "600000")
    assert reply.content["NBest"][0]["Words"][0]["Duration"] == "600000"


@pytest.mark.parametrize(
    ("profanity", "display"),
    [("masked", "The **** light."), ("removed", "The light."), ("raw", "The damn light.")],
)
async def test_profanity(profanity: str, display: str) -> None:
    """Only the display text is masked; the lexical form and the ITN are as spoken."""
    async with calling() as caller:
        reply = await caller.recognize(
            speak("The damn light."), query=DETAILED | {"profanity": profanity}
        )
        simple = await caller.recognize(
            speak("The damn light."), query={"language": "en-US", "profanity": profanity}
        )
    best = reply.content["NBest"][0]
    assert (best["Lexical"], best["ITN"]) == ("the damn light", "the damn light")
    assert best["Display"] == simple.content["DisplayText"] == display
    assert best["MaskedITN"] == display.strip(".")


async def test_profanity_is_masked_by_default() -> None:
    """Without the parameter bad words get asterisks."""
    async with calling() as caller:
        reply = await caller.recognize(speak("Damn!"))
    assert reply.content["DisplayText"] == "****!"


async def test_nothing_but_removed_profanity_gives_no_result() -> None:
    """Neither a text nor an alternative is left, even if another one has other words."""
    speech_model = ScriptedModel([[Alternative(text="Damn!"), Alternative(text="Dan!")]])
    async with calling(Emulator(speech_model=speech_model)) as caller:
        reply = await caller.recognize(speak("Damn!"), query=DETAILED | {"profanity": "removed"})
    assert set(reply.content) == {"RecognitionStatus", "Offset", "Duration"}


@pytest.mark.parametrize("status", [s for s in RecognitionStatus if s != "Success"])
async def test_every_status(status: RecognitionStatus) -> None:
    """A scripted speech model can end a recognition in every way; the HTTP status stays 200."""
    async with calling(Emulator(speech_model=ScriptedModel([status]))) as caller:
        reply = await caller.recognize(silence(0.1) + speak("on"))
    assert reply.status == 200
    assert reply.content["RecognitionStatus"] == status
    assert "DisplayText" not in reply.content
    assert reply.content["Offset"] == 1_000_000


async def test_scripts() -> None:
    """A script is lines, then nothing; or a function of the audio."""
    async with calling(
        Emulator(speech_model=ScriptedModel(["one", Alternative(text="two")]))
    ) as caller:
        lines = [(await caller.recognize(speak("x"))).content for _ in range(3)]
        caller.emulator.speech_model = ScriptedModel(
            lambda audio, language: f"{language} {len(audio)}"
        )
        function = await caller.recognize(speak("x"), query={"language": "de-DE"})
    assert [line.get("DisplayText") for line in lines] == ["one", "two", None]
    assert lines[2]["RecognitionStatus"] == "NoMatch"
    assert function.content["DisplayText"] == f"de-DE {len(speak('x'))}"


async def test_an_ear_that_fails_is_a_server_error() -> None:
    """A mistake in a test's script comes back as 500."""

    def fail(audio: bytes, language: str) -> str:
        raise NotImplementedError(audio, language)

    async with calling(Emulator(speech_model=ScriptedModel(fail))) as caller:
        reply = await caller.recognize(speak("on"), expect=True)
    assert reply.status == 500


async def test_nothing_can_be_the_best() -> None:
    """An empty first alternative is the decision, even if others follow."""
    guesses = [Alternative(text="", confidence=0.0), Alternative(text="un", confidence=0.86)]
    async with calling(Emulator(speech_model=ScriptedModel([guesses, guesses]))) as caller:
        detailed = (await caller.recognize(speak("on"), query=DETAILED)).content
        simple = (await caller.recognize(speak("on"))).content
    assert (detailed["RecognitionStatus"], detailed["DisplayText"]) == ("Success", "")
    assert detailed["NBest"][0] == {
        "Confidence": 0.0,
        "Lexical": "",
        "ITN": "",
        "MaskedITN": "",
        "Display": "",
    }
    assert detailed["NBest"][1]["Display"] == "un"
    assert (simple["RecognitionStatus"], simple["DisplayText"]) == ("Success", "")


async def test_as_many_alternatives_as_the_service_gives() -> None:
    """Five by default."""
    guesses = [Alternative(text=str(number)) for number in range(7)]
    async with calling(Emulator(speech_model=ScriptedModel([guesses, guesses]))) as caller:
        five = await caller.recognize(speak("on"), query=DETAILED)
        caller.emulator.max_alternatives = 1
        one = await caller.recognize(speak("on"), query=DETAILED)
    assert [best["Display"] for best in five.content["NBest"]] == list("01234")
    assert [best["Display"] for best in one.content["NBest"]] == ["0"]


@pytest.mark.parametrize(
    ("text", "masked", "plain"),
    [
        ("What's the weather like?", "What's the weather like", "what's the weather like"),
        ("Earth. We, too, come.", "Earth. We, too, come.", "earth we too come"),
    ],
)
async def test_masked_itn(text: str, masked: str, plain: str) -> None:
    """It has capitals, and in long answers punctuation, unless the service writes it plainly."""
    async with calling(Emulator(speech_model=ScriptedModel([text, text]))) as caller:
        first = await caller.recognize(speak("on"), query=DETAILED)
        caller.emulator.masked_itn_capitals = False
        second = await caller.recognize(speak("on"), query=DETAILED)
    assert first.content["NBest"][0]["MaskedITN"] == masked
    assert second.content["NBest"][0]["MaskedITN"] == second.content["NBest"][0]["ITN"] == plain


async def test_every_alternative_has_words() -> None:
    """They are lexical; where the model knows no times, the words share the utterance's."""
    known = [
        Word(text="It", offset=0, duration=10),
        Word(text="'s", offset=10, duration=10),
        Word(text="5.", offset=20, duration=10),
    ]
    guesses = [Alternative(text="It's 5.", words=known), Alternative(text="4", lexical="four now")]
    async with calling(Emulator(speech_model=ScriptedModel([guesses, guesses]))) as caller:
        query = DETAILED | {"wordLevelTimestamps": "true"}
        first, second = (await caller.recognize(speak("on"), query=query)).content["NBest"]
        caller.emulator.word_times = False
        without = await caller.recognize(speak("on"), query=query)
    assert [word["Word"] for word in first["Words"]] == ["it", "'s", "5"]
    assert second["Words"] == [
        {"Word": "four", "Offset": 0, "Duration": 15, "Confidence": 0.0},
        {"Word": "now", "Offset": 15, "Duration": 15, "Confidence": 0.0},
    ]
    assert "Words" not in without.content["NBest"][0]


async def test_words_are_as_they_were_spoken() -> None:
    """A figure's word is the one of the lexical form."""
    words = [Word(text="Wait", offset=0, duration=10), Word(text="5", offset=10, duration=10)]
    guess = Alternative(text="Wait 5.", lexical="wait five", words=words)
    async with calling(Emulator(speech_model=ScriptedModel([guess]))) as caller:
        query = DETAILED | {"wordLevelTimestamps": "true"}
        (best,) = (await caller.recognize(speak("on"), query=query)).content["NBest"]
    assert [word["Word"] for word in best["Words"]] == ["wait", "five"]


async def test_a_simple_answer_although_a_detailed_one_was_asked_for() -> None:
    """As one recorded answer was."""
    async with calling(Emulator(simple_only=True)) as caller:
        reply = await caller.recognize(speak("on"), query=DETAILED)
    assert set(reply.content) == {"RecognitionStatus", "Offset", "Duration", "DisplayText"}


async def test_the_language_can_be_an_object() -> None:
    """With a confidence that isn't a number; by default there is none."""
    async with calling(Emulator(primary_language_object=True)) as caller:
        reply = await caller.recognize(speak("on"), query={"language": "de-DE"})
    assert reply.content["PrimaryLanguage"] == {"Language": "de-DE", "Confidence": "High"}


async def test_success_can_be_201() -> None:
    """Errors keep their status."""
    async with calling(Emulator(success_status=201)) as caller:
        reply = await caller.recognize(speak("on"))
        wrong = await caller.recognize(speak("on"), query={})
    assert (reply.status, reply.content["DisplayText"], wrong.status) == (201, "on", 400)
