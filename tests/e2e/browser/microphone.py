"""The browser's microphone."""

import asyncio
from pathlib import Path
from typing import Final
import wave

from tests.e2e.connection import SAMPLE_RATE
from tests.e2e.voice import speak

_QUIET_BEFORE: Final = 1.0  # Chromium's noise suppression needs a moment
_QUIET_AFTER: Final = 3.0


class Microphone:
    """The WAV file that Chromium takes for its microphone.

    It is read anew, and from its start, each time a page begins to listen.
    """

    def __init__(self, path: Path) -> None:
        """Use a file that may be missing until something is said."""
        self.path = path

    async def load(self, sentence: str) -> None:
        """Make a sentence the next thing that is said, with quiet around it."""
        sound = await asyncio.to_thread(speak, sentence)
        with wave.open(str(self.path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(_quiet(_QUIET_BEFORE) + sound + _quiet(_QUIET_AFTER))


def _quiet(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE))
