"""From settings to what the HTTP API calls."""

from dataclasses import dataclass

from resume_pipeline.answering.answerer import Answerer
from resume_pipeline.bootstrap import engine as make_engine
from resume_pipeline.bootstrap import query_log, retriever
from resume_pipeline.bootstrap.answering import answerer
from resume_pipeline.retrieval.query_log import QueryLog
from resume_pipeline.retrieval.retriever import Retriever
from resume_pipeline.settings import Settings
from resume_pipeline.storage.engine import Engine, Sessions, make_sessions

SPARE_CONNECTIONS = 4
"""Beyond one per search thread: answers search and are logged on threads of their own."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What one process needs to serve; ``page_log`` and ``api_log`` differ by who is said to have asked."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    retriever: Retriever
    answerer: Answerer
    page_log: QueryLog
    api_log: QueryLog


def serving(settings: Settings) -> Serving:
    """The parts of an API process, on one engine; dispose of that when done.

    Raises:
        ConfigurationError: the reranker or the chat model needs something that is not there.
    """
    engine = make_engine(settings, pool_size=settings.search_threads + SPARE_CONNECTIONS)
    return Serving(
        settings,
        engine,
        make_sessions(engine),
        retriever(engine, settings),
        answerer(engine, settings),
        query_log(settings, engine, source="page"),
        query_log(settings, engine, source="api"),
    )
