"""Segments of the lexical index: the postings of a run of chunks, with their BM25 weights.

Which runs become segments, and when, is ``ingestion.lexical_index``; lexemes and frequencies are ``storage.lexicon``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from resume_pipeline.storage.lexical_models import LexicalSegment

K1 = 0.9
B = 0.6
"""As measured (docs/retrieval.md). Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
(2009), advise k1 from 1.2 to 2 and b from 0.5 to 0.8 for whole documents; chunks are short and of like length."""
HEADER_WEIGHT = 2
"""A lexeme of title or headings counts so many times (BM25F with one length for all fields, ibid. 3.6)."""
ANALYZED_CHUNKS = 5_000
"""Below, looking at what was counted costs more than it saves: half as much as writing the segment's postings."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of lexical ids whose postings stand together."""

    segment_id: int
    first_id: int
    last_id: int
    chunks: int
    average_length: float


def count_lexemes(session: Session, first_id: int, last_id: int) -> tuple[int, float]:
    """Count the lexemes of a run into the temporary table ``counted``: (chunks, sum of their lengths).

    ``counted`` has a row per chunk and lexeme: lexical_id, lexeme, frequency (weighted), length (of the chunk).
    """
    session.execute(text("DROP TABLE IF EXISTS pg_temp.counted"))
    session.execute(
        text(
            """
            CREATE TEMP TABLE counted ON COMMIT DROP AS
            SELECT lexical_id, lexeme, frequency, sum(frequency) OVER (PARTITION BY lexical_id) AS length FROM (
                SELECT l.lexical_id, u.lexeme,
                       cardinality(u.positions) + (:header - 1) * cardinality(array_positions(u.weights, 'A'))
                       AS frequency
                FROM lexical_chunks l CROSS JOIN LATERAL unnest(l.search_vector) AS u(lexeme, positions, weights)
                WHERE l.lexical_id BETWEEN :first AND :last) c
            """
        ),
        {"header": HEADER_WEIGHT, "first": first_id, "last": last_id},
    )
    chunks = session.scalar(
        text("SELECT count(*) FROM lexical_chunks WHERE lexical_id BETWEEN :first AND :last"),
        {"first": first_id, "last": last_id},
    )
    if int(chunks or 0) > ANALYZED_CHUNKS:
        session.execute(text("ANALYZE pg_temp.counted"))
    return int(chunks or 0), float(session.scalar(text("SELECT sum(frequency) FROM pg_temp.counted")) or 0)


def write_segment(session: Session, first_id: int, last_id: int, chunks: int, average_length: float) -> Segment:
    """Make a segment of what is ``counted``; its weights are BM25's without the inverse document frequency."""
    values = {"first_id": first_id, "last_id": last_id, "chunks": chunks, "average_length": average_length}
    segment_id = session.scalar(insert(LexicalSegment).values(values).returning(LexicalSegment.segment_id))
    assert segment_id is not None  # noqa: S101  (just inserted)
    session.execute(
        text(
            """
            INSERT INTO postings (term_id, segment_id, chunks, max_weight, ids, weights)
            SELECT x.term_id, :segment, count(*), max(w.weight), array_agg(c.lexical_id ORDER BY c.lexical_id),
                   array_agg(w.weight ORDER BY c.lexical_id)
            FROM pg_temp.counted c JOIN lexicon x USING (lexeme) CROSS JOIN LATERAL (
                -- float8: numeric arithmetic takes ten times as long
                SELECT CAST(c.frequency * CAST(:k1 + 1 AS float8) / (c.frequency + CAST(:k1 AS float8)
                       * (1 - CAST(:b AS float8) + CAST(:b AS float8) * c.length / CAST(:average AS float8)))
                       AS real) AS weight) w
            GROUP BY x.term_id
            """
        ),
        {"segment": segment_id, "k1": K1, "b": B, "average": max(average_length, 1.0)},
    )
    return Segment(segment_id, first_id, last_id, chunks, average_length)


def remove_segments(session: Session, segments: Sequence[Segment]) -> None:
    """Take segments and their postings away; their chunks stay, for the segment that replaces them."""
    ids = [segment.segment_id for segment in segments]
    session.execute(text("DELETE FROM postings WHERE segment_id = ANY (:ids)"), {"ids": ids})
    session.execute(text("DELETE FROM lexical_segments WHERE segment_id = ANY (:ids)"), {"ids": ids})


def list_segments(session: Session) -> list[Segment]:
    """All segments, in the order of their ids."""
    rows = session.scalars(select(LexicalSegment).order_by(LexicalSegment.first_id))
    return [Segment(row.segment_id, row.first_id, row.last_id, row.chunks, row.average_length) for row in rows]
