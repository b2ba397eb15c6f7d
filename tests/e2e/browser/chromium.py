"""Debian's Chromium, without a screen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
from pathlib import Path
from typing import Final

from playwright.async_api import Page, ViewportSize, async_playwright, expect

_CHROMIUM: Final = "/usr/bin/chromium"
_FLAGS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # Nothing but this machine is asked, wherever the run takes place.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    # The microphone is allowed without asking, and is a file.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
_PATIENCE: Final = 30_000  # milliseconds for whatever is waited for: a busy machine is slow
_WINDOW: Final[ViewportSize] = {"width": 1280, "height": 1000}


@asynccontextmanager
async def open_page(microphone: Path, *, sharp: bool) -> AsyncIterator[Page]:
    """Open a page whose microphone is a WAV file; `sharp` doubles the pixels, for pictures."""
    flags = [*_FLAGS, f"--use-file-for-fake-audio-capture={microphone}%noloop"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # with it, Chromium refuses to run as root
    expect.set_options(timeout=_PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=flags)
        context = await browser.new_context(
            viewport=_WINDOW, device_scale_factor=2 if sharp else 1, locale="en-US"
        )
        context.set_default_timeout(_PATIENCE)
        yield await context.new_page()
        await browser.close()
