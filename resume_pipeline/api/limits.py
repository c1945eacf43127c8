"""Rates: how many requests somebody may make in a time, counted in this process or, for all processes, in Redis.

Daily limits and money are counted in Postgres (``api.budget``): those must survive a restart.
"""

import logging
import threading
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from resume_pipeline.errors import ConfigurationError

logger = logging.getLogger("resume_pipeline.api")


class RateLimiter:
    """Counts by sliding windows. ``processes`` count apart without Redis: each then allows its part of a rate.

    When Redis does not answer, this process counts alone until it does: neither is everybody refused nor nobody.
    """

    def __init__(self, url: str | None, *, processes: int) -> None:
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = _shared(url) if url is not None else None
        self._processes = processes
        self._lock = threading.Lock()

    @property
    def blocking(self) -> bool:
        """Whether a count takes a round trip."""
        return self._shared is not None

    def take(self, rate: str, who: str, *, room: int = 1) -> float | None:
        """Count one request; None when it is allowed, else after how many seconds to try again.

        ``room`` times the rate is allowed.
        """
        item = parse(rate)
        item = type(item)(item.amount * room, item.multiples)
        if self._shared is not None:
            try:
                return _taken(self._shared, item, who)
            except Exception as error:  # whatever the client of Redis raises
                logger.warning("rates are counted in this process alone: %s", type(error).__name__)
        with self._lock:  # the memory's own counter lets a few too many through when threads meet in it
            return _taken(self._own, _part_of(item, self._processes), who)


def _shared(url: str) -> SlidingWindowCounterRateLimiter:
    try:
        return SlidingWindowCounterRateLimiter(storage_from_string(url))
    except Exception as error:  # of `limits`, or of the client it loads
        raise ConfigurationError(
            f"RESUME_RATE_LIMIT_URL cannot be used ({type(error).__name__}). It looks like redis://localhost:6379; "
            "the client is the extra [redis]."
        ) from None  # the cause may quote the URL with its password


def _part_of(item: RateLimitItem, processes: int) -> RateLimitItem:
    return type(item)(max(1, item.amount // processes), item.multiples)


def _taken(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, who: str) -> float | None:
    if limiter.hit(item, who):
        return None
    reset = limiter.get_window_stats(item, who).reset_time
    return min(max(reset - time.time(), 1.0), float(item.get_expiry()))
