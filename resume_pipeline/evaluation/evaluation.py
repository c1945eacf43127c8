"""Asking golden questions of one state of the index, mode by mode, and what they found.

Nothing is stored here; which states are asked for a publish, and what is kept, is ``evaluation.states``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from resume_pipeline.domain.question import parse_question
from resume_pipeline.domain.ranking_metrics import (
    DEPTH,
    Judged,
    RankingFigures,
    Relevant,
    folded,
    judge_ranking,
    ranking_figures,
)
from resume_pipeline.evaluation.questions import GoldenQuestion
from resume_pipeline.evaluation.remembered import remembering
from resume_pipeline.retrieval.retriever import Hit, Retriever, SearchMode
from resume_pipeline.storage.visibility import SearchScope

Progress = Callable[[str, int, int], None]
"""Told (stage, searches done, searches in all) after every question."""

STAGE = "retrieval_evaluation"
DEFAULT_MODE: SearchMode = "hybrid"
MODES: tuple[SearchMode, ...] = get_args(SearchMode)
WANTED_RANK = 5
"""A question is a failure when no relevant passage is among the first five: as many as a search shows."""
MAX_SPAN_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A hit as a failure names it."""

    path: str
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    score: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A question without a relevant passage among five hits: what was expected, what came first instead.

    ``rank`` is that of the first relevant hit (6 to 10), None when there is none. Long spans are shortened.
    """

    id: str
    line: int
    question: str
    expected: tuple[Relevant, ...]
    found: tuple[FoundPassage, ...]
    rank: int | None


@dataclass(frozen=True, slots=True)
class ModeEvaluation:
    """What one mode of search found; ``ranks`` of the first relevant hit by id, of the answerable questions."""

    mode: SearchMode
    figures: RankingFigures
    ranks: dict[str, int | None]
    failures: tuple[Failure, ...]


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def ask_questions(
    retriever: Retriever,
    questions: Sequence[GoldenQuestion],
    *,
    scope: SearchScope | None,
    modes: Sequence[SearchMode] = MODES,
    progress: Progress = silent,
) -> list[ModeEvaluation]:
    """Ask every question by each mode; ``scope`` None means what is live.

    Raises:
        PublishError: nothing is live.
        EmbeddingSpaceError: the model is no longer the one that made the vectors.
    """
    total = len(questions) * len(modes)
    retriever = remembering(retriever, [parse_question(question.question).text for question in questions])
    results = []
    for number, mode in enumerate(modes):
        if questions:
            # Not counted: the first search of a process loads the model and fills caches.
            retriever.search(questions[0].question, limit=DEPTH, mode=mode, scope=scope)
        judged: list[Judged] = []
        failures: list[Failure] = []
        for question in questions:
            result = retriever.search(question.question, limit=DEPTH, mode=mode, scope=scope)
            judged.append(judge_ranking(result.hits, question.relevant, result.milliseconds))
            if _failed(judged[-1]):
                failures.append(_failure(question, result.hits, judged[-1]))
            progress(STAGE, number * len(questions) + len(judged), total)
        ranks = {q.id: one.rank for q, one in zip(questions, judged, strict=True) if one.answerable}
        results.append(ModeEvaluation(mode, ranking_figures(judged), ranks, tuple(failures)))
    return results


def _failed(judged: Judged) -> bool:
    return judged.answerable and (judged.rank is None or judged.rank > WANTED_RANK)


def _failure(question: GoldenQuestion, hits: Sequence[Hit], judged: Judged) -> Failure:
    found = (
        FoundPassage(hit.path, tuple(hit.heading_path), hit.start_line, hit.end_line, round(hit.score, 4))
        for hit in hits[:WANTED_RANK]
    )
    expected = tuple(Relevant(passage.path, _shortened(passage.text_span)) for passage in question.relevant)
    return Failure(question.id, question.line, question.question, expected, tuple(found), judged.rank)


def _shortened(span: str | None) -> str | None:
    if span is None:
        return None
    whole = folded(span)
    return whole if len(whole) <= MAX_SPAN_CHARACTERS else whole[:MAX_SPAN_CHARACTERS] + "…"
