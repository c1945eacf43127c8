"""A model's text, whole and in pieces of every size."""

import pytest

from resume_pipeline.domain.marked_text import Claim, MarkedText, Marker

CASES = {
    "one": ('She led five people. [2: "a team of five"]', [("She led five people.", [(2, "a team of five")])]),
    "two sentences, one marker each": (
        'A is so. [1: "a a"] B is so. [2: "b b"]',
        [("A is so.", [(1, "a a")]), ("B is so.", [(2, "b b")])],
    ),
    "before the stop": (
        'A is so [1: "a a"]. B is so [2: "b b"].',
        [("A is so.", [(1, "a a")]), ("B is so.", [(2, "b b")])],
    ),
    "several": ('A. [1: "x y"] [3: "z z"]', [("A.", [(1, "x y"), (3, "z z")])]),
    "several in one": ('A. [1: "x y"; 3: “z z”]', [("A.", [(1, "x y"), (3, "z z")])]),
    "without a quote": ("A [1].", [("A.", [(1, None)])]),
    "without a marker": ("Nothing is cited here. Nor here.", [("Nothing is cited here.", []), ("Nor here.", [])]),
    "half a marker": ('A is so. [1: "a a"] B is so. [2: "b', [("A is so.", [(1, "a a")]), ("B is so.", [])]),
    "brackets in text": ('The [old] way. [1: "x [y] z"]', [("The [old] way.", [(1, "x [y] z")])]),
    "a decimal and an abbreviation": (
        'Dr. Who cut 7.3 to 0.02. [1: "cut 7.3 to 0.02"]',
        [("Dr. Who cut 7.3 to 0.02.", [(1, "cut 7.3 to 0.02")])],
    ),
    "list": ('- A. [1: "a a"]\n- B. [2: "b b"]', [("A.", [(1, "a a")]), ("B.", [(2, "b b")])]),
    "two sentences share a marker": (
        'A is so. B is so. [1: "a b"]',
        [("A is so.", [(1, "a b")]), ("B is so.", [(1, "a b")])],
    ),
    "nothing": (" \n ", []),
}


def read(text: str, size: int) -> list[Claim]:
    reader = MarkedText()
    found = [claim for start in range(0, len(text), size) for claim in reader.feed(text[start : start + size])]
    return found + list(reader.end())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("name", CASES)
def test_claims_and_markers_are_the_same_in_pieces_of_any_size(name, size):
    text, expected = CASES[name]

    found = [(claim.text, list(claim.markers)) for claim in read(text, size)]

    assert found == [(said, [Marker(*marker) for marker in markers]) for said, markers in expected]


def test_a_claim_is_handed_on_as_soon_as_the_next_begins():
    reader = MarkedText()

    assert list(reader.feed('A is so. [1: "a a"]')) == []
    assert [claim.text for claim in reader.feed(" B")] == ["A is so."]


def test_a_model_that_never_marks_anything_is_not_kept_in_memory():
    reader = MarkedText()

    assert len(list(reader.feed("word " * 2000))) == 1
