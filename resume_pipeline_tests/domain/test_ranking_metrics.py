"""Which hits are relevant, and the figures over many questions, each worked out by hand."""

from dataclasses import dataclass

import pytest

from resume_pipeline.domain.ranking_metrics import (
    Judged,
    Relevant,
    is_relevant,
    judge_ranking,
    percentile,
    ranking_figures,
)


@dataclass(frozen=True)
class Passage:
    path: str
    content: str = "text"


@pytest.mark.parametrize(
    ("content", "span", "relevant"),
    [
        ("She kept six hens in Gdynia.", "six hens", True),
        ("six\n  hens", "six hens", True),
        ("six hens", "six\n\thens ", True),
        ("six hens", "She kept six hens in Gdynia.", True),
        ("five hens", "six hens", False),
        ("Six hens", "six hens", False),
        ("", "six hens", False),
        (" \n", "six hens", False),
        ("anything", None, True),
    ],
)
def test_a_hit_counts_when_it_holds_the_span_or_lies_within_it_white_space_folded(content, span, relevant):
    assert is_relevant(Passage("a.md", content), Relevant("a.md", span)) is relevant
    assert not is_relevant(Passage("b.md", content), Relevant("a.md", span))


def test_the_first_relevant_hit_gives_the_rank_and_each_passage_found_adds_to_the_recall():
    wanted = [Relevant("a.md", "one"), Relevant("b.md"), Relevant("c.md")]
    hits = [Passage("x.md"), Passage("a.md", "two"), Passage("b.md"), Passage("a.md", "one"), Passage("b.md")]

    judged = judge_ranking(hits, wanted, 7.0)

    assert judged == Judged(answerable=True, rank=3, recall=pytest.approx(2 / 3), milliseconds=7.0)


def test_the_eleventh_hit_is_not_looked_at():
    hits = [*(Passage(f"{n}.md") for n in range(10)), Passage("a.md")]

    assert judge_ranking(hits, [Relevant("a.md")], 1.0).rank is None
    assert judge_ranking(hits[1:], [Relevant("a.md")], 1.0).rank == 10


def test_figures_are_shares_of_the_answerable_questions_and_times_are_of_all():
    judged = [
        Judged(True, 1, 1.0, 10.0),
        Judged(True, 2, 0.5, 20.0),
        Judged(True, 6, 1.0, 30.0),
        Judged(True, None, 0.0, 40.0),
        Judged(False, None, 0.0, 500.0),
    ]

    figures = ranking_figures(judged)

    assert (figures.questions, figures.answerable) == (5, 4)
    assert (figures.hit_at_1, figures.hit_at_5, figures.hit_at_10) == (0.25, 0.5, 0.75)
    assert figures.mrr_at_10 == pytest.approx((1 + 1 / 2 + 1 / 6) / 4)
    assert figures.recall_at_10 == pytest.approx(2.5 / 4)
    assert (figures.p50_ms, figures.p95_ms) == (30.0, 500.0)


def test_without_questions_every_figure_is_a_number():
    figures = ranking_figures([])

    assert figures.questions == figures.answerable == 0
    assert figures.hit_at_5 == figures.mrr_at_10 == figures.p95_ms == 0.0


def test_a_percentile_is_the_nearest_rank():
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile([1.0], 0.95) == 1.0
