"""Folders with real files, and a way to look at them as a user to whom permissions apply."""

import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_NOBODY = 65534


class Folder:
    """A content root under construction."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, data: bytes | str = "text\n") -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return file

    def link(self, name: str, target: str | Path) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)
        return file


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    root = tmp_path / "content"
    root.mkdir()
    return Folder(root)


@pytest.fixture
def guarded_folder() -> Iterator[Folder]:
    """A folder whose permissions hold for ``as_ordinary_user``; it belongs to that user."""
    path = Path(tempfile.mkdtemp(prefix="content-"))
    path.chmod(0o755)
    yield Folder(path)
    for parent, _, _ in os.walk(path):
        Path(parent).chmod(0o700)
    # Folders that could not be entered were not walked; now their parents can be.
    for parent, names, _ in os.walk(path):
        for name in names:
            (Path(parent) / name).chmod(0o700)
    shutil.rmtree(path)


@pytest.fixture
def as_ordinary_user() -> Callable[[Callable[[], Any]], Any]:
    """Run a function as a user who may not read everything; where we are root, in a forked child that is not."""
    return _run_without_privileges


def _run_without_privileges(function: Callable[[], Any]) -> Any:
    if os.geteuid() != 0:
        return function()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
            result: Any = function()
        except BaseException as error:
            result = error
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(result, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        result = pickle.load(pipe)
    os.waitpid(child, 0)
    if isinstance(result, BaseException):
        raise result
    return result
