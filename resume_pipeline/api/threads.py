"""Threads for blocking work, so that the event loop never waits: a bounded number, a bounded queue, and a time limit.

Not the pool of the web framework: a request whose time is over lets go of its place there while its thread still runs,
and the next one starts beside it. Here a place is free when its work has ended.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from resume_pipeline.api.problems import Refused

Result = TypeVar("Result")
WAITING_PER_THREAD = 32


class Threads:
    """``count`` threads; beyond a queue of 32 for each, work is refused at once."""

    def __init__(self, count: int, *, seconds: float) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="api")
        self._seconds = seconds
        self._most = count * (1 + WAITING_PER_THREAD)
        self._lock = threading.Lock()
        self.busy = 0

    async def run(self, work: Callable[[], Result], *, seconds: float | None = None) -> Result:
        """The result of ``work``.

        Raises:
            Refused: 503, too much waits already; 504, it took longer than a request may.
        """
        if self.busy >= self._most:
            raise Refused(503, "Too much is asked at the same time. Try again in a moment.", retry_after=1)
        with self._lock:
            self.busy += 1
        submitted = self._executor.submit(contextvars.copy_context().run, work)
        submitted.add_done_callback(self._ended)
        result = asyncio.wrap_future(submitted)
        result.add_done_callback(_seen)
        done, _ = await asyncio.wait({result}, timeout=seconds or self._seconds)
        if not done:
            submitted.cancel()  # what still waits never starts; what runs goes on to its end and keeps its thread
            raise Refused(504, "It took longer than a request may. Try again in a moment.", retry_after=1)
        return result.result()

    def _ended(self, _: object) -> None:
        with self._lock:
            self.busy -= 1

    def close(self) -> None:
        """Take no more work, and drop what waits."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _seen(result: "asyncio.Future[Result]") -> None:
    """Take note of how it ended, also when nobody waits for it any more."""
    if not result.cancelled():
        result.exception()
