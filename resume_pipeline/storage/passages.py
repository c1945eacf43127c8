"""The passages behind chunk ids: where each stands in a visible document, and where the words asked for stand in it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.storage.narrowing import Narrowing


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk where it stands in a visible document.

    ``positions`` has those of the asked lexemes that stand in its text, with their word positions from 1, title and
    headings before the text; ``header`` those of them that stand in title or headings. ``header_length`` and ``length``
    are the numbers of distinct lexemes of title and headings, and of all.
    """

    chunk_id: uuid.UUID
    document_id: int
    path: str
    chunk_index: int
    kind: str
    title: str
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    content: str
    tokens: int
    positions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    header: frozenset[str] = frozenset()
    header_length: int = 0
    length: int = 0


def load_passages(
    session: Session, ids: Sequence[uuid.UUID], narrowing: Narrowing, *, lexemes: Sequence[str] = ()
) -> dict[uuid.UUID, Passage]:
    """Where each chunk stands in a document that may be shown (the first by path, when it stands in several)."""
    statement = f"""
        SELECT DISTINCT ON (c.chunk_id) c.chunk_id, d.document_id, d.source_path, o.chunk_index, c.kind, c.title,
               c.heading_path, o.start_line, o.end_line, c.content, c.tokens, w.positions, w.header,
               COALESCE(length(ts_filter(l.search_vector, CAST(ARRAY['a'] AS "char"[]))), 0),
               COALESCE(length(l.search_vector), 0)
        FROM document_chunks c JOIN chunk_occurrences o USING (chunk_id) JOIN documents d USING (document_id)
        LEFT JOIN lexical_chunks l USING (chunk_id)
        LEFT JOIN LATERAL (
            SELECT jsonb_object_agg(u.lexeme, to_jsonb(u.positions)) AS positions,
                   array_agg(u.lexeme) FILTER (WHERE 'A' = ANY (u.weights)) AS header
            FROM unnest(l.search_vector) AS u(lexeme, positions, weights)
            WHERE u.lexeme = ANY (CAST(:lexemes AS text[]))) w ON true
        WHERE c.chunk_id = ANY (:ids) AND {narrowing.conditions}
        ORDER BY c.chunk_id, d.source_path COLLATE "C", o.chunk_index
    """  # noqa: S608  (fragments are ours, values are bound)
    parameters = {**narrowing.parameters, "ids": list(ids), "lexemes": list(lexemes)}
    return {row[0]: _passage(row) for row in session.execute(text(statement), parameters).all()}


def _passage(row: Any) -> Passage:
    return Passage(
        chunk_id=row[0],
        document_id=row[1],
        path=row[2],
        chunk_index=row[3],
        kind=row[4],
        title=row[5],
        heading_path=tuple(row[6]),
        start_line=row[7],
        end_line=row[8],
        content=row[9],
        tokens=row[10],
        positions={lexeme: tuple(places) for lexeme, places in (row[11] or {}).items()},
        header=frozenset(row[12] or ()),
        header_length=row[13],
        length=row[14],
    )
