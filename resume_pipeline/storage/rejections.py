"""Documents that hold an input no model would embed: set aside, and wanted again when that may have changed.

The file keeps its last published version; why stands in ``source_files.error``, beside the version that was set aside.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

RETRY_AFTER = "1 day"


def reject_input(
    session: Session, input_hash: bytes, *, model: str, max_input_tokens: int, reason: str
) -> list[tuple[str, int, str]]:
    """Set aside every wanted document version with a chunk of this input: (path, line of the chunk, reason) of each."""
    rows = session.execute(
        text(
            """
            WITH place AS (
                SELECT s.source_path, min(o.start_line) AS line FROM document_chunks c
                JOIN chunk_occurrences o USING (chunk_id) JOIN source_files s USING (document_id)
                WHERE c.input_hash = :input_hash GROUP BY s.source_path)
            UPDATE source_files AS s SET
                error = jsonb_build_object(
                    'line', place.line, 'reason', CAST(:reason AS text), 'stage', 'embeddings',
                    'model', CAST(:model AS text), 'max_input_tokens', CAST(:max_input_tokens AS integer),
                    'document_id', s.document_id, 'at', now()),
                document_id = (
                    SELECT d.document_id FROM documents d
                    WHERE d.source_path = s.source_path AND d.document_id <> s.document_id
                    AND d.published_in IS NOT NULL AND d.retired_in IS NULL LIMIT 1)
            FROM place WHERE s.source_path = place.source_path
            RETURNING s.source_path, place.line, s.error ->> 'reason'
            """
        ),
        {"input_hash": input_hash, "model": model, "max_input_tokens": max_input_tokens, "reason": reason},
    )
    return sorted((path, line, why) for path, line, why in rows)


def places_of_input(session: Session, input_hash: bytes) -> list[tuple[str, int]]:
    """(path, line) of every document version that holds this input, wanted or published."""
    rows = session.execute(
        text(
            "SELECT d.source_path, min(o.start_line) FROM document_chunks c JOIN chunk_occurrences o USING (chunk_id) "
            "JOIN documents d USING (document_id) WHERE c.input_hash = :input_hash GROUP BY d.source_path ORDER BY 1"
        ),
        {"input_hash": input_hash},
    )
    return [(path, line) for path, line in rows]


def restore_rejected(session: Session, *, model: str, max_input_tokens: int) -> int:
    """Want the versions again that were set aside by another model, under another limit, or a day ago; how many."""
    result = session.execute(
        text(
            f"""
            UPDATE source_files AS s SET document_id = d.document_id, error = NULL FROM documents d
            WHERE s.error ->> 'stage' = 'embeddings' AND d.document_id = CAST(s.error ->> 'document_id' AS bigint)
            AND (s.error ->> 'model' <> :model
                 OR CAST(s.error ->> 'max_input_tokens' AS integer) <> :max_input_tokens
                 OR CAST(s.error ->> 'at' AS timestamptz) < now() - interval '{RETRY_AFTER}')
            """  # noqa: S608  (a constant)
        ),
        {"model": model, "max_input_tokens": max_input_tokens},
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
