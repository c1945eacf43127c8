"""HTTP: the routes of the API, and those under ``/control`` by which a test steers and reads the server."""

import json
import socket
from collections.abc import Callable, Iterable
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from resume_pipeline_tests.openai_server.batches import parse_multipart
from resume_pipeline_tests.openai_server.embeddings import ApiError
from resume_pipeline_tests.openai_server.service import Answer, DroppedError, Options, Service
from resume_pipeline_tests.openai_server.vectors import DIMENSIONS


class Server(ThreadingHTTPServer):
    """The server on loopback; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, options: Options, port: int = 0) -> None:
        self.service = Service(options)
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        """What OPENAI_BASE_URL is to be set to."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients are killed and hang up here on purpose."""


class Handler(BaseHTTPRequestHandler):
    """One connection; its requests come one after another."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _handle(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.split("?")[0].rstrip("/")
        if path.startswith("/control/"):
            self._json(200, control(self.server.service, path.removeprefix("/control/"), body))
            return
        service, endpoint = self.server.service, path.removeprefix("/v1/").split("/")[0]
        service.ledger.began(endpoint)
        outcome: int | str = 200
        try:
            service.authenticate(self.headers.get("authorization"))
            outcome = self._api(method, path.removeprefix("/v1/"), body)
        except ApiError as error:
            outcome = error.status
            self._json(error.status, error.body, error.headers)
        except DroppedError:
            outcome = "dropped"
            self._close()
        finally:
            service.ledger.ended(outcome)

    def _api(self, method: str, path: str, body: bytes) -> int | str:
        service = self.server.service
        if (method, path) == ("POST", "embeddings"):
            return self._embeddings(service.embed(parsed(body)))
        if (method, path) == ("POST", "chat/completions"):
            return self._chat(parsed(body))
        if (method, path) == ("POST", "files"):
            parts = parse_multipart(body, self.headers["content-type"])
            return self._json(
                200, service.batches.upload(parts["file"][1], parts["file"][0], parts["purpose"][1].decode())
            )
        if method == "GET" and path.startswith("files/") and path.endswith("/content"):
            return self._bytes(200, service.batches.file(path.split("/")[1]).content, "application/octet-stream")
        return self._json(200, plain(service, method, path, body))

    def _embeddings(self, answer: Answer) -> int | str:
        ledger = self.server.service.ledger
        if answer.drop or answer.truncate:
            ledger.answer(answer.keys, lost=True)
            if answer.truncate:
                self._head(200, "application/json", len(answer.body))
                self.wfile.write(answer.body[: len(answer.body) // 2])
            self._close()
            return "truncated" if answer.truncate else "dropped"
        # Counted before the last byte leaves: a client can ask for the counts as soon as it has its answer.
        ledger.answer(answer.keys, lost=answer.lost)
        return self._bytes(200, answer.body, "application/json", self.server.service.limits.headers())

    def _chat(self, body: dict[str, Any]) -> int | str:
        service = self.server.service
        rule = service.faults.strike("chat", [str(m.get("content", "")) for m in body.get("messages", [])])
        if rule is not None:
            service.strike(rule)
        if not body.get("stream"):
            return self._bytes(200, service.chat.whole(body), "application/json")
        self._stream(service.chat.streamed(body), cut=rule is not None and rule.kind == "truncate")
        return 200

    def _stream(self, events: Iterable[bytes], *, cut: bool) -> None:
        self._head(200, "text/event-stream", None)
        for number, event in enumerate(events):
            if cut and number == 2:
                break
            try:
                self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
                self.wfile.flush()
            except OSError:
                self.server.service.chat.closed_early += 1
                raise
        if not cut:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._close()

    def _json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> int:
        return self._bytes(status, json.dumps(value).encode(), "application/json", headers)

    def _bytes(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> int:
        self._head(status, kind, len(body), headers)
        self.wfile.write(body)
        return status

    def _head(self, status: int, kind: str, length: int | None, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("x-request-id", "req_000000000001")
        self.send_header(*(("content-length", str(length)) if length is not None else ("transfer-encoding", "chunked")))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def _close(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object."""
    try:
        value = json.loads(body)
    except ValueError:
        raise ApiError(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(value, dict):
        raise ApiError(400, "The body must be a JSON object.")
    return value


def plain(service: Service, method: str, path: str, body: bytes) -> Any:
    """Endpoints that answer one JSON value."""
    parts = path.split("/")
    batches = service.batches
    routes: dict[tuple[str, str, int], Callable[[], Any]] = {
        ("GET", "models", 1): lambda: _listed([_model(name) for name in DIMENSIONS]),
        ("GET", "files", 1): lambda: _listed([file.shown() for file in batches.files.values()]),
        ("GET", "files", 2): lambda: batches.file(parts[1]).shown(),
        ("DELETE", "files", 2): lambda: batches.delete(parts[1]),
        ("GET", "batches", 1): lambda: _listed(batches.list()),
        ("POST", "batches", 1): lambda: batches.create(parsed(body)),
        ("GET", "batches", 2): lambda: batches.get(parts[1]),
        ("POST", "batches", 3): lambda: batches.cancel(parts[1]),
    }
    route = routes.get((method, parts[0], len(parts)))
    if route is None:
        raise ApiError(404, f"Invalid URL ({method} /v1/{path})")
    return route()


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "test"}


def _listed(values: list[Any]) -> dict[str, Any]:
    first, last = (values[0]["id"], values[-1]["id"]) if values else (None, None)
    return {"object": "list", "data": values, "has_more": False, "first_id": first, "last_id": last}


def control(service: Service, path: str, body: bytes) -> Any:
    """What a test says or asks."""
    given = json.loads(body) if body else None
    if path == "reset":
        service.reset()
    elif path == "configure":
        service.configure(given)
    elif path == "faults":
        service.faults.replace(given)
    elif path == "end-batches":
        service.batches.end_all()
    elif path == "chat" and given is not None:
        service.chat.script(given)
    answers: dict[str, Callable[[], Any]] = {
        "inputs": service.ledger.inputs,
        "timeline": lambda: service.ledger.timeline,
        "chat": lambda: service.chat.requests,
        "chat-closed-early": lambda: service.chat.closed_early,
        "rules": lambda: [asdict(rule) for rule in service.faults.rules],
    }
    return answers.get(path, lambda: {**service.ledger.state(), "options": asdict(service.options)})()
