"""Whether what visitors see is what the content root holds, and if not, why and since when.

Files are compared by their stats, and nothing is opened or written: it can be asked at any time.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from resume_pipeline.content.scan import scan
from resume_pipeline.domain.source_files import ScanResult
from resume_pipeline.ingestion.reading import ContentRoot
from resume_pipeline.storage.content_manifest import ManifestEntry, read_manifest
from resume_pipeline.storage.engine import Sessions
from resume_pipeline.storage.generations import live_generation


@dataclass(frozen=True, slots=True)
class Freshness:
    """``unread`` files changed since they were last read, the first of them at ``since``.

    ``reason`` says in a sentence why visitors do not see everything; empty when they do.
    """

    reason: str = ""
    unread: int = 0
    since: dt.datetime | None = None

    @property
    def up_to_date(self) -> bool:
        """Whether visitors see what the content root holds."""
        return not self.reason

    def age_hours(self, now: dt.datetime) -> float:
        """For how long the first change has waited to be read; 0 when none does."""
        return max((now - self.since).total_seconds() / 3600, 0.0) if self.since is not None else 0.0


def freshness(sessions: Sessions, root: ContentRoot, held: str | None) -> Freshness:
    """Compare the content root with what was read; ``held`` is what ``publishing.waiting`` says of that.

    Raises:
        ContentRootError: the root is missing or was not listed to its end.
    """
    with sessions() as session:
        live = live_generation(session)
        manifest = read_manifest(session, root.shard)
    if live is None:
        return Freshness("Nothing is published yet.")
    changed = list(_changes(scan(root.path, max_file_bytes=root.max_file_bytes), manifest, root))
    if changed:
        files = "1 file" if len(changed) == 1 else f"{len(changed):,} files"
        reason = (
            f"{files} changed since the content was last read. Run `resume-pipeline ingest`, or wait for the schedule."
        )
        return Freshness(reason, len(changed), min(changed))
    if held is None:
        return Freshness("What was read last is not published yet. `resume-pipeline ingest` goes on with it.")
    return Freshness("" if held.endswith("holds this content already.") else held)


def _changes(found: ScanResult, manifest: dict[str, ManifestEntry], root: ContentRoot) -> Iterator[dt.datetime]:
    """When each file changed that is not as it was read."""
    here = {file.path for file in found.files}
    for file in found.files:
        known = manifest.get(file.path)
        stat = (known.size_bytes, known.modified_ns, known.changed_ns) if known is not None else None
        if known is None or stat != (file.size_bytes, file.modified_ns, file.changed_ns):
            yield _time(max(file.modified_ns, file.changed_ns))
    for path in manifest.keys() - here:
        if not found.is_unknown(path):
            yield _time(_folder_changed_ns(root.path, path))


def _folder_changed_ns(root: Path, path: str) -> int:
    """When something was last taken from the nearest folder that is still there."""
    folder = next(parent for parent in (root / path).parents if parent.is_dir())
    return folder.stat().st_mtime_ns


def _time(nanoseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(nanoseconds / 1e9, dt.UTC)
