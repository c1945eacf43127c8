"""Batches of the Batch API: which are open, which inputs wait in them, and which were tried in one.

Inputs are known by their hash, as everywhere. What a batch costs and when one is given up is ``ingestion.batches``.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from resume_pipeline.storage.bulk import copy_rows
from resume_pipeline.storage.embedding_models import StoredModel
from resume_pipeline.storage.embeddings import PendingInput
from resume_pipeline.storage.models import EmbeddingBatch, EmbeddingBatchInput, EmbeddingModel

KEEP_TRIED = "30 days"


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch that may still bring answers; ``batch_id`` is None when a kill came between sending and noting it."""

    embedding_batch_id: int
    model: str
    submission_key: str
    batch_id: str | None
    requests: int
    tokens: int
    submitted_at: dt.datetime
    is_late: bool


def open_batches(session: Session) -> list[StoredBatch]:
    """The batches that have not ended, oldest first."""
    batch = EmbeddingBatch
    rows = session.execute(
        select(
            batch.embedding_batch_id,
            EmbeddingModel.name,
            batch.submission_key,
            batch.batch_id,
            batch.requests,
            batch.tokens,
            batch.submitted_at,
            batch.deadline_at <= func.now(),
        )
        .join(EmbeddingModel, EmbeddingModel.embedding_model_id == batch.embedding_model_id)
        .where(batch.ended_at.is_(None))
        .order_by(batch.embedding_batch_id)
    )
    return [StoredBatch(*row) for row in rows]


def prepare_batch(
    session: Session, model: StoredModel, inputs: Sequence[PendingInput], *, submission_key: str, hours: float
) -> int:
    """Note a batch and its inputs before anything is sent; its id."""
    statement = insert(EmbeddingBatch).values(
        embedding_model_id=model.embedding_model_id,
        submission_key=submission_key,
        status="preparing",
        requests=len(inputs),
        tokens=sum(pending.tokens for pending in inputs),
        deadline_at=func.now() + dt.timedelta(hours=hours),
    )
    id_ = session.scalars(statement.returning(EmbeddingBatch.embedding_batch_id)).one()
    rows = ((pending.input_hash, id_, pending.tokens) for pending in inputs)
    copy_rows(session, "embedding_batch_inputs", ("input_hash", "embedding_batch_id", "tokens"), rows)
    return id_


def note_status(session: Session, embedding_batch_id: int, *, status: str, batch_id: str) -> None:
    """Keep what the provider says of a batch."""
    session.execute(
        update(EmbeddingBatch)
        .where(EmbeddingBatch.embedding_batch_id == embedding_batch_id)
        .values(status=status, batch_id=batch_id)
    )


def forget_batch(session: Session, embedding_batch_id: int) -> None:
    """Remove a batch that never reached the provider; its inputs are free."""
    session.execute(delete(EmbeddingBatch).where(EmbeddingBatch.embedding_batch_id == embedding_batch_id))


def end_batch(session: Session, batch: StoredBatch, *, status: str, problem: str | None) -> tuple[int, int]:
    """Close a batch: (inputs, tokens) that it left without an answer, which go by the direct lane."""
    id_ = {"id": batch.embedding_batch_id}
    inputs, tokens = session.execute(
        text("SELECT count(*), COALESCE(sum(tokens), 0) FROM embedding_batch_inputs WHERE embedding_batch_id = :id"),
        id_,
    ).one()
    session.execute(
        update(EmbeddingBatch)
        .where(EmbeddingBatch.embedding_batch_id == batch.embedding_batch_id)
        .values(status=status, problem=problem, answered=batch.requests - inputs, ended_at=func.now())
    )
    return int(inputs), int(tokens)


def answered_inputs(session: Session, batch: StoredBatch, hashes: Sequence[bytes]) -> None:
    """Let go of inputs that have their vector; the caller's transaction is that of the vectors."""
    session.execute(
        delete(EmbeddingBatchInput).where(
            EmbeddingBatchInput.embedding_batch_id == batch.embedding_batch_id,
            EmbeddingBatchInput.input_hash == func.any(list(hashes)),
        )
    )


def inputs_of(session: Session, batch: StoredBatch) -> set[bytes]:
    """The inputs of a batch that have no answer yet."""
    return set(
        session.scalars(
            select(EmbeddingBatchInput.input_hash).where(
                EmbeddingBatchInput.embedding_batch_id == batch.embedding_batch_id
            )
        )
    )


def untried(session: Session, model: StoredModel, pending: Sequence[PendingInput]) -> Iterator[PendingInput]:
    """Those of the inputs that were in no batch of the model; what a batch once failed at goes by the direct lane."""
    tried = set(
        session.scalars(
            select(EmbeddingBatchInput.input_hash)
            .join(EmbeddingBatch, EmbeddingBatch.embedding_batch_id == EmbeddingBatchInput.embedding_batch_id)
            .where(EmbeddingBatch.embedding_model_id == model.embedding_model_id)
        )
    )
    return (one for one in pending if one.input_hash not in tried)


def forget_tried(session: Session) -> None:
    """Let inputs try the batch lane again a month after a batch failed at them."""
    session.execute(
        text(
            "DELETE FROM embedding_batch_inputs i USING embedding_batches b "  # noqa: S608  (a constant)
            "WHERE b.embedding_batch_id = i.embedding_batch_id "
            f"AND b.ended_at < now() - interval '{KEEP_TRIED}'"
        )
    )
