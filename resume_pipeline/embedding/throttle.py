"""How patient and how bold a client of a remote model is: deadlines, waits between attempts, requests at a time.

All of it is this process's own; what the processes of one machine share is ``embedding.pacing``.
"""

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

START_CONCURRENCY = 2
SHRINK_EVERY_SECONDS = 1.0
"""Requests that were under way together fail together; that is one reason to slow down, not several."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Until when a call may wait and try again (monotonic seconds), and an event that ends all waiting at once."""

    until: float = math.inf
    stop: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(cls, seconds: float) -> "Patience":
        """Patience from now on."""
        return cls(time.monotonic() + seconds)

    def sooner(self, seconds: float) -> "Patience":
        """The same, but at most so many seconds from now."""
        return Patience(min(self.until, time.monotonic() + seconds), self.stop)

    @property
    def left(self) -> float:
        """Seconds left; 0 when it is over."""
        return 0.0 if self.stop.is_set() else max(0.0, self.until - time.monotonic())

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the patience lasts."""
        self.stop.wait(min(seconds, self.left))


def backoff_seconds(attempt: int, *, base: float, longest: float = 60.0) -> float:
    """The wait after failed attempt 0, 1, 2 …: exponential with full jitter.

    Any moment from 0 to the bound: clients that failed together do not come back together (Brooker 2015, "Exponential
    Backoff And Jitter").
    """
    return random.uniform(0, min(longest, base * 2**attempt))  # noqa: S311  (no secret)


class Concurrency:
    """Requests at a time: one more after each round of answers, half as many after congestion (Chiu and Jain 1989).

    It does not grow while the pace is what limits: more requests would only wait.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._most = max(1, most)
        self._allowed = float(min(START_CONCURRENCY, self._most))
        self._shrunk_at = -math.inf
        self._lock = threading.Lock()

    @property
    def allowed(self) -> int:
        """Requests that may be under way now; at least 1."""
        return int(self._allowed)

    def answered(self, *, paced: bool) -> None:
        """An answer came; ``paced`` says that its request had to wait for its turn."""
        with self._lock:
            if not paced:
                self._allowed = min(self._most, self._allowed + 1 / self._allowed)

    def congested(self) -> None:
        """The server is too busy, or did not answer."""
        with self._lock:
            now = self._clock()
            if now - self._shrunk_at >= SHRINK_EVERY_SECONDS:
                self._shrunk_at = now
                self._allowed = max(1.0, self._allowed / 2)
