"""The progress of a long transcription, as a notification that goes away by itself.

An action has no way of its own to show how far it is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import unquote
from uuid import uuid4

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN

# A file that is transcribed sooner needs no notification.
_PATIENCE: Final = 5.0

# Percent between two changes of the notification.
_STEP: Final = 5


class Progress:
    """How far a transcription is."""

    def __init__(self, hass: HomeAssistant, name: str, texts: dict[str, str]) -> None:
        """Initialize for a file's name, with the texts in the user's language."""
        self._hass = hass
        self._name = name
        self._texts = texts
        self._id = f"{DOMAIN}_{uuid4().hex}"
        self._state: tuple[str, int] = ("working", 0)
        self._shown = False

    @callback
    def async_sent(self, part: float | None) -> None:
        """Say which part of the file, 0-1, was sent; None if it isn't known."""
        whole = part is None or part >= 1
        self._set("working" if whole else "sent", part)

    @callback
    def async_transcribed(self, part: float | None) -> None:
        """Say which part of the file, 0-1, is transcribed; None if it isn't known."""
        self._set("working" if part is None else "transcribed", part)

    @callback
    def async_show(self) -> None:
        """Show the notification, or change it."""
        self._shown = True
        state, percent = self._state
        persistent_notification.async_create(
            self._hass,
            self._text(state).format(percent=percent),
            title=self._text("title").format(name=self._name),
            notification_id=self._id,
        )

    @callback
    def async_dismiss(self) -> None:
        """Take the notification away."""
        if self._shown:
            persistent_notification.async_dismiss(self._hass, self._id)

    def _set(self, state: str, part: float | None) -> None:
        percent = min(99, int(100 * (part or 0) / _STEP) * _STEP)
        if (state, percent) != self._state:
            self._state = state, percent
            if self._shown:
                self.async_show()

    def _text(self, key: str) -> str:
        return self._texts[f"component.{DOMAIN}.common.progress_{key}"]


@asynccontextmanager
async def async_showing_progress(hass: HomeAssistant, media_id: str) -> AsyncIterator[Progress]:
    """Show the progress of a media's transcription if the block takes long."""
    texts = await async_get_translations(hass, hass.config.language, "common", [DOMAIN])
    name = unquote(media_id.partition("?")[0].rpartition("/")[2])
    progress = Progress(hass, name, texts)
    timer = hass.loop.call_later(_PATIENCE, progress.async_show)
    try:
        yield progress
    finally:
        timer.cancel()
        progress.async_dismiss()
