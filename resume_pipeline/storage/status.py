"""What stands between the content root as last read and what visitors see."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """Documents wanted next, those of them not visible yet, those without chunks, and files with errors."""

    documents: int
    unpublished: int
    unchunked: int
    errors: int


def index_status(session: Session) -> IndexStatus:
    """Count them; some milliseconds per ten thousand files."""
    row = session.execute(
        text(
            """
            SELECT count(s.document_id),
                   count(*) FILTER (WHERE d.document_id IS NOT NULL AND (d.published_in IS NULL
                       OR d.published_in > COALESCE((SELECT generation FROM generations WHERE state = 'live'), 0))),
                   count(*) FILTER (WHERE d.document_id IS NOT NULL AND NOT EXISTS (
                       SELECT FROM chunk_occurrences o WHERE o.document_id = d.document_id)),
                   count(s.error)
            FROM source_files s LEFT JOIN documents d USING (document_id)
            """
        )
    ).one()
    return IndexStatus(*row)
