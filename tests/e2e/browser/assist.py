"""Assist in the browser: its settings, and talking to it."""

from typing import Final

from playwright.async_api import Locator, expect

from .stage import Stage

_NO_PULSE: Final = """assist => {
    const style = document.createElement("style");
    style.textContent = ".bouncer { display: none }";
    assist.shadowRoot.append(style);
}"""


async def choose_engines(stage: Stage, hearing: str, speaking: str) -> None:
    """Let the voice assistant hear and speak with engines, by their names."""
    await stage.visit("/config/voice-assistants/assistants")
    await stage.page.get_by_role("button", name="Home Assistant English").click()
    dialog = stage.page.locator("dialog-voice-assistant-pipeline-detail")
    for kind, engine in {"Speech-to-text": hearing, "Text-to-speech": speaking}.items():
        chosen = dialog.get_by_role("button", name=kind)
        await chosen.click()
        await dialog.get_by_role("menuitem", name=engine, exact=True).click()
        await expect(chosen).to_contain_text(engine)
    await dialog.get_by_role("button", name="Update").click()
    await expect(dialog).to_be_hidden()


async def say(stage: Stage, sentence: str) -> Conversation:
    """Open Assist, click its microphone and say something."""
    await stage.microphone.load(sentence)
    await stage.visit("/")
    await stage.page.get_by_role("button", name="Assist (A)").click()
    dialog = stage.page.locator("ha-voice-command-dialog")
    # The pulse of the open microphone takes a whole core, and the model needs one.
    await dialog.locator("ha-assist-chat").evaluate(_NO_PULSE)
    await dialog.get_by_role("button", name="Start listening").click()
    return Conversation(dialog)


class Conversation:
    """Assist's dialog after something was said."""

    def __init__(self, dialog: Locator) -> None:
        """Look at Assist's dialog."""
        self._dialog: Final = dialog

    @property
    def window(self) -> Locator:
        """Return the dialog itself, for a picture."""
        return self._dialog.locator("dialog").first

    async def expect_heard(self, sentence: str) -> None:
        """See the recognized text appear as the user's words, with capitals or without."""
        await expect(self._words("user")).to_have_text(sentence, ignore_case=True)

    async def expect_answer(self, answer: str) -> None:
        """See Home Assistant's answer."""
        await expect(self._words("hass").last).to_have_text(answer)

    async def expect_failure(self, message: str) -> None:
        """See that it went wrong."""
        await expect(self._words("error")).to_have_text(message)

    def _words(self, whose: str) -> Locator:
        return self._dialog.locator(f".message.{whose} ha-markdown-element")
