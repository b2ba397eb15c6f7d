"""A contender as a speech-to-text entity, with nothing around it."""

from collections.abc import AsyncIterable
from typing import override

from homeassistant.components.stt import SpeechMetadata, SpeechResult, SpeechResultState
from homeassistant.util import slugify

from tests.support.home import PcmEngine

from .contenders import LANGUAGE, Contender


class PlainEntity(PcmEngine):
    """Gives the stream to a contender, and its text back."""

    def __init__(self, name: str, contender: Contender) -> None:
        """Give a contender a name."""
        self.entity_id = f"stt.{slugify(name)}"
        self._contender = contender

    @property
    @override
    def supported_languages(self) -> list[str]:
        return [LANGUAGE]

    @override
    async def async_process_audio_stream(
        self, metadata: SpeechMetadata, stream: AsyncIterable[bytes]
    ) -> SpeechResult:
        text = await self._contender.recognize(stream)
        return SpeechResult(text, SpeechResultState.SUCCESS)
