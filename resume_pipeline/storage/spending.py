"""What embedding cost: rows written together with the vectors, and their sums.

Whether more may be spent is decided in ``ingestion.spending``.
"""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from resume_pipeline.storage.models import EmbeddingSpending


@dataclass(frozen=True, slots=True)
class SpendingEntry:
    """One answer of a model: in which run and lane, its inputs and tokens, and its price if that is known."""

    run_id: str
    embedding_model: str
    lane: str
    inputs: int
    tokens: int
    cost_usd: Decimal | None


def record_spending(session: Session, entry: SpendingEntry) -> None:
    """Remember what an answer cost; the caller's transaction is that of its vectors."""
    session.execute(
        insert(EmbeddingSpending).values(
            run_id=entry.run_id,
            embedding_model=entry.embedding_model,
            lane=entry.lane,
            inputs=entry.inputs,
            tokens=entry.tokens,
            cost_usd=entry.cost_usd,
        )
    )


def spent_in_run(session: Session, run_id: str) -> Decimal:
    """US dollars that a run spent; what had no known price counts as nothing."""
    statement = select(func.coalesce(func.sum(EmbeddingSpending.cost_usd), 0)).where(EmbeddingSpending.run_id == run_id)
    return Decimal(session.scalar(statement) or 0)


def spent_today(session: Session, *, but_run: str = "") -> Decimal:
    """US dollars that all runs, or all but one, spent since midnight UTC; what had no known price counts as nothing."""
    midnight = text("date_trunc('day', now(), 'UTC')")
    statement = select(func.coalesce(func.sum(EmbeddingSpending.cost_usd), 0)).where(
        EmbeddingSpending.spent_at >= midnight, EmbeddingSpending.run_id != but_run
    )
    return Decimal(session.scalar(statement) or 0)


def measured_pace(session: Session, model_name: str) -> float | None:
    """Tokens per second of the last run of a model that made several requests; None when there was none.

    The first answer's tokens are left out: it begins the time that is measured.
    """
    row = session.execute(
        text(
            """
            WITH answer AS (
                SELECT run_id, spent_at, tokens, row_number() OVER (PARTITION BY run_id ORDER BY spent_at) AS place
                FROM embedding_spending WHERE embedding_model = :model AND lane = 'direct')
            SELECT sum(tokens) FILTER (WHERE place > 1) / EXTRACT(epoch FROM max(spent_at) - min(spent_at))
            FROM answer GROUP BY run_id HAVING max(spent_at) > min(spent_at) ORDER BY max(spent_at) DESC LIMIT 1
            """
        ),
        {"model": model_name},
    ).one_or_none()
    return None if row is None else float(row[0])
