"""What a generation's content looks like in numbers: how many documents, how long, how many with facts."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.storage.visibility import VISIBLE


@dataclass(frozen=True, slots=True)
class ContentShape:
    """Documents that have chunks, all their chunks, and documents with a facts chunk (front matter that says much)."""

    documents: int
    chunks: int
    with_facts: int


def content_shape(session: Session, generation: int) -> ContentShape:
    """Count one generation; some milliseconds per ten thousand chunks."""
    row = session.execute(
        text(
            f"""
            SELECT count(DISTINCT d.document_id), count(*),
                   count(DISTINCT d.document_id) FILTER (WHERE c.kind = 'facts')
            FROM documents d JOIN chunk_occurrences o USING (document_id) JOIN document_chunks c USING (chunk_id)
            WHERE {VISIBLE}
            """  # noqa: S608  (a fragment of ours)
        ),
        {"generation": generation},
    ).one()
    return ContentShape(*row)
