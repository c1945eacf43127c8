"""The manifest: what the content root held when it was last read, a row per file.

Its documents are the candidate for the next generation. It is replaced in one transaction at the end of a reading, so
that a reading which dies half-way leaves the candidate as it was.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVarTuple

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.orm import Session

from resume_pipeline.domain.hashing import Shard, shard_key
from resume_pipeline.storage.bulk import copy_rows
from resume_pipeline.storage.models import Document, SourceFile


@dataclass(slots=True)
class ManifestEntry:
    """One source file as last read; ``document_id`` is the version wanted next, None when it is not indexed."""

    source_path: str
    size_bytes: int
    modified_ns: int
    changed_ns: int
    bytes_sha256: bytes
    recipe: str
    document_id: int | None
    skipped_reason: str | None = None
    error: dict[str, Any] | None = None


Columns = TypeVarTuple("Columns")

COLUMNS = tuple(ManifestEntry.__dataclass_fields__)
ALL_COLUMNS = ("shard_key", *COLUMNS)


def in_shard(statement: Select[*Columns], shard: Shard | None) -> Select[*Columns]:
    """The statement over ``source_files``, restricted to the files of a shard."""
    if shard is None:
        return statement
    return statement.where(SourceFile.shard_key % shard.count == shard.index)


def read_manifest(session: Session, shard: Shard | None) -> dict[str, ManifestEntry]:
    """All entries by path; some 500 bytes of memory each."""
    columns = [getattr(SourceFile, name) for name in COLUMNS]
    rows = session.execute(in_shard(select(*columns), shard).execution_options(yield_per=5000))
    return {row[0]: ManifestEntry(*row) for row in rows}


def update_manifest(session: Session, entries: Sequence[ManifestEntry], removed: Iterable[str]) -> None:
    """Insert or replace these entries and take the removed paths out; the caller commits it as one step."""
    session.execute(text("CREATE TEMP TABLE manifest_update (LIKE source_files) ON COMMIT DROP"))
    rows = ((shard_key(e.source_path), *(getattr(e, name) for name in COLUMNS)) for e in entries)
    copy_rows(session, "manifest_update", ALL_COLUMNS, rows)
    names = ", ".join(ALL_COLUMNS)
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in ALL_COLUMNS if name != "source_path")
    session.execute(
        text(
            f"INSERT INTO source_files ({names}) SELECT {names} FROM manifest_update "  # noqa: S608  (our own names)
            f"ON CONFLICT (source_path) DO UPDATE SET {updates}"
        )
    )
    session.execute(delete(SourceFile).where(SourceFile.source_path == func.any(list(removed))))


def reject_version(session: Session, document_id: int, error: dict[str, Any]) -> None:
    """Record that a version cannot be used; the file's last published version is wanted again, if it has one."""
    session.execute(
        text(
            """
            UPDATE source_files AS s SET error = CAST(:error AS jsonb), document_id = (
                SELECT d.document_id FROM documents d
                WHERE d.source_path = s.source_path AND d.published_in IS NOT NULL AND d.retired_in IS NULL
                LIMIT 1)
            WHERE s.document_id = :document_id
            """
        ),
        {"document_id": document_id, "error": json.dumps(error, ensure_ascii=False)},
    )


def manifest_problems(session: Session, shard: Shard | None = None) -> Iterator[tuple[str, str | None, Any, list[Any]]]:
    """(path, reason why skipped, error, warnings of its document) of every file that has one of them, by path."""
    statement = (
        select(SourceFile.source_path, SourceFile.skipped_reason, SourceFile.error, Document.problems)
        .outerjoin(Document, Document.document_id == SourceFile.document_id)
        .where(
            SourceFile.skipped_reason.is_not(None)
            | SourceFile.error.is_not(None)
            | (func.jsonb_array_length(Document.problems) > 0)
        )
        .order_by(SourceFile.source_path)
    )
    for path, skipped, error, problems in session.execute(in_shard(statement, shard)):
        yield path, skipped, error, problems or []


def manifest_hash(session: Session) -> bytes:
    """The sha256 over path, bytes and recipe of every indexed file: equal when the candidate is."""
    digest = hashlib.sha256()
    statement = (
        select(SourceFile.source_path, SourceFile.bytes_sha256, SourceFile.recipe)
        .where(SourceFile.document_id.is_not(None))
        .order_by(SourceFile.source_path)
        .execution_options(yield_per=5000)
    )
    for path, sha, recipe in session.execute(statement):
        digest.update(f"\n{path}\t{bytes(sha).hex()}\t{recipe}".encode())
    return digest.digest()
