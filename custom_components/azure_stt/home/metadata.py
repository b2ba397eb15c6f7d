"""The audio format that a speech-to-text entity is told."""

from homeassistant.components.stt import AudioCodecs, AudioFormats, SpeechMetadata

from ..audio.pcm import PcmFormat


def pcm_format(metadata: SpeechMetadata) -> PcmFormat | None:
    """Return the PCM format that metadata declares; None for OGG/Opus."""
    if (metadata.format, metadata.codec) != (AudioFormats.WAV, AudioCodecs.PCM):
        return None
    return PcmFormat(
        rate=metadata.sample_rate.value,
        bits=metadata.bit_rate.value,
        channels=metadata.channel.value,
    )
