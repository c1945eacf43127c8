"""Two rankings become one: what the weights do, what a side that is missing counts, and that order is stable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_pipeline.domain.fusion import RRF_K, convex_combination, fuse, min_max, reciprocal_rank_fusion

SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-10, 10, allow_nan=False), max_size=8)


def test_min_max_moves_the_worst_to_zero_and_the_best_to_one():
    assert min_max({"a": 3.0, "b": 5.0, "c": 4.0}) == {"a": 0.0, "b": 1.0, "c": 0.5}
    assert min_max({"a": 2.0, "b": 2.0}) == {"a": 1.0, "b": 1.0}
    assert min_max({}) == {}


def test_a_convex_combination_weighs_the_two_sides_and_counts_zero_for_a_missing_one():
    fused = convex_combination({"a": 0.9, "b": 0.5}, {"b": 12.0, "c": 2.0}, vector_weight=0.3)

    assert fused == pytest.approx({"a": 0.3, "b": 0.7, "c": 0.0})


def test_reciprocal_ranks_are_those_of_the_paper():
    fused = reciprocal_rank_fusion({"a": 0.9, "b": 0.5}, {"b": 12.0, "c": 2.0}, vector_weight=0.5)

    first, second = 1 / (RRF_K + 1), 1 / (RRF_K + 2)
    assert fused == pytest.approx({"a": first / 2, "b": (first + second) / 2, "c": second / 2})


@pytest.mark.parametrize("method", ["convex", "rrf"])
@given(vector=SCORES, lexical=SCORES, weight=st.floats(0, 1))
def test_every_key_of_either_side_gets_one_score_of_at_most_one(method, vector, lexical, weight):
    fused = fuse(method, vector, lexical, vector_weight=weight)

    assert fused.keys() == vector.keys() | lexical.keys()
    assert all(0 <= score <= 1 + 1e-9 for score in fused.values())


@pytest.mark.parametrize("method", ["convex", "rrf"])
def test_with_all_the_weight_on_one_side_its_order_stands(method):
    vector, lexical = {"a": 3.0, "b": 2.0, "c": 1.0}, {"c": 9.0, "b": 5.0, "a": 1.0}

    by_vector = fuse(method, vector, lexical, vector_weight=1.0)
    by_words = fuse(method, vector, lexical, vector_weight=0.0)

    assert sorted(by_vector, key=by_vector.__getitem__, reverse=True) == ["a", "b", "c"]
    assert sorted(by_words, key=by_words.__getitem__, reverse=True) == ["c", "b", "a"]
