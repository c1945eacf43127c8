"""The documents that visitors see, as they are shown: a page of them, or one with its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from resume_pipeline.domain.markdown import shown_text
from resume_pipeline.storage.models import ChunkOccurrence, Document
from resume_pipeline.storage.visibility import visible_at


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document version: its path, title, front matter as stored, and number of chunks."""

    path: str
    title: str
    metadata: dict[str, Any]
    chunks: int


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document version with its text as a visitor may read it (``domain.markdown.shown_text``), line for line."""

    path: str
    title: str
    metadata: dict[str, Any]
    body: str
    sha256: bytes


def shown_documents(session: Session, generation: int, *, after: str = "", limit: int) -> Sequence[ShownDocument]:
    """The documents visible at a generation whose path sorts behind ``after`` (byte order), by path."""
    path = Document.source_path.collate("C")
    chunks = (
        select(func.count()).select_from(ChunkOccurrence).where(ChunkOccurrence.document_id == Document.document_id)
    )
    statement = (
        select(Document.source_path, Document.title, Document.document_metadata, chunks.scalar_subquery())
        .where(visible_at(generation), path > after)
        .order_by(path)
        .limit(limit)
    )
    return [ShownDocument(*row) for row in session.execute(statement)]


def document_text(session: Session, generation: int, path: str) -> DocumentText | None:
    """One document as it is visible at a generation; None when there is none at that path."""
    statement = select(
        Document.source_path, Document.title, Document.document_metadata, Document.body, Document.bytes_sha256
    ).where(visible_at(generation), Document.source_path == path)
    row = session.execute(statement).one_or_none()
    return None if row is None else DocumentText(row[0], row[1], row[2], shown_text(row[3]), bytes(row[4]))
