"""What a key may still use: how many recognitions at once, and how much audio."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from .answer import refuse
from .authentication import Identity
from .settings import FREE_AUDIO, Settings, Tier


class Limits:
    """Counts what is used."""

    def __init__(self, settings: Settings) -> None:
        """Use the settings' limits."""
        self._settings = settings
        self._running: Counter[str] = Counter()

    @contextmanager
    def recognition(self, identity: Identity) -> Iterator[None]:
        """Hold one of the key's places.

        Raises `RefusedError`: 429 if all are taken, 403 without any audio left.
        """
        settings = self._settings
        if identity.tier is Tier.F0:
            settings.audio_left.setdefault(identity.account, FREE_AUDIO)
        if settings.audio_left.get(identity.account, 1.0) <= 0:
            refuse(HTTPStatus.FORBIDDEN, "Out of call volume quota.")
        if self._running[identity.account] >= settings.concurrency[identity.tier]:
            wait = settings.retry_after
            refuse(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Too many requests at once for the pricing tier of your resource.",
                {} if wait is None else {"Retry-After": str(wait)},
            )
        self._running[identity.account] += 1
        try:
            yield
        finally:
            self._running[identity.account] -= 1

    def use_audio(self, identity: Identity, seconds: float) -> None:
        """Take audio off what the key has left."""
        if identity.account in self._settings.audio_left:
            self._settings.audio_left[identity.account] -= seconds
