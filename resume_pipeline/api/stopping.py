"""Learning of the end in time: uvicorn tells the application only when every response has ended, streams too."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def told_to_end(tell: Callable[[], None]) -> Iterator[None]:
    """While this lasts, ``tell`` is called when the process is asked to end, before whoever handles the signal.

    Only the main thread may handle signals; on another nothing is told.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        tell()
        following = before[signal.Signals(number)]
        if callable(following):
            following(number, frame)

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
