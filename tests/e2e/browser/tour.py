"""A tour of the integration in other languages, to read it as its users do."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from playwright.async_api import Locator, Position, ViewportSize, expect

from tests.emulator import S0_KEY, silence, speak, wav_header

from .forms import Form
from .integration import PAGE
from .stage import Stage
from .story import Step, log_in
from .texts import Texts, languages, read

_MENU: Final = "config.step.user.menu_options"
_WAYS: Final = ("region", "us_government", "china", "entra", "custom_endpoint")
_WRONG_KEY: Final = "0" * 32
_RECOGNIZER: Final = "config_subentries.stt"
_MISHEARD: Final = "Turn on the dead swamp"
_NAME: Final = "Desk lamp"
_ENTRIES: Final = "/api/config/config_entries/entry?domain=azure_stt"

# Home Assistant's own words
_PANEL: Final = "ui.panel.config.integrations"
_ADD: Final = f"{_PANEL}.integration_page.add_service"
_CONFIGURE: Final = f"{_PANEL}.config_entry.configure"
_SUBMIT: Final = f"{_PANEL}.config_flow.submit"
_EXPAND: Final = "panels => panels.forEach(panel => panel.expanded = true)"
_HASS: Final = "document.querySelector('home-assistant').hass"
_LOCALIZE: Final = f"key => {_HASS}.localize(key)"
_LOAD_OPTIONS: Final = f"async () => {{ await {_HASS}.loadBackendTranslation('selector') }}"

_AUTOMATIC: Final = {
    "number_format": "language",
    "time_format": "language",
    "date_format": "language",
    "first_weekday": "language",
    "time_zone": "local",
}
_HEIGHT: Final = 5000  # the longest form fits in
_WINDOW: Final[ViewportSize] = {"width": 1280, "height": _HEIGHT}
_PHONE: Final[ViewportSize] = {"width": 390, "height": _HEIGHT}
_BESIDE_TARGET: Final[Position] = {"x": 4, "y": 4}  # a row's heading names its target, a button
_ANIMATION: Final = 500  # milliseconds until what opens is open


def tour(folder: str, *only: str) -> dict[str, Step]:
    """Return the steps of a tour in each language, or in some, with pictures in a folder."""
    faults: list[str] = []
    steps: dict[str, Step] = {"Logging in": log_in}
    for language in only or languages():
        guide = partial(_Guide, Path(folder, language), Texts(language), faults)
        steps[f"Reading {language}"] = partial(_read_all, guide=guide)
    steps["Looking for faults"] = partial(_expect_none, faults=faults)
    return steps


async def _read_all(stage: Stage, guide: Callable[[Stage], _Guide]) -> None:
    reader = guide(stage)
    await reader.switch_language()
    await reader.add_resource()
    [entry] = await stage.connection.get(_ENTRIES)
    await reader.change_options()
    await reader.add_recognizer()
    [recognizer] = await stage.connection.entities(entry["entry_id"], "stt")
    await reader.correct(recognizer)
    await reader.automate(recognizer)
    await reader.look_at_devices(entry["entry_id"])
    await stage.connection.remove_entry(entry["entry_id"])


async def _expect_none(_: Stage, faults: list[str]) -> None:
    assert not faults, "\n".join(["faults:", *faults])


class _Guide:
    """Someone who reads the integration in one language, and takes pictures of it."""

    def __init__(self, folder: Path, texts: Texts, faults: list[str], stage: Stage) -> None:
        """Read `texts` on `stage`, save the pictures in `folder`, and add to `faults`."""
        self._folder: Final = folder
        self._texts: Final = texts
        self._faults: Final = faults
        self._stage: Final = stage
        self._page: Final = stage.page
        self._form: Final = Form(stage.page)
        self._dialog: Final = self._form.content

    async def switch_language(self) -> None:
        """Make it the user's language, and the home's, which names the entities."""
        language = self._texts.language
        await self._page.set_viewport_size(_WINDOW)
        await self._stage.connection.command("config/core/update", language=language)
        await self._stage.connection.command(
            "frontend/set_user_data", key="language", value=_AUTOMATIC | {"language": language}
        )

    async def add_resource(self) -> None:
        """Read each way of adding a resource, and add one, with a wrong key first."""
        for way in _WAYS:
            await self._begin(_ADD)
            if way == _WAYS[0]:
                await self._read_dialog("menu")
            await self._choose(f"{_MENU}.{way}")
            await self._read_dialog(way)
        endpoint, key = await self._dialog.get_by_role("textbox").all()
        await endpoint.fill(self._stage.emulator.url)
        for outcome, content in {"refused": _WRONG_KEY, "added": S0_KEY}.items():
            await key.fill(content)
            await self._submit()
            await self._read_dialog(outcome)

    async def change_options(self) -> None:
        """Read the resource's options."""
        await self._begin(_CONFIGURE)
        await self._read_dialog("options")

    async def add_recognizer(self) -> None:
        """Read the form of a new recognizer, with all that it holds."""
        await self._stage.visit(PAGE)
        await self._page.get_by_role(
            "button", name=self._texts[f"{_RECOGNIZER}.initiate_flow.user"], exact=True
        ).click()
        await self._read_dialog("recognizer")

    async def correct(self, recognizer: str) -> None:
        """Read how to correct a misheard name."""
        sound = silence(0.3) + speak(_MISHEARD) + silence(1)
        await self._stage.connection.transcribe(wav_header() + sound, recognizer)
        await self._stage.visit(PAGE)
        await self._page.get_by_role(
            "button", name=self._texts[f"{_RECOGNIZER}.initiate_flow.reconfigure"], exact=True
        ).click()
        await self._read_dialog("recognizer menu")
        await self._choose(f"{_RECOGNIZER}.step.reconfigure.menu_options.correct")
        await self._dialog.get_by_role("radio").click()
        await self._read_dialog("correct")
        await self._submit()
        await self._read_dialog("meant")
        label = self._texts[f"{_RECOGNIZER}.step.meant.data.meant"]
        await self._dialog.get_by_role("button", name=label).click()
        await self._dialog.get_by_role("option", name=_NAME, exact=True).click()
        await self._submit()
        await self._read_dialog("lesson")

    async def automate(self, recognizer: str) -> None:
        """Read the trigger and the actions."""
        target = {"entity_id": recognizer}
        await self._stage.connection.create_automation(
            triggers=[{"trigger": "azure_stt.phrase_recognized", "target": target}],
            actions=[
                {"action": f"azure_stt.{action}", "target": target}
                for action in ("transcribe", "assess_pronunciation")
            ],
        )
        await self._stage.visit("/config/automation/edit/test")
        editor = self._page.locator("manual-automation-editor")
        await expect(editor).to_be_visible()
        # The frontend doesn't draw options again when their texts arrive.
        await self._page.evaluate(_LOAD_OPTIONS)
        side = self._page.locator("ha-automation-sidebar")
        for name in (
            self._texts["triggers.phrase_recognized.name"],
            self._texts["services.transcribe.name"],
            self._texts["services.assess_pronunciation.name"],
        ):
            await editor.get_by_role("heading", name=name).click(position=_BESIDE_TARGET)
            await self._read(name, side, side)

    async def look_at_devices(self, entry_id: str) -> None:
        """Read the names of the entities, and their states."""
        registry = await self._stage.connection.command("config/device_registry/list")
        devices = [device for device in registry if entry_id in device["config_entries"]]
        for device in devices:
            await self._stage.visit(f"/config/devices/device/{device['id']}")
            page = self._page.locator("ha-config-device-page")
            await expect(page.locator("ha-device-entities-card").first).to_be_visible()
            await self._read(f"device {device['name']}", page, page)

    async def _begin(self, button: str) -> None:
        """Open a dialog from the integration's page by a button with Home Assistant's words."""
        await self._stage.visit(PAGE)
        page = self._page.locator("ha-config-integration-page")
        await expect(page).to_be_visible()
        await page.get_by_role("button", name=await self._words(button), exact=True).click()

    async def _choose(self, path: str) -> None:
        await self._form.words(self._texts[path]).click()

    async def _submit(self) -> None:
        await self._dialog.get_by_role("button", name=await self._words(_SUBMIT)).click()

    async def _read_dialog(self, name: str) -> None:
        """Read the dialog in a narrow window, as on a phone, and in a wide one."""
        await self._page.set_viewport_size(_PHONE)
        await self._read(f"{name} on a phone", self._dialog, self._form.window)
        await self._page.set_viewport_size(_WINDOW)
        await self._read(name, self._dialog, self._form.window)

    async def _read(self, name: str, part: Locator, picture: Locator) -> None:
        """Read a part of the page with its sections open, and save a picture."""
        await expect(picture).to_be_visible()
        await self._page.wait_for_timeout(_ANIMATION)
        await part.locator("ha-expansion-panel").evaluate_all(_EXPAND)
        await self._page.wait_for_timeout(_ANIMATION)
        await picture.screenshot(path=self._folder / f"{name}.png")
        shown = await read(part)
        place = f"{self._texts.language}, {name}"
        self._faults.extend(f"{place}: {fault}" for fault in self._texts.faults(shown))

    async def _words(self, key: str) -> str:
        """Return some of Home Assistant's own words."""
        words: str = await self._page.evaluate(_LOCALIZE, key)
        return words
