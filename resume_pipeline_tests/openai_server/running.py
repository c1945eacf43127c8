"""The server in a process of its own, and the way a test steers and reads it."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from resume_pipeline import PROJECT_ROOT
from resume_pipeline_tests.openai_server.service import DEFAULT_KEY


class RunningServer:
    """A server that runs; ``url`` and ``key`` are what a client needs."""

    def __init__(self, url: str, key: str = DEFAULT_KEY) -> None:
        self.url, self.key = url, key

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make the pipeline use it."""
        return {"OPENAI_API_KEY": self.key, "OPENAI_BASE_URL": self.url}

    def control(self, path: str, value: Any = None, *, post: bool = False) -> Any:
        """Say or ask something under ``/control``."""
        data = json.dumps(value).encode() if value is not None else (b"" if post else None)
        request = urllib.request.Request(f"{self.url.removesuffix('/v1')}/control/{path}", data=data)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def state(self) -> Any:
        """The totals: requests, statuses, inputs asked and answered, tokens, money."""
        return self.control("state")

    def inputs(self) -> dict[str, dict[str, int]]:
        """Times asked, answered and lost of each input, by its sha256 in hexadecimal; the canary is not among them."""
        found: dict[str, dict[str, int]] = self.control("inputs")
        return found

    def reset(self, **options: Any) -> None:
        """Forget everything, then set options."""
        self.control("reset", post=True)
        if options:
            self.configure(**options)

    def configure(self, **options: Any) -> None:
        """Set options (``service.Options``)."""
        self.control("configure", options)

    def end_batches(self) -> None:
        """Let every batch that works be done at the next look."""
        self.control("end-batches", post=True)

    def fault(self, *rules: dict[str, Any]) -> None:
        """Set the faults (``faults.Rule``)."""
        self.control("faults", list(rules))


@contextmanager
def running_server(**options: Any) -> Iterator[RunningServer]:
    """Start a server, and end it; it ends by itself when this process does."""
    command = [sys.executable, "-m", "resume_pipeline_tests.openai_server", "--json", "--options", json.dumps(options)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    process = subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        address = json.loads(process.stdout.readline())
        yield RunningServer(address["url"], options.get("key", DEFAULT_KEY))
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()
