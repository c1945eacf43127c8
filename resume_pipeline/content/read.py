"""Reading one source file whole, in one version, within a size limit, without ever waiting for it.

Add here what makes the bytes trustworthy. Opening safely is ``content.opening``; what the bytes mean as text is
``content.decode``; which files to read is ``content.scan`` and ``ingestion``.
"""

import errno
import hashlib
import os
import time
from pathlib import Path

from resume_pipeline.content.decode import decode
from resume_pipeline.content.opening import file_stat, open_regular
from resume_pipeline.domain.source_files import ReadFile, UnreadFile, text_to_path, too_large_reason

_ATTEMPTS = 3

# File times move in steps of up to 10 ms (the kernel's tick), so two writes within one step look like one, and a write
# that follows the read within it would show in no stat. A file is read only when its last change is older than this.
_SETTLED_NS = 50_000_000


def read_file(root: Path, path: str, *, max_file_bytes: int) -> ReadFile | UnreadFile:
    """The file at ``path`` (text form, relative to ``root``) as bytes' hash and sound text; one whole version or none.

    A file that was changed within the last 50 ms is waited for (150 ms at most); one that does not come to rest is
    an ``UnreadFile``. Nothing about one file raises.

    Raises:
        ContentRootError: the root itself cannot be opened, which says nothing about the file.
    """
    raw_path = text_to_path(path)
    try:
        for _ in range(_ATTEMPTS):
            version = _read_version(root, raw_path, max_file_bytes)
            if version is not None:
                return _as_text(path, *version, raw_path)
    except (FileNotFoundError, NotADirectoryError):
        return UnreadFile(path, "It was there when the folder was listed, and is gone now.", vanished=True)
    except OSError as error:
        return UnreadFile(path, _reason(error))
    return UnreadFile(path, "It was changed while it was read, again and again; the next run takes it.")


def _read_version(root: Path, path: bytes, max_file_bytes: int) -> tuple[bytes, os.stat_result] | None:
    """The bytes and their stat; None when the file was changed meanwhile."""
    fd = open_regular(root, path)
    try:
        before = _settled_stat(fd)
        if before is None:
            return None
        if before.st_size > max_file_bytes:
            raise OSError(errno.EFBIG, too_large_reason(before.st_size, max_file_bytes))
        data = _read_all(fd, before.st_size)
        after = os.fstat(fd)
    finally:
        os.close(fd)
    unchanged = _identity(before) == _identity(after) and len(data) == before.st_size
    return (data, after) if unchanged else None


def _settled_stat(fd: int) -> os.stat_result | None:
    """The file's stat once its last change is long enough ago; None when it was changed again while we waited.

    A change time in the future (a network share whose clock is ahead) cannot be waited for and counts as settled.
    """
    status = os.fstat(fd)
    if 0 <= (age := time.time_ns() - status.st_ctime_ns) < _SETTLED_NS:
        time.sleep((_SETTLED_NS - age) / 1e9)
        again = os.fstat(fd)
        return again if _identity(again) == _identity(status) else None
    return status


def _read_all(fd: int, expected_bytes: int) -> bytes:
    """All bytes, but at most one more than expected: that one says that the file has grown."""
    pieces = []
    missing = expected_bytes + 1
    while missing and (piece := os.read(fd, missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _as_text(path: str, data: bytes, status: os.stat_result, raw_path: bytes) -> ReadFile:
    decoded = decode(data)
    return ReadFile(
        path=path,
        bytes_sha256=hashlib.sha256(data).digest(),
        size_bytes=len(data),
        text=decoded.text,
        encoding=decoded.encoding,
        problems=decoded.problems,
        stat=file_stat(raw_path, status),
    )


def _reason(error: OSError) -> str:
    if error.errno == errno.EFBIG:
        return error.strerror or str(error)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "This user may not read it. Give it read permission (chmod u+r), or leave it out by .resumeignore."
    return f"It cannot be read: {error.strerror or error}."
