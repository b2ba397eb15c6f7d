"""The backup: another speech engine for the audio that no resource has answered for."""

import asyncio
import logging
from time import monotonic
from typing import Final

from ..azure_speech import Alternative, Recognition, RecognitionStatus, SpeechError
from .endpointing import LEAD, Endpointer
from .policy import BackupEngine
from .recording import Recording
from .task_scope import TaskScope
from .transcript import Part

_LOGGER = logging.getLogger(__name__)

BACKUP_LIMIT: Final = 30.0
"""Seconds that the backup engine has, from the end of the stream or its own start."""


async def ask_backup(
    backup: BackupEngine | None,
    recording: Recording,
    endpointer: Endpointer,
    position: int,
    language: str,
    err: SpeechError,
) -> Part:
    """Return the rest of a recording as the backup engine recognizes it.

    The engine isn't asked about sound without speech, because some engines invent words then.
    Raises the resource's error without an engine, or if that fails.
    """
    if backup is None:
        raise err
    start = await endpointer.first_sound(position)
    if start is None:
        return _part(position, recording.length, "")
    start = max(position, start - LEAD)
    _LOGGER.debug("Asking the backup engine, because: %s", err)
    async with TaskScope() as tasks:
        overdue = tasks.start(_overdue(recording, monotonic()))
        answer = tasks.start(backup(recording, start, language))
        await asyncio.wait({answer, overdue}, return_when=asyncio.FIRST_COMPLETED)
        text = answer.result() if answer.done() else None
    if text is None:
        raise err
    return _part(start, recording.length, text)


def _part(start: int, end: int, text: str) -> Part:
    alternatives = (Alternative(display=text),) if text else ()
    recognition = Recognition(status=RecognitionStatus.SUCCESS, alternatives=alternatives)
    return Part(start=start, end=end, recognition=recognition)


async def _overdue(recording: Recording, started: float) -> None:
    begin = max(await recording.ends_or_is_full(), started)
    await asyncio.sleep(begin + BACKUP_LIMIT - monotonic())
