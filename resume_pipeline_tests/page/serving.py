"""The server in a process of its own, as an operator starts it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resume_pipeline import PROJECT_ROOT

START_SECONDS = 60
FOREIGN = ("RESUME_", "OPENAI_", "DAGSTER_", "DATABASE_")


@contextmanager
def serving(database_url: str, state: Path, **settings: str) -> Iterator[str]:
    """The address of a server over a database, ended afterwards; ``settings`` are environment variables."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    environment |= {"DATABASE_URL": database_url, "RESUME_STATE_DIR": str(state), **settings}
    log = state / f"server-{port}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "resume_pipeline", "serve", "--port", str(port)],
            env=environment,
            cwd=PROJECT_ROOT,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_up(f"http://127.0.0.1:{port}/healthz", process, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(timeout=30)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the address answers; fail with the log when the process ends or nothing comes."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
