"""A fingerprint of the content root from file stats alone: cheap enough to be asked every minute."""

import hashlib
from dataclasses import dataclass

from resume_pipeline.content.scan import scan
from resume_pipeline.ingestion.reading import ContentRoot


@dataclass(frozen=True, slots=True)
class ContentLook:
    """What a look at the folder shows without opening a file."""

    fingerprint: str
    files: int
    size_bytes: int
    skipped: int
    unreadable: int


def content_fingerprint(root: ContentRoot) -> ContentLook:
    """The fingerprint changes when a file is added, removed, written or renamed, or the recipe changes.

    Raises:
        ContentRootError: the root is missing or was not listed to its end.
    """
    found = scan(root.path, max_file_bytes=root.max_file_bytes)
    digest = hashlib.sha256(str(root.recipe).encode())
    for file in found.files:
        digest.update(f"\n{file.path}\t{file.size_bytes}\t{file.modified_ns}\t{file.changed_ns}".encode())
    for path in found.unreadable:
        digest.update(f"\n{path.path}\tunreadable".encode())
    size = sum(file.size_bytes for file in found.files)
    return ContentLook(digest.hexdigest()[:16], len(found.files), size, len(found.skipped), len(found.unreadable))
