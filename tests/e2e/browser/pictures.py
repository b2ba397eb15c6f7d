"""The pictures that the documentation shows."""

from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.async_api import FloatRect, Locator, Page

_COLORS: Final = 48  # enough for what Home Assistant draws, and a third of the size
_MARGIN: Final = 12  # in light colors a frame: what is around a dialog is darker
_SUFFIXES: Final[dict[Literal["light", "dark"], str]] = {"light": "", "dark": "-dark"}


class Pictures:
    """Pictures of the run, if a folder is given for them."""

    def __init__(self, folder: Path | None) -> None:
        """Save pictures in `folder`; take none without it."""
        self._folder = folder

    @property
    def wanted(self) -> bool:
        """Return whether pictures are taken."""
        return self._folder is not None

    async def take(self, name: str, element: Locator) -> None:
        """Save an element with a little around it, in light and in dark colors."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        page = element.page
        await page.mouse.move(0, 0)  # nothing is highlighted
        for scheme, suffix in _SUFFIXES.items():
            await _wear(page, scheme)
            clip = await _surroundings(element)
            image = await page.screenshot(clip=clip, animations="disabled")
            _save(image, self._folder / f"{name}{suffix}.png")
        await _wear(page, "light")


async def _surroundings(element: Locator) -> FloatRect:
    box = await element.bounding_box()
    assert box, "it isn't visible"
    return {
        "x": box["x"] - _MARGIN,
        "y": box["y"] - _MARGIN,
        "width": box["width"] + 2 * _MARGIN,
        "height": box["height"] + 2 * _MARGIN,
    }


async def _wear(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Change the page's colors as the device's setting does."""
    await page.emulate_media(color_scheme=scheme)
    await page.wait_for_function(
        "dark => document.querySelector('home-assistant').hass.themes.darkMode === dark",
        arg=scheme == "dark",
    )


def _save(image: bytes, path: Path) -> None:
    """Write a picture with few colors, so that it is small."""
    with Image.open(BytesIO(image)) as picture:
        few = picture.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
