"""The stage of a run."""

from dataclasses import dataclass

from playwright.async_api import Page

from tests.e2e.connection import Connection
from tests.e2e.home_assistant import HomeAssistant
from tests.emulator import Emulator

from .microphone import Microphone
from .pictures import Pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A home, the Azure emulator, and a browser that speaks."""

    home: HomeAssistant
    connection: Connection
    """For a look behind the scenes; all actions are done in the browser."""
    emulator: Emulator
    page: Page
    microphone: Microphone
    pictures: Pictures

    async def visit(self, path: str) -> None:
        """Open a page of Home Assistant."""
        await self.page.goto(f"{self.home.url}{path}")
