"""Reading what changed: the one way from the content root to parsed documents, for the plan and for the run.

A file whose stat is the stored one is not opened; else the sha256 of its bytes decides. What is then stored, and where,
is ``ingestion.documents``; what it would cost, ``ingestion.planning``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from resume_pipeline.content.read import read_file
from resume_pipeline.content.scan import scan
from resume_pipeline.domain.content_diff import ContentDiff, check_loss, diff_content
from resume_pipeline.domain.documents import ParsedDocument, Problem
from resume_pipeline.domain.hashing import Shard
from resume_pipeline.domain.markdown import parse_document
from resume_pipeline.domain.recipe import Recipe
from resume_pipeline.domain.source_files import FileStat, ReadFile, ScanResult, SkippedFile, UnreadFile
from resume_pipeline.ingestion.reports import MAX_CHANGES_NAMED, FileCounts, Note
from resume_pipeline.storage.content_manifest import ManifestEntry

EMPTY = "It has no text to index."
MAX_PATH_BYTES = 2_000
"""A B-tree entry in Postgres holds some 2,700 bytes."""


@dataclass(frozen=True, slots=True)
class ContentRoot:
    """Where to read and how: the folder, the size limit of a file, the recipe, and the part of the paths."""

    path: Path
    max_file_bytes: int
    recipe: Recipe
    shard: Shard | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One file that had to be opened. ``document`` is set when there is something to index."""

    entry: ManifestEntry
    text: str = ""
    document: ParsedDocument | None = None
    warnings: tuple[Problem, ...] = ()


@dataclass(slots=True)
class ContentReader:
    """One look at the content root against the manifest; iterate ``readings`` to the end, then ask for the rest.

    Raises:
        ContentRootError: the root is missing or was not listed to its end.
    """

    root: ContentRoot
    manifest: Mapping[str, ManifestEntry]
    found: ScanResult = field(init=False)
    entries: dict[str, ManifestEntry] = field(init=False, default_factory=dict)
    """The manifest as it will be, by path; ``document_id`` of new versions is filled in by whoever stores them."""

    def __post_init__(self) -> None:
        found = scan(self.root.path, max_file_bytes=self.root.max_file_bytes)
        shard = self.root.shard
        long = [file.path for file in found.files if len(file.path.encode()) > MAX_PATH_BYTES]
        self.found = ScanResult(
            tuple(f for f in found.files if f.path not in long and (shard is None or shard.holds(f.path))),
            (
                *(file for file in found.skipped if shard is None or shard.holds(file.path)),
                *(SkippedFile(path, f"Its path has more than {MAX_PATH_BYTES} bytes. Shorten it.") for path in long),
            ),
            found.unreadable,
        )

    def readings(self) -> Iterator[Reading]:
        """Open, read and parse each file that may have changed, in order of path."""
        for file in self.found.files:
            known = self.manifest.get(file.path)
            if known is not None and self._is_same(known, file):
                self.entries[file.path] = known
                continue
            reading = self._read(file, known)
            if reading is not None:
                self.entries[file.path] = reading.entry
                yield reading
        for path, known in self.manifest.items():
            if path not in self.entries and self.found.is_unknown(path):
                self.entries[path] = known

    def _is_same(self, known: ManifestEntry, file: FileStat) -> bool:
        stat = (known.size_bytes, known.modified_ns, known.changed_ns)
        return stat == (file.size_bytes, file.modified_ns, file.changed_ns) and known.recipe == str(self.root.recipe)

    def _read(self, file: FileStat, known: ManifestEntry | None) -> Reading | None:
        read = read_file(self.root.path, file.path, max_file_bytes=self.root.max_file_bytes)
        if isinstance(read, UnreadFile):
            return None if known is None and read.vanished else Reading(self._unread(file, known, read))
        entry = ManifestEntry(
            file.path,
            read.stat.size_bytes,
            read.stat.modified_ns,
            read.stat.changed_ns,
            read.bytes_sha256,
            str(self.root.recipe),
            document_id=known.document_id if known is not None else None,
        )
        if known is not None and known.error is None and _same_content(known, entry):
            return Reading(replace(entry, skipped_reason=known.skipped_reason))
        return self._parsed(entry, read)

    def _unread(self, file: FileStat, known: ManifestEntry | None, read: UnreadFile) -> ManifestEntry:
        # A stat of zeros is no file's: it will be opened again at the next run.
        document_id = known.document_id if known is not None else None
        error = {"line": None, "reason": read.reason}
        sha = known.bytes_sha256 if known is not None else b""
        return ManifestEntry(file.path, 0, 0, 0, sha, str(self.root.recipe), document_id, error=error)

    def _parsed(self, entry: ManifestEntry, read: ReadFile) -> Reading:
        document, problems = None, read.problems
        if not any(problem.severity == "error" for problem in problems):
            document, problems = _parse(read, problems)
        failure = next((problem for problem in problems if problem.severity == "error"), None)
        if failure is not None or document is None:
            reason = failure or Problem("error", "It could not be parsed.")
            return Reading(replace(entry, error={"line": reason.line, "reason": reason.reason}))
        hidden = document.hidden_reason or (EMPTY if document.is_empty else None)
        if hidden is not None:
            return Reading(replace(entry, document_id=None, skipped_reason=hidden))
        return Reading(replace(entry, document_id=None), read.text, document, problems)

    def difference(self) -> ContentDiff:
        """What changed among indexed files. After ``readings``, with the versions' ids in ``entries``."""
        known = {path: self._token(entry) for path, entry in self.manifest.items() if entry.document_id is not None}
        new = {path: self._new_token(entry) for path, entry in self.entries.items() if entry.document_id is not None}
        return diff_content(known, new, self.found.is_unknown)

    def _token(self, entry: ManifestEntry) -> bytes:
        """What tells versions apart. Files keep it when they are renamed, so only another recipe is part of it."""
        return entry.bytes_sha256 if entry.recipe == str(self.root.recipe) else entry.bytes_sha256 + b"old"

    def _new_token(self, entry: ManifestEntry) -> bytes:
        known = self.manifest.get(entry.source_path)
        same_version = known is not None and known.document_id == entry.document_id
        return self._token(known if known is not None and same_version else entry)

    def check_loss(self, difference: ContentDiff, *, max_loss_share: float) -> None:
        """Pass when no more documents are gone than may go without confirmation.

        One that its author hid is not gone; one that was emptied is, since a full disk empties files, too.

        Raises:
            ContentLossError: more are gone.
        """
        gone = [path for path in difference.removed if self._is_gone(path)]
        known = sum(entry.document_id is not None for entry in self.manifest.values())
        check_loss(
            known,
            len(gone),
            max_loss_share=max_loss_share,
            root=str(self.root.path),
            found_count=len(self.found.files),
        )

    def _is_gone(self, path: str) -> bool:
        entry = self.entries.get(path)
        return entry is None or entry.skipped_reason == EMPTY

    def counts(self, difference: ContentDiff) -> FileCounts:
        """The counts of a report."""
        return FileCounts(
            seen=len(self.found.files),
            added=len(difference.added),
            changed=len(difference.changed),
            renamed=len(difference.renamed),
            removed=len(difference.removed),
            unchanged=difference.unchanged,
            skipped=len(self.skipped_notes()),
        )

    def skipped_notes(self) -> list[Note]:
        """Files left out, with the reason: by their author's wish, or because they are no readable file."""
        wished = [
            Note(entry.source_path, entry.skipped_reason) for entry in self.entries.values() if entry.skipped_reason
        ]
        return sorted(
            [*wished, *(Note(file.path, file.reason) for file in self.found.skipped)], key=lambda note: note.path
        )

    def error_notes(self) -> list[Note]:
        """Files and folders that could not be used, with the reason."""
        errors = [
            Note(entry.source_path, str(entry.error["reason"]), entry.error["line"])
            for entry in self.entries.values()
            if entry.error is not None
        ]
        unread = [Note(path.path, path.reason) for path in self.found.unreadable]
        return sorted([*errors, *unread], key=lambda note: note.path)


def _same_content(known: ManifestEntry, entry: ManifestEntry) -> bool:
    return (known.bytes_sha256, known.recipe) == (entry.bytes_sha256, entry.recipe)


def named_changes(difference: ContentDiff) -> list[tuple[str, str]]:
    """(path, what happened) of up to 200 changed files, for a table."""
    changes = [
        *((path, "added") for path in difference.added),
        *((path, "changed") for path in difference.changed),
        *((path, "removed") for path in difference.removed),
        *((f"{old} → {new}", "renamed") for old, new in difference.renamed),
    ]
    return sorted(changes)[:MAX_CHANGES_NAMED]


def _parse(read: ReadFile, problems: tuple[Problem, ...]) -> tuple[ParsedDocument | None, tuple[Problem, ...]]:
    try:
        document = parse_document(read.text, fallback_title=title_from_path(read.path))
    except Exception as error:
        reason = f"It could not be parsed ({type(error).__name__}). Its last good version stays; please report it."
        return None, (*problems, Problem("error", reason))
    return document, (*problems, *document.problems)


def title_from_path(path: str) -> str:
    """A title in words from a file's name: ``jobs/acme-corp.md`` is "Acme corp"; ``projects/x/index.md`` is "X"."""
    file = PurePosixPath(path)
    stem = file.parent.name if file.stem.lower() in {"index", "readme", "_index"} and file.parent.name else file.stem
    words = stem.replace("-", " ").replace("_", " ").strip() or "Untitled"
    return words[0].upper() + words[1:]
