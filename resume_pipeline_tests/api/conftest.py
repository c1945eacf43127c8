"""A published portfolio for the session, and applications over it with the settings that a test wants."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import text

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.answering.answerer import Answerer
from resume_pipeline.bootstrap.api_keys import KeyWish, create_key
from resume_pipeline.bootstrap.serving import Serving
from resume_pipeline.retrieval.query_log import QueryLog
from resume_pipeline.settings import Settings
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import make_engine, make_sessions
from resume_pipeline_tests.api.running import Running, running
from resume_pipeline_tests.conftest import published
from resume_pipeline_tests.pipeline import Pipeline

SECRET = b"a key of the tests, long enough"
Serve = Callable[..., Running]


def parts_over(pipeline: Pipeline, **values: Any) -> Serving:
    """The parts of an application over a pipeline's database, with an engine of their own."""
    settings = Settings(_env_file=None, **{"public": "page", "secret_key": SECRET.decode(), **values})
    engine = make_engine(pipeline.engine.url, pool_size=settings.search_threads + 4)
    sessions = make_sessions(engine)
    retriever = dataclasses.replace(pipeline.retriever, sessions=sessions)
    logs = [QueryLog(sessions, lambda: SECRET, source, on=settings.query_log == "on") for source in ("page", "api")]
    return Serving(settings, engine, sessions, retriever, Answerer(retriever, settings.content_url), *logs)


@pytest.fixture(scope="session")
def portfolio(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The sample content, published; tests read it, and write logs, keys and usage only."""
    root = PROJECT_ROOT / "content"
    notes = {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in root.rglob("*.md")}
    with published(server, tmp_path_factory.mktemp("portfolio"), notes) as pipeline:
        yield pipeline


@pytest.fixture(autouse=True)
def nothing_used_yet(request: pytest.FixtureRequest) -> None:
    """Each test begins a new day."""
    if "portfolio" in request.fixturenames:
        with request.getfixturevalue("portfolio").engine.begin() as connection:
            connection.execute(text("DELETE FROM api_usage"))
            connection.execute(text("DELETE FROM query_logs"))


@pytest.fixture
def serve(portfolio: Pipeline) -> Iterator[Serve]:
    """Serves the portfolio with settings; ``answerer`` replaces what answers."""
    with ExitStack() as stack:

        def start(*, answerer: Any = None, **values: Any) -> Running:
            parts = parts_over(portfolio, **{"visitor_rate": "1000/second", "visitor_daily": 10_000, **values})
            if answerer is not None:
                parts = dataclasses.replace(parts, answerer=answerer)
            return stack.enter_context(running(parts))

        yield start


@pytest.fixture
def make_key(portfolio: Pipeline) -> Callable[..., dict[str, str]]:
    """Makes a key and gives the header it is sent in."""

    def make(*scopes: str, **limits: Any) -> dict[str, str]:
        token, _ = create_key(portfolio.sessions, KeyWish("tests", scopes or ("*",), **limits))
        return {"Authorization": f"Bearer {token.written}"}

    return make
