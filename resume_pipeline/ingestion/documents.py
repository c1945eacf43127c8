"""The documents stage: the content root becomes document versions, and the manifest of what is wanted next.

Versions are stored batch by batch and are invisible; the manifest changes in one transaction at the end, so that a run
that dies leaves the candidate whole and repeats no parsing that was kept.
"""

import time
from collections.abc import Iterator
from dataclasses import replace

from resume_pipeline.domain.content_diff import ContentDiff
from resume_pipeline.ingestion.progress import Progress, silent
from resume_pipeline.ingestion.reading import ContentReader, ContentRoot, Reading, named_changes
from resume_pipeline.ingestion.reports import DocumentsReport, Note
from resume_pipeline.storage.content_manifest import ManifestEntry, manifest_problems, read_manifest, update_manifest
from resume_pipeline.storage.documents import NewVersion, count_wanted, find_versions, insert_versions
from resume_pipeline.storage.engine import Session, Sessions

BATCH_FILES = 100
BATCH_CHARACTERS = 1_000_000
STAGE = "documents"


def record_documents(
    sessions: Sessions,
    root: ContentRoot,
    *,
    max_loss_share: float,
    confirm_deletions: bool = False,
    progress: Progress = silent,
) -> DocumentsReport:
    """Store a new version of every file that changed and make the manifest say what the content root holds.

    Raises:
        ContentRootError: the root is missing or could not be listed; nothing was changed.
        ContentLossError: more documents are gone than ``max_loss_share`` and ``confirm_deletions`` is false; the
            manifest was not changed.
    """
    started = time.monotonic()
    with sessions() as session:
        manifest = read_manifest(session, root.shard)
    reader = ContentReader(root, manifest)
    done, total = 0, len(reader.found.files)
    for batch in batches(reader.readings()):
        with sessions.begin() as session:
            _store(session, batch, reader.entries)
        done += len(batch)
        progress(STAGE, done, total)
    difference = reader.difference()
    if not confirm_deletions:
        reader.check_loss(difference, max_loss_share=max_loss_share)
    _replace_manifest(sessions, reader)
    progress(STAGE, total, total)
    return _report(sessions, reader, difference, time.monotonic() - started)


def batches(readings: Iterator[Reading]) -> Iterator[list[Reading]]:
    """Batches bounded in files and in characters, so that memory does not follow the size of files."""
    batch: list[Reading] = []
    characters = 0
    for reading in readings:
        batch.append(reading)
        characters += len(reading.text)
        if len(batch) >= BATCH_FILES or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _store(session: Session, batch: list[Reading], entries: dict[str, ManifestEntry]) -> None:
    """Give each reading with a document its version's id, storing those versions that do not exist."""
    new = take_existing(session, batch, entries)
    ids = insert_versions(session, [_version(reading) for reading in new]) if new else []
    for reading, id_ in zip(new, ids, strict=True):
        entries[reading.entry.source_path] = replace(reading.entry, document_id=id_)


def take_existing(session: Session, batch: list[Reading], entries: dict[str, ManifestEntry]) -> list[Reading]:
    """Give readings whose version is stored already its id; those that are not."""
    parsed = [reading for reading in batch if reading.document is not None]
    keys = {r.entry.source_path: (r.entry.source_path, r.entry.bytes_sha256, r.entry.recipe) for r in parsed}
    existing = find_versions(session, list(keys.values())) if keys else {}
    for path, key in keys.items():
        if key in existing:
            entries[path] = replace(entries[path], document_id=existing[key])
    return [reading for reading in parsed if keys[reading.entry.source_path] not in existing]


def _version(reading: Reading) -> NewVersion:
    document = reading.document
    assert document is not None  # noqa: S101  (chosen so by the caller)
    return NewVersion(
        source_path=reading.entry.source_path,
        bytes_sha256=reading.entry.bytes_sha256,
        recipe=reading.entry.recipe,
        title=document.title,
        body=reading.text,
        metadata=dict(document.metadata),
        problems=[{"line": problem.line, "reason": problem.reason} for problem in reading.warnings],
    )


def _replace_manifest(sessions: Sessions, reader: ContentReader) -> None:
    changed = [entry for path, entry in reader.entries.items() if reader.manifest.get(path) != entry]
    removed = [path for path in reader.manifest if path not in reader.entries]
    if not changed and not removed:
        return
    with sessions.begin() as session:
        update_manifest(session, changed, removed)


def _report(sessions: Sessions, reader: ContentReader, difference: ContentDiff, seconds: float) -> DocumentsReport:
    with sessions() as session:
        documents = count_wanted(session, reader.root.shard)
        warnings = [
            Note(path, warning["reason"], warning["line"])
            for path, _, _, problems in manifest_problems(session, reader.root.shard)
            for warning in problems
        ]
    return DocumentsReport(
        files=reader.counts(difference),
        documents=documents,
        warnings=warnings,
        errors=reader.error_notes(),
        skipped=reader.skipped_notes(),
        changes=named_changes(difference),
        seconds=seconds,
    )
