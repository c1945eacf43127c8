"""Dagster against real parts: settings of a test's own database and content root, a real instance on disk."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from resume_pipeline.settings import load_settings


@pytest.fixture
def dagster_settings(server, database, content: Path, tmp_path: Path, monkeypatch) -> Iterator[None]:
    """The environment a user would set: this test's database, content root and state folder."""
    url = server.url(database).set(drivername="postgresql").render_as_string(hide_password=False)
    for name, value in {
        "DATABASE_URL": url,
        "RESUME_CONTENT_ROOT": str(content),
        "RESUME_STATE_DIR": str(tmp_path / "state"),
        "RESUME_EMBEDDING_MODEL": "hashing:64",
        "RESUME_WRITER_TIMEOUT_SECONDS": "5",
    }.items():
        monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance on disk."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance
