"""What is listed under a content root, what is left out, and what could not be looked at."""

import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from resume_pipeline.content.scan import scan
from resume_pipeline.domain.source_files import ScanResult
from resume_pipeline.errors import ContentRootError

MAX_BYTES = 1000


def look(root: Path) -> ScanResult:
    return scan(root, max_file_bytes=MAX_BYTES)


def paths(result: ScanResult) -> list[str]:
    return [file.path for file in result.files]


def reasons(result: ScanResult) -> dict[str, str]:
    return {file.path: file.reason for file in result.skipped}


def test_markdown_files_of_any_case_are_found_sorted_and_others_are_not(folder):
    for name in ("b.md", "a/z.MARKDOWN", "a/c.Mdx", "README.md", "notes.txt", "md", "a.md.bak", "x.md~"):
        folder.write(name)

    assert paths(look(folder.path)) == ["README.md", "a/c.Mdx", "a/z.MARKDOWN", "b.md"]


def test_the_stat_of_a_file_is_what_the_file_system_says(folder):
    status = folder.write("a.md", "abc").stat()

    (found,) = look(folder.path).files

    assert (found.size_bytes, found.modified_ns, found.inode) == (3, status.st_mtime_ns, status.st_ino)
    assert found.changed_ns == status.st_ctime_ns


def test_an_empty_root_is_an_empty_list(folder):
    assert look(folder.path) == ScanResult(())


def test_hidden_and_generated_folders_are_not_looked_into(folder):
    for name in (".git/a.md", ".hidden.md", "node_modules/p/README.md", "x/__pycache__/a.md", "vendor/kept.md"):
        folder.write(name)

    result = look(folder.path)

    assert paths(result) == ["vendor/kept.md"]
    assert result.skipped == ()


def test_an_ignore_file_leaves_out_what_its_patterns_fit(folder):
    for name in ("README.md", "sub/README.md", "drafts/a.md", "drafts/keep.md", "x/drafts/b.md", "jobs/acme.md"):
        folder.write(name)
    folder.write(".resumeignore", "# samples\r\n/README.md\r\ndrafts/*\r\n!drafts/keep.md\r\n")

    assert paths(look(folder.path)) == ["drafts/keep.md", "jobs/acme.md", "sub/README.md", "x/drafts/b.md"]


def test_a_deeper_ignore_file_overrides_one_further_up_and_holds_only_below(folder):
    for name in ("a.md", "a/secret.md", "b/secret.md", "b/c/secret.md", "b/other.md"):
        folder.write(name)
    folder.write(".resumeignore", "secret.md\n")
    folder.write("b/.resumeignore", "!secret.md\n/other.md\n")

    assert paths(look(folder.path)) == ["a.md", "b/c/secret.md", "b/secret.md"]


def test_a_line_that_is_no_pattern_is_reported_and_the_others_hold(folder):
    folder.write("a.md")
    folder.write("b.md")
    folder.write(".resumeignore", "!\nb.md\n")

    result = look(folder.path)

    assert paths(result) == ["a.md"]
    assert "Line 1" in reasons(result)[".resumeignore"]


def test_an_ignore_file_that_cannot_be_read_publishes_nothing_of_its_folder(folder):
    folder.write("sub/a.md")
    os.mkfifo(folder.path / "sub/.resumeignore")
    folder.write("b.md")

    result = look(folder.path)

    assert paths(result) == ["b.md"]
    assert result.unreadable[0].path == "sub"
    assert ".resumeignore" in result.unreadable[0].reason
    assert result.is_unknown("sub/a.md")


def test_an_ignore_file_of_the_root_that_cannot_be_read_stops_the_scan(folder):
    folder.write("a.md")
    (folder.path / ".resumeignore").mkdir()

    with pytest.raises(ContentRootError, match="resumeignore"):
        look(folder.path)


def test_a_file_over_the_limit_is_skipped_by_name_of_the_setting_and_keeps_its_document(folder):
    folder.write("big.md", "x" * (MAX_BYTES + 1))
    folder.write("fits.md", "x" * MAX_BYTES)

    result = look(folder.path)

    assert paths(result) == ["fits.md"]
    reason = reasons(result)["big.md"]
    assert "1,001" in reason
    assert "1,000" in reason
    assert "RESUME_MAX_FILE_MB" in reason
    assert result.is_unknown("big.md")


def test_fifos_sockets_and_folders_with_markdown_names_are_never_opened(folder):
    os.mkfifo(folder.path / "pipe.md")
    os.mkfifo(folder.path / "pipe.txt")
    folder.write("folder.md/inside.md")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder.path / "s.md"))
        result = look(folder.path)

    assert paths(result) == ["folder.md/inside.md"]
    assert reasons(result) == {"pipe.md": "It is a FIFO, not a file.", "s.md": "It is a socket, not a file."}
    assert not result.is_unknown("pipe.md")


def test_a_link_to_a_file_listed_under_its_own_name_is_skipped(folder):
    folder.write("a.md")
    folder.link("b.md", "a.md")

    result = look(folder.path)

    assert paths(result) == ["a.md"]
    assert "a.md" in reasons(result)["b.md"]


def test_links_to_one_unlisted_file_within_the_root_are_followed_once(folder):
    folder.write("notes.txt")
    folder.link("b.md", "notes.txt")
    folder.link("a/c.md", "../b.md")

    result = look(folder.path)

    assert paths(result) == ["a/c.md"]
    assert list(reasons(result)) == ["b.md"]


def test_links_that_lead_out_nowhere_or_in_a_circle_are_skipped(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    folder.write("a.md")
    folder.link("out.md", outside / "secret.md")
    folder.link("out-folder", outside)
    folder.link("sibling.md", tmp_path / "content-but-not-it.md")
    folder.link("broken.md", "nowhere.md")
    folder.link("circle.md", "circle.md")
    folder.link("up", "..")
    folder.link("self", ".")
    folder.link("image.png", outside / "secret.md")

    result = look(folder.path)

    assert paths(result) == ["a.md"]
    found = reasons(result)
    assert "out of the content root" in found["out.md"]
    assert "out of the content root" in found["out-folder"]
    assert "does not exist" in found["broken.md"]
    assert "circle" in found["circle.md"]
    assert "out of the content root" in found["up"]
    assert "folder" in found["self"]
    assert set(found) == {"out.md", "out-folder", "sibling.md", "broken.md", "circle.md", "up", "self"}


def test_an_ignored_link_is_not_reported(folder):
    folder.write(".resumeignore", "*.md\n")
    folder.link("broken.md", "nowhere")

    assert look(folder.path) == ScanResult(())


def test_the_root_itself_may_be_a_link(folder, tmp_path):
    folder.write("real.txt")
    folder.link("a.md", "real.txt")
    (tmp_path / "alias").symlink_to(folder.path)

    assert paths(look(tmp_path / "alias")) == ["a.md"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (b"caf\xe9.md", r"caf\xe9.md"),
        ("café ünï.md".encode(), "café ünï.md"),
        (b"two\nlines.md", r"two\x0alines.md"),
        (b"back\\slash.md", r"back\x5cslash.md"),
        (b'it\'s "quoted" $(x).md', 'it\'s "quoted" $(x).md'),
        (b"x" * 250 + b".md", "x" * 250 + ".md"),
    ],
)
def test_a_name_of_any_bytes_is_listed_in_a_sound_form(folder, name, path):
    Path(os.fsdecode(os.fsencode(folder.path) + b"/" + name)).write_text("x")

    assert paths(look(folder.path)) == [path]


def test_names_that_differ_only_in_normalisation_stay_two_files(folder):
    folder.write("caf\u00e9.md")
    folder.write("cafe\u0301.md")

    assert len(look(folder.path).files) == 2


def test_a_tree_deeper_than_any_path_may_be_long_is_listed_to_its_end(folder):
    deep = os.open(folder.path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("deep", dir_fd=deep)
        below = os.open("deep", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(os.open("a.md", os.O_CREAT | os.O_WRONLY, dir_fd=deep))
    os.close(deep)

    result = look(folder.path)

    assert paths(result) == ["deep/" * 1500 + "a.md"]
    assert result.unreadable == ()
    subprocess.run(["rm", "-rf", str(folder.path)], check=True)  # Python's own rmtree recurses


def test_a_missing_root_raises_with_its_path_and_a_remedy(tmp_path):
    with pytest.raises(ContentRootError, match=r"nowhere does not exist.*RESUME_CONTENT_ROOT"):
        look(tmp_path / "nowhere")


def test_a_root_that_is_a_file_raises(folder):
    with pytest.raises(ContentRootError, match="is a file"):
        look(folder.write("a.md"))


@pytest.mark.parametrize("mode", [0o000, 0o100, 0o200])
def test_a_root_that_may_not_be_read_raises(guarded_folder, as_ordinary_user, mode):
    root = guarded_folder.path / "content"
    root.mkdir(mode=0o755)
    root.chmod(mode)

    with pytest.raises(ContentRootError, match="cannot be opened"):
        as_ordinary_user(lambda: look(root))


def test_a_root_that_may_be_listed_but_not_entered_raises(guarded_folder, as_ordinary_user):
    guarded_folder.write("content/a.md")
    (guarded_folder.path / "content").chmod(0o444)

    with pytest.raises(ContentRootError, match="not listed to its end"):
        as_ordinary_user(lambda: look(guarded_folder.path / "content"))


def test_what_may_not_be_read_is_reported_and_its_documents_are_unknown_not_gone(guarded_folder, as_ordinary_user):
    for name in ("open/a.md", "shut/b.md", "shut/deeper/c.md", "listable/d.md", "secret.md", "shut-not.md"):
        guarded_folder.write(name)
    (guarded_folder.path / "shut").chmod(0o000)
    (guarded_folder.path / "listable").chmod(0o444)
    (guarded_folder.path / "secret.md").chmod(0o000)

    result = as_ordinary_user(lambda: look(guarded_folder.path))

    assert paths(result) == ["open/a.md", "shut-not.md"]
    assert [(entry.path, entry.is_folder) for entry in result.unreadable] == [
        ("listable", True),
        ("secret.md", False),
        ("shut", True),
    ]
    known = ["open/a.md", "shut/b.md", "shut/deeper/c.md", "listable/d.md", "secret.md", "shut-not.md", "shutter.md"]
    assert [path for path in known if result.is_unknown(path)] == known[1:5]


def test_a_scan_survives_files_and_folders_that_come_and_go(folder):
    for number in range(50):
        folder.write(f"stable/{number:02}.md")
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            folder.write("moving/x/a.md")
            (folder.path / "moving").rename(folder.path / "moved")
            (folder.path / "moved/x/a.md").unlink()
            (folder.path / "moved/x").rmdir()
            (folder.path / "moved").rmdir()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        until = time.monotonic() + 1
        while time.monotonic() < until:
            result = look(folder.path)
            assert [path for path in paths(result) if path.startswith("stable/")] == [
                f"stable/{number:02}.md" for number in range(50)
            ]
            assert result.unreadable == ()
    finally:
        stop.set()
        thread.join()
