"""How good a ranking is: which hits are relevant, and hit@k, reciprocal rank, recall and latency over many questions.

Pure figures. Where questions come from is ``evaluation.questions``; whether figures suffice is ``domain.quality``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

DEPTH = 10
"""Hits looked at per question."""


@dataclass(frozen=True, slots=True)
class Relevant:
    """A passage that answers: the path of its document, and a text in it (None: anything of that document)."""

    path: str
    text_span: str | None = None


class Passage(Protocol):
    """What a search returned: a chunk of a document."""

    @property
    def path(self) -> str:
        """The path of the document."""

    @property
    def content(self) -> str:
        """The chunk's text."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's ranking among the first ten hits, and how long the search took.

    ``rank`` is that of the first relevant hit, from 1 (None: there is none), ``recall`` the share of the relevant
    passages found. ``answerable`` false means that there is nothing to find; such a question counts for latency only.
    """

    answerable: bool
    rank: int | None
    recall: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class RankingFigures:
    """Figures over all questions; the shares are of the answerable ones, and 0 when there is none."""

    questions: int
    answerable: int
    hit_at_1: float
    hit_at_5: float
    hit_at_10: float
    mrr_at_10: float
    recall_at_10: float
    p50_ms: float
    p95_ms: float


def folded(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def is_relevant(passage: Passage, relevant: Relevant) -> bool:
    """Whether a chunk of that path holds the span, or lies within it; without a span, whether the path is right."""
    if passage.path != relevant.path:
        return False
    if relevant.text_span is None:
        return True
    content, span = folded(passage.content), folded(relevant.text_span)
    return span in content or (content != "" and content in span)


def judge_ranking(hits: Sequence[Passage], relevant: Sequence[Relevant], milliseconds: float) -> Judged:
    """One question's ranking, best hit first; hits beyond the tenth do not count."""
    first: int | None = None
    found: set[int] = set()
    for rank, hit in enumerate(hits[:DEPTH], 1):
        matched = {number for number, passage in enumerate(relevant) if is_relevant(hit, passage)}
        if matched and first is None:
            first = rank
        found |= matched
    return Judged(bool(relevant), first, len(found) / len(relevant) if relevant else 0.0, milliseconds)


def ranking_figures(judged: Sequence[Judged]) -> RankingFigures:
    """Hit@k is the share of questions with a relevant hit among the first k; MRR@10 the mean of 1/rank (0: none)."""
    answerable = [one for one in judged if one.answerable]
    ranks = [one.rank for one in answerable]
    times = [one.milliseconds for one in judged]
    return RankingFigures(
        questions=len(judged),
        answerable=len(answerable),
        hit_at_1=_share(ranks, 1),
        hit_at_5=_share(ranks, 5),
        hit_at_10=_share(ranks, DEPTH),
        mrr_at_10=sum(1 / rank for rank in ranks if rank is not None) / max(len(ranks), 1),
        recall_at_10=sum(one.recall for one in answerable) / max(len(answerable), 1),
        p50_ms=percentile(times, 0.50),
        p95_ms=percentile(times, 0.95),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of the values do not exceed (nearest rank); 0 when there is none."""
    if not values:
        return 0.0
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def _share(ranks: Sequence[int | None], depth: int) -> float:
    return sum(rank is not None and rank <= depth for rank in ranks) / max(len(ranks), 1)
