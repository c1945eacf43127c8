"""The query log: questions asked with the hits they got, kept for a while.

Whether anything is logged, and that it never fails a search, is ``retrieval.query_log``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from resume_pipeline.domain.content_gaps import AskedQuestion
from resume_pipeline.storage.models import Generation, QueryLog

PATIENCE = "SELECT set_config('lock_timeout', '500ms', true), set_config('statement_timeout', '2s', true)"
"""A search that was answered must not wait for its log, for example behind a migration."""


@dataclass(frozen=True, slots=True)
class LoggedQuery:
    """One question as it is kept. ``visitor`` is a keyed hash; ``source`` is cli, api or page."""

    question: str
    mode: str
    filters: Sequence[str]
    hits: Sequence[Mapping[str, Any]]
    generation: int | None
    milliseconds: float
    coverage: float | None
    visitor: str | None
    source: str


def insert_query(session: Session, query: LoggedQuery) -> None:
    """Keep a question; waits at most two seconds. The embedding model is that of the generation."""
    session.execute(text(PATIENCE))
    model = select(Generation.embedding_model_id).where(Generation.generation == query.generation).scalar_subquery()
    session.execute(
        insert(QueryLog).values(
            question=query.question,
            mode=query.mode,
            filters=list(query.filters),
            hits=[dict(hit) for hit in query.hits],
            generation=query.generation,
            embedding_model_id=model,
            milliseconds=query.milliseconds,
            coverage=query.coverage,
            visitor=query.visitor,
            source=query.source,
        )
    )


def asked_questions(session: Session) -> Iterator[AskedQuestion]:
    """Every question that is kept, in the order of asking, streamed."""
    statement = (
        select(
            QueryLog.question,
            QueryLog.filters,
            func.jsonb_array_length(QueryLog.hits),
            QueryLog.coverage,
            QueryLog.hits[0]["path"].astext,
            QueryLog.asked_at,
        )
        .order_by(QueryLog.asked_at, QueryLog.query_log_id)
        .execution_options(yield_per=2000)
    )
    for question, filters, hits, coverage, nearest, asked_at in session.execute(statement):
        yield AskedQuestion(question, tuple(filters), hits, coverage, nearest, asked_at)


def delete_queries(session: Session, *, older_than_days: int) -> int:
    """Forget questions asked longer ago than that; how many there were."""
    deleted = session.execute(
        text("DELETE FROM query_logs WHERE asked_at < now() - make_interval(days => :days)"),
        {"days": older_than_days},
    )
    return int(deleted.rowcount)  # type: ignore[attr-defined]
