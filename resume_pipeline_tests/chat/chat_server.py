"""A chat completions endpoint on loopback that answers what a test tells it to, and keeps what it was sent."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ChatServer(ThreadingHTTPServer):
    """``reply`` makes (status, JSON body) of a request's JSON; ``requests`` has each with its headers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply: Callable[[dict[str, Any]], tuple[int, Any]] = lambda _: (200, completion("ok"))
        self.requests: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.pause_seconds = 0.0
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that do not wait are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append((body, {name.lower(): value for name, value in self.headers.items()}))
        self.server.released.wait(self.server.pause_seconds)
        status, answer = self.server.reply(body) if self.path == "/v1/chat/completions" else (404, {})
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def completion(text: str | None) -> dict[str, Any]:
    """An answer as the API gives it."""
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "created": int(time.time()), "model": "m", "choices": [choice]}


def refusal(message: str, code: str | None = None) -> dict[str, Any]:
    """An error as the API gives it."""
    return {"error": {"message": message, "type": "error", "code": code, "param": None}}
