"""Embedding models and their partitions.

A model is registered once, with a canary vector; its vectors live in a partition of its own, whose CHECK keeps out
vectors of another length.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text, update
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

    @property
    def partition(self) -> str:
        """The table that holds its vectors."""
        return f"chunk_embeddings_m{self.embedding_model_id}"


def find_model(session: Session, name: str) -> StoredModel | None:
    """The model registered under a name."""
    return _one(session, EmbeddingModel.name == name)


def get_model(session: Session, embedding_model_id: int) -> StoredModel:
    """The model with an id that some row refers to."""
    model = _one(session, EmbeddingModel.embedding_model_id == embedding_model_id)
    assert model is not None, embedding_model_id  # noqa: S101  (a foreign key holds it)
    return model


def _one(session: Session, condition: Any) -> StoredModel | None:
    row = session.scalar(select(EmbeddingModel).where(condition))
    if row is None:
        return None
    canary = np.asarray(row.canary, dtype=np.float32)
    return StoredModel(row.embedding_model_id, row.name, row.dimensions, canary, row.index_settings)


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


def set_index_settings(session: Session, model: StoredModel, settings: dict[str, Any]) -> None:
    """Keep how the model's vector index was built and measured."""
    session.execute(
        update(EmbeddingModel)
        .where(EmbeddingModel.embedding_model_id == model.embedding_model_id)
        .values(index_settings=settings)
    )
