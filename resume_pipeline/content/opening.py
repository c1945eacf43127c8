"""Opening what lies beneath the content root, and nothing else.

Whatever opens a file of the content root opens it here, so that no link leads out and no FIFO or device is opened.
Which files are listed is ``content.scan``; reading them whole is ``content.read``.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from resume_pipeline.domain.source_files import FileStat, path_to_text
from resume_pipeline.errors import ContentRootError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_HOP_BYTES = 2000
"""A path is opened in steps of at most so many bytes, because one call takes at most 4,095 (PATH_MAX)."""

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
}


def open_root(root: Path) -> int:
    """A file descriptor of the content root, to be closed by the caller.

    Raises:
        ContentRootError: it is missing, no folder, or may not be opened.
    """
    try:
        return os.open(root, _FOLDER)
    except FileNotFoundError as error:
        next_step = "Create it, or set RESUME_CONTENT_ROOT (or --content) to the folder with your markdown files."
        raise ContentRootError(f"The content root {root} does not exist. {next_step}") from error
    except NotADirectoryError as error:
        next_step = "Set RESUME_CONTENT_ROOT (or --content) to the folder that holds it."
        raise ContentRootError(f"The content root {root} is a file, not a folder. {next_step}") from error
    except OSError as error:
        next_step = "Let this user read and enter the folder (chmod u+rx), then run again."
        raise ContentRootError(f"The content root {root} cannot be opened: {error.strerror}. {next_step}") from error


def open_folder(root_fd: int, path: bytes) -> int:
    """A file descriptor of the folder at ``path`` (empty: the root itself); the last part of it may be no link."""
    return _descend(root_fd, _hops(path))


def open_regular(root: Path, path: bytes) -> int:
    """A file descriptor of the regular file at ``path``, to be closed by the caller; it never blocks.

    No part of the path is followed as a link, except that the file itself may be a link to a regular file in the root.

    Raises:
        ContentRootError: the root cannot be opened.
        OSError: this file cannot; ``strerror`` says why.
    """
    root_fd = open_root(root)
    try:
        try:
            return _open_beneath(root_fd, path)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
        target = resolve_link(root, path)
        if target is None:
            raise OSError(errno.EXDEV, "It is a link that leads out of the content root")
        return _open_beneath(root_fd, target)
    finally:
        os.close(root_fd)


def resolve_link(root: Path, path: bytes) -> bytes | None:
    """Where a link finally leads, relative to the root and free of links; None when that is outside.

    Raises:
        OSError: it leads nowhere (ENOENT), in a circle (ELOOP), or where this user may not look.
    """
    base = os.path.realpath(os.fsencode(root))
    target = os.path.realpath(os.path.join(base, path), strict=True)  # noqa: PTH118  (bytes: pathlib has none)
    if target == base:
        return b""
    prefix = base.rstrip(b"/") + b"/"
    return target.removeprefix(prefix) if target.startswith(prefix) else None


def kind_of(mode: int) -> str:
    """What a thing that is no regular file is, in words."""
    return _KINDS.get(stat.S_IFMT(mode), "a special file")


def file_stat(path: bytes, status: os.stat_result) -> FileStat:
    """The domain's value for a stat."""
    return FileStat(path_to_text(path), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _open_beneath(root_fd: int, path: bytes) -> int:
    """As ``open_regular``, with no link at all: that is ELOOP."""
    *folders, name = path.split(b"/")
    folder_fd = _descend(root_fd, folders)
    try:
        # Looked at before it is opened, because opening a device can already do something.
        _must_be_regular(os.stat(name, dir_fd=folder_fd, follow_symlinks=False).st_mode)
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder_fd)
    finally:
        os.close(folder_fd)
    try:
        _must_be_regular(os.fstat(fd).st_mode)
    except OSError:
        os.close(fd)
        raise
    return fd


def _must_be_regular(mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, f"It is {kind_of(mode)}, not a file")


def _descend(root_fd: int, steps: Iterable[bytes]) -> int:
    fd = os.dup(root_fd)
    for step in steps:
        try:
            below = os.open(step, _FOLDER | os.O_NOFOLLOW, dir_fd=fd)
        finally:
            os.close(fd)
        fd = below
    return fd


def _hops(path: bytes) -> Iterator[bytes]:
    while len(path) > _HOP_BYTES:
        cut = path.rfind(b"/", 0, _HOP_BYTES)
        yield path[:cut]
        path = path[cut + 1 :]
    if path:
        yield path
