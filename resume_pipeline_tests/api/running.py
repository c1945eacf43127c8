"""Servers for the tests: uvicorn on a thread over an application, or `resume-pipeline serve` as a process."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.api.app import create_app
from resume_pipeline.api.context import Context
from resume_pipeline.api.server import listening_socket
from resume_pipeline.bootstrap.serving import Serving

START_SECONDS = 60


@dataclass
class Running:
    """An application that is served on loopback."""

    url: str
    app: FastAPI
    server: uvicorn.Server

    @property
    def context(self) -> Context:
        return self.app.state.context

    def client(self, **options: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=30, trust_env=False, **options)


@contextmanager
def running(parts: Serving) -> Iterator[Running]:
    """The application of these parts, on a thread of this process."""
    app = create_app(parts.settings, parts)
    listener = listening_socket("127.0.0.1", 0)
    config = uvicorn.Config(
        app, log_config=None, proxy_headers=False, server_header=False, timeout_graceful_shutdown=5, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}", app, server)
    finally:
        server.should_exit = True
        thread.join(30)


@dataclass
class RunningProcess:
    """`resume-pipeline serve` in a process of its own, with what it writes to standard error."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def client(self, **options: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=30, trust_env=False, **options)

    def lines(self) -> list[dict[str, Any]]:
        """Its log lines."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]


@contextmanager
def running_process(folder: Path, *arguments: str, **environment: str) -> Iterator[RunningProcess]:
    """The command on a free port, ended with SIGTERM; settings as in the environment."""
    port = free_port()
    log = folder / "serve.log"
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("RESUME_", "OPENAI_"))}
    command = [sys.executable, "-m", "resume_pipeline", "serve", "--port", str(port), *arguments]
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env={**plain, "RESUME_STATE_DIR": str(folder / "state"), **environment},
            stderr=stderr,
            stdout=stderr,
        )
    found = RunningProcess(f"http://127.0.0.1:{port}", process, log)
    try:
        with found.client() as client:
            wait_until(lambda: process.poll() is not None or _answers(client))
        assert process.poll() is None, log.read_text("utf-8")
        yield found
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def wait_until(condition: Any, *, seconds: float = START_SECONDS) -> None:
    """Wait for something that must come true; how long it takes is not judged."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def events_of(text: str) -> list[tuple[str, Any]]:
    """(event, data) of a stream, comments left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found
