"""Transcription of a recording, be it a live voice or a file."""

from collections.abc import Sequence

from .file_transcriber import FileTranscriber
from .policy import BackupEngine, Engine, Judge, Policy, Understands
from .recording import Recording
from .transcriber import Transcriber
from .transcript import Transcript


async def transcribe(
    recording: Recording,
    policy: Policy,
    engines: Sequence[Engine],
    *,
    judge: Judge,
    understands: Understands,
    backup: BackupEngine | None,
) -> Transcript:
    """Return everything that is said, as the transcriber of its kind does."""
    if await recording.comes_as_file():
        return await FileTranscriber(
            recording, policy, engines, understands=understands, backup=backup
        ).transcribe()
    return await Transcriber(
        recording, policy, engines, judge=judge, understands=understands, backup=backup
    ).transcribe()
