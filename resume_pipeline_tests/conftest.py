"""Real parts for the tests: one embedded Postgres for the session, a fresh database and content folder per test."""

import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import Engine, make_engine
from resume_pipeline.storage.migrations import upgrade
from resume_pipeline_tests.openai_server.running import RunningServer, running_server
from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline

NUMBERS = itertools.count(1)

# No test sends anything to an account of whoever runs the tests; those that need a server start one.
for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
    os.environ.pop(variable, None)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The embedded Postgres, in a folder with a space in its name, with a migrated template database."""
    state_dir = tmp_path_factory.mktemp("state of tests")
    server = EmbeddedPostgres(state_dir)
    server.start()
    do_not_wait_for_the_disk(server)
    create_database(server, "migrated")
    engine = make_engine(server.url("migrated"))
    upgrade(engine)
    engine.dispose()
    yield server
    server.stop()
    shutil.rmtree(state_dir, ignore_errors=True)


def do_not_wait_for_the_disk(server: EmbeddedPostgres) -> None:
    """No test pulls the plug on this server, and fsync is most of what it costs to copy a database."""
    engine = make_engine(server.url())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


def create_database(server: EmbeddedPostgres, name: str, template: str = "template0") -> None:
    """A database of that name, copied from a template."""
    engine = make_engine(server.url())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()


@pytest.fixture
def database(server: EmbeddedPostgres) -> str:
    """The name of a fresh database at head."""
    name = f"test_{next(NUMBERS)}"
    create_database(server, name, template="migrated")
    return name


@pytest.fixture
def engine(server: EmbeddedPostgres, database: str) -> Iterator[Engine]:
    """An engine on a fresh database at head."""
    engine = make_engine(server.url(database))
    yield engine
    engine.dispose()


@pytest.fixture
def empty_database(server: EmbeddedPostgres) -> str:
    """The name of a fresh database without a schema."""
    name = f"test_{next(NUMBERS)}"
    create_database(server, name)
    return name


@pytest.fixture
def empty_engine(server: EmbeddedPostgres, empty_database: str) -> Iterator[Engine]:
    """An engine on a fresh database without a schema."""
    engine = make_engine(server.url(empty_database))
    yield engine
    engine.dispose()


@contextmanager
def published(server: EmbeddedPostgres, content: Path, notes: Mapping[str, str]) -> Iterator[Pipeline]:
    """A pipeline over a database of its own in which these notes are live, for tests that only read."""
    name = f"test_{next(NUMBERS)}"
    create_database(server, name, template="migrated")
    engine = make_engine(server.url(name))
    pipeline = Pipeline(engine, content, CountingEmbedder())
    for path, body in notes.items():
        pipeline.write(path, body)
    pipeline.run()
    yield pipeline
    engine.dispose()


@pytest.fixture
def embedder() -> CountingEmbedder:
    """A deterministic model that remembers every input it was sent."""
    return CountingEmbedder()


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """An empty content root."""
    root = tmp_path / "content"
    root.mkdir()
    return root


@pytest.fixture
def pipeline(engine: Engine, content: Path, embedder: CountingEmbedder) -> Pipeline:
    """The stages in order, over the fresh database and the content root."""
    return Pipeline(engine, content, embedder)


@pytest.fixture(scope="session")
def openai_process() -> Iterator[RunningServer]:
    """One OpenAI-compatible server for the session, in a process of its own."""
    with running_server() as running:
        yield running


@pytest.fixture
def openai_server(openai_process: RunningServer) -> Iterator[RunningServer]:
    """The OpenAI-compatible server as it starts: no counts, no faults, no limits, no latency."""
    as_started = openai_process.state()["options"]
    openai_process.reset()
    yield openai_process
    openai_process.configure(**as_started)
