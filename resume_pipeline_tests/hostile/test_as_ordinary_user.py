"""The corpus read by a user to whom permissions apply: what may not be read is reported, and nothing is deleted."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.storage.engine import Engine, make_engine
from resume_pipeline_tests.content.conftest import Folder, as_ordinary_user, guarded_folder  # noqa: F401  (fixtures)
from resume_pipeline_tests.hostile.corpus import CASES, LIMIT_MB, build
from resume_pipeline_tests.hostile.fuzz import violations
from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline, Run

AsUser = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def root(guarded_folder: Folder) -> Path:  # noqa: F811
    """The corpus without its giants, readable by everybody."""
    root = guarded_folder.path / "content"
    build(root, [case for case in CASES if case.family != "giant"])
    return root


def connected(url: URL) -> Engine:
    """An engine whose connections are made now: the socket lies in a folder that the other user may not enter.

    The same may be true of Python's own folder, so what is imported only when it is needed is needed here once.
    """
    assert not violations("café".encode("latin-1"), ChunkLimits(), load_token_counter())
    engine = make_engine(url)
    for connection in [engine.connect() for _ in range(4)]:
        connection.close()
    return engine


def test_what_this_user_may_not_read_is_reported_and_stays(server, database, root, as_ordinary_user):  # noqa: F811
    def run() -> tuple[int, Run, list[Any], list[str]]:
        pipeline = Pipeline(engine, root, CountingEmbedder(), max_file_bytes=LIMIT_MB * 10**6)
        return os.geteuid(), pipeline.run(), pipeline.live(), pipeline.embedder.inputs

    def run_as_user() -> tuple[int, Run, list[Any], list[str]]:
        nonlocal engine
        engine = connected(server.url(database))
        try:
            return as_ordinary_user(run)
        finally:
            engine.dispose()

    engine: Engine
    user, first, live, _ = run_as_user()
    assert user != 0 and first.published.published and len({chunk.path for chunk in live}) > 500

    (root / "new.md").write_text("# Never seen before\n")
    unreadable = {"headings": root / "headings", "blocks/table.md": root / "blocks/table.md", "new.md": root / "new.md"}
    modes = {path: path.stat().st_mode for path in unreadable.values()}
    for path in unreadable.values():
        path.chmod(0)
    _, second, live_then, inputs = run_as_user()

    reported = {note.path: note.reason for note in second.documents.errors}
    known = {note.path for note in first.documents.errors}
    assert set(reported) - known == set(unreadable)
    assert all("chmod" in reported[path] for path in unreadable)
    assert live_then == live and inputs == []
    assert not second.published.published and second.documents.files.removed == 0

    (root / "new.md").unlink()
    for path, mode in modes.items():
        if path.exists():
            path.chmod(mode)
    _, third, live_again, inputs = run_as_user()

    assert live_again == live and inputs == []
    assert not third.published.published and third.chunks.new == 0
    assert third.documents.errors == first.documents.errors
    files = third.documents.files
    assert files.added == files.changed == files.removed == files.renamed == 0
