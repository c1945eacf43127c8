"""What is left out of the content root: hidden names, generated folders, and what ``.resumeignore`` files say.

A ``.resumeignore`` holds gitignore patterns, relative to its folder; one further down overrides one further up.
Add a name here only when nobody keeps content under it. Walking the folders is ``content.scan``.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

IGNORE_FILE = ".resumeignore"
_MAX_IGNORE_BYTES = 1_000_000
_GENERATED_FOLDERS = frozenset({b"node_modules", b"__pycache__"})
_MARKDOWN_SUFFIXES = (b".md", b".markdown", b".mdx")


def is_markdown(name: bytes) -> bool:
    """Whether a file name is that of a source file (suffix in any case)."""
    return name.lower().endswith(_MARKDOWN_SUFFIXES)


def is_hidden_name(name: bytes) -> bool:
    """Whether files and folders of this name are never content: a leading dot, or a folder that a tool generates."""
    return name.startswith(b".") or name in _GENERATED_FOLDERS


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The ignore files that hold in one folder, outermost first: (folder's path with a closing slash, patterns)."""

    files: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def below(self, folder: bytes, lines: Iterable[str]) -> tuple["IgnoreRules", tuple[int, ...]]:
        """These rules and those of ``folder``'s own ignore file; and the numbers of the lines that are no pattern."""
        patterns: list[GitIgnoreSpecPattern] = []
        bad_lines: list[int] = []
        for number, line in enumerate(lines, start=1):
            try:
                patterns.append(GitIgnoreSpecPattern(line))
            except GitIgnorePatternError:
                bad_lines.append(number)
        prefix = _text(folder) + "/" if folder else ""
        return IgnoreRules((*self.files, (prefix, GitIgnoreSpec(patterns)))), tuple(bad_lines)

    def exclude(self, path: bytes, *, is_folder: bool) -> bool:
        """Whether ``path`` (relative to the root) is left out. As in git, the last pattern that fits decides."""
        if not self.files:
            return False
        text = _text(path) + ("/" if is_folder else "")
        for prefix, spec in reversed(self.files):
            verdict = spec.check_file(text.removeprefix(prefix)).include
            if verdict is not None:
                return verdict
        return False


def read_ignore_file(folder_fd: int) -> list[str] | None:
    """The lines of a folder's ignore file; None when it has none.

    Raises:
        OSError: there is one, but it cannot be read, so nobody knows what should stay out.
    """
    try:
        fd = os.open(IGNORE_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder_fd)
    except FileNotFoundError:
        return None
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError("not a regular file")
        data = file.read(_MAX_IGNORE_BYTES + 1)
    if len(data) > _MAX_IGNORE_BYTES:
        raise OSError(f"larger than {_MAX_IGNORE_BYTES:,} bytes")
    return _text(data.removeprefix(b"\xef\xbb\xbf")).splitlines()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
