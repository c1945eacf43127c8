"""What `openai:` embeddings do under rate limits, faults, kills and edits: `make bench-embeddings CORPUS=/path`.

Real `resume-pipeline ingest` processes against the OpenAI-compatible test server, which counts every input. Three
parts, each printed as rows of a table: the pace under a limit of tokens a minute; the same corpus with 20 % of the
requests failing at random and three SIGKILLs; and one percent of the files edited, deleted, added and renamed.
"""

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text

from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import make_engine
from resume_pipeline_tests.benchmark import subset
from resume_pipeline_tests.openai_server.running import RunningServer, running_server

SCALE = 10
"""The limits of the first tier, 3,000 requests and 1,000,000 tokens a minute, times this, to keep it short."""

LIMITS = {"requests_per_minute": 3_000 * SCALE, "tokens_per_minute": 1_000_000 * SCALE, "drained": True}
"""The minute is used up when the stage begins: otherwise what was saved up before would hide the pace."""

SERVER = {"latency_seconds": 0.03, "vectors": "drawn"}
"""Vectors that cost next to nothing, so that on two cores the limit is what limits."""

FIRST_SECONDS = 5.0
KILLS = 3
FAULTY_INPUTS = 128
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500, "probability": 0.04},
    {"kind": "status", "status": 503, "probability": 0.042},
    {"kind": "rate_limit", "seconds": 0.2, "probability": 0.043},
    {"kind": "drop_before", "probability": 0.023},
    {"kind": "drop_after", "probability": 0.023},
    {"kind": "truncate", "probability": 0.024},
    {"kind": "timeout", "seconds": 30, "probability": 0.025},
]
"""Each is tried when those before it spared the request: together 20 % of the requests, at random."""


class Run:
    """One state folder over one content root, and the processes that work on it."""

    def __init__(self, scratch: Path, name: str, content: Path, server: RunningServer) -> None:
        self.state_dir = scratch / f"state-{name}"
        self.server = server
        self.environment = {
            **os.environ,
            **server.environment,
            "RESUME_STATE_DIR": str(self.state_dir),
            "RESUME_CONTENT_ROOT": str(content),
            "RESUME_EMBEDDING_MODEL": "openai:text-embedding-3-small",
            "DATABASE_URL": "",
        }

    def start(self) -> subprocess.Popen[bytes]:
        """An ingest under way."""
        command = [sys.executable, "-m", "resume_pipeline", "ingest", "--json", "--yes"]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self) -> dict[str, Any]:
        """An ingest from its beginning to its end: its JSON."""
        process = self.start()
        output, complaint = process.communicate()
        if process.returncode:
            raise SystemExit(f"ingest failed: {output.decode()[-1500:]}\n{complaint.decode()[-1500:]}")
        report: dict[str, Any] = json.loads(output)
        return report

    def hashes(self, statement: str) -> set[str]:
        """The first column of a query, as hexadecimal."""
        engine = make_engine(EmbeddedPostgres(self.state_dir).url())
        with engine.connect() as connection:
            rows = {bytes(row[0]).hex() for row in connection.execute(text(statement))}
        engine.dispose()
        return rows

    def needed(self) -> set[str]:
        """Every distinct embedding input there is."""
        return self.hashes("SELECT DISTINCT input_hash FROM document_chunks")

    def stored(self) -> set[str]:
        """Every input with a vector."""
        return self.hashes("SELECT DISTINCT c.input_hash FROM chunk_embeddings JOIN document_chunks c USING (chunk_id)")

    def stop(self) -> None:
        """Stop its Postgres."""
        EmbeddedPostgres(self.state_dir).stop()


def row(name: str, value: object) -> None:
    """A line of the table."""
    print(f"| {name} | {value:,} |" if isinstance(value, int) else f"| {name} | {value} |", flush=True)


def pace(run: Run) -> None:
    """From nothing, under the limit."""
    server = run.server
    server.reset(**LIMITS, **SERVER)
    report = run.finish()
    state, timeline = server.state(), server.control("timeline")
    first, *large = [entry for entry in timeline if entry["status"] == 200]
    seconds = large[-1]["at"] - first["at"]
    used = sum(entry["tokens"] for entry in large)
    late = [e for e in timeline if e["status"] == 429 and e["at"] > timeline[0]["at"] + FIRST_SECONDS]
    row("files", report["files"]["seen"])
    row("inputs needed", len(run.needed()))
    row("inputs sent, by the report", report["embeddings"]["sent"])
    row("inputs the server was asked for", state["asked"]["inputs"])
    row("… distinct", state["asked"]["distinct"])
    row("tokens", state["tokens"])
    row("requests", len(large))
    row("seconds from the first to the last request", f"{seconds:.1f}")
    row(
        "share of the allowed tokens a minute that was used",
        f"{used / (seconds * LIMITS['tokens_per_minute'] / 60):.1%}",
    )
    row("answers 429 in all", sum(entry["status"] == 429 for entry in timeline))
    row(f"answers 429 after the first {FIRST_SECONDS:.0f} seconds", len(late))
    row("requests under way at most", state["max_in_flight"])
    row("seconds of the embeddings stage", f"{report['seconds']['chunk_embeddings']:.1f}")
    row("peak MB of the ingesting process", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1000)


def faults(run: Run) -> None:
    """From nothing, with faults and kills; requests of 128 inputs at most, so that there are many to fail."""
    server, moments = run.server, random.Random(11)
    run.environment["RESUME_EMBEDDING_TIMEOUT_SECONDS"] = "15"
    server.reset(**LIMITS, **SERVER, max_inputs=FAULTY_INPUTS)
    server.fault(*[{**rule, "min_inputs": 2} for rule in FAULTS])
    in_flight: list[set[str]] = []
    expected = 0
    for kill in range(1, KILLS + 1):
        process = run.start()
        while process.poll() is None:
            if not expected and server.state()["asked"]["inputs"]:
                expected = len(run.needed())
            if expected and server.state()["answered"]["distinct"] > expected * kill / (KILLS + 1):
                time.sleep(moments.uniform(0, 0.5))
                process.send_signal(signal.SIGKILL)
            time.sleep(0.05)
        process.communicate()
        time.sleep(1)  # what is on its way through the server
        answered = {key for key, times in server.inputs().items() if times["answered"]}
        in_flight.append(answered - run.stored() - set().union(*in_flight))
    report = run.finish()
    state, inputs, needed = server.state(), server.inputs(), run.needed()
    excused = set().union(*in_flight)
    row("processes killed", KILLS)
    row("inputs needed", len(needed))
    row("inputs with a vector in the end", len(run.stored()))
    row("generation published", report["generation"])
    row("requests that failed by a fault", sum(state["faults"].values()))
    row("… of requests that could have been answered", sum(e["tokens"] > 100 for e in server.control("timeline")))
    row("inputs answered twice", sum(t["answered"] > 1 for key, t in inputs.items() if key not in excused))
    row("inputs answered but in flight at a kill", len(excused))
    row("… of them answered twice", sum(inputs[key]["answered"] > 1 for key in excused))
    row("inputs whose answer a fault destroyed", state["lost"]["distinct"])


def churn(run: Run, content: Path) -> None:
    """One percent of the files edited, deleted, added and renamed."""
    run.server.reset(**LIMITS, **SERVER, max_inputs=2048)
    before = run.needed()
    files = sorted(content.rglob("*.md"))
    random.Random(3).shuffle(files)
    share = max(1, len(files) // 100)
    for number, file in enumerate(files[: 4 * share]):
        kind = number // share
        if kind == 0:
            file.write_text(file.read_text("utf-8", "replace") + f"\n\nAn added remark, number {number}.\n", "utf-8")
        elif kind == 1:
            file.unlink()
        elif kind == 2:
            body = f"# Added {number}\n\nA new page about release {number}.\n\n## Notes\n\n" + f"Fact {number}. " * 80
            (file.parent / f"added-{number}.md").write_text(body, "utf-8")
        else:
            file.rename(file.with_name(f"renamed-{number}.md"))
    report = run.finish()
    new = run.needed() - before
    asked = run.server.inputs()
    row("files changed", str(report["files"]))
    row("truly new inputs", len(new))
    row("inputs the server was asked for", sum(times["asked"] for times in asked.values()))
    row("the same inputs", str(set(asked) == new))


def main() -> None:
    """Print the tables as they stand in docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--parts", nargs="*", default=["pace", "faults", "churn"])
    options = parser.parse_args()
    if not options.corpus.is_dir():
        raise SystemExit(f"make bench-embeddings CORPUS=/path/to/markdown: {str(options.corpus)!r} is no folder.")
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        scratch = Path(folder)
        content = subset(options.corpus, scratch / "content", options.files)
        runs = {name: Run(scratch, name, content, server) for name in ("pace", "faults")}
        try:
            for part in options.parts:
                print(f"\n**{part}**\n\n| | |\n|---|---|")
                if part == "pace":
                    pace(runs["pace"])
                elif part == "faults":
                    faults(runs["faults"])
                else:
                    churn(runs["pace"], content)
        finally:
            for run in runs.values():
                run.stop()


if __name__ == "__main__":
    main()
