"""Chunks and where they occur: content-addressed, shared by every document version that contains them.

Inserted or deleted, never updated. Their vectors are in ``storage.embeddings``, search over them in ``storage.search``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from resume_pipeline.domain.documents import Chunk
from resume_pipeline.domain.hashing import Shard, chunk_id, input_hash
from resume_pipeline.storage.bulk import copy_rows
from resume_pipeline.storage.content_manifest import in_shard
from resume_pipeline.storage.models import ChunkOccurrence, Document, DocumentChunk, SourceFile
from resume_pipeline.storage.visibility import visible_at

CHUNK_COLUMNS = (
    "chunk_id",
    "input_hash",
    "kind",
    "title",
    "heading_path",
    "content",
    "embedding_input",
    "tokens",
    "input_tokens",
)


def insert_chunks(session: Session, cut: Sequence[tuple[int, Sequence[Chunk]]]) -> int:
    """Store the chunks of document versions (id, its chunks) and where they stand; how many chunks were new.

    Chunks that exist already are left alone: an anti-join first, since an upsert would rewrite them.
    """
    distinct = {chunk_id(chunk): chunk for _, chunks in cut for chunk in chunks}
    names = ", ".join(CHUNK_COLUMNS)
    session.execute(
        text(f"CREATE TEMP TABLE new_chunks ON COMMIT DROP AS SELECT {names} FROM document_chunks WITH NO DATA")  # noqa: S608
    )
    copy_rows(session, "new_chunks", CHUNK_COLUMNS, (_row(id_, chunk) for id_, chunk in distinct.items()))
    session.execute(text("ANALYZE new_chunks"))
    new = session.execute(
        text(
            f"INSERT INTO document_chunks ({names}) SELECT {names} FROM new_chunks n "  # noqa: S608  (our own names)
            "WHERE NOT EXISTS (SELECT FROM document_chunks c WHERE c.chunk_id = n.chunk_id)"
        )
    )
    session.execute(text("DROP TABLE new_chunks"))
    copy_rows(
        session,
        "chunk_occurrences",
        ("document_id", "chunk_index", "chunk_id", "start_line", "end_line"),
        ((doc, c.chunk_index, chunk_id(c), c.start_line, c.end_line) for doc, chunks in cut for c in chunks),
    )
    return int(new.rowcount)  # type: ignore[attr-defined]


def _row(id_: Any, chunk: Chunk) -> tuple[Any, ...]:
    return (
        id_,
        input_hash(chunk.embedding_input),
        chunk.kind,
        chunk.title,
        list(chunk.heading_path),
        chunk.content,
        chunk.embedding_input,
        chunk.tokens,
        chunk.input_tokens,
    )


@dataclass(frozen=True, slots=True)
class CandidateChunks:
    """The chunks of the candidate: how many documents have some, distinct chunks, their tokens."""

    documents: int
    chunks: int
    tokens: int
    max_tokens: int


def candidate_chunks(session: Session, shard: Shard | None = None) -> CandidateChunks:
    """Count the chunks that the wanted documents are cut into."""
    wanted = in_shard(
        select(ChunkOccurrence.document_id, ChunkOccurrence.chunk_id).join(
            SourceFile, SourceFile.document_id == ChunkOccurrence.document_id
        ),
        shard,
    ).cte("wanted")
    ids = select(wanted.c.chunk_id).distinct().subquery()
    totals = select(
        select(func.count(wanted.c.document_id.distinct())).scalar_subquery(),
        func.count(),
        func.coalesce(func.sum(DocumentChunk.tokens), 0),
        func.coalesce(func.max(DocumentChunk.tokens), 0),
    ).join_from(ids, DocumentChunk, DocumentChunk.chunk_id == ids.c.chunk_id)
    return CandidateChunks(*session.execute(totals).one())


def token_counts(session: Session) -> list[tuple[int, int]]:
    """(lower bound of a bin of 25 tokens, chunks in it) over the candidate's chunks."""
    bin_ = (DocumentChunk.tokens - DocumentChunk.tokens % 25).label("bin")
    wanted = (
        select(ChunkOccurrence.chunk_id)
        .join(SourceFile, SourceFile.document_id == ChunkOccurrence.document_id)
        .distinct()
    )
    statement = select(bin_, func.count()).where(DocumentChunk.chunk_id.in_(wanted)).group_by(bin_).order_by(bin_)
    return [(int(low), int(count)) for low, count in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class LiveChunk:
    """A chunk where it stands in a document visitors see."""

    path: str
    chunk_index: int
    text: str
    headings: list[str]
    metadata: dict[str, Any]
    tokens: int
    start_line: int
    end_line: int


def live_chunks(session: Session, generation: int, *, limit: int | None = None) -> Iterator[LiveChunk]:
    """Every chunk visible at a generation, by path and reading order, streamed."""
    statement = (
        select(
            Document.source_path,
            ChunkOccurrence.chunk_index,
            DocumentChunk.content,
            DocumentChunk.heading_path,
            Document.document_metadata,
            DocumentChunk.tokens,
            ChunkOccurrence.start_line,
            ChunkOccurrence.end_line,
        )
        .join(ChunkOccurrence, ChunkOccurrence.document_id == Document.document_id)
        .join(DocumentChunk, DocumentChunk.chunk_id == ChunkOccurrence.chunk_id)
        .where(visible_at(generation))
        .order_by(Document.source_path, ChunkOccurrence.chunk_index)
        .limit(limit)
    )
    for row in session.execute(statement.execution_options(yield_per=500)):
        yield LiveChunk(*row)


def preview_chunks(session: Session, count: int) -> list[tuple[str, str]]:
    """(where, text) of a few chunks of the candidate, the newest documents' first, for a person to look at."""
    statement = (
        select(SourceFile.source_path, DocumentChunk.heading_path, DocumentChunk.content)
        .join(ChunkOccurrence, ChunkOccurrence.document_id == SourceFile.document_id)
        .join(DocumentChunk, DocumentChunk.chunk_id == ChunkOccurrence.chunk_id)
        .where(ChunkOccurrence.chunk_index <= 1)
        .order_by(SourceFile.document_id.desc(), ChunkOccurrence.chunk_index)
        .limit(count)
    )
    rows = session.execute(statement)
    return [(" › ".join((path, *headings)), content) for path, headings, content in rows]


@dataclass(frozen=True, slots=True)
class ChunkSoundness:
    """Chunks over the hard maximum of the recipe they were cut with, and chunks that occur in no document."""

    over_limit: int
    orphans: int


def chunk_soundness(session: Session) -> ChunkSoundness:
    """Count what must not be there: among the candidate's chunks, and among all."""
    over_limit = session.scalar(
        text(
            "SELECT count(*) FROM source_files s JOIN documents d USING (document_id) "
            "JOIN chunk_occurrences o USING (document_id) JOIN document_chunks c USING (chunk_id) "
            "WHERE greatest(c.tokens, c.input_tokens) > CAST(substring(d.recipe FROM 'max (\\d+)') AS integer)"
        )
    )
    orphans = session.scalar(
        text(
            "SELECT count(*) FROM document_chunks c "
            "WHERE NOT EXISTS (SELECT FROM chunk_occurrences o WHERE o.chunk_id = c.chunk_id)"
        )
    )
    return ChunkSoundness(over_limit or 0, orphans or 0)
