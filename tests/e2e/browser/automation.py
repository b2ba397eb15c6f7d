"""The editor of automations."""

import re
from typing import Final

from playwright.async_api import Locator, expect

from .stage import Stage


class Editor:
    """The editor of an automation that is new.

    What was added last is open at its side.
    """

    def __init__(self, stage: Stage) -> None:
        """Use a page on which the editor is open."""
        self._page: Final = stage.page
        self.side: Final = stage.page.locator("ha-automation-sidebar")

    async def add(self, kind: str, name: str, target: str) -> None:
        """Add a trigger or an action by its name, for a target."""
        await self._page.get_by_role("button", name=f"Add {kind}").click()
        everything = self._page.locator("add-automation-element-dialog")
        await everything.get_by_placeholder("Search").fill(name)
        await everything.get_by_role("button", name=name).click()
        await self.side.get_by_role("button", name="Add target").click()
        await self.side.get_by_role("option", name=target).click()
        await expect(self.side.get_by_role("button", name="Exclude target")).to_be_visible()

    async def begin_list(self, label: str) -> Locator:
        """Switch a list on that may be left out; return the field of its first line."""
        row = self.side.locator("ha-settings-row").filter(
            has=self._page.get_by_text(label, exact=True)
        )
        await row.locator("ha-checkbox").click()
        await row.get_by_role("button", name="Add", exact=True).click()
        return row.get_by_role("textbox")

    async def name(self, name: str) -> None:
        """Save it for the first time, which asks for a name."""
        await self.save()
        dialog = self._page.locator("ha-dialog-automation-save")
        await dialog.get_by_role("textbox", name="Name").fill(name)
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog.locator("dialog")).to_be_hidden()

    async def save(self) -> None:
        """Save it."""
        editor = self._page.locator("manual-automation-editor")
        await editor.get_by_role("button", name="Save").click()

    async def expect_error(self, message: str) -> None:
        """See that it wasn't saved, and why."""
        await expect(self._page.locator("ha-alert")).to_contain_text(message)

    async def expect_saved(self) -> None:
        """See that it was saved: it has an address of its own then."""
        await expect(self._page).to_have_url(re.compile(r"/edit/\d+$"))


async def begin_automation(stage: Stage) -> Editor:
    """Open the editor for a new automation."""
    await stage.visit("/config/automation/edit/new")
    return Editor(stage)
