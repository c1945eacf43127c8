"""The chunks at given places of documents: what stands beside a hit."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.domain.excerpts import Piece, Place


def load_pieces(session: Session, places: Sequence[Place]) -> dict[Place, Piece]:
    """The chunks that exist at (document id, chunk index); the documents are those of visible hits."""
    rows = session.execute(
        text(
            """
            SELECT o.document_id, o.chunk_index, c.kind, c.heading_path, o.start_line, o.end_line, c.content, c.tokens
            FROM unnest(CAST(:documents AS bigint[]), CAST(:indexes AS int[])) AS w(document_id, chunk_index)
            JOIN chunk_occurrences o USING (document_id, chunk_index) JOIN document_chunks c USING (chunk_id)
            """
        ),
        {"documents": [place[0] for place in places], "indexes": [place[1] for place in places]},
    )
    pieces = (Piece(row[0], row[1], row[2], tuple(row[3]), row[4], row[5], row[6], row[7]) for row in rows)
    return {piece.place: piece for piece in pieces}
