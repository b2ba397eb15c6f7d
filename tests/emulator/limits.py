"""A key's limits: the number of simultaneous recognitions, and the amount of audio.

[doc] 429 for too many at once, 403 for the quota; [?] the words of both.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import NoReturn

from .answer import refuse, refuse_bare
from .authentication import Identity
from .settings import FREE_AUDIO, OverLimit, Settings, Tier


class Limits:
    """Counts the usage."""

    def __init__(self, settings: Settings) -> None:
        """Use the settings' limits."""
        self._settings = settings
        self._running: Counter[str] = Counter()

    @contextmanager
    def recognition(self, identity: Identity) -> Iterator[None]:
        """Hold one of the key's places.

        Raises `RefusedError`: 429 or a bare 401 if all are taken, 403 or 429 without any audio
        left.
        """
        settings = self._settings
        if identity.tier is Tier.F0:
            settings.audio_left.setdefault(identity.account, FREE_AUDIO)
        if settings.audio_left.get(identity.account, 1.0) <= 0:
            # [?] The words are those of other services of the same family.
            refuse(
                settings.quota_status,
                "Out of call volume quota for SpeechServices F0 pricing tier. Please retry after"
                " 12 days. To increase your call volume switch to a paid tier.",
            )
        is_full = self._running[identity.account] >= settings.concurrency[identity.tier]
        if settings.throttles or is_full:
            self._throttle()
        self._running[identity.account] += 1
        try:
            yield
        finally:
            self._running[identity.account] -= 1

    def _throttle(self) -> NoReturn:
        settings = self._settings
        if settings.over_limit is OverLimit.BARE_401:
            refuse_bare(HTTPStatus.UNAUTHORIZED)
        wait = settings.retry_after
        refuse(
            HTTPStatus.TOO_MANY_REQUESTS,
            "Rate limit is exceeded for the pricing tier of your resource. Try again later.",
            {} if wait is None else {"Retry-After": str(wait)},
        )

    def use_audio(self, identity: Identity, seconds: float) -> None:
        """Subtract audio from the key's remaining amount."""
        if identity.account in self._settings.audio_left:
            self._settings.audio_left[identity.account] -= seconds
