"""The integration's own pages: adding it, changing it, removing it."""

from typing import Final

from playwright.async_api import Locator, expect

from .forms import Form
from .stage import Stage

NAME: Final = "Azure Speech to Text"
PAGE: Final = "/config/integrations/integration/azure_stt"


async def begin_adding(stage: Stage, way: str) -> Form:
    """Look the integration up among all that there are; return the form of one of its ways."""
    await stage.visit("/config/integrations/dashboard")
    await stage.page.get_by_role("button", name="Add integration").click()
    await stage.page.get_by_placeholder("Search for a brand name").fill(NAME)
    await stage.page.get_by_role("button", name=NAME, exact=True).click()
    form = Form(stage.page)
    await form.words(way).click()
    return form


async def begin_adding_recognizer(stage: Stage) -> Form:
    """Return the form of a new recognizer."""
    await stage.visit(PAGE)
    await stage.page.get_by_role("button", name="Add recognizer").click()
    return Form(stage.page)


async def begin_changing_recognizer(
    stage: Stage, name: str, item: str = "Change the options"
) -> Form:
    """Return the form behind an item of the menu of a recognizer that is there."""
    await stage.visit(PAGE)
    row = stage.page.locator("ha-config-sub-entry-row").filter(has_text=name)
    await row.get_by_role("button", name="Change recognizer").click()
    form = Form(stage.page)
    await form.words(item).click()
    return form


async def begin_changing_connection(stage: Stage) -> Form:
    """Return the form with which the resource was added."""
    await choose_from_menu(stage, "Reconfigure")
    return Form(stage.page)


async def begin_renewing_key(stage: Stage) -> Form:
    """Return the form for which Home Assistant asks by itself."""
    await stage.visit(PAGE)
    await expect(stage.page.get_by_text("Attention required")).to_be_visible()
    await stage.page.get_by_role("button", name="Reconfigure").click()
    return Form(stage.page)


def entry_name(stage: Stage, name: str) -> Locator:
    """Return where the integration's page names a resource."""
    return stage.page.locator("ha-config-entry-row").get_by_text(name, exact=True)


async def choose_from_menu(stage: Stage, item: str) -> None:
    """Take an item of the resource's menu."""
    await stage.visit(PAGE)
    row = stage.page.locator("ha-config-entry-row")
    await row.get_by_role("button", name="Menu").first.click()
    await row.get_by_role("menuitem", name=item).click()
