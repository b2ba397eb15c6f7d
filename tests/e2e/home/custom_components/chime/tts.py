"""Answer everything with Assist's own chime.

The browser's microphone sends nothing to a pipeline that has no text-to-speech engine.
"""

from typing import Any, override

from homeassistant.components.assist_pipeline.const import ACKNOWLEDGE_PATH
from homeassistant.components.tts import Provider, TtsAudioType
from homeassistant.core import HomeAssistant
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType


def get_engine(
    hass: HomeAssistant,
    config: ConfigType,
    discovery_info: DiscoveryInfoType | None = None,
) -> Provider:
    """Return the engine that `platform: chime` asks for."""
    return Chime()


class Chime(Provider):
    """A text-to-speech engine of one sound."""

    name = "Chime"

    @property
    @override
    def default_language(self) -> str:
        """Return the language that is announced."""
        return "en"

    @property
    @override
    def supported_languages(self) -> list[str]:
        """Return the languages that are announced."""
        return ["en"]

    @override
    def get_tts_audio(self, message: str, language: str, options: dict[str, Any]) -> TtsAudioType:
        """Return the chime as MP3, for any message."""
        return "mp3", ACKNOWLEDGE_PATH.read_bytes()
