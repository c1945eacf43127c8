"""A content root of several hundred hostile files, with what must and must not come out of each.

New cases go into the tables in ``cases``, by what is hostile about them. What holds for every file is checked in
``test_hostile_corpus``.
"""

import os
import socket
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from resume_pipeline_tests.hostile.case import Case, Expectation, numbered
from resume_pipeline_tests.hostile.cases import dialects, encodings, files, front_matter, markdown, unseen, visibility

LIMIT_MB = files.LIMIT_MB
CASES: list[Case] = [
    *encodings.CASES,
    *front_matter.CASES,
    *visibility.CASES,
    *unseen.CASES,
    *markdown.CASES,
    *dialects.CASES,
    *files.CASES,
]
SECRET = "a secret that lies outside"


def expectations(cases: Sequence[Case] = CASES) -> list[Expectation]:
    """The manifest: every case with its words numbered."""
    return [numbered(case, number) for number, case in enumerate(cases)]


def families() -> Counter[str]:
    """How many cases there are of each class."""
    return Counter(case.family for case in CASES)


def build(root: Path, cases: Sequence[Case] = CASES) -> list[Expectation]:
    """Write every case below ``root`` (and folders beside it that nothing may lead to)."""
    outside = root.parent / "outside"
    outside.mkdir(parents=True)
    (outside / "secret.md").write_text(SECRET)
    evil = root.with_name(root.name + "-evil")
    evil.mkdir()
    (evil / "secret.md").write_text(SECRET)
    manifest = expectations(cases)
    root.mkdir()
    for expected in manifest:
        _write(root, expected)
    for path, text in files.IGNORE_FILES.items():
        (root / os.fsdecode(path)).write_bytes(text.encode("utf-8", "surrogateescape"))
    return manifest


def _write(root: Path, expected: Expectation) -> None:
    folder, _, name = os.fsdecode(expected.case.path).rpartition("/")
    # In steps, because a path may be longer than one system call takes.
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(root)
        for part in folder.split("/"):
            Path(part).mkdir(exist_ok=True)
            os.chdir(part)
        _make(name, expected, root)
    finally:
        os.fchdir(before)
        os.close(before)


def _make(name: str, expected: Expectation, root: Path) -> None:
    match expected.case.kind:
        case "file":
            Path(name).write_bytes(expected.data)
        case "link":
            Path(name).symlink_to(expected.data.decode().replace("{root}", str(root)))
        case "fifo":
            os.mkfifo(name)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(name)
