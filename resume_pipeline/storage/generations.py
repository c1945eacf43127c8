"""Generations: the pointer visitors follow, moved in one transaction.

A generation is a number; what it shows follows from ``published_in`` and ``retired_in`` of the document versions. The
rules for whether to publish are in ``ingestion.publishing``; here is how.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, case, func, select, text, update
from sqlalchemy.orm import Session

from resume_pipeline.storage.embedding_models import StoredModel
from resume_pipeline.storage.models import (
    ChunkOccurrence,
    Document,
    EmbeddingModel,
    Generation,
)
from resume_pipeline.storage.visibility import visible_at


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """One published state: its number, whether it is live, superseded or withdrawn, and what it holds.

    ``embedding_model`` is empty when the model was removed. ``documents_of`` is set when `models serve` made it.
    """

    generation: int
    state: str
    embedding_model: str
    content_hash: bytes
    source_hash: bytes
    documents: int
    chunks: int
    published_at: dt.datetime
    documents_of: int | None = None

    @property
    def content_from(self) -> int:
        """The generation that brought this content: its own number, unless it only changed the model."""
        return self.documents_of or self.generation


def list_generations(session: Session, *, limit: int | None = None) -> list[GenerationRecord]:
    """All generations, newest first."""
    return _records(session, limit=limit)


def live_generation(session: Session) -> GenerationRecord | None:
    """The generation visitors see; None before the first publish."""
    records = _records(session, only_live=True)
    return records[0] if records else None


def _records(session: Session, *, limit: int | None = None, only_live: bool = False) -> list[GenerationRecord]:
    statement = (
        select(Generation, EmbeddingModel.name)
        .outerjoin(EmbeddingModel, EmbeddingModel.embedding_model_id == Generation.embedding_model_id)
        .order_by(Generation.generation.desc())
        .limit(limit)
    )
    if only_live:
        statement = statement.where(Generation.state == "live")
    return [_record(row) for row in session.execute(statement)]


def _record(row: Row[Generation, str | None]) -> GenerationRecord:
    found, model = row
    return GenerationRecord(
        found.generation,
        found.state,
        model or "",
        found.content_hash,
        found.source_hash,
        found.documents,
        found.chunks,
        found.published_at,
        found.documents_of,
    )


# The documents of the next generation: the wanted versions, with what each still lacks. A temporary table, since the
# transaction that publishes asks it several times.
CANDIDATE = """
CREATE TEMP TABLE candidate ON COMMIT DROP AS
SELECT s.source_path, s.document_id,
       EXISTS (SELECT FROM chunk_occurrences o WHERE o.document_id = s.document_id) AS chunked,
       EXISTS (SELECT FROM chunk_occurrences o WHERE o.document_id = s.document_id
               AND NOT EXISTS (SELECT FROM {partition} e WHERE e.chunk_id = o.chunk_id)) AS lacks_vectors
FROM {documents} s WHERE s.document_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What would be published: documents wanted, those with chunks, with all vectors, and lost on the way.

    ``kept_back`` are files whose new bytes could not be used, at their last good version; ``failed`` are documents that
    could not be cut or embedded and have none. ``content_hash`` tells states apart, ``source_hash`` what was written.
    """

    wanted: int
    chunked: int
    complete: int
    kept_back: int
    failed: int
    content_hash: bytes
    source_hash: bytes

    @property
    def coverage(self) -> float:
        """Share of the documents that are chunked and embedded; 1 when there is none."""
        every = self.wanted + self.failed
        return self.complete / every if every else 1.0

    def is_covered(self, min_coverage: float) -> bool:
        """Whether more than ``min_coverage`` of the documents are complete, or all."""
        return self.coverage > min_coverage or self.coverage == 1.0


def prepare_candidate(session: Session, model: StoredModel, *, documents: str = "source_files") -> Candidate:
    """Work out the next generation's documents, for this transaction; see ``publish_candidate``.

    ``documents`` is the table that names them, by ``source_path`` and ``document_id``.
    """
    # Named with its schema: without one, a table of somebody else could be meant.
    session.execute(text("DROP TABLE IF EXISTS pg_temp.candidate"))
    session.execute(text(CANDIDATE.format(partition=model.partition, documents=documents)))
    wanted, chunked, complete = session.execute(
        text(
            "SELECT count(*), count(*) FILTER (WHERE chunked), count(*) FILTER (WHERE chunked AND NOT lacks_vectors) "
            "FROM pg_temp.candidate"
        )
    ).one()
    kept_back, failed = session.execute(
        text(
            "SELECT count(document_id), count(*) FILTER (WHERE document_id IS NULL AND error ->> 'stage' IN "
            "('chunks', 'embeddings')) FROM source_files WHERE error IS NOT NULL"
        )
    ).one()
    return Candidate(wanted, chunked, complete, kept_back, failed, *_hashes(session, model))


def _hashes(session: Session, model: StoredModel) -> tuple[bytes, bytes]:
    content, source = hashlib.sha256(model.name.encode()), hashlib.sha256()
    rows = session.execute(
        text(
            "SELECT d.source_path, d.bytes_sha256, d.recipe FROM pg_temp.candidate c "
            'JOIN documents d USING (document_id) ORDER BY d.source_path COLLATE "C"'
        ).execution_options(yield_per=5000)
    )
    for path, sha, recipe in rows:
        written = f"\n{path}\t{bytes(sha).hex()}".encode("utf-8", "surrogatepass")
        source.update(written)
        content.update(written + b"\t" + recipe.encode())
    return content.digest(), source.digest()


def hold_pointer(session: Session) -> None:
    """Let no other transaction move the pointer until this one ends; readers are not kept waiting."""
    session.execute(text("LOCK TABLE generations IN SHARE ROW EXCLUSIVE MODE"))


def publish_candidate(
    session: Session, model: StoredModel, candidate: Candidate, *, documents_of: int | None = None
) -> GenerationRecord:
    """Make the prepared candidate the live generation: versions appear and retire, and the pointer moves.

    Visitors see all of it at the caller's commit, and nothing before. Versions visible in a withdrawn later state are
    continued or retired like any other, since that state is the newest there is.
    """
    number = (session.scalar(select(func.max(Generation.generation))) or 0) + 1
    session.execute(
        text(
            "UPDATE documents d SET retired_in = :g WHERE d.published_in IS NOT NULL AND d.retired_in IS NULL "
            "AND NOT EXISTS (SELECT FROM pg_temp.candidate c WHERE c.document_id = d.document_id)"
        ),
        {"g": number},
    )
    session.execute(
        text(
            "UPDATE documents d SET published_in = :g FROM pg_temp.candidate c "
            "WHERE c.document_id = d.document_id AND d.published_in IS NULL"
        ),
        {"g": number},
    )
    session.execute(update(Generation).where(Generation.state == "live").values(state="superseded"))
    documents, chunks = count_visible(session, number)
    session.add(
        Generation(
            generation=number,
            state="live",
            embedding_model_id=model.embedding_model_id,
            content_hash=candidate.content_hash,
            source_hash=candidate.source_hash,
            documents=documents,
            chunks=chunks,
            documents_of=documents_of,
        )
    )
    session.flush()
    live = live_generation(session)
    assert live is not None  # noqa: S101  (just inserted)
    return live


def move_pointer(session: Session, target: int) -> None:
    """Make another generation live; later ones become withdrawn, earlier ones superseded. No other row changes."""
    session.execute(update(Generation).where(Generation.state == "live").values(state="superseded"))
    session.execute(
        update(Generation)
        .where(Generation.generation != target)
        .values(state=case((Generation.generation > target, "withdrawn"), else_="superseded"))
    )
    session.execute(update(Generation).where(Generation.generation == target).values(state="live"))


def count_visible(session: Session, generation: int) -> tuple[int, int]:
    """(documents, distinct chunks) that visitors see at a generation."""
    documents = session.scalar(select(func.count()).select_from(Document).where(visible_at(generation))) or 0
    chunks = session.scalar(
        select(func.count(ChunkOccurrence.chunk_id.distinct()))
        .join(Document, Document.document_id == ChunkOccurrence.document_id)
        .where(visible_at(generation))
    )
    return documents, chunks or 0


def changed_paths(session: Session, generation: int, *, limit: int) -> Sequence[tuple[str, str]]:
    """(path, 'added' | 'changed' | 'removed') of what a generation changed, by path."""
    rows = session.execute(
        text(
            """
            SELECT COALESCE(a.source_path, r.source_path) AS path,
                   CASE WHEN r.source_path IS NULL THEN 'added' WHEN a.source_path IS NULL THEN 'removed'
                        ELSE 'changed' END
            FROM (SELECT source_path FROM documents WHERE published_in = :g) a
            FULL JOIN (SELECT source_path FROM documents WHERE retired_in = :g) r USING (source_path)
            ORDER BY path LIMIT :limit
            """
        ),
        {"g": generation, "limit": limit},
    )
    return [(path, change) for path, change in rows]
