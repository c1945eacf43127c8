"""The features of a candidate, one by one, and maximal marginal relevance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_pipeline.domain.reranking import (
    AskedTerm,
    Candidate,
    Features,
    diverse_order,
    feature_order,
    features,
)

# "zero downtime migration": the middle word is the rarest.
TERMS = [AskedTerm("zero", 2.0, (1,)), AskedTerm("downtim", 4.0, (2,)), AskedTerm("migrat", 2.0, (3,))]


def candidate(key: str, score: float = 0.5, **given: object) -> Candidate:
    return Candidate(key, score, **given)  # type: ignore[arg-type]


def only(found: Candidate) -> Features:
    return features(TERMS, [found])[0]


def test_coverage_weighs_words_by_how_rare_they_are():
    assert only(candidate("a", positions={"downtim": (4,)})).coverage == 0.5
    assert only(candidate("a", positions={"zero": (4,), "migrat": (9,)})).coverage == 0.5
    assert only(candidate("a")).coverage == 0.0


def test_a_phrase_stands_as_in_the_question_and_proximity_falls_with_the_distance():
    exact = only(candidate("a", positions={"zero": (10,), "downtim": (11,), "migrat": (12,)}))
    apart = only(candidate("b", positions={"zero": (10,), "downtim": (12,), "migrat": (40,)}))
    turned = only(candidate("c", positions={"zero": (11,), "downtim": (10,)}))

    assert (exact.phrase, exact.proximity) == (1.0, 1.0)
    assert (apart.phrase, apart.proximity) == (0.0, 0.25)
    assert (turned.phrase, turned.proximity) == (0.0, 0.5)


def test_the_distance_of_the_question_is_kept_where_a_word_between_does_not_count():
    terms = [AskedTerm("rate", 1.0, (1,)), AskedTerm("chang", 1.0, (3,))]

    [found] = features(terms, [candidate("a", positions={"rate": (5,), "chang": (7,)})])

    assert found.phrase == 1.0


def test_a_heading_counts_by_the_share_of_its_own_words():
    short = only(candidate("a", header=frozenset({"downtim"}), header_length=2))
    long = only(candidate("b", header=frozenset({"downtim"}), header_length=8))

    assert (short.heading, long.heading) == (0.5, 0.125)
    assert only(candidate("c", header_length=0)).heading == 0.0


def test_the_window_holds_the_most_of_the_question_within_thirty_places():
    near = only(candidate("a", positions={"zero": (1, 100), "downtim": (120,), "migrat": (125,)}))
    far = only(candidate("b", positions={"zero": (1,), "downtim": (50,), "migrat": (90,)}))

    assert (near.window, far.window) == (1.0, 0.5)


def test_the_chunks_beside_a_candidate_lend_it_their_score():
    beside = [candidate("a", 0.2, document=1, chunk_index=4), candidate("b", 0.9, document=1, chunk_index=5)]
    elsewhere = candidate("c", 0.8, document=2, chunk_index=3)

    found = features(TERMS, [*beside, elsewhere])

    assert [one.neighbour for one in found] == [0.9, 0.2, 0.0]


def test_equal_candidates_keep_the_fused_order_and_better_words_turn_it():
    plain = [candidate("a"), candidate("b"), candidate("c")]
    assert [one.key for one, _ in feature_order(TERMS, plain)] == ["a", "b", "c"]

    phrase = candidate("d", 0.45, positions={"zero": (1,), "downtim": (2,), "migrat": (3,)})
    assert next(one.key for one, _ in feature_order(TERMS, [*plain, phrase])) == "d"


@given(
    st.lists(
        st.builds(
            Candidate,
            key=st.uuids(),
            score=st.floats(0, 1),
            positions=st.dictionaries(
                st.sampled_from(["zero", "downtim", "migrat", "other"]),
                st.lists(st.integers(1, 400), min_size=1, max_size=5, unique=True).map(sorted).map(tuple),
            ),
            length=st.integers(0, 300),
        ),
        max_size=20,
        unique_by=lambda one: one.key,
    )
)
def test_reranking_loses_and_invents_nothing_and_each_feature_stays_in_its_range(found):
    ranked = feature_order(TERMS, found)

    assert sorted(str(one.key) for one, _ in ranked) == sorted(str(one.key) for one in found)
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)
    for one in features(TERMS, found):
        for value in (one.coverage, one.heading, one.phrase, one.proximity, one.window, one.neighbour):
            assert 0 <= value <= 1 + 1e-9


def test_a_question_without_an_indexed_word_changes_nothing():
    unknown = [AskedTerm("xyzzy", 0.0, (1,)), AskedTerm("plugh", 0.0, (2,))]

    assert [one.key for one, _ in feature_order(unknown, [candidate("a", 0.5), candidate("b", 0.4)])] == ["a", "b"]


def test_what_repeats_the_first_goes_behind_what_does_not():
    found = [candidate("a", 1.0), candidate("copy of a", 0.95), candidate("b", 0.6), candidate("c", 0.0)]
    alike = {("copy of a", "a"): 0.99, ("a", "copy of a"): 0.99}

    assert [one.key for one, _ in diverse_order(found, alike, relevance_share=0.6)] == ["a", "b", "copy of a", "c"]
    assert [one.key for one, _ in diverse_order(found, alike, relevance_share=1.0)] == ["a", "copy of a", "b", "c"]


@pytest.mark.parametrize(("limits", "expected"), [({"per_section": 2}, "abdec"), ({"per_document": 1}, "adebc")])
def test_a_section_or_document_that_had_its_share_comes_after_the_others(limits, expected):
    section = {"document": 1, "heading_path": ("A",)}
    found = [candidate(key, 1 - place / 10, **section) for place, key in enumerate("abc")]
    found += [candidate("d", 0.5, document=2), candidate("e", 0.4, document=3)]

    ranked = diverse_order(found, {}, relevance_share=1.0, **limits)

    assert "".join(str(one.key) for one, _ in ranked) == expected
    assert [score for _, score in ranked] == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
