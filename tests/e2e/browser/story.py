"""A user's story with the integration, from the first day to the last, with its checks."""

from collections.abc import Awaitable, Callable
import re
from typing import Final

from playwright.async_api import expect

from tests.e2e.home_assistant import PASSWORD, USERNAME
from tests.emulator import S0_KEY, silence, wav_header

from .assist import choose_engines, say
from .automation import begin_automation
from .forms import Form
from .integration import (
    NAME,
    PAGE,
    begin_adding,
    begin_adding_recognizer,
    begin_changing_connection,
    begin_changing_recognizer,
    begin_renewing_key,
    choose_from_menu,
    entry_name,
)
from .stage import Stage

type Step = Callable[[Stage], Awaitable[None]]

_NEW_KEY: Final = "e" * 32
_WRONG_KEY: Final = "0" * 32
_REFUSED: Final = (
    "Azure refused these credentials. Check that they were copied completely "
    "and belong to this resource and its region. A resource with a private endpoint answers at its "
    "custom domain only."
)
_VOICE: Final = "Chime"
_PHRASE: Final = "(I am|I'm) going to bed [now]"
# Whisper writes "G. You set seller" or the like, unless it's told the names of the home.
_HARD: Final = "Turn on Giuseppe's cellar"
_MISHEARD: Final = "Turn on the garden swing"
_MEANT: Final = "Turn on the desk lamp."
_SILENT_REQUESTS: Final = 60
_SILENCE: Final = 10.0


async def log_in(stage: Stage) -> None:
    """Log in as the only user."""
    await stage.visit("/")
    await stage.page.get_by_role("textbox", name="Username").fill(USERNAME)
    await stage.page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await stage.page.get_by_role("button", name="Log in").click()
    await expect(stage.page.get_by_role("button", name="Assist (A)")).to_be_visible()


async def look_at_regions(stage: Stage) -> None:
    """Fill in the form that most users need, but don't send it: there is no Azure here."""
    form = await begin_adding(stage, "Region and key")
    await form.pick("Region", "westeurope")
    await form.fill("Key", S0_KEY)
    await stage.pictures.take("set-up", form.window)
    await form.give_up()


async def add_with_wrong_key(stage: Stage) -> None:
    """Be refused with a wrong key, lose nothing that was typed, and succeed with the right one."""
    form = await begin_adding(stage, "Custom endpoint and key")
    await form.fill("Endpoint", stage.emulator.url)
    await form.fill("Key", _WRONG_KEY)
    await form.submit()
    await form.expect_error(_REFUSED)
    await expect(form.text("Endpoint")).to_have_value(stage.emulator.url)
    await expect(form.text("Key")).to_have_value(_WRONG_KEY)
    await form.fill("Key", S0_KEY)
    await form.option("Standard (S0)").click()
    await form.submit()
    await form.finish("Name and assign", "Skip and finish")
    await stage.visit(PAGE)
    await expect(entry_name(stage, "127.0.0.1")).to_be_visible()


async def hear_with_it(stage: Stage) -> None:
    """Make it the voice assistant's engine."""
    await choose_engines(stage, hearing=NAME, speaking=_VOICE)


async def switch_light_on(stage: Stage) -> None:
    """Say a command; see it written, and the light go on."""
    conversation = await say(stage, "Turn on the kitchen light")
    await conversation.expect_heard("Turn on the kitchen light.")
    await conversation.expect_answer("Turned on the light")
    await stage.pictures.take("assist", conversation.window)
    await _expect_lights(stage, "Kitchen light")


async def make_automation(stage: Stage) -> None:
    """Make an automation that waits for a phrase, with a mistake in the phrase first."""
    editor = await begin_automation(stage)
    await editor.add("action", "Turn off light", "Kitchen light")
    await editor.add("trigger", "Phrase recognized", f"{NAME} Speech-to-text (STT)")
    phrase = await editor.begin_list("Phrases")
    await phrase.fill(_PHRASE)
    await stage.pictures.take("trigger", editor.side)
    await phrase.fill("(I am going to bed")
    await editor.name("Bedtime")
    await editor.expect_error("invalid phrase '(I am going to bed'")
    await phrase.fill(_PHRASE)
    await editor.save()
    await editor.expect_saved()


async def lose_key(stage: Stage) -> None:
    """Speak after the key was replaced in Azure; be told that it went wrong."""
    stage.emulator.keys[_NEW_KEY] = stage.emulator.keys.pop(S0_KEY)
    conversation = await say(stage, "Turn on the porch light")
    await conversation.expect_failure("speech-to-text failed")
    await _expect_lights(stage, "Kitchen light")


async def renew_key(stage: Stage) -> None:
    """Give the new key where Home Assistant asks for it; be heard again."""
    form = await begin_renewing_key(stage)
    await form.fill("Key", _WRONG_KEY)
    await form.submit()
    await form.expect_error(_REFUSED)
    await form.fill("Key", _NEW_KEY)
    await form.submit()
    await form.finish("Re-authentication was successful", "Close")
    await expect(stage.page.get_by_text("Attention required")).to_be_hidden()
    conversation = await say(stage, "Turn on the porch light")
    await conversation.expect_heard("Turn on the porch light.")
    await _expect_lights(stage, "Kitchen light", "Porch light")


async def change_connection(stage: Stage) -> None:
    """Reach the resource by another name, with the key that is saved."""
    form = await begin_changing_connection(stage)
    await expect(form.text("Endpoint")).to_have_value(stage.emulator.url)
    await expect(form.text("Key")).to_have_value("")
    await form.fill("Endpoint", stage.emulator.url.replace("127.0.0.1", "localhost"))
    await form.submit()
    await form.finish("Reconfiguration was successful", "Close")
    await expect(entry_name(stage, "localhost")).to_be_visible()


async def start_automation(stage: Stage) -> None:
    """Say the automation's phrase, which Assist itself doesn't understand.

    Since it was made, the resource was set up anew with another key and another address.
    """
    conversation = await say(stage, "I am going to bed now")
    await conversation.expect_heard("I am going to bed now.")
    await _expect_lights(stage, "Porch light")


async def get_second_opinion(stage: Stage) -> None:
    """Be understood despite a difficult name, because fast transcription is told the names."""
    conversation = await say(stage, _HARD)
    await conversation.expect_heard(f"{_HARD}.")
    await conversation.expect_answer("Turned on the light")
    await _expect_lights(stage, "Giuseppe's cellar", "Porch light")
    await stage.connection.call("light.turn_off", entity_id="light.giuseppe_s_cellar")


async def correct_misheard_name(stage: Stage) -> None:
    """Correct a misheard name; be understood from then on."""
    conversation = await say(stage, _MISHEARD)
    await conversation.expect_heard(f"{_MISHEARD}.")
    await conversation.expect_answer("Sorry, I am not aware of any device called garden swing")
    form = await begin_changing_recognizer(stage, NAME, "Correct something misheard")
    await expect(form.option(f"→ {_HARD}. (Second opinion)")).to_be_visible()
    await stage.pictures.take("misheard", form.window)
    await form.option(f"{_MISHEARD}.").click()
    await form.submit()
    await form.pick("What you meant", "Desk lamp")
    await stage.pictures.take("correct", form.window)
    await form.submit()
    await expect(form.text("Replace")).to_have_value("garden swing")
    await expect(form.text("With")).to_have_value("Desk lamp")
    await form.submit()
    await form.finish("Reconfiguration was successful", "Close")
    conversation = await say(stage, _MISHEARD)
    await conversation.expect_heard(_MEANT)
    await conversation.expect_answer("Turned on the light")
    await _expect_lights(stage, "Desk lamp", "Porch light")


async def add_recognizer(stage: Stage) -> None:
    """Add a recognizer with settings of its own, and find them again."""
    form = await begin_adding_recognizer(stage)
    await form.fill("Name", "Spoken words")
    await form.option("Wait until I stop (safest)").click()
    await form.fill("Response timeout", "12")
    await form.unfold("Names and corrections")
    await form.add_pair("Corrections", Replace="desk lamp", With="kitchen light")
    await form.scroll_to("Names and corrections")
    await stage.pictures.take("recognizer", form.window)
    await form.unfold("Text and profanity")
    await form.option("Lowercase, numbers as words (turn on lamp two)").click()
    await form.option("Leave as spoken").click()
    await form.submit()
    await form.finish("Created configuration for Spoken words.", "Finish")
    form = await begin_changing_recognizer(stage, "Spoken words")
    await _expect_options(form)
    await form.give_up()


async def _expect_options(form: Form) -> None:
    await expect(form.text("Name")).to_have_value("Spoken words")
    await expect(form.option("Wait until I stop (safest)")).to_be_checked()
    await expect(form.text("Response timeout")).to_have_value("12")
    await form.unfold("Names and corrections")
    await expect(form.words("desk lamp")).to_be_visible()
    await expect(form.words("kitchen light")).to_be_visible()
    await form.unfold("Text and profanity")
    await expect(form.option("Lowercase, numbers as words")).to_be_checked()
    await expect(form.option("Leave as spoken")).to_be_checked()


async def hear_with_recognizer(stage: Stage) -> None:
    """Speak to the new recognizer; see its settings at work."""
    await choose_engines(stage, hearing="Spoken words", speaking=_VOICE)
    conversation = await say(stage, "Turn on the desk lamp")
    await conversation.expect_heard("turn on the kitchen light")
    await conversation.expect_answer("Turned on the light")
    await _expect_lights(stage, "Desk lamp", "Kitchen light", "Porch light")


async def read_meters(stage: Stage) -> None:
    """See the meters of the audio sent to the resource."""
    if stage.pictures.wanted:
        await _listen_to_silence(stage)
    await stage.visit(PAGE)
    await stage.page.get_by_text("Azure AI Speech localhost", exact=True).click()
    meters = stage.page.locator("ha-device-entities-card")
    await expect(meters).to_contain_text("Audio sent this month")
    await expect(meters).to_contain_text(re.compile(r"[1-9]\d*\s+Requests this month"))
    await stage.pictures.take("meters", meters)


async def _listen_to_silence(stage: Stage) -> None:
    """Send enough audio to make the meters worth a picture."""
    recognizer = f"stt.{NAME.lower().replace(' ', '_')}"
    for _ in range(_SILENT_REQUESTS):
        await stage.connection.transcribe(wav_header() + silence(_SILENCE), recognizer)


async def remove(stage: Stage) -> None:
    """Remove the integration; see that nothing of it is left."""
    await choose_from_menu(stage, "Delete")
    question = stage.page.locator("dialog-box")
    await expect(question).to_contain_text("Delete localhost?")
    await question.get_by_role("button", name="Delete").click()
    await expect(stage.page.get_by_text("No entries")).to_be_visible()
    assert not await stage.connection.get("/api/config/config_entries/entry?domain=azure_stt")
    for registry in ("entity", "device"):
        known = await stage.connection.command(f"config/{registry}_registry/list")
        assert "azure_stt" not in str(known)
    assert not list((stage.home.directory / ".storage").glob("*azure_stt*"))


async def _expect_lights(stage: Stage, *names: str) -> None:
    """See how many lights are on, and know that it is these."""
    summary = stage.page.get_by_role("button", name=f"Lights {len(names)} on")
    await expect(summary).to_be_visible()
    states = await stage.connection.get("/api/states")
    lights = [
        state["attributes"]["friendly_name"]
        for state in states
        if state["entity_id"].startswith("light.") and state["state"] == "on"
    ]
    assert sorted(lights) == sorted(names)


SECRETS: Final = (
    S0_KEY,
    _NEW_KEY,
    "the kitchen light",
    "the porch light",
    "the desk lamp",
    "garden swing",
    "cellar",
)
"""Keys, and some of the spoken words."""

STORY: Final[dict[str, Step]] = {
    "Logging in": log_in,
    "Filling in the form for a region": look_at_regions,
    "Adding the integration, with a wrong key first": add_with_wrong_key,
    "Making it the voice assistant's engine": hear_with_it,
    "Turning on the kitchen light by voice": switch_light_on,
    "Making an automation": make_automation,
    "Speaking after the key was replaced": lose_key,
    "Giving the new key": renew_key,
    "Changing the connection": change_connection,
    "Starting the automation by voice": start_automation,
    "Having a name found by the second opinion": get_second_opinion,
    "Correcting a name that was misheard": correct_misheard_name,
    "Adding a recognizer": add_recognizer,
    "Speaking to that recognizer": hear_with_recognizer,
    "Reading the meters": read_meters,
    "Removing the integration": remove,
}
