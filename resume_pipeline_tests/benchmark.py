"""How long an ingest takes and how much memory: `make bench CORPUS=/path/to/markdown`.

Each measured run is a process of its own over a state folder of its own, so its figures are the operating system's.
The largest part of the corpus is compared with a smaller one in the same call, since machines are shared and noisy.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STAGES = ("documents", "document_chunks", "chunk_embeddings", "vector_index", "lexical_index", "published_generation")


def measured(arguments: list[str], environment: dict[str, str]) -> tuple[dict[str, Any], float, float]:
    """(its JSON, wall seconds, peak megabytes) of one `resume-pipeline` process."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "resume_pipeline", *arguments], stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments} failed: {output.decode()[-2000:]}")
    return json.loads(output), time.monotonic() - started, usage.ru_maxrss / 1000


def subset(corpus: Path, target: Path, count: int) -> Path:
    """A folder with the first files of the corpus, by path."""
    files = sorted(path for path in corpus.rglob("*.md") if path.is_file())[:count]
    for file in files:
        copy = target / file.relative_to(corpus)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return target


def bench(corpus: Path, count: int, scratch: Path) -> None:
    """Ingest ``count`` files from nothing, then again, and print a row for each."""
    root = subset(corpus, scratch / f"content-{count}", count)
    environment = {
        **os.environ,
        "RESUME_STATE_DIR": str(scratch / f"state-{count}"),
        "RESUME_CONTENT_ROOT": str(root),
        "DATABASE_URL": "",
    }
    try:
        for name in ("first", "no-op"):
            report, wall, peak = measured(["ingest", "--json"], environment)
            seconds = " | ".join(f"{report['seconds'][stage]:.1f}" for stage in STAGES)
            sent = report["embeddings"]["sent"]
            print(
                f"| {report['files']['seen']:,} {name} | {report['chunks']['total']:,} | {sent:,} | {seconds} "
                f"| {wall:.1f} | {peak:.0f} |",
                flush=True,
            )
        hits, _, _ = measured(["search", "--json", "how do I allocate memory?"], environment)
        print(f"\nsearch: {len(hits['hits'])} hits in {hits['milliseconds']:.0f} ms (first question of a process)\n")
    finally:
        subprocess.run([sys.executable, "-m", "resume_pipeline", "db", "stop"], env=environment, check=False)


def main() -> None:
    """Print a table as it stands in docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--files", type=int, nargs="*", default=[2_000, 9_751])
    options = parser.parse_args()
    if not options.corpus.is_dir():
        raise SystemExit(f"make bench CORPUS=/path/to/markdown: {str(options.corpus)!r} is no folder.")
    print(f"| files | chunks | sent | {' | '.join(STAGES)} | wall s | peak MB |")
    print("|---" * (5 + len(STAGES)) + "|")
    for count in options.files:
        with tempfile.TemporaryDirectory() as scratch:
            bench(options.corpus, count, Path(scratch))


if __name__ == "__main__":
    main()
