"""`/v1/files` and `/v1/batches`: uploads, and batches that work after a delay or end as they are told to."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from resume_pipeline_tests.openai_server.embeddings import ApiError

MAX_LINES = 50_000
MAX_BYTES = 200_000_000
Work = Callable[[dict[str, Any]], bytes]
"""Answers one line's body; raises ApiError where OpenAI would answer an error."""


@dataclass
class StoredFile:
    """An uploaded or written file."""

    id: str
    content: bytes
    filename: str
    purpose: str
    created_at: int

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }


@dataclass
class Plan:
    """How batches go: after ``seconds`` they ``complete``, ``fail``, or ``expire`` with ``share`` of the lines done."""

    seconds: float = 0.5
    outcome: str = "complete"
    share: float = 1.0


@dataclass
class Batch:
    """One batch, as it is shown."""

    shown: dict[str, Any]
    plan: Plan
    lines: list[dict[str, Any]]
    due: float
    lock: threading.Lock = field(default_factory=threading.Lock)


class Batches:
    """The files and batches of one server; they outlive their clients."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._number = 0
        self.plan = Plan()
        self.files: dict[str, StoredFile] = {}
        self.batches: dict[str, Batch] = {}

    def reset(self) -> None:
        """Forget every file and batch; later ids go on."""
        with self._lock:
            self.files, self.batches, self.plan = {}, {}, Plan()

    def end_all(self) -> None:
        """Let every batch that works be done at the next look."""
        for batch in self.batches.values():
            batch.due = 0.0

    def upload(self, content: bytes, filename: str, purpose: str) -> dict[str, Any]:
        """Keep a file."""
        if len(content) > MAX_BYTES:
            raise ApiError(413, f"The file is larger than {MAX_BYTES} bytes.")
        return self._store(content, filename, purpose).shown()

    def file(self, file_id: str) -> StoredFile:
        """A file by id."""
        if file_id not in self.files:
            raise ApiError(404, f"No such File object: {file_id}", param="id")
        return self.files[file_id]

    def delete(self, file_id: str) -> dict[str, Any]:
        """Remove a file."""
        del self.files[self.file(file_id).id]
        return {"id": file_id, "object": "file", "deleted": True}

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """Begin a batch; a file that is no batch file makes one that fails, as OpenAI's do."""
        if body.get("completion_window") != "24h":
            raise ApiError(400, "Invalid value for 'completion_window'. Supported values are: '24h'.")
        source = self.file(str(body.get("input_file_id")))
        lines, error = _lines(source.content, str(body.get("endpoint")))
        now = int(time.time())
        shown: dict[str, Any] = {
            "id": self._id("batch"),
            "object": "batch",
            "endpoint": body.get("endpoint"),
            "errors": None,
            "input_file_id": source.id,
            "completion_window": "24h",
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": now,
            "in_progress_at": None,
            "expires_at": now + 86_400,
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
            "metadata": body.get("metadata"),
        }
        batch = Batch(shown, self.plan, lines, time.monotonic() + self.plan.seconds)
        if error or self.plan.outcome == "fail":
            listed = [{"code": "invalid_json_line", "line": 1, "message": error or "Told to fail.", "param": None}]
            shown |= {"status": "failed", "failed_at": now, "errors": {"object": "list", "data": listed}}
        self.batches[shown["id"]] = batch
        return shown

    def get(self, batch_id: str) -> dict[str, Any]:
        """A batch as it stands; the work is done when it is asked for after its time."""
        batch = self._batch(batch_id)
        with batch.lock:
            if batch.shown["status"] in {"validating", "in_progress"}:
                if time.monotonic() >= batch.due:
                    self._finish(batch)
                else:
                    batch.shown |= {"status": "in_progress", "in_progress_at": int(time.time())}
            return dict(batch.shown)

    def list(self) -> list[dict[str, Any]]:
        """Every batch, newest first."""
        return [self.get(batch_id) for batch_id in reversed(self.batches)]

    def cancel(self, batch_id: str) -> dict[str, Any]:
        """Stop a batch; what was not done stays undone."""
        batch = self._batch(batch_id)
        with batch.lock:
            if batch.shown["status"] in {"validating", "in_progress"}:
                batch.shown |= {"status": "cancelled", "cancelled_at": int(time.time())}
        return dict(batch.shown)

    def _finish(self, batch: Batch) -> None:
        done = round(len(batch.lines) * (batch.plan.share if batch.plan.outcome == "expire" else 1))
        output, errors = list[str](), list[str]()
        for line in batch.lines[:done]:
            try:
                text, good = self._work(line["body"]).decode(), True
                status = 200
            except ApiError as error:
                text, good, status = json.dumps(error.body), False, error.status
            (output if good else errors).append(self._answered(line, status, text))
        for line in batch.lines[done:]:
            expired = {"code": "batch_expired", "message": "This request could not be executed before the deadline."}
            errors.append(
                json.dumps({"id": self._id("batch_req"), "custom_id": line["custom_id"], "response": None})[:-1]
                + f', "error": {json.dumps(expired)}}}'
            )
        now = int(time.time())
        end = {"status": "completed", "completed_at": now}
        if batch.plan.outcome == "expire":
            end = {"status": "expired", "expired_at": now}
        counts = {"total": len(batch.lines), "completed": len(output), "failed": len(errors)}
        batch.shown |= {**end, "request_counts": counts}
        for key, lines in (("output_file_id", output), ("error_file_id", errors)):
            if lines:
                content = ("\n".join(lines) + "\n").encode()
                batch.shown[key] = self._store(content, f"{batch.shown['id']}_{key}.jsonl", "batch_output").id

    def _answered(self, line: dict[str, Any], status: int, text: str) -> str:
        return (
            f'{{"id": "{self._id("batch_req")}", "custom_id": {json.dumps(line["custom_id"])}, "response": '
            f'{{"status_code": {status}, "request_id": "{self._id("req")}", "body": {text}}}, "error": null}}'
        )

    def _batch(self, batch_id: str) -> Batch:
        if batch_id not in self.batches:
            raise ApiError(404, f"No batch found with id '{batch_id}'.", param="id")
        return self.batches[batch_id]

    def _store(self, content: bytes, filename: str, purpose: str) -> StoredFile:
        stored = StoredFile(self._id("file"), content, filename, purpose, int(time.time()))
        self.files[stored.id] = stored
        return stored

    def _id(self, prefix: str) -> str:
        with self._lock:
            self._number += 1
            return f"{prefix}_{self._number:012d}" if prefix != "file" else f"file-{self._number:012d}"


def _lines(content: bytes, endpoint: str) -> tuple[list[dict[str, Any]], str | None]:
    """The lines of a batch file, and why they cannot be worked on."""
    lines: list[dict[str, Any]] = []
    for number, raw in enumerate(content.splitlines(), 1):
        try:
            line = json.loads(raw)
        except ValueError:
            return [], f"Line {number} is not JSON."
        if not isinstance(line, dict) or line.get("url") != endpoint or line.get("method") != "POST":
            return [], f"Line {number} needs custom_id, method POST, the batch's url, and a body."
        lines.append(line)
    if not lines or len(lines) > MAX_LINES:
        return [], f"The file has {len(lines)} lines; 1 to {MAX_LINES} are allowed."
    inputs = sum(len(line["body"]["input"]) if isinstance(line["body"]["input"], list) else 1 for line in lines)
    if endpoint == "/v1/embeddings" and inputs > MAX_LINES:
        return [], f"The file has {inputs} embedding inputs; at most {MAX_LINES} are allowed across all lines."
    if len({line.get("custom_id") for line in lines}) != len(lines):
        return [], "A custom_id stands twice."
    return lines, None


def parse_multipart(body: bytes, content_type: str) -> dict[str, tuple[str, bytes]]:
    """(filename, content) of each part of a form, by name."""
    boundary = b"--" + content_type.split("boundary=")[1].strip('"').encode()
    parts: dict[str, tuple[str, bytes]] = {}
    for piece in body.split(boundary)[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = next(
            line.decode() for line in head.split(b"\r\n") if line.lower().startswith(b"content-disposition")
        )
        given = dict(item.strip().split("=", 1) for item in disposition.split(";")[1:])
        values = {key: value.strip('"') for key, value in given.items()}
        parts[values["name"]] = (values.get("filename", ""), content.removesuffix(b"\r\n"))
    return parts
