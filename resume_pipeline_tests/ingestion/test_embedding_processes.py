"""Real `resume-pipeline ingest` processes with an `openai:` model: killed, side by side, and failing with a key."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from resume_pipeline import PROJECT_ROOT
from resume_pipeline_tests.openai_server.running import RunningServer
from resume_pipeline_tests.pipeline import long_text

KEY = "sk-proj-Zx81QwErTyUiOpLkJhGf-5nM2"
FAULTS = [
    {"kind": "status", "status": 500, "probability": 0.05, "min_inputs": 2},
    {"kind": "status", "status": 503, "probability": 0.05, "min_inputs": 2},
    {"kind": "rate_limit", "seconds": 0.05, "probability": 0.04, "min_inputs": 2},
    {"kind": "drop_before", "probability": 0.04, "min_inputs": 2},
    {"kind": "drop_after", "probability": 0.04, "min_inputs": 2},
]
"""Together a fifth of the requests."""

MAX_INPUTS = 4
CONCURRENCY = 4


class Ingest:
    """Ingest processes of one installation: a database, a content root and a state folder."""

    def __init__(self, url: str, engine: Any, content: Path, state: Path, server: RunningServer) -> None:
        self.engine, self.content, self.state, self.server = engine, content, state, server
        self.environment = {
            **os.environ,
            **server.environment,
            "DATABASE_URL": url,
            "RESUME_CONTENT_ROOT": str(content),
            "RESUME_STATE_DIR": str(state),
            "RESUME_EMBEDDING_MODEL": "openai:text-embedding-3-small@256",
            "RESUME_EMBEDDING_CONCURRENCY": str(CONCURRENCY),
            "RESUME_EMBEDDING_RETRY_SECONDS": "60",
        }

    def start(self, *, command: str = "ingest", **environment: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "resume_pipeline", command, "--json"],
            cwd=PROJECT_ROOT,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def finish(self, process: subprocess.Popen[bytes]) -> Any:
        output, complaint = process.communicate()
        assert process.returncode == 0, complaint.decode()[-2000:]
        return json.loads(output)

    def hashes(self, table: str) -> set[str]:
        statement = f"SELECT DISTINCT encode(c.input_hash, 'hex') FROM {table} JOIN document_chunks c USING (chunk_id)"
        with self.engine.connect() as connection:
            return {row[0] for row in connection.execute(text(statement))}

    @property
    def needed(self) -> set[str]:
        return self.hashes("chunk_occurrences")

    @property
    def stored(self) -> set[str]:
        return self.hashes("chunk_embeddings")

    def answered(self) -> set[str]:
        return {key for key, times in self.server.inputs().items() if times["answered"]}


@pytest.fixture
def ingest(server, database, engine, content, tmp_path, openai_server):
    for number in range(60):
        (content / f"job-{number:02}.md").write_text(f"# Job {number}\n\n{long_text(8, seed=f'firm {number}')}\n")
    url = server.url(database).render_as_string(hide_password=False)
    return Ingest(url, engine, content, tmp_path / "state", openai_server)


def kill_once_answered(ingest: Ingest, process: subprocess.Popen[bytes], inputs: int) -> None:
    while process.poll() is None and ingest.server.state()["answered"]["distinct"] < inputs:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    while ingest.server.state()["in_flight"]:
        time.sleep(0.02)


def test_killed_three_times_and_with_a_fifth_of_the_requests_failing_no_answer_is_paid_twice(ingest, openai_server):
    openai_server.configure(max_inputs=MAX_INPUTS, latency_seconds=0.1)
    openai_server.fault(*FAULTS)
    in_flight, killed = set[str](), 0
    for kill in range(1, 4):
        process = ingest.start()
        kill_once_answered(ingest, process, 28 * kill)
        killed += process.returncode == -signal.SIGKILL
        lost = ingest.answered() - ingest.stored - in_flight
        assert len(lost) <= CONCURRENCY * MAX_INPUTS, "a kill costs at most the requests in flight"
        in_flight |= lost
    report = ingest.finish(ingest.start())

    inputs, state = openai_server.inputs(), openai_server.state()
    assert killed == 3
    assert report["generation"] == 1 and report["published"]
    assert ingest.stored == ingest.needed == set(inputs) and len(inputs) >= 110
    assert sum(state["faults"].values()) >= 5, "too few faults to prove anything"
    twice = {key for key, times in inputs.items() if times["answered"] > 1}
    assert twice - in_flight == set()
    assert all(times["answered"] <= 1 + killed for times in inputs.values())


def test_two_ingests_at_the_same_time_send_each_input_once(ingest, openai_server):
    openai_server.configure(max_inputs=16, latency_seconds=0.1)

    reports = [ingest.finish(process) for process in [ingest.start(), ingest.start()]]

    state = openai_server.state()
    assert state["asked"]["inputs"] == state["answered"]["inputs"] == len(ingest.needed)
    assert sorted(report["embeddings"]["sent"] for report in reports) == [0, len(ingest.needed)]
    assert ingest.stored == ingest.needed


@pytest.mark.parametrize("failing", ["wrong key", "an error that quotes the key"])
def test_nothing_that_a_failing_run_leaves_behind_holds_the_key(ingest, openai_server, failing):
    if failing != "wrong key":
        openai_server.configure(key=KEY)
        openai_server.fault({"kind": "status", "status": 400, "message": f"The key {KEY} is not for this."})
    runs = [ingest.start(command=command, OPENAI_API_KEY=KEY, OPENAI_LOG="info") for command in ("ingest", "doctor")]
    said = [output for process in runs for output in process.communicate()]

    assert [process.returncode for process in runs] == [1, 1]
    assert all((b"OPENAI_API_KEY" if failing == "wrong key" else b"is not for this") in said[place] for place in (0, 2))
    left = {f"output {place}": output for place, output in enumerate(said)}
    left |= {str(path): path.read_bytes() for path in ingest.state.rglob("*") if path.is_file()}
    left |= {"database": _dump(ingest.engine)}
    # Dagster's event storage must be among them, and the file of the pace.
    assert any(name.endswith(".db") for name in left) and any("pace.sqlite3" in name for name in left)
    # The key, its secret middle, and the two ends as the server's 401 echoes them.
    parts = [KEY, KEY[8:20], f"{KEY[:8]}*", f"*{KEY[-4:]}"]
    found = [(name, part) for name, content in left.items() for part in parts if part.encode() in content]
    assert found == []


def _dump(engine: Any) -> bytes:
    """Every row of every table, as text."""
    with engine.connect() as connection:
        tables = connection.execute(text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"))
        rows = [connection.execute(text(f"SELECT t::text FROM {table} t")).scalars() for (table,) in tables.all()]
        return "\n".join(row for table in rows for row in table).encode()
