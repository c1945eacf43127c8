"""What a server holds: `make bench-api CORPUS=/path/to/markdown`.

The corpus is ingested into an embedded Postgres of its own and served by `resume-pipeline serve`. Searches are sent by
another process at a fixed rate, whether the last one was answered or not: a slow server does not slow its visitors. The
rate grows by steps while 95 % are answered within 500 ms; the highest that held is then held longer.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx2
import psutil

from resume_pipeline.bootstrap.api_keys import KeyWish, create_key
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.ingestion.publishing import publish
from resume_pipeline.ingestion.quality import QualityDemand
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import make_engine
from resume_pipeline.storage.migrations import upgrade
from resume_pipeline_tests.api.running import RunningProcess, running_process
from resume_pipeline_tests.benchmark import subset
from resume_pipeline_tests.pipeline import Pipeline
from resume_pipeline_tests.search_benchmark import MODEL, ingest, percentile, questions

P95_MS = 500
STEPS = (10, 20, 30, 40, 60, 80, 100, 130, 160, 200, 250, 300)


async def drive(url: str, key: str, asked: list[str], rate: float, seconds: float) -> dict[str, object]:
    """Send searches at a rate; figures of what came back."""
    took: list[float] = []
    statuses: Counter[str] = Counter()
    limits = httpx2.Limits(max_connections=500, max_keepalive_connections=500)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=30, trust_env=False) as client:

        async def one(question: str) -> None:
            started = time.perf_counter()
            try:
                answer = await client.post("/api/search", json={"question": question, "limit": 5})
                statuses[str(answer.status_code)] += 1
            except httpx2.HTTPError as error:
                statuses[type(error).__name__] += 1
            took.append((time.perf_counter() - started) * 1000)

        started = time.perf_counter()
        tasks = []
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(one(asked[number % len(asked)])))
        await asyncio.gather(*tasks)
    errors = sum(count for status, count in statuses.items() if status != "200")
    figures = {"p50_ms": percentile(took, 0.5), "p95_ms": percentile(took, 0.95), "max_ms": max(took)}
    return {
        "rate": rate,
        "seconds": seconds,
        "requests": len(took),
        "errors": errors,
        "statuses": dict(statuses),
        **{name: round(value, 1) for name, value in figures.items()},
    }


def driven(server: RunningProcess, key: str, asked: Path, rate: float, seconds: float) -> dict[str, object]:
    """The same from a process of its own, with the server's memory before and after."""
    before = memory_mb(server)
    command = [sys.executable, "-m", __spec__.name, "--drive", server.url, str(asked), str(rate), str(seconds)]
    shown = subprocess.run(command, env={**os.environ, "BENCH_KEY": key}, capture_output=True, text=True, check=True)
    return {**json.loads(shown.stdout), "rss_mb": [before, memory_mb(server)]}


def memory_mb(server: RunningProcess) -> int:
    """Resident memory of the server and its workers; pages they share count in each."""
    root = psutil.Process(server.process.pid)
    return sum(process.memory_info().rss for process in [root, *root.children(recursive=True)]) // 1_000_000


def held(figures: dict[str, object]) -> bool:
    """Whether a server kept up: no error, 95 % within the limit."""
    return not figures["errors"] and float(str(figures["p95_ms"])) < P95_MS


def bench(corpus: Path, arguments: argparse.Namespace) -> None:
    """Ingest, serve, and look for the rate that is held."""
    with tempfile.TemporaryDirectory(prefix="bench api ") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "state")
        postgres.start()
        try:
            engine = make_engine(postgres.url())
            upgrade(engine)
            root = Path(folder) / "content"
            subset(corpus, root, arguments.files) if arguments.files else root.symlink_to(corpus.resolve())
            pipeline = Pipeline(engine, root.resolve(), load_embedder(MODEL))
            ingest(pipeline)
            with writing(engine, timeout_seconds=10) as sessions:
                unasked = QualityDemand(pipeline.bar, None, "bench")
                publish(sessions, MODEL, min_coverage=0.0, quality=unasked)
            token, _ = create_key(pipeline.sessions, KeyWish("bench", ["search"]))
            asked = Path(folder) / "questions.json"
            asked.write_text(json.dumps(questions(pipeline, 500)), encoding="utf-8")
            url = postgres.url().render_as_string(hide_password=False)
            workers = str(arguments.workers)
            with running_process(Path(folder), "--workers", workers, DATABASE_URL=url) as server:
                measure(server, token.written, asked, arguments)
        finally:
            postgres.stop()


def measure(server: RunningProcess, key: str, asked: Path, arguments: argparse.Namespace) -> None:
    """Steps up, then the highest rate that was held for longer; a line of JSON each."""
    print(json.dumps({"warm": driven(server, key, asked, 5, 4)}), flush=True)
    best = 0.0
    for rate in STEPS if arguments.rate is None else (arguments.rate,):
        figures = driven(server, key, asked, rate, arguments.step_seconds)
        print(json.dumps(figures), flush=True)
        if not held(figures):
            break
        best = rate
    if best:
        print(json.dumps({"held": driven(server, key, asked, best, arguments.seconds)}), flush=True)


def main() -> None:
    """Read the command line."""
    if sys.argv[1:2] == ["--drive"]:
        url, asked, rate, seconds = sys.argv[2:]
        words = json.loads(Path(asked).read_text(encoding="utf-8"))
        print(json.dumps(asyncio.run(drive(url, os.environ["BENCH_KEY"], words, float(rate), float(seconds)))))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--files", type=int, help="so many files of the corpus; all unless given")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rate", type=float, help="only this many searches a second")
    parser.add_argument("--step-seconds", type=float, default=8)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    bench(arguments.corpus, arguments)


if __name__ == "__main__":
    main()
