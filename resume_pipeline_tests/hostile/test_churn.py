"""Files change while ingests run; after all is quiet, what is live is what a fresh ingest of the final tree gives."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.errors import ContentLossError, ContentRootError
from resume_pipeline.storage.engine import make_engine
from resume_pipeline_tests.conftest import create_database
from resume_pipeline_tests.hostile.churn import Churn
from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline

SECONDS = float(os.environ.get("HOSTILE_SECONDS", "8"))


@contextmanager
def churning(root: Path, seed: int) -> Iterator[None]:
    """Another process changes files below ``root`` meanwhile."""
    process = subprocess.Popen(
        [sys.executable, "-m", "resume_pipeline_tests.hostile.churn", str(root), str(seed)],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield
    finally:
        changes, _ = process.communicate("stop\n")
    assert process.returncode == 0 and int(changes) > 100, f"seed {seed}: too few changes: {changes}"


def fresh(server, pipeline: Pipeline) -> Pipeline:
    """The same content root, ingested into another, empty database."""
    name = f"{pipeline.engine.url.database}_fresh"
    create_database(server, name, template="migrated")
    other = Pipeline(make_engine(server.url(name)), pipeline.content, CountingEmbedder())
    other.run()
    return other


def test_after_a_storm_of_changes_what_is_live_equals_a_fresh_ingest_row_by_row(server, pipeline):
    seed = random.randrange(10**6)
    start = Churn(pipeline.content, seed)
    for _ in range(60):
        start.create()
    pipeline.run()

    runs = held = 0
    with churning(pipeline.content, seed):
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            try:
                # Without a confirmation now and then, the first folder to go would hold back all that follows.
                pipeline.run(confirm_deletions=runs % 3 == 2)
            except (ContentLossError, ContentRootError):
                held += 1
            runs += 1
    last = pipeline.run(confirm_deletions=True)

    other = fresh(server, pipeline)
    try:
        live, expected = pipeline.live(), other.live()
    finally:
        other.engine.dispose()
    assert runs - held >= 3 and last.published.generation > 3, f"seed {seed}: {runs} runs, {held} held back"
    assert len(expected) > 20, f"seed {seed}"
    assert [chunk.path for chunk in live] == [chunk.path for chunk in expected], f"seed {seed}"
    assert live == expected, f"seed {seed}"
    assert not pipeline.run().published.published
