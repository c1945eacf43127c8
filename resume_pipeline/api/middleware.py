"""Around every request: its id, its line in the log, security headers, and the size of its body.

Plain ASGI, because a stream must pass through without being collected.
"""

import asyncio
import json
import logging
import re
import time
import uuid
from contextvars import ContextVar
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resume_pipeline.api.problems import Refused, problem_response, refused

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""What may come from outside as a request id: it is written into logs and answers."""
BODY_SECONDS = 20
current_request_id: ContextVar[str] = ContextVar("request_id", default="-")
access = logging.getLogger("resume_pipeline.api.access")
logger = logging.getLogger("resume_pipeline.api")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class RequestFrame:
    """Outermost: the request's id, its log line, security headers, and a problem document for what nobody expected."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        current_request_id.set(request_id)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception as error:
            logger.exception("%s", type(error).__name__)
            if not status:
                await problem_response(refused(error), scope["path"], request_id)(scope, receive, framed)
        finally:
            _log(scope, status, (time.perf_counter() - started) * 1000)


class BodyLimit:
    """Reads the body before the application does: refuses one that is too long (counted as it comes) or too slow."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._read(receive)
        except TimeoutError:
            body = Refused(408, "The body did not arrive in time.", headers={"Connection": "close"})
        if isinstance(body, Refused):
            response = problem_response(body, scope["path"], scope["state"]["request_id"])
            await response(scope, receive, send)
            return
        if body is None:  # the client went away
            return
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, replayed, send)

    async def _read(self, receive: Receive) -> bytes | Refused | None:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._max_bytes:
                detail = f"The body is longer than {self._max_bytes} bytes."
                return Refused(413, detail, headers={"Connection": "close"})
            if not message.get("more_body", False):
                return b"".join(parts)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return str(uuid.uuid4())


def _log(scope: Scope, status: int, milliseconds: float) -> None:
    fields: dict[str, Any] = {
        "request_id": scope["state"]["request_id"],
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "milliseconds": round(milliseconds, 1),
        **scope["state"].get("logged", {}),
    }
    access.info(json.dumps(fields, ensure_ascii=True))
