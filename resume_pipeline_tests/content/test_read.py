"""A file is read whole, in one version, or not at all; and never outside of the root."""

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from resume_pipeline.content.read import read_file
from resume_pipeline.content.scan import scan
from resume_pipeline.domain.source_files import ReadFile, UnreadFile
from resume_pipeline.errors import ContentRootError

MAX_BYTES = 8_000_000


def read(root: Path, path: str) -> ReadFile | UnreadFile:
    return read_file(root, path, max_file_bytes=MAX_BYTES)


def test_a_file_is_read_as_hash_of_its_bytes_sound_text_and_stat(folder):
    data = "# Résumé\r\n".encode()
    folder.write("a.md", data)

    result = read(folder.path, "a.md")

    assert result == ReadFile(
        path="a.md",
        bytes_sha256=hashlib.sha256(data).digest(),
        size_bytes=len(data),
        text="# Résumé\n",
        encoding="utf-8",
        problems=(),
        stat=scan(folder.path, max_file_bytes=MAX_BYTES).files[0],
    )


def test_an_empty_file_is_an_empty_text(folder):
    folder.write("a.md", b"")

    assert read(folder.path, "a.md").text == ""


@pytest.mark.parametrize("name", [b"caf\xe9.md", b"two\nlines.md", b"back\\x41slash.md", "ñ/é.md".encode()])
def test_a_path_of_any_bytes_is_read_by_the_text_form_that_the_scan_gives(folder, name):
    file = Path(os.fsdecode(os.fsencode(folder.path) + b"/" + name))
    file.parent.mkdir(exist_ok=True)
    file.write_text("found")

    (found,) = scan(folder.path, max_file_bytes=MAX_BYTES).files

    assert read(folder.path, found.path).text == "found"


def test_a_link_within_the_root_is_read_with_the_stat_that_the_scan_gives(folder):
    folder.write("data/notes.txt", "linked")
    folder.link("a.md", "data/notes.txt")

    result = read(folder.path, "a.md")

    assert result.text == "linked"
    assert (result.stat,) == scan(folder.path, max_file_bytes=MAX_BYTES).files


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside.txt"])
def test_a_link_that_leads_out_is_not_read(folder, target):
    (folder.path.parent / "outside.txt").write_text("secret")
    folder.link("a.md", target)

    result = read(folder.path, "a.md")

    assert isinstance(result, UnreadFile)
    assert "out of the content root" in result.reason


def test_a_folder_that_became_a_link_is_not_followed(folder, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.md").write_text("secret")
    folder.link("sub", tmp_path / "outside")

    assert isinstance(read(folder.path, "sub/a.md"), UnreadFile)


def test_a_fifo_in_place_of_the_file_does_not_block(folder):
    os.mkfifo(folder.path / "a.md")
    started = time.monotonic()

    result = read(folder.path, "a.md")

    assert isinstance(result, UnreadFile)
    assert "FIFO" in result.reason
    assert not result.vanished
    assert time.monotonic() - started < 1


def test_a_device_is_not_opened():
    result = read(Path("/dev"), "zero")

    assert isinstance(result, UnreadFile)
    assert "device" in result.reason


@pytest.mark.parametrize("path", ["gone.md", "gone/a.md", "file.md/a.md", "broken.md"])
def test_a_file_that_is_gone_is_said_to_have_vanished(folder, path):
    folder.write("file.md")
    folder.link("broken.md", "nowhere.md")

    result = read(folder.path, path)

    assert isinstance(result, UnreadFile)
    assert result.vanished


def test_a_root_that_is_gone_is_not_taken_for_a_vanished_file(tmp_path):
    with pytest.raises(ContentRootError):
        read(tmp_path / "gone", "a.md")


def test_a_file_over_the_limit_is_not_read(folder):
    folder.write("a.md", b"x" * (MAX_BYTES + 1))

    result = read(folder.path, "a.md")

    assert isinstance(result, UnreadFile)
    assert "RESUME_MAX_FILE_MB" in result.reason


def test_a_file_that_may_not_be_read_is_reported_with_a_remedy(guarded_folder, as_ordinary_user):
    guarded_folder.write("a.md").chmod(0o000)

    result = as_ordinary_user(lambda: read(guarded_folder.path, "a.md"))

    assert isinstance(result, UnreadFile)
    assert "chmod" in result.reason
    assert not result.vanished


def test_a_file_that_is_no_text_comes_with_an_error_and_no_text(folder):
    folder.write("image.md", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)

    result = read(folder.path, "image.md")

    assert result.text == ""
    assert [problem.severity for problem in result.problems] == ["error"]


def test_a_later_write_always_shows_in_the_stat(folder):
    for number in range(5):
        folder.write("a.md", f"version {number}")
        first = read(folder.path, "a.md")
        folder.write("a.md", f"VERSION {number}")

        assert scan(folder.path, max_file_bytes=MAX_BYTES).files != (first.stat,)


def test_a_file_that_is_written_without_a_rest_is_reported(folder):
    file = folder.write("a.md", "0")
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.wait(0.005):
            file.write_text(str(time.monotonic_ns()))

    thread = threading.Thread(target=rewrite)
    thread.start()
    time.sleep(0.02)
    try:
        result = read(folder.path, "a.md")
    finally:
        stop.set()
        thread.join()

    assert isinstance(result, UnreadFile)
    assert "changed while it was read" in result.reason
    assert isinstance(read(folder.path, "a.md"), ReadFile)


def test_a_file_rewritten_in_place_by_another_process_is_read_in_one_version_or_not_at_all(folder):
    size = MAX_BYTES
    file = folder.write("a.md", b"a" * size)
    writer = os.fork()
    if writer == 0:
        _rewrite_in_place(file, size)
    outcomes = []
    try:
        until = time.monotonic() + 4
        while time.monotonic() < until:
            outcomes.append(read(folder.path, "a.md"))
    finally:
        os.kill(writer, 9)
        os.waitpid(writer, 0)

    texts = [outcome.text for outcome in outcomes if isinstance(outcome, ReadFile)]
    assert texts
    assert all(len(text) == size and len(set(text)) == 1 for text in texts)


def _rewrite_in_place(file: Path, size: int) -> None:
    """Overwrite the file with one letter after another, for ever; never returns.

    The rests are about as long as ``read_file`` waits for a file to settle, so that many reads meet a write.
    """
    fd = os.open(file, os.O_WRONLY)
    number = 0
    letters = [bytes([code]) * size for code in range(ord("a"), ord("z") + 1)]
    while True:
        number += 1
        os.pwrite(fd, letters[number % 26], 0)
        time.sleep((40 + number % 40) / 1000)
