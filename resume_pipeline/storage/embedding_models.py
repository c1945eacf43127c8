"""Embedding models and their partitions.

A model is registered once, with a canary vector; its vectors live in a partition of its own, whose CHECK keeps out
vectors of another length.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from resume_pipeline.storage.models import EmbeddingModel

PAGE_LIMIT_DIMENSIONS = 2000
"""STORAGE PLAIN keeps a vector in the row, and a row in one page of 8 kB: 2,000 float4 numbers."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A registered model: its id, name, dimensions, canary vector, and how its index was built and measured."""

    embedding_model_id: int
    name: str
    dimensions: int
    canary: NDArray[np.float32]
    index_settings: dict[str, Any]
    created_at: dt.datetime

    @property
    def partition(self) -> str:
        """The table that holds its vectors."""
        return f"chunk_embeddings_m{self.embedding_model_id}"


def find_model(session: Session, name: str) -> StoredModel | None:
    """The model registered under a name."""
    return _one(session, EmbeddingModel.name == name)


def _one(session: Session, condition: Any) -> StoredModel | None:
    row = session.scalar(select(EmbeddingModel).where(condition))
    return None if row is None else _stored(row)


def _stored(row: EmbeddingModel) -> StoredModel:
    canary = np.asarray(row.canary, dtype=np.float32)
    return StoredModel(row.embedding_model_id, row.name, row.dimensions, canary, row.index_settings, row.created_at)


def list_models(session: Session) -> list[StoredModel]:
    """Every registered model, oldest first."""
    return [_stored(row) for row in session.scalars(select(EmbeddingModel).order_by(EmbeddingModel.embedding_model_id))]


def register_model(session: Session, name: str, canary: NDArray[np.float32]) -> StoredModel:
    """Register a model and make its partition; calling it again changes nothing."""
    values = {"name": name, "dimensions": canary.size, "canary": canary}
    session.execute(insert(EmbeddingModel).values(values).on_conflict_do_nothing(index_elements=["name"]))
    model = find_model(session, name)
    assert model is not None  # noqa: S101  (just inserted)
    storage = "PLAIN" if model.dimensions < PAGE_LIMIT_DIMENSIONS else "EXTERNAL"
    session.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {model.partition} PARTITION OF chunk_embeddings "
            f"(CONSTRAINT ck_{model.partition}_dimensions CHECK (vector_dims(embedding) = {model.dimensions} "
            "AND vector_norm(embedding) BETWEEN 1e-6 AND 1e6)) "
            f"FOR VALUES IN ({model.embedding_model_id})"
        )
    )
    session.execute(text(f"ALTER TABLE {model.partition} ALTER COLUMN embedding SET STORAGE {storage}"))
    return model


def drop_model(session: Session, model: StoredModel) -> None:
    """Remove a model with its partition, index and vectors; generations that were made with it lose it.

    Searches wait while the partition goes, and it waits for those that run; not for longer than ten seconds.
    """
    session.execute(text("SET LOCAL lock_timeout = '10s'"))
    session.execute(text(f"DROP TABLE IF EXISTS {model.partition}"))
    session.execute(delete(EmbeddingModel).where(EmbeddingModel.embedding_model_id == model.embedding_model_id))


def set_index_settings(session: Session, model: StoredModel, settings: dict[str, Any]) -> None:
    """Keep how the model's vector index was built and measured."""
    session.execute(
        update(EmbeddingModel)
        .where(EmbeddingModel.embedding_model_id == model.embedding_model_id)
        .values(index_settings=settings)
    )
