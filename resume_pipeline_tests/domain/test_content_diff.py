"""What was added, changed, removed and renamed, and when a loss must be confirmed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_pipeline.domain.content_diff import ContentDiff, check_loss, diff_content
from resume_pipeline.errors import ContentLossError


def files(**hashes: str) -> dict[str, bytes]:
    return {path.replace("__", "/"): digest.encode() for path, digest in hashes.items()}


def test_equal_mappings_differ_in_nothing():
    diff = diff_content(files(a="1", b="2"), files(b="2", a="1"))

    assert diff == ContentDiff(unchanged=2)
    assert diff.is_empty


def test_added_changed_removed_and_unchanged_are_told_apart():
    diff = diff_content(files(a="1", b="2", c="3"), files(a="1", b="X", d="4"))

    assert diff == ContentDiff(added=("d",), changed=("b",), removed=("c",), unchanged=1)


def test_a_file_with_the_same_bytes_elsewhere_is_renamed():
    assert diff_content(files(a="1"), files(b="1")) == ContentDiff(renamed=(("a", "b"),))


def test_a_copy_is_added_and_not_renamed():
    assert diff_content(files(a="1"), files(a="1", b="1")) == ContentDiff(added=("b",), unchanged=1)


def test_swapped_contents_are_two_changes():
    assert diff_content(files(a="1", b="2"), files(a="2", b="1")) == ContentDiff(changed=("a", "b"))


def test_a_renamed_folder_keeps_equal_files_apart_by_the_rest_of_their_path():
    known = files(old__x__index="1", old__y__index="1", old__z="2")
    found = files(new__y__index="1", new__x__index="1", new__z="2")

    assert diff_content(known, found).renamed == (
        ("old/x/index", "new/x/index"),
        ("old/y/index", "new/y/index"),
        ("old/z", "new/z"),
    )


def test_among_equal_files_the_same_name_comes_before_the_same_folder():
    diff = diff_content(files(a__one="1", b__two="1"), files(b__one="1", c__d__two="1", a__three="1"))

    assert diff.renamed == (("a/one", "b/one"), ("b/two", "c/d/two"))
    assert diff.added == ("a/three",)


def test_what_is_unknown_is_neither_removed_nor_renamed():
    diff = diff_content(
        files(shut__a="1", shut__b="2", c="3"), files(new="1"), unknown=lambda path: path.startswith("shut/")
    )

    assert diff == ContentDiff(added=("new",), removed=("c",), unknown=("shut/a", "shut/b"))


def test_fifty_thousand_equal_files_are_paired_in_no_time():
    known = {f"old/{number}/index.md": b"same" for number in range(50_000)}
    found = {f"new/{number}/index.md": b"same" for number in range(50_000)}
    started = time.monotonic()

    diff = diff_content(known, found)

    assert len(diff.renamed) == 50_000
    assert all(old[4:] == new[4:] for old, new in diff.renamed)
    assert time.monotonic() - started < 5


mappings = st.dictionaries(st.text("ab/", min_size=1, max_size=4), st.sampled_from([b"1", b"2", b"3"]), max_size=12)


@given(mappings, mappings, st.sets(st.text("ab/", min_size=1, max_size=4)))
def test_the_difference_applied_to_what_is_known_gives_what_was_found_and_what_is_unknown(known, found, unknown):
    diff = diff_content(known, found, unknown.__contains__)

    result = dict(known)
    for path in diff.removed:
        del result[path]
    moved = {new: result.pop(old) for old, new in diff.renamed}
    result |= moved
    result |= {path: found[path] for path in (*diff.added, *diff.changed)}
    assert result == found | {path: known[path] for path in diff.unknown}
    assert not set(diff.removed) & unknown
    assert diff.unchanged + len(diff.changed) == len(known.keys() & found.keys())
    assert diff == diff_content(dict(reversed(known.items())), dict(reversed(found.items())), unknown.__contains__)


@pytest.mark.parametrize(
    ("known", "removed", "found"), [(0, 0, 0), (3, 1, 2), (2, 1, 1), (100, 25, 75), (1, 1, 1), (4, 0, 4)]
)
def test_a_loss_within_the_share_or_of_a_single_file_passes(known, removed, found):
    check_loss(known, removed, max_loss_share=0.25, root="content", found_count=found)


@pytest.mark.parametrize(("known", "removed", "found"), [(4, 2, 2), (100, 26, 74), (1, 1, 0), (9, 9, 0), (9, 9, 9)])
def test_a_larger_loss_is_held_with_numbers_and_the_way_to_confirm_it(known, removed, found):
    with pytest.raises(ContentLossError) as held:
        check_loss(known, removed, max_loss_share=0.25, root="/srv/content", found_count=found)

    message = str(held.value)
    assert f"{removed} of {known} documents" in message
    assert "/srv/content" in message
    assert "--yes" in message
    assert "confirm_deletions: true" in message


def test_an_emptied_root_needs_a_confirmation_whatever_the_share():
    with pytest.raises(ContentLossError, match="all of them"):
        check_loss(3, 3, max_loss_share=1.0, root="content")
