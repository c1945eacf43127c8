"""A deadline for a whole streamed answer: a client's time-out begins anew with every byte that comes."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any


class Deadline:
    """A context in which ``guard``-ed responses end when the time is up, even while a read waits for data."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._response: Any = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()
        with self._lock:
            self._response = None

    def guard(self, response: Any) -> None:
        """End this httpx response when the time is up; at once when it is."""
        with self._lock:
            self._response = response
        if self.over:
            self._end()

    def check(self) -> None:
        """Return while there is time.

        Raises:
            TimeoutError: there is none left.
        """
        if self.over:
            raise TimeoutError

    def _end(self) -> None:
        self.over = True
        with self._lock:
            if self._response is None:
                return
            # Closing a socket does not wake a thread that reads from it; shutting it down does.
            with suppress(Exception):
                stream = self._response.extensions["network_stream"]
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
