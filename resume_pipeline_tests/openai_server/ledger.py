"""What the server was asked for and what it answered, input by input, with tokens and money.

An input is *asked* when a request that holds it came in whole; *answered* when a sound answer went out whole; *lost*
when it was worked on (and charged) but its answer was dropped, cut off or spoilt by a fault.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from resume_pipeline.embedding.base import CANARY_TEXT


def sha256(text: str) -> str:
    """The key of an input, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


CANARY = sha256(CANARY_TEXT)


class Ledger:
    """Counts of one server since its start or the last reset; safe to use from many threads.

    The canary text is counted apart: it is a probe of the model and no embedding input.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self.requests: Counter[str] = Counter()
            self.statuses: Counter[str] = Counter()
            self.faults: Counter[str] = Counter()
            self.asked: Counter[str] = Counter()
            self.answered: Counter[str] = Counter()
            self.lost: Counter[str] = Counter()
            self.lanes: Counter[str] = Counter()
            self.tokens = 0
            self.usd = 0.0
            self.canaries = 0
            self.in_flight = self.max_in_flight = 0
            self.timeline: list[dict[str, Any]] = []

    def began(self, endpoint: str) -> None:
        """A request came in."""
        with self._lock:
            self.requests[endpoint] += 1
            self.in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def ended(self, status: int | str) -> None:
        """A request is over, with this status or this fault."""
        with self._lock:
            self.statuses[str(status)] += 1
            self.in_flight -= 1

    def ask(self, inputs: Sequence[str]) -> list[str]:
        """Count inputs as asked for; their keys, without the canary's."""
        keys = [sha256(given) for given in inputs]
        found = [key for key in keys if key != CANARY]
        with self._lock:
            self.canaries += len(keys) - len(found)
            self.asked.update(found)
        return found

    def charge(self, tokens: int, usd: float, *, lane: str = "direct") -> None:
        """Count work that was done, whether its answer arrives or not."""
        with self._lock:
            self.tokens += tokens
            self.usd += usd
            self.lanes[lane] += tokens

    def answer(self, keys: Sequence[str], *, lost: bool = False) -> None:
        """Count inputs as answered, or as lost."""
        with self._lock:
            (self.lost if lost else self.answered).update(keys)

    def note(self, status: int | str, tokens: int) -> None:
        """Add a request to the timeline (monotonic seconds, unix seconds, status, tokens)."""
        with self._lock:
            self.timeline.append({"at": time.monotonic(), "unix": time.time(), "status": status, "tokens": tokens})

    def struck(self, kind: str) -> None:
        """Count a fault."""
        with self._lock:
            self.faults[kind] += 1

    def state(self) -> dict[str, Any]:
        """The totals."""
        with self._lock:
            return {
                "requests": dict(self.requests),
                "statuses": dict(self.statuses),
                "faults": dict(self.faults),
                "asked": {"inputs": self.asked.total(), "distinct": len(self.asked)},
                "answered": {"inputs": self.answered.total(), "distinct": len(self.answered)},
                "answered_twice": sum(times > 1 for times in self.answered.values()),
                "lost": {"inputs": self.lost.total(), "distinct": len(self.lost)},
                "canaries": self.canaries,
                "tokens": self.tokens,
                "tokens_by_lane": dict(self.lanes),
                "usd": self.usd,
                "in_flight": self.in_flight,
                "max_in_flight": self.max_in_flight,
            }

    def inputs(self) -> dict[str, dict[str, int]]:
        """Times asked, answered and lost of each input, by sha256 in hexadecimal."""
        with self._lock:
            return {
                key: {"asked": times, "answered": self.answered[key], "lost": self.lost[key]}
                for key, times in self.asked.items()
            }
