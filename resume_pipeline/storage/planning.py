"""The chunks a plan looks at, in a temporary table of the plan's own transaction, and what they would cost.

Nothing here writes to a table that outlives the transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.domain.documents import Chunk
from resume_pipeline.domain.hashing import chunk_id, input_hash
from resume_pipeline.storage.bulk import copy_rows
from resume_pipeline.storage.embedding_models import StoredModel


@dataclass(frozen=True, slots=True)
class PlannedTotals:
    """Distinct chunks of the candidate, those not stored yet, distinct inputs to send with their tokens, and that wait.

    An input that waits in a batch has no vector yet, and is not sent again.
    """

    chunks: int
    new_chunks: int
    inputs: int
    tokens: int
    waiting: int


def open_plan(session: Session) -> None:
    """Begin a plan; it ends with the transaction."""
    session.execute(
        text("CREATE TEMP TABLE planned (chunk_id uuid, input_hash bytea, input_tokens integer) ON COMMIT DROP")
    )


def add_planned(session: Session, chunks: Sequence[Chunk]) -> None:
    """Add chunks that the run would make."""
    rows = ((chunk_id(chunk), input_hash(chunk.embedding_input), chunk.input_tokens) for chunk in chunks)
    copy_rows(session, "planned", ("chunk_id", "input_hash", "input_tokens"), rows)


def add_stored(session: Session, document_ids: Sequence[int]) -> None:
    """Add the chunks of document versions that are stored and stay."""
    session.execute(
        text(
            "INSERT INTO planned SELECT c.chunk_id, c.input_hash, c.input_tokens FROM chunk_occurrences o "
            "JOIN document_chunks c USING (chunk_id) WHERE o.document_id = ANY (:ids)"
        ),
        {"ids": list(document_ids)},
    )


def planned_totals(session: Session, model: StoredModel | None, *, has_schema: bool) -> PlannedTotals:
    """Count what was added. ``model`` None: no vector of it is stored."""
    new = "NOT EXISTS (SELECT FROM document_chunks c WHERE c.chunk_id = p.chunk_id)" if has_schema else "true"
    missing, waiting = "true", "false"
    if model is not None:
        missing = (
            f"NOT EXISTS (SELECT FROM document_chunks c JOIN {model.partition} e USING (chunk_id) "
            "WHERE c.input_hash = p.input_hash)"
        )
        waiting = (
            "EXISTS (SELECT FROM embedding_batch_inputs i JOIN embedding_batches b USING (embedding_batch_id) "
            "WHERE i.input_hash = p.input_hash AND b.embedding_model_id = :model "
            "AND b.ended_at IS NULL AND b.deadline_at > now())"
        )
    session.execute(text("ANALYZE planned"))
    row = session.execute(
        text(
            f"""
            WITH chunk AS (SELECT DISTINCT chunk_id FROM planned),
                 input AS (SELECT input_hash, max(input_tokens) AS tokens FROM planned GROUP BY input_hash),
                 lacking AS (SELECT tokens, {waiting} AS waits FROM input p WHERE {missing}),
                 sent AS (SELECT count(*) FILTER (WHERE NOT waits) AS inputs, count(*) FILTER (WHERE waits) AS waiting,
                                 COALESCE(sum(tokens) FILTER (WHERE NOT waits), 0) AS tokens FROM lacking)
            SELECT (SELECT count(*) FROM chunk), (SELECT count(*) FROM chunk p WHERE {new}), inputs, tokens, waiting
            FROM sent
            """  # noqa: S608  (fragments are ours)
        ),
        {"model": model.embedding_model_id} if model is not None else {},
    ).one()
    return PlannedTotals(*(int(value) for value in row))
