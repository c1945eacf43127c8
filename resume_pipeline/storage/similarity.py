"""How alike candidates are to one another, for rerankers that want variety."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.storage.embedding_models import StoredModel


def pairwise_similarities(session: Session, model: StoredModel, ids: Sequence[str]) -> dict[tuple[str, str], float]:
    """Cosine similarity of every two chunks by a model, in both orders; chunks without a vector are left out."""
    rows = session.execute(
        text(
            """
            WITH wanted AS MATERIALIZED (
                SELECT chunk_id, embedding FROM chunk_embeddings
                WHERE embedding_model_id = :model AND chunk_id = ANY (CAST(:ids AS uuid[])))
            SELECT CAST(a.chunk_id AS text), CAST(b.chunk_id AS text), 1 - (a.embedding <=> b.embedding)
            FROM wanted a JOIN wanted b ON a.chunk_id < b.chunk_id
            """
        ),
        {"model": model.embedding_model_id, "ids": list(ids)},
    )
    similarities: dict[tuple[str, str], float] = {}
    for first, second, similarity in rows:
        similarities[first, second] = similarities[second, first] = float(similarity)
    return similarities
