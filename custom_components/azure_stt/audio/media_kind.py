"""The kinds of media files. Importing it loads PyAV: not on an event loop."""

from typing import NamedTuple

from av import CodecContext
from av.container import InputContainer


class MediaKind(NamedTuple):
    """The kind of a media file, in FFmpeg's names, and how much is in it."""

    container: str
    codec: str
    channels: int
    streams: int


def media_kind(container: InputContainer) -> MediaKind | None:
    """Return the kind of a container; None without sound."""
    if not container.streams.audio:
        return None
    # PyAV has no codec where FFmpeg doesn't know it, unlike its annotations.
    codec: CodecContext | None = container.streams.audio[0].codec_context
    return MediaKind(
        container=container.format.name,
        codec=codec.codec.canonical_name if codec else "",
        channels=container.streams.audio[0].channels if codec else 0,
        streams=len(container.streams),
    )
