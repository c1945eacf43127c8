"""A blocking iterator as an asynchronous one: it runs on a thread of its own and is never far ahead of its reader.

The thread owns the iterator: it advances it, and closes it when the reader is gone. At most ``AHEAD`` events wait, so a
slow reader holds up the iterator and not memory.
"""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, TypeVar

Event = TypeVar("Event")
AHEAD = 16
_END = object()


class EventThread(Generic[Event]):
    """Iterates over what ``make`` gives, on a thread; ``ended`` is called there when the iterator is closed."""

    def __init__(self, make: Callable[[], Iterator[Event]], ended: Callable[[], None] = lambda: None) -> None:
        self._make = make
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[object] = asyncio.Queue()
        self._places = threading.Semaphore(AHEAD)
        self._unwanted = threading.Event()
        context = contextvars.copy_context()
        # A daemon: a chat model that does not answer must not keep the process from ending.
        threading.Thread(target=context.run, args=(self._iterate,), name="answer", daemon=True).start()

    async def events(self, *, every_seconds: float) -> AsyncIterator[Event | None]:
        """The events in order, and None whenever none came for so long. What the iterator raises is raised here."""
        while True:
            try:
                async with asyncio.timeout(every_seconds):
                    arrived = await self._arrived.get()
            except TimeoutError:
                yield None
                continue
            self._places.release()
            if arrived is _END:
                return
            if isinstance(arrived, Exception):
                raise arrived
            yield arrived  # type: ignore[misc]  # an event: what else arrives was dealt with

    def close(self) -> None:
        """No more events are wanted: the thread closes the iterator as soon as that hands over its next event."""
        self._unwanted.set()
        self._places.release()

    def _iterate(self) -> None:
        last: object = _END
        iterator: Iterator[Event] | None = None
        try:
            iterator = self._make()
            for event in iterator:
                self._places.acquire()
                if self._unwanted.is_set():
                    break
                self._hand_over(event)
        except Exception as error:  # raised again where the events are read
            last = error
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
            self._ended()
            self._hand_over(last)

    def _hand_over(self, arrived: object) -> None:
        try:
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, arrived)
        except RuntimeError:
            return  # the loop is closed: nobody reads any more
