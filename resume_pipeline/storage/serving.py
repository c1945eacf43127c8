"""Which model is served: the generation that shows the live documents with another model.

How a generation is published is ``storage.generations``; whether this may happen is decided in ``ingestion.serving``.
"""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from resume_pipeline.storage.models import Generation
from resume_pipeline.storage.visibility import VISIBLE

SERVED = "pg_temp.served"
"""The table that ``prepare_served`` makes; it ends with the transaction."""

COPIED_COLUMNS = "source_path, bytes_sha256, recipe, title, body, metadata, problems"


def prepare_served(session: Session, generation: int) -> None:
    """Collect the document versions that show what a generation shows, in the table ``SERVED``.

    After a rollback some of them are retired by a later generation, and a retired version is never revived: those are
    copied, with their occurrences, and so are the versions that the candidate goes on wanting although what was
    withdrawn retires now. Chunks and vectors are shared by copies, so nothing is embedded.
    """
    session.execute(text("DROP TABLE IF EXISTS pg_temp.served"))
    session.execute(
        text(
            "CREATE TEMP TABLE served ON COMMIT DROP AS "  # noqa: S608  (fragments are ours, values are bound)
            f"SELECT d.source_path, d.document_id, d.retired_in FROM documents d WHERE {VISIBLE}"
        ),
        {"generation": generation},
    )
    _copy(session, "document_id IN (SELECT document_id FROM pg_temp.served WHERE retired_in IS NOT NULL)")
    session.execute(
        text("UPDATE pg_temp.served s SET document_id = c.new_id FROM pg_temp.copied c WHERE c.old_id = s.document_id")
    )
    _copy(
        session,
        "published_in > :generation AND retired_in IS NULL "
        "AND document_id IN (SELECT document_id FROM source_files WHERE document_id IS NOT NULL)",
        generation=generation,
    )
    session.execute(
        text("UPDATE source_files s SET document_id = c.new_id FROM pg_temp.copied c WHERE c.old_id = s.document_id")
    )


def _copy(session: Session, condition: str, **values: int) -> None:
    """Copy document versions into new ones that were never published; the temporary table ``copied`` pairs them."""
    session.execute(text("DROP TABLE IF EXISTS pg_temp.copied"))
    session.execute(
        text(
            "CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT document_id AS old_id, "  # noqa: S608
            "nextval(pg_get_serial_sequence('documents', 'document_id')) AS new_id "
            f"FROM documents WHERE {condition}"
        ),
        values,
    )
    session.execute(
        text(
            f"INSERT INTO documents (document_id, {COPIED_COLUMNS}) "  # noqa: S608
            f"SELECT c.new_id, {COPIED_COLUMNS} FROM pg_temp.copied c JOIN documents d ON d.document_id = c.old_id"
        )
    )
    session.execute(
        text(
            "INSERT INTO chunk_occurrences (document_id, chunk_index, chunk_id, start_line, end_line) "
            "SELECT c.new_id, o.chunk_index, o.chunk_id, o.start_line, o.end_line "
            "FROM pg_temp.copied c JOIN chunk_occurrences o ON o.document_id = c.old_id"
        )
    )


def serving_was_chosen(session: Session, generation: int) -> bool:
    """Whether `models serve` chose the model of a generation: it made that one, or one before it that still counts."""
    chosen = (
        select(Generation.generation)
        .where(Generation.documents_of.is_not(None), Generation.state != "withdrawn")
        .where(Generation.generation <= generation)
    )
    return session.scalar(select(chosen.exists())) or False
