"""Rate limits: requests and tokens a minute as token buckets, and the headers that tell of them."""

import threading
import time
from dataclasses import dataclass


@dataclass
class Bucket:
    """Holds up to ``per_minute``, refilled evenly; 0 means no limit."""

    per_minute: int
    level: float
    at: float

    def refill(self, now: float) -> None:
        self.level = min(self.per_minute, self.level + (now - self.at) * self.per_minute / 60)
        self.at = now

    def wait(self, amount: float) -> float:
        """Seconds until so much is there."""
        return max(0.0, (amount - self.level) * 60 / self.per_minute) if self.per_minute else 0.0

    def reset_seconds(self) -> float:
        """Seconds until it is full."""
        return (self.per_minute - self.level) * 60 / self.per_minute if self.per_minute else 0.0


def span(seconds: float) -> str:
    """A length of time as OpenAI writes it: ``6ms``, ``1.5s``, ``6m0s``."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{rest:.3g}s" if minutes else f"{rest:.4g}s"


class RateLimits:
    """The buckets of one account; safe to use from many threads."""

    def __init__(self, requests: int, tokens: int, fill: float = 1.0) -> None:
        self._lock = threading.Lock()
        self.configure(requests, tokens, fill)

    def configure(self, requests: int, tokens: int, fill: float = 1.0) -> None:
        """Set limits a minute (0: none); ``fill`` is the share that is there at once."""
        now = time.monotonic()
        with self._lock:
            self._buckets = {
                "requests": Bucket(requests, requests * fill, now),
                "tokens": Bucket(tokens, tokens * fill, now),
            }

    def take(self, tokens: int) -> tuple[str, float] | None:
        """Take one request of so many tokens; else (what is short, seconds until it would pass)."""
        with self._lock:
            wanted = {"requests": 1.0, "tokens": float(tokens)}
            for name, bucket in self._buckets.items():
                bucket.refill(time.monotonic())
                if bucket.per_minute and bucket.level < wanted[name]:
                    return name, bucket.wait(wanted[name])
            for name, bucket in self._buckets.items():
                bucket.level -= wanted[name]
        return None

    def drain(self, tokens: int) -> None:
        """Leave no more than one request of so many tokens."""
        with self._lock:
            for bucket, level in ((self._buckets["requests"], 1.0), (self._buckets["tokens"], float(tokens))):
                bucket.level, bucket.at = level, time.monotonic()

    def limit(self, name: str) -> int:
        """The limit a minute of ``requests`` or ``tokens``."""
        return self._buckets[name].per_minute

    def used(self, name: str) -> int:
        """What of a minute's limit is used up."""
        bucket = self._buckets[name]
        return round(bucket.per_minute - bucket.level)

    def headers(self) -> dict[str, str]:
        """The ``x-ratelimit-*`` headers as they stand now; none where nothing is limited."""
        found: dict[str, str] = {}
        with self._lock:
            for name, bucket in self._buckets.items():
                if bucket.per_minute:
                    bucket.refill(time.monotonic())
                    found[f"x-ratelimit-limit-{name}"] = str(bucket.per_minute)
                    found[f"x-ratelimit-remaining-{name}"] = str(max(0, int(bucket.level)))
                    found[f"x-ratelimit-reset-{name}"] = span(bucket.reset_seconds())
        return found
