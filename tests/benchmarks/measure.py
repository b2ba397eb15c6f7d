"""One utterance, measured."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import logging
from time import monotonic, process_time
from typing import Any, Self, final

from .contenders import Contender
from .figures import Spread
from .speech import Microphone, Utterance

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The outcome of an utterance. Times are seconds of `time.monotonic`."""

    said: str
    heard: str
    spoken_at: float
    """When the last chunk of speech was handed over."""
    heard_at: float
    """When the text was there."""
    cpu: float
    """Seconds of processor time that this process took meanwhile."""

    @property
    def is_right(self) -> bool:
        """Whether the text is the spoken one; only then the delay means anything."""
        return self.heard == self.said

    @property
    def delay(self) -> float:
        """Seconds from the last chunk of speech to the text."""
        return self.heard_at - self.spoken_at


async def measure(contender: Contender, utterance: Utterance) -> Measurement:
    """Have an utterance recognized. A failure is heard as its name in brackets."""
    cpu = process_time()
    microphone = Microphone(utterance)
    speaking = asyncio.create_task(microphone.speak())
    try:
        heard = await contender.recognize(microphone.stream())
    except Exception as err:  # noqa: BLE001  # whatever it is, the others go on
        heard = f"[{type(err).__name__}]"
        _LOGGER.error("'%s' failed: %r", utterance.text, err)  # noqa: TRY400  # once is enough
    heard_at = monotonic()
    speaking.cancel()
    await asyncio.wait([speaking])
    return Measurement(
        said=utterance.text,
        heard=heard,
        spoken_at=microphone.spoken_at,
        heard_at=heard_at,
        cpu=process_time() - cpu,
    )


def delays(measured: Iterable[Measurement]) -> Spread | None:
    """Sum up the delays of the texts that are right; `None` without any."""
    return Spread.of([one.delay for one in measured if one.is_right])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Where the time from the last chunk of speech to the text goes, in seconds.

    Processes of one machine share the clock, so the emulator's record tells.
    """

    to_service: float
    """Until the service has the last of the audio."""
    in_service: float
    """Until it has answered: the emulator's own work, the same for all."""
    from_service: float
    """Until the text is there."""
    chunks: int
    """HTTP chunks that the audio came in."""
    size: int
    """Bytes that were sent, a file's header included."""

    @classmethod
    def of(cls, measurement: Measurement, requests: Iterable[Mapping[str, Any]]) -> Self | None:
        """Find the request that was answered with this text; `None` if there is none."""
        for request in requests:
            if measurement.is_right and measurement.said in request["text"]:
                return cls(
                    to_service=request["last_audio"] - measurement.spoken_at,
                    in_service=request["answered"] - request["last_audio"],
                    from_service=measurement.heard_at - request["answered"],
                    chunks=request["chunks"],
                    size=request["body_bytes"],
                )
        return None
