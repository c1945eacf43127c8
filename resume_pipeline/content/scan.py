"""Listing the content root: which source files there are, what is left out, and what could not be looked at.

Add here what decides whether a path is listed. What is ignored is ``content.ignore``; opening is ``content.opening``;
reading is ``content.read``; what an absence means is ``domain.content_diff``.
"""

import errno
import os
import stat
from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path

from resume_pipeline.content.ignore import IGNORE_FILE, IgnoreRules, is_hidden_name, is_markdown, read_ignore_file
from resume_pipeline.content.opening import file_stat, kind_of, open_folder, open_root, resolve_link
from resume_pipeline.domain.source_files import (
    FileStat,
    ScanResult,
    SkippedFile,
    UnreadablePath,
    path_to_text,
    too_large_reason,
)
from resume_pipeline.errors import ContentRootError

_EFFECTIVE_IDS = os.access in os.supports_effective_ids


def scan(root: Path, *, max_file_bytes: int) -> ScanResult:
    """Every markdown file beneath ``root``, complete but for what ``unreadable`` names. Reads no file but ignore files.

    What vanishes during the scan is absent. A file over ``max_file_bytes`` is skipped.

    Raises:
        ContentRootError: the root is missing, no folder, not readable, was not listed to its end, or was replaced.
    """
    root_fd = open_root(root)
    try:
        walk = _Walk(root, root_fd, max_file_bytes)
        walk.run()
        walk.follow_links()
        _check_same_root(root, root_fd)
    finally:
        os.close(root_fd)
    return ScanResult(
        files=tuple(sorted(walk.files, key=_by_path)),
        skipped=tuple(sorted(walk.skipped, key=lambda file: file.path)),
        unreadable=tuple(sorted(walk.unreadable, key=lambda entry: entry.path)),
    )


@dataclass(slots=True)
class _Walk:
    """One scan under way. Paths are bytes relative to the root, as the file system has them."""

    root: Path
    root_fd: int
    max_file_bytes: int
    files: list[FileStat] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    unreadable: list[UnreadablePath] = field(default_factory=list)
    links: list[bytes] = field(default_factory=list)
    folders: list[tuple[bytes, IgnoreRules]] = field(default_factory=list)
    """Folders still to be listed; a list in place of recursion, so that no depth is too deep."""

    def run(self) -> None:
        """List all folders."""
        self.folders.append((b"", IgnoreRules()))
        while self.folders:
            path, rules = self.folders.pop()
            try:
                self._list_folder(path, rules)
            except OSError as error:
                if not path:
                    raise _interrupted(self.root, error) from error
                if not isinstance(error, FileNotFoundError | NotADirectoryError):
                    self._cannot_look(path, error, is_folder=True)

    def follow_links(self) -> None:
        """Take in the links to files that are not listed under a name of their own. After ``run``."""
        if not self.links:
            return
        self.files.sort(key=_by_path)
        listed, followed = len(self.files), set[bytes]()
        for path in sorted(self.links):
            try:
                self._follow_link(path, listed, followed)
            except OSError as error:
                if error.errno in {errno.ENOENT, errno.ENOTDIR}:
                    self._skip(path, "It is a link to something that does not exist.")
                elif error.errno == errno.ELOOP:
                    self._skip(path, "It is a link that leads in a circle.")
                elif is_markdown(path):
                    self._cannot_look(path, error, is_folder=False)

    def _list_folder(self, path: bytes, rules: IgnoreRules) -> None:
        fd = open_folder(self.root_fd, path)
        try:
            rules = self._rules_below(fd, path, rules)
            prefix = path + b"/" if path else b""
            with os.scandir(fd) as entries:
                for entry in entries:
                    name = os.fsencode(entry.name)
                    if not is_hidden_name(name):
                        self._take_entry(entry, prefix + name, rules, fd)
        finally:
            os.close(fd)

    def _rules_below(self, fd: int, path: bytes, rules: IgnoreRules) -> IgnoreRules:
        try:
            lines = read_ignore_file(fd)
        except OSError as error:
            why = "it is a link" if error.errno == errno.ELOOP else error.strerror or str(error)
            raise OSError(error.errno, f"its {IGNORE_FILE} cannot be read: {why}") from error
        if lines is None:
            return rules
        rules, bad_lines = rules.below(path, lines)
        own_path = path + b"/" + IGNORE_FILE.encode() if path else IGNORE_FILE.encode()
        for number in bad_lines:
            self._skip(own_path, f"Line {number} is no gitignore pattern; it has no effect.")
        return rules

    def _take_entry(self, entry: os.DirEntry[str], path: bytes, rules: IgnoreRules, folder_fd: int) -> None:
        is_folder = True
        try:
            if entry.is_symlink():
                if not rules.exclude(path, is_folder=False):
                    self.links.append(path)
            elif entry.is_dir(follow_symlinks=False):
                if not rules.exclude(path, is_folder=True):
                    self.folders.append((path, rules))
            elif is_markdown(path) and not rules.exclude(path, is_folder=False):
                is_folder = False
                self._take_file(entry, path, folder_fd)
        except FileNotFoundError:
            return
        except OSError as error:
            self._cannot_look(path, error, is_folder=is_folder)

    def _take_file(self, entry: os.DirEntry[str], path: bytes, folder_fd: int) -> None:
        status = entry.stat(follow_symlinks=False)
        # Almost every file is readable by all; only the others are worth a system call.
        if stat.S_ISREG(status.st_mode) and not status.st_mode & stat.S_IROTH:
            _must_be_readable(entry.name, folder_fd)
        self._take_status(path, status)

    def _take_status(self, path: bytes, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            self._skip(path, f"It is {kind_of(status.st_mode)}, not a file.")
        elif status.st_size > self.max_file_bytes:
            reason = too_large_reason(status.st_size, self.max_file_bytes)
            self.skipped.append(SkippedFile(path_to_text(path), reason, keeps_document=True))
        else:
            self.files.append(file_stat(path, status))

    def _follow_link(self, path: bytes, listed: int, followed: set[bytes]) -> None:
        target = resolve_link(self.root, path)
        if target is None:
            if is_markdown(path) or (self.root / os.fsdecode(path)).is_dir():
                self._skip(path, "It is a link that leads out of the content root.")
            return
        status = os.stat(target or b".", dir_fd=self.root_fd, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            self._skip(path, "It is a link to a folder; only links to files are followed.")
        elif is_markdown(path):
            target_text = path_to_text(target)
            at = bisect_left(self.files, target_text, hi=listed, key=_by_path)
            if target in followed or (at < listed and self.files[at].path == target_text):
                self._skip(path, f"It is a link to {target_text}, which is read already.")
                return
            followed.add(target)
            self._take_status(path, status)

    def _skip(self, path: bytes, reason: str) -> None:
        self.skipped.append(SkippedFile(path_to_text(path), reason))

    def _cannot_look(self, path: bytes, error: OSError, *, is_folder: bool) -> None:
        what = "The folder cannot be listed" if is_folder else "The file cannot be read"
        reason = (
            f"{what}: {error.strerror or error}. What is known of it stays as it was. "
            f"Let this user read it (chmod u+rX), or leave it out by {IGNORE_FILE}."
        )
        self.unreadable.append(UnreadablePath(path_to_text(path), reason, is_folder))


def _by_path(file: FileStat) -> str:
    return file.path


def _must_be_readable(name: str, folder_fd: int) -> None:
    if os.access(name, os.R_OK, dir_fd=folder_fd, effective_ids=_EFFECTIVE_IDS):
        return
    os.stat(name, dir_fd=folder_fd, follow_symlinks=False)  # raises FileNotFoundError when it has vanished
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _interrupted(root: Path, error: OSError) -> ContentRootError:
    return ContentRootError(
        f"The content root {root} was not listed to its end: {error.strerror or error}. "
        "Nothing is taken as deleted. Check the folder (is its disk or network share there?), then run again."
    )


def _check_same_root(root: Path, root_fd: int) -> None:
    """Hold that the path still leads to the folder that was listed: not unmounted, moved or swapped meanwhile."""
    try:
        now = root.stat()
    except OSError as error:
        raise _interrupted(root, error) from error
    if not os.path.samestat(now, os.fstat(root_fd)):
        raise ContentRootError(
            f"The content root {root} was replaced by another folder while it was listed. Run again."
        )
