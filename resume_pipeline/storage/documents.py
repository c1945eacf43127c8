"""Document versions: stored once per content, found again by it.

A version is immutable but for the generations it appears and retires in, which ``storage.generations`` sets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, select, text, tuple_
from sqlalchemy.orm import Session

from resume_pipeline.domain.hashing import Shard
from resume_pipeline.storage.bulk import Jsonb, copy_rows
from resume_pipeline.storage.content_manifest import in_shard
from resume_pipeline.storage.models import ChunkOccurrence, Document, SourceFile


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A parsed file that has no row yet."""

    source_path: str
    bytes_sha256: bytes
    recipe: str
    title: str
    body: str
    metadata: dict[str, Any]
    problems: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What the chunker needs of a stored version."""

    document_id: int
    source_path: str
    recipe: str
    body: str


VersionKey = tuple[str, bytes, str]
"""Path, sha256 of the bytes, recipe."""


def find_versions(session: Session, keys: Sequence[VersionKey]) -> dict[VersionKey, int]:
    """The ids of versions that exist and are not retired; a retired one cannot become visible again."""
    key = tuple_(Document.source_path, Document.bytes_sha256, Document.recipe)
    statement = (
        select(Document.source_path, Document.bytes_sha256, Document.recipe, Document.document_id)
        .where(Document.source_path == func.any([path for path, _, _ in keys]), Document.retired_in.is_(None))
        .where(key.in_(list(keys)))
    )
    return {(path, sha, recipe): document_id for path, sha, recipe, document_id in session.execute(statement)}


def insert_versions(session: Session, versions: Sequence[NewVersion]) -> list[int]:
    """Store versions; their ids, in order."""
    ids = list(
        session.scalars(
            text("SELECT nextval(pg_get_serial_sequence('documents', 'document_id')) FROM generate_series(1, :n)"),
            {"n": len(versions)},
        )
    )
    rows = (
        (id_, v.source_path, v.bytes_sha256, v.recipe, v.title, v.body, v.metadata, Jsonb(v.problems))
        for id_, v in zip(ids, versions, strict=True)
    )
    columns = ("document_id", "source_path", "bytes_sha256", "recipe", "title", "body", "metadata", "problems")
    copy_rows(session, "documents", columns, rows)
    return ids


def count_wanted(session: Session, shard: Shard | None = None) -> int:
    """How many documents the candidate has."""
    statement = select(func.count()).select_from(SourceFile).where(SourceFile.document_id.is_not(None))
    return session.scalar(in_shard(statement, shard)) or 0


def unchunked_ids(session: Session, shard: Shard | None = None) -> list[int]:
    """The wanted versions without chunks, oldest first."""
    chunked = exists().where(ChunkOccurrence.document_id == SourceFile.document_id)
    statement = (
        select(SourceFile.document_id)
        .where(SourceFile.document_id.is_not(None), ~chunked)
        .order_by(SourceFile.document_id)
    )
    return list(session.scalars(in_shard(statement, shard)))


def without_chunks(session: Session, ids: Sequence[int]) -> list[int]:
    """Those of the versions that have no chunks, by id."""
    chunked = exists().where(ChunkOccurrence.document_id == Document.document_id)
    statement = select(Document.document_id).where(Document.document_id == func.any(list(ids)), ~chunked)
    return list(session.scalars(statement.order_by(Document.document_id)))


def load_documents(session: Session, ids: Sequence[int]) -> Iterator[StoredDocument]:
    """The bodies of these versions, by id."""
    statement = (
        select(Document.document_id, Document.source_path, Document.recipe, Document.body)
        .where(Document.document_id == func.any(list(ids)))
        .order_by(Document.document_id)
    )
    for row in session.execute(statement):
        yield StoredDocument(*row)
