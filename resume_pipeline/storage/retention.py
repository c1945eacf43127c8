"""What no kept generation needs: forgotten generations, versions nobody can see any more, and what hung on them.

How much is kept, and where each step is committed, is ``ingestion.maintenance``.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.storage.engine import Engine

TABLES = (
    "documents",
    "chunk_occurrences",
    "document_chunks",
    "lexical_chunks",
    "postings",
    "lexicon",
    "lexicon_words",
    "source_files",
    "query_logs",
)
"""Tables whose rows are deleted or rewritten by a run; the partitions of the models come to them."""

# A version is seen by no kept generation, is not wanted next, and (never published) was not made lately.
UNSEEN = """
SELECT d.document_id FROM documents d
WHERE NOT EXISTS (SELECT FROM source_files s WHERE s.document_id = d.document_id)
  AND CASE WHEN d.published_in IS NULL THEN d.created_at < now() - make_interval(days => :days)
      ELSE NOT EXISTS (SELECT FROM generations g WHERE g.generation >= d.published_in
                       AND (d.retired_in IS NULL OR g.generation < d.retired_in)) END
LIMIT :limit
"""


def forget_generations(session: Session, *, keep: int, days: int) -> list[int]:
    """Delete the records of generations that are kept no longer; their numbers.

    Kept are the live one and all after it (a rollback may be stepped forward again, and holds what it withdrew), the
    ``keep`` - 1 before it, and those published within ``days`` days.
    """
    rows = session.execute(
        text(
            """
            WITH live AS (SELECT generation FROM generations WHERE state = 'live'), earlier AS (
                SELECT g.generation, g.published_at, row_number() OVER (ORDER BY g.generation DESC) AS step
                FROM generations g, live WHERE g.generation < live.generation)
            DELETE FROM generations g USING earlier e
            WHERE g.generation = e.generation AND e.step >= :keep
              AND e.published_at < now() - make_interval(days => :days)
            RETURNING g.generation
            """
        ),
        {"keep": keep, "days": days},
    )
    return sorted(int(row[0]) for row in rows)


def delete_unseen_versions(session: Session, *, days: int, limit: int) -> int:
    """Delete at most ``limit`` document versions that nobody can see, with their occurrences; how many."""
    deleted = session.execute(
        text(f"DELETE FROM documents WHERE document_id = ANY (ARRAY({UNSEEN}))"),  # noqa: S608  (our own fragment)
        {"days": days, "limit": limit},
    )
    return int(deleted.rowcount)  # type: ignore[attr-defined]


def unused_chunks(session: Session, *, limit: int) -> Sequence[object]:
    """Ids of at most ``limit`` chunks that stand in no document version."""
    return session.scalars(
        text(
            "SELECT chunk_id FROM document_chunks c WHERE NOT EXISTS "
            "(SELECT FROM chunk_occurrences o WHERE o.chunk_id = c.chunk_id) LIMIT :limit"
        ),
        {"limit": limit},
    ).all()


def count_vectors_of(session: Session, chunks: Sequence[object]) -> dict[int, int]:
    """How many vectors these chunks have, by embedding model id."""
    rows = session.execute(
        text("SELECT embedding_model_id, count(*) FROM chunk_embeddings WHERE chunk_id = ANY (:ids) GROUP BY 1"),
        {"ids": list(chunks)},
    )
    return {row[0]: row[1] for row in rows}


def delete_chunks(session: Session, chunks: Sequence[object]) -> int:
    """Delete chunks; their vectors and lexical rows go with them."""
    deleted = session.execute(text("DELETE FROM document_chunks WHERE chunk_id = ANY (:ids)"), {"ids": list(chunks)})
    return int(deleted.rowcount)  # type: ignore[attr-defined]


def chunks_of_segments(session: Session) -> dict[int, int]:
    """How many chunks of each segment still exist, by segment id."""
    rows = session.execute(
        text(
            "SELECT s.segment_id, count(l.lexical_id) FROM lexical_segments s LEFT JOIN lexical_chunks l "
            "ON l.lexical_id BETWEEN s.first_id AND s.last_id GROUP BY 1"
        )
    )
    return {row[0]: row[1] for row in rows}


def delete_unused_lexemes(session: Session) -> int:
    """Delete lexemes without postings, and the words that become them; how many lexemes."""
    deleted = session.execute(
        text("DELETE FROM lexicon x WHERE NOT EXISTS (SELECT FROM postings p WHERE p.term_id = x.term_id)")
    )
    session.execute(
        text("DELETE FROM lexicon_words w WHERE NOT EXISTS (SELECT FROM lexicon x WHERE x.term_id = w.term_id)")
    )
    return int(deleted.rowcount)  # type: ignore[attr-defined]


def size_bytes(session: Session) -> int:
    """Size on disk of all tables of the index, with their indexes."""
    return int(
        session.scalar(
            text(
                "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c "
                "WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind IN ('r', 'm')"
            )
        )
        or 0
    )


def vacuum(engine: Engine, tables: Sequence[str]) -> None:
    """Give the space of deleted rows back to the tables, and tell the planner; readers and writers go on."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            connection.execute(text(f'VACUUM (ANALYZE) "{table}"'))


def reindex(engine: Engine, index: str) -> None:
    """Make an index anew while it is in use; what an interrupted attempt left is dropped first."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'DROP INDEX CONCURRENTLY IF EXISTS "{index}_ccnew"'))
        connection.execute(text(f'REINDEX INDEX CONCURRENTLY "{index}"'))
