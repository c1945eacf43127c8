"""A blocking iterator as an asynchronous one, and the response that streams it.

The iterator runs on a thread of its own, which advances it, and closes it when the reader is gone. At most ``AHEAD``
events wait, so a slow reader holds up the iterator and not memory.
"""

import asyncio
import contextlib
import contextvars
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Event = TypeVar("Event")
AHEAD = 16
WRITE_SECONDS = 20.0
"""Who takes nothing for so long is gone; the kernel cuts such a connection off soon after (``api.server``)."""
_END = object()
logger = logging.getLogger("resume_pipeline.api")


class EventThread(Generic[Event]):
    """Iterates over what ``make`` gives, on a thread; ``ended`` is called on the event loop when that has ended."""

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
                self._on_loop(self._arrived.put_nowait, event)
        except Exception as error:  # raised again where the events are read
            last = error
        finally:
            try:
                if iterator is not None and hasattr(iterator, "close"):
                    iterator.close()
            finally:
                self._on_loop(self._arrived.put_nowait, last)
                self._on_loop(self._ended)

    def _on_loop(self, call: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody reads any more
            self._loop.call_soon_threadsafe(call, *arguments)


class EventStreamResponse(Response):
    """Server-sent events; ends when the client goes away or takes nothing. ``closed`` is called at every end."""

    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncIterator[bytes], closed: Callable[[], None]) -> None:
        # A proxy that collects a response (nginx, by this header) would make a stream a pause.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._chunks = chunks
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI)
        """Send the events as they come."""
        writing = asyncio.create_task(self._write(send))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({writing, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._closed()
            for task in (writing, gone):
                task.cancel()
            results = await asyncio.gather(writing, gone, return_exceptions=True)
        if isinstance(results[0], TimeoutError):
            logger.warning("a stream was given up: its reader took nothing for %d seconds", WRITE_SECONDS)
        elif isinstance(results[0], Exception) and not isinstance(results[0], OSError):
            raise results[0]

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self._chunks:
            async with asyncio.timeout(WRITE_SECONDS):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
