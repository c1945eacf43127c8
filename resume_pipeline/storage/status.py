"""What the content root held when it was last read, in numbers."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """Documents wanted next, those of them without chunks, and files with errors."""

    documents: int
    unchunked: int
    errors: int


def index_status(session: Session) -> IndexStatus:
    """Count them; some milliseconds per ten thousand files."""
    row = session.execute(
        text(
            """
            SELECT count(s.document_id),
                   count(*) FILTER (WHERE s.document_id IS NOT NULL AND NOT EXISTS (
                       SELECT FROM chunk_occurrences o WHERE o.document_id = s.document_id)),
                   count(s.error)
            FROM source_files s
            """
        )
    ).one()
    return IndexStatus(*row)
