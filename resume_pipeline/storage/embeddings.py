"""Vectors: which are missing, and how they are stored.

The key of a vector is (embedding model, sha256 of the embedding input), whatever chunk it belongs to: an input that has
a vector anywhere is never sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Exists, Select, exists, func, or_, select, text
from sqlalchemy.orm import Session

from resume_pipeline.domain.hashing import Shard
from resume_pipeline.storage.bulk import copy_vectors
from resume_pipeline.storage.content_manifest import in_shard
from resume_pipeline.storage.embedding_models import StoredModel
from resume_pipeline.storage.models import (
    ChunkEmbedding,
    ChunkOccurrence,
    Document,
    DocumentChunk,
    EmbeddingBatch,
    EmbeddingBatchInput,
    SourceFile,
)
from resume_pipeline.storage.visibility import VISIBLE, visible_at


@dataclass(frozen=True, slots=True)
class PendingInput:
    """An embedding input without a vector: its hash and its cl100k_base tokens."""

    input_hash: bytes
    tokens: int


def _wanted_chunks(shard: Shard | None, also_of: int | None) -> ColumnElement[bool]:
    """Chunks that occur in a document of the candidate, or in one visible at the generation ``also_of``."""
    candidate = select(ChunkOccurrence.chunk_id).join(SourceFile, SourceFile.document_id == ChunkOccurrence.document_id)
    wanted = DocumentChunk.chunk_id.in_(in_shard(candidate, shard))
    if also_of is None:
        return wanted
    visible = select(ChunkOccurrence.chunk_id).join(Document, Document.document_id == ChunkOccurrence.document_id)
    return or_(wanted, DocumentChunk.chunk_id.in_(visible.where(visible_at(also_of))))


def count_wanted_chunks(session: Session, shard: Shard | None = None, *, also_of: int | None = None) -> int:
    """How many distinct chunks the candidate has, with those visible at the generation ``also_of``."""
    statement = select(func.count()).select_from(DocumentChunk).where(_wanted_chunks(shard, also_of))
    return session.scalar(statement) or 0


@dataclass(frozen=True, slots=True)
class PendingTotals:
    """How many distinct inputs have no vector, and their cl100k_base tokens."""

    inputs: int
    tokens: int


def pending_totals(
    session: Session, model: StoredModel, shard: Shard | None = None, *, also_of: int | None = None
) -> PendingTotals:
    """Count what ``pending_inputs`` would give."""
    pending = _pending(model, shard, also_of).subquery()
    statement = select(func.count(), func.coalesce(func.sum(pending.c.tokens), 0)).select_from(pending)
    inputs, tokens = session.execute(statement).one()
    return PendingTotals(inputs, int(tokens))


def pending_inputs(
    session: Session,
    model: StoredModel,
    shard: Shard | None = None,
    *,
    also_of: int | None = None,
    after: bytes = b"",
    limit: int | None = None,
) -> list[PendingInput]:
    """The distinct inputs of the candidate that have no vector by this model and wait in no batch, by hash.

    ``also_of`` is another generation looked at. A page begins behind the hash ``after`` and has up to ``limit``.
    """
    statement = _pending(model, shard, also_of).where(DocumentChunk.input_hash > after)
    rows = session.execute(statement.order_by(DocumentChunk.input_hash).limit(limit))
    return [PendingInput(*row) for row in rows]


def _pending(model: StoredModel, shard: Shard | None, also_of: int | None) -> Select[bytes, int]:
    return (
        select(DocumentChunk.input_hash, func.max(DocumentChunk.input_tokens).label("tokens"))
        .where(_wanted_chunks(shard, also_of), ~_has_vector(model), ~_waiting_in_a_batch(model))
        .group_by(DocumentChunk.input_hash)
    )


def _has_vector(model: StoredModel) -> Exists:
    return exists().where(
        ChunkEmbedding.embedding_model_id == model.embedding_model_id, ChunkEmbedding.chunk_id == DocumentChunk.chunk_id
    )


def count_waiting(session: Session, model: StoredModel) -> int:
    """How many distinct inputs of the candidate have no vector yet and wait in a batch of the model."""
    statement = select(func.count(DocumentChunk.input_hash.distinct())).where(
        _wanted_chunks(None, None), ~_has_vector(model), _waiting_in_a_batch(model)
    )
    return session.scalar(statement) or 0


def _waiting_in_a_batch(model: StoredModel) -> Exists:
    """Whether a chunk's input is under way in a batch of the model whose deadline is not over."""
    return exists().where(
        EmbeddingBatchInput.input_hash == DocumentChunk.input_hash,
        EmbeddingBatch.embedding_batch_id == EmbeddingBatchInput.embedding_batch_id,
        EmbeddingBatch.embedding_model_id == model.embedding_model_id,
        EmbeddingBatch.ended_at.is_(None),
        EmbeddingBatch.deadline_at > func.now(),
    )


def load_inputs(session: Session, hashes: Sequence[bytes]) -> dict[bytes, str]:
    """The exact texts behind hashes."""
    statement = (
        select(DocumentChunk.input_hash, DocumentChunk.embedding_input)
        .where(DocumentChunk.input_hash == func.any(list(hashes)))
        .distinct(DocumentChunk.input_hash)
    )
    return dict(session.execute(statement).tuples().all())


def share_vectors(session: Session, model: StoredModel) -> int:
    """Give chunks the vector that another chunk with the same embedding input has; how many were given."""
    result = session.execute(
        text(
            f"""
            INSERT INTO chunk_embeddings (embedding_model_id, chunk_id, embedding)
            SELECT DISTINCT ON (c.chunk_id) :model, c.chunk_id, e.embedding
            FROM document_chunks c
            JOIN document_chunks twin ON twin.input_hash = c.input_hash AND twin.chunk_id <> c.chunk_id
            JOIN {model.partition} e ON e.chunk_id = twin.chunk_id
            WHERE NOT EXISTS (SELECT FROM {model.partition} own WHERE own.chunk_id = c.chunk_id)
            """  # noqa: S608  (the partition's name is ours)
        ),
        {"model": model.embedding_model_id},
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def store_vectors(session: Session, model: StoredModel, hashes: Sequence[bytes], vectors: NDArray[np.float32]) -> int:
    """Store the vectors of embedding inputs for every chunk that has one of them; how many rows were written."""
    session.execute(text("CREATE TEMP TABLE new_vectors (input_hash bytea, embedding vector) ON COMMIT DROP"))
    copy_vectors(session, "new_vectors", "input_hash", hashes, vectors)
    # Without statistics the planner takes a temporary table for a large one and scans all chunks at every request.
    session.execute(text("ANALYZE new_vectors"))
    result = session.execute(
        text(
            f"""
            INSERT INTO chunk_embeddings (embedding_model_id, chunk_id, embedding)
            SELECT :model, c.chunk_id, n.embedding
            FROM new_vectors n JOIN document_chunks c USING (input_hash)
            WHERE NOT EXISTS (SELECT FROM {model.partition} e WHERE e.chunk_id = c.chunk_id)
            """  # noqa: S608  (the partition's name is ours)
        ),
        {"model": model.embedding_model_id},
    )
    session.execute(text("DROP TABLE new_vectors"))
    return int(result.rowcount)  # type: ignore[attr-defined]


WANTED = "SELECT DISTINCT o.chunk_id FROM chunk_occurrences o JOIN source_files s USING (document_id)"


@dataclass(frozen=True, slots=True)
class VectorCounts:
    """Some chunks, and those of them with a vector."""

    chunks: int
    with_vector: int


def visible_vectors(session: Session, model: StoredModel, generation: int) -> VectorCounts:
    """Count the chunks visible at a generation and those with a vector by this model; no vector is read."""
    statement = (
        "SELECT count(*), count(e.chunk_id) FROM ("  # noqa: S608  (fragments are ours, values are bound)
        f"SELECT DISTINCT o.chunk_id FROM chunk_occurrences o JOIN documents d USING (document_id) WHERE {VISIBLE}) w "
        f"LEFT JOIN {model.partition} e USING (chunk_id)"
    )
    return VectorCounts(*session.execute(text(statement), {"generation": generation}).one())


def candidate_vectors(session: Session, model: StoredModel) -> VectorCounts:
    """Count the candidate's chunks and those with a vector; no vector is read."""
    statement = (
        f"SELECT count(*), count(e.chunk_id) FROM ({WANTED}) w "  # noqa: S608  (the partition's name is ours)
        f"LEFT JOIN {model.partition} e USING (chunk_id)"
    )
    return VectorCounts(*session.execute(text(statement)).one())


def unsound_vectors(session: Session, model: StoredModel) -> int:
    """How many of the candidate's vectors are zero, not finite, or of another length than the model's."""
    statement = (
        f"SELECT count(*) FROM ({WANTED}) w JOIN {model.partition} e USING (chunk_id) "  # noqa: S608
        "WHERE NOT (vector_dims(e.embedding) = :dimensions AND vector_norm(e.embedding) BETWEEN 1e-6 AND 1e6)"
    )
    return int(session.scalar(text(statement), {"dimensions": model.dimensions}) or 0)


def vectors_are_guarded(session: Session, model: StoredModel) -> bool:
    """Whether Postgres itself refuses unsound vectors in the partition, and has looked at all that are there."""
    statement = (
        "SELECT bool_or(convalidated) FROM pg_constraint "
        "WHERE conrelid = to_regclass(:partition) AND conname = :name AND contype = 'c'"
    )
    names = {"partition": model.partition, "name": f"ck_{model.partition}_dimensions"}
    return bool(session.scalar(text(statement), names))
