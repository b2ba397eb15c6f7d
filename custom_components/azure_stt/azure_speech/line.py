"""The line to the service: whether it keeps up with a live voice."""

import socket
import struct
from time import monotonic
from typing import Final

from .wav import BYTES_PER_SECOND

# Seconds of audio that came faster than anybody speaks: a file, or a host that sends at once. A
# request that had to wait for its connection has less.
_BURST: Final = 2.0

# Seconds between two looks at the connection.
_INTERVAL: Final = 0.25

# Where struct tcp_info has the bytes that the peer has acknowledged:
# https://github.com/torvalds/linux/blob/v4.1/include/uapi/linux/tcp.h#L146-L194
_ACKNOWLEDGED: Final = 120
_INFO_SIZE: Final = 128


class Line:
    """The delay of a PCM upload behind a live voice, by the bytes that the peer acknowledged.

    Neither asyncio nor the system tells how much written data they hold back, so this is
    known on Linux only. The frames around the audio count as audio: a few percent.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Initialize at the beginning of an upload."""
        self.lag = 0.0
        """The most seconds so far; none for audio that came in a burst."""
        self._connection = connection
        self._before = self._acknowledged() or 0
        self._sent = 0
        self._early = 0.0
        self._noted_at = self._due = monotonic()
        self._is_burst = False

    def note(self, size: int) -> None:
        """Note bytes of PCM that are about to be written."""
        now = monotonic()
        elapsed, self._noted_at = now - self._noted_at, now
        self._early = max(0.0, self._early - elapsed)
        if now >= self._due and (acknowledged := self._acknowledged()) is not None:
            self._due = now + _INTERVAL
            carried = acknowledged - self._before
            lag = (self._sent - carried) / BYTES_PER_SECOND - self._early
            self.lag = max(self.lag, lag)
        self._sent += size
        self._early += size / BYTES_PER_SECOND
        self._is_burst |= self._early > _BURST
        if self._is_burst:
            self.lag = 0.0

    def _acknowledged(self) -> int | None:
        """Return the bytes that the peer has acknowledged on this connection."""
        if not hasattr(socket, "TCP_INFO"):
            return None
        try:
            info = self._connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
        except OSError:
            return None
        if len(info) < _INFO_SIZE:
            return None
        count: int
        (count,) = struct.unpack_from("=Q", info, _ACKNOWLEDGED)
        return count
