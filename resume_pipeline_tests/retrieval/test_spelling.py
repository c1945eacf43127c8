"""Typing errors: what is corrected, what is left alone, and which word is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_pipeline.retrieval.spelling import allowed_edits, correct

LEXICON = [
    ("kubernet", 12),
    ("postgr", 40),
    ("migrat", 9),
    ("migrant", 1),
    ("rust", 7),
    ("kafka", 5),
    ("java", 3),
    ("c17", 2),
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kubrenet", "kubernet"),  # two neighbours swapped
        ("kubenet", "kubernet"),  # one missing
        ("kuberrnet", "kubernet"),  # one too many
        ("kubarmet", "kubernet"),  # two wrong, in eight letters
        ("kafla", "kafka"),
        ("migrrt", "migrat"),
    ],
)
def test_a_typing_error_is_corrected(typed, meant):
    assert correct(typed, LEXICON) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "rust",  # a word of the lexicon
        "rsut",  # four letters
        "kaflo",  # two errors in five letters
        "2019",
        "c18",
        "k8s",
        "zebra",
        "",
    ],
)
def test_what_may_be_meant_stays(typed):
    assert correct(typed, LEXICON) is None


def test_fewer_errors_come_first_then_the_first_letter_then_the_more_frequent():
    assert correct("migran", [("migrat", 100), ("migrants", 100), ("migrant", 1)]) == "migrat"
    assert correct("migran", [("migrant", 1), ("tigran", 100)]) == "migrant"
    assert correct("serverles", [("serverless", 2), ("serverl", 900)]) == "serverless"
    assert correct("bases", [("basis", 3), ("baser", 8), ("cases", 99)]) == "baser"


@given(st.text(alphabet="abcdefgh", min_size=4, max_size=12), st.lists(st.tuples(st.text(max_size=14), st.integers(1))))
def test_a_correction_comes_from_the_lexicon_and_its_order_does_not_matter(word, lexicon):
    meant = correct(word, lexicon)

    assert meant is None or meant in {lexeme for lexeme, _ in lexicon} - {word}
    assert correct(word, sorted(lexicon)) == meant


def test_edits_grow_with_the_word():
    assert [allowed_edits("x" * letters) for letters in (4, 5, 7, 8, 20)] == [0, 1, 1, 2, 2]
