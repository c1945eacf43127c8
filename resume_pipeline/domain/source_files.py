r"""What a look at the content root finds: file stats, what was left out, what could not be looked at, files as read.

Add a value here when it describes a source file before it is parsed. How the folder is listed and read is ``content``;
what a difference between two looks means is ``domain.content_diff``; the parsed document is ``domain.documents``.

A path is text that JSON and Postgres can hold, relative to the content root, parts joined by ``/``. A file name is any
bytes, so bytes that are no UTF-8, control, direction and zero-width characters, and the backslash itself are written as
``\xNN``, one per byte: unique, readable, and reversible by ``text_to_path``. No Unicode normalisation: two names that
look the same may be two files.
"""

import re
from dataclasses import dataclass, field

from resume_pipeline.domain.documents import Problem

_UNSOUND_IN_PATH = re.compile(
    r"[\\\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\udc80-\udcff]+"
)
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


def path_to_text(raw: bytes) -> str:
    """The text form of a path's bytes; see the module's first lines for the scheme."""
    return _UNSOUND_IN_PATH.sub(_escaped, raw.decode("utf-8", "surrogateescape"))


def text_to_path(text: str) -> bytes:
    """The bytes to open: the inverse of ``path_to_text``."""
    return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), text.encode("utf-8", "surrogatepass"))


def too_large_reason(size_bytes: int, max_file_bytes: int) -> str:
    """Why a file over the limit is not read, with the setting that raises it."""
    return (
        f"It has {size_bytes:,} bytes, more than the {max_file_bytes:,} that one file may have. "
        "Split it, or raise RESUME_MAX_FILE_MB."
    )


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in match[0].encode("utf-8", "surrogateescape"))


@dataclass(frozen=True, slots=True)
class FileStat:
    """What the file system says about a file without reading it. Equal stats: the file need not be read again.

    ``changed_ns`` is the inode's change time (ctime), which no program can set back; times are in ns since 1970.
    """

    path: str
    size_bytes: int
    modified_ns: int
    changed_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """Something left out on purpose. ``keeps_document``: its last good version stays (a file that is too large)."""

    path: str
    reason: str
    keeps_document: bool = False


@dataclass(frozen=True, slots=True)
class UnreadablePath:
    """A file or folder that is there but could not be looked at, so nothing is known about it or what is below."""

    path: str
    reason: str
    is_folder: bool


@dataclass(frozen=True, slots=True)
class ScanResult:
    """A complete look at the content root; each tuple is sorted by path.

    Absence from ``files`` is evidence of deletion only where ``is_unknown`` is false.
    """

    files: tuple[FileStat, ...]
    skipped: tuple[SkippedFile, ...] = ()
    unreadable: tuple[UnreadablePath, ...] = ()
    _kept_paths: frozenset[str] = field(init=False, repr=False, compare=False)
    _unknown_folders: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kept = {entry.path for entry in self.unreadable} | {file.path for file in self.skipped if file.keeps_document}
        object.__setattr__(self, "_kept_paths", frozenset(kept))
        object.__setattr__(self, "_unknown_folders", frozenset(e.path for e in self.unreadable if e.is_folder))

    def is_unknown(self, path: str) -> bool:
        """Whether the document of ``path`` must stay although ``files`` does not list it.

        True for an unreadable file, for everything below an unreadable folder, and for a file over the size limit.
        """
        if path in self._kept_paths:
            return True
        if not self._unknown_folders:
            return False
        cuts = (index for index, character in enumerate(path) if character == "/")
        return any(path[:cut] in self._unknown_folders for cut in cuts)


@dataclass(frozen=True, slots=True)
class ReadFile:
    r"""One whole version of a file. ``text`` is sound: NFC, ``\n`` line ends, nothing that Postgres or JSON refuses.

    ``bytes_sha256`` is of the bytes on disk. A problem of severity ``error`` means that ``text`` is no text to index.
    ``stat`` was taken with the bytes: as long as the file's stat equals it, the bytes are these.
    """

    path: str
    bytes_sha256: bytes
    size_bytes: int
    text: str
    encoding: str
    problems: tuple[Problem, ...]
    stat: FileStat


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file that was listed but could not be read whole; its last good version stays.

    ``vanished``: it is no longer there. That is no evidence of a deletion (a mount may be gone): the next scan decides.
    """

    path: str
    reason: str
    vanished: bool = False
