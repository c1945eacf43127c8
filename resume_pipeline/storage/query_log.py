"""The query log: questions asked with the hits they got, kept for a while.

Whether anything is logged, and that it never fails a search, is ``retrieval.query_log``.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from resume_pipeline.domain.content_gaps import AskedQuestion
from resume_pipeline.storage.models import Generation, QueryLog

PATIENCE = (
    "SELECT set_config('lock_timeout', '500ms', true), set_config('statement_timeout', '2s', true), "
    "set_config('synchronous_commit', 'off', true)"
)
"""A search that was answered must not wait for its log: behind a migration, or until the disk has it."""


@dataclass(frozen=True, slots=True)
class LoggedQuery:
    """One question as it is kept. ``visitor`` is a keyed hash; ``source`` is cli, api, page or mcp."""

    question: str
    mode: str
    filters: Sequence[str]
    hits: Sequence[Mapping[str, Any]]
    generation: int | None
    milliseconds: float
    coverage: float | None
    visitor: str | None
    source: str


@dataclass(frozen=True, slots=True)
class LoggedAnswer:
    """How a question was answered; ``answer_id`` is random, and who has it may rate the answer.

    ``state`` is answered, declined or failed, ``reason`` why one of the latter. ``citations`` are paths and lines.
    """

    answer_id: uuid.UUID
    state: str
    reason: str | None
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: Decimal | None = None
    dropped: int = 0
    citations: Sequence[Mapping[str, Any]] = ()


Rated = Literal["rated", "unknown", "final"]
"""The rating was kept; there is no such answer; it was changed already."""


def insert_query(session: Session, query: LoggedQuery, answer: LoggedAnswer | None = None) -> None:
    """Keep a question, and its answer if it got one; waits at most two seconds.

    The embedding model is that of the generation.
    """
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
            **(_answer_values(answer) if answer is not None else {}),
        )
    )


def _answer_values(answer: LoggedAnswer) -> dict[str, Any]:
    return {
        "answer_id": answer.answer_id,
        "answer_state": answer.state,
        "reason": answer.reason,
        "answer_model": answer.model,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "cost_usd": answer.cost_usd,
        "dropped": answer.dropped,
        "citations": [dict(citation) for citation in answer.citations],
    }


def rate_answer(session: Session, answer_id: uuid.UUID, rating: str, comment: str | None) -> Rated:
    """Keep what a reader thinks of an answer, over what they said before; it may be changed once."""
    changed = session.execute(
        text(
            "UPDATE query_logs SET rating = :rating, rating_comment = :comment, ratings = COALESCE(ratings, 0) + 1 "
            "WHERE answer_id = :id AND COALESCE(ratings, 0) < 2"
        ),
        {"rating": rating, "comment": comment, "id": answer_id},
    )
    if changed.rowcount:  # type: ignore[attr-defined]
        return "rated"
    known = session.scalar(select(func.count()).select_from(QueryLog).where(QueryLog.answer_id == answer_id))
    return "final" if known else "unknown"


def asked_questions(session: Session) -> Iterator[AskedQuestion]:
    """Every question that is kept, in the order of asking, streamed; not those whose answer broke off."""
    statement = (
        select(
            QueryLog.question,
            QueryLog.filters,
            func.jsonb_array_length(QueryLog.hits),
            QueryLog.coverage,
            QueryLog.hits[0]["path"].astext,
            QueryLog.asked_at,
            func.coalesce(QueryLog.answer_state == "declined", False),
        )
        .where(QueryLog.answer_state.is_distinct_from("failed"))
        .order_by(QueryLog.asked_at, QueryLog.query_log_id)
        .execution_options(yield_per=2000)
    )
    for question, filters, *found in session.execute(statement):
        yield AskedQuestion(question, tuple(filters), *found)


def delete_queries(session: Session, *, older_than_days: int) -> int:
    """Forget questions asked longer ago than that; how many there were."""
    deleted = session.execute(
        text("DELETE FROM query_logs WHERE asked_at < now() - make_interval(days => :days)"),
        {"days": older_than_days},
    )
    return int(deleted.rowcount)  # type: ignore[attr-defined]
