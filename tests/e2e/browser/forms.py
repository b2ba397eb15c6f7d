"""Home Assistant's forms, filled in by their labels."""

from typing import Final

from playwright.async_api import Locator, Page, expect


class Form:
    """The dialog in which Home Assistant asks for an integration's settings."""

    def __init__(self, page: Page) -> None:
        """Look for it on a page, where it may open later."""
        self._page: Final = page
        self._dialog: Final = page.locator("dialog-data-entry-flow")

    @property
    def window(self) -> Locator:
        """Return the dialog itself, for a picture."""
        return self._dialog.locator("dialog").first

    @property
    def content(self) -> Locator:
        """Return all that is in the dialog."""
        return self._dialog

    def text(self, label: str) -> Locator:
        """Return a field of text or a number."""
        return self._dialog.get_by_role("textbox", name=label).or_(
            self._dialog.get_by_role("spinbutton", name=label)
        )

    def option(self, label: str) -> Locator:
        """Return one of a few options that are all visible."""
        return self._dialog.get_by_role("radio", name=label)

    def words(self, text: str) -> Locator:
        """Return where something is written, other than in the form's description."""
        elsewhere = self._dialog.locator(":not(em)")
        return self._dialog.get_by_text(text, exact=True).and_(elsewhere)

    async def fill(self, label: str, content: str) -> None:
        """Type into a field, replacing its text."""
        await self.text(label).fill(content)
        await expect(self.text(label)).to_have_value(content)

    async def pick(self, label: str, choice: str) -> None:
        """Look for a choice in a long list, and take it."""
        closed = self._dialog.get_by_role("button", name=label)
        await closed.click()
        await self._dialog.get_by_placeholder("Search").fill(choice)
        await self._dialog.get_by_role("option", name=choice, exact=True).click()
        await expect(closed).to_contain_text(choice)

    async def unfold(self, section: str) -> None:
        """Open a section that is closed."""
        await self._section(section).click()

    async def scroll_to(self, section: str) -> None:
        """Let the form begin with a section, for a picture."""
        await self._section(section).evaluate("section => section.scrollIntoView()")

    async def add_pair(self, name: str, **answers: str) -> None:
        """Add an item to a list of the form, by the little form for that."""
        pairs = self._dialog.locator("ha-selector-object").filter(has_text=name)
        await pairs.get_by_role("button", name="Add").click()
        item = self._page.locator("dialog-form")
        for label, content in answers.items():
            await item.get_by_role("textbox", name=label).fill(content)
        await item.get_by_role("button", name="Add").click()
        await expect(item.locator("dialog")).to_be_hidden()

    async def submit(self) -> None:
        """Submit the form."""
        await self._dialog.get_by_role("button", name="Submit").click()

    async def expect_error(self, message: str) -> None:
        """See the form show the error."""
        await expect(self._dialog.locator("ha-alert")).to_have_text(message)

    async def finish(self, message: str, button: str) -> None:
        """See a last word, and leave by its button."""
        await expect(self._dialog).to_contain_text(message)
        await self._dialog.get_by_role("button", name=button).last.click()
        await self.expect_gone()

    async def give_up(self) -> None:
        """Close the form without sending it."""
        await self._dialog.get_by_role("button", name="Close").click()
        await self.expect_gone()

    async def expect_gone(self) -> None:
        """See that the form isn't there any more."""
        await expect(self.window).to_be_hidden()

    def _section(self, name: str) -> Locator:
        return self._dialog.get_by_role("button", name=name)
