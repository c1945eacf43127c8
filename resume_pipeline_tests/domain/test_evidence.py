"""The bar of evidence: what moves it, and which weights count."""

from dataclasses import replace

import pytest

from resume_pipeline.domain.evidence import Features, Similarities, answerable, kind_of_content
from resume_pipeline.domain.gate_weights import WEIGHTS

GOOD = Features(1.0, 1.0, 0.0, 0.6, 0.5, 1.0, 4.0, Similarities(0.7, 0.7, 0.6, 0.95, 0.9))
POOR = Features(0.2, 0.1, 0.7, 0.0, 0.0, 0.0, 3.0, Similarities(0.1, 0.1, 0.1, 0.3, 0.2))


@pytest.mark.parametrize("kind", ["portfolio", "collection"])
@pytest.mark.parametrize("measured", [True, False], ids=["vectors", "words"])
def test_good_evidence_is_above_the_bar_and_poor_below(kind, measured):
    good, poor = (one if measured else replace(one, similarities=None) for one in (GOOD, POOR))

    assert answerable(poor, kind) < 0.5 < answerable(good, kind)


def test_every_weight_is_that_of_a_feature():
    for name, weights in WEIGHTS.items():
        found = GOOD if name.endswith("vectors") else replace(GOOD, similarities=None)
        assert set(weights) - {"intercept"} == set(found.values())


def test_words_that_no_passage_has_lower_the_probability_in_a_portfolio():
    assert answerable(replace(GOOD, unknown=0.5), "portfolio") < answerable(GOOD, "portfolio")


@pytest.mark.parametrize(
    ("documents", "chunks", "with_facts", "kind"),
    [(584, 640, 0, "collection"), (22, 115, 21, "portfolio"), (1, 3, 0, "portfolio"), (600, 650, 500, "portfolio")],
)
def test_short_documents_without_front_matter_are_a_collection(documents, chunks, with_facts, kind):
    assert kind_of_content(documents, chunks, with_facts) == kind
