"""Rerankers behind one interface: the best of the fused order in, a better order out.

``none``, ``feature`` (the default), ``mmr``, ``cross-encoder``, ``llm``. Add one by a class and a line in
``load_reranker``. What needs no model is computed in ``domain.reranking``.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from resume_pipeline.chat.base import ChatModel
from resume_pipeline.domain.reranking import AskedTerm, Candidate, diverse_order, feature_order
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.retrieval.cross_encoder import DEFAULT_CROSS_ENCODER, load_cross_encoder
from resume_pipeline.retrieval.listwise import listwise_order

RerankerName = Literal["none", "feature", "mmr", "cross-encoder", "llm"]
Ranked = list[tuple[Candidate, float]]


@dataclass(frozen=True, slots=True)
class RankingTask:
    """A question and what was found for it, best first.

    ``similarities`` gives the cosine similarity of each pair of candidates (in both orders); it is called only by a
    reranker that needs it.
    """

    question: str
    terms: Sequence[AskedTerm]
    candidates: Sequence[Candidate]
    similarities: Callable[[], Mapping[tuple[Hashable, Hashable], float]]


class Reranker(Protocol):
    """``rerank`` gives every candidate back once, best first, with a score that compares within this answer.

    ``candidates`` is how many of the fused order it wants to see (0: it changes nothing).
    """

    name: RerankerName
    candidates: int

    def rerank(self, task: RankingTask) -> Ranked:
        """The candidates of a task, best first."""
        ...


class FusedOrder:
    """``none``: what fusion said."""

    name: RerankerName = "none"
    candidates = 0

    def rerank(self, task: RankingTask) -> Ranked:
        """The order they came in."""
        return [(candidate, candidate.score) for candidate in task.candidates]


class FeatureReranker:
    """``feature``: headings, phrases, proximity and neighbours, in about a millisecond; no model."""

    name: RerankerName = "feature"
    candidates = 30

    def rerank(self, task: RankingTask) -> Ranked:
        """By the fused score plus the weighted features."""
        return feature_order(task.terms, task.candidates)


class DiversityReranker:
    """``mmr``: what repeats an earlier hit goes back, and no section gives a third hit before the others gave one."""

    name: RerankerName = "mmr"
    candidates = 30

    def rerank(self, task: RankingTask) -> Ranked:
        """By maximal marginal relevance over the order of the features."""
        relevant = [_scored(candidate, score) for candidate, score in feature_order(task.terms, task.candidates)]
        return diverse_order(relevant, task.similarities())


class CrossEncoderReranker:
    """``cross-encoder``: a model that reads question and passage together; needs the extra ``cross-encoder``."""

    name: RerankerName = "cross-encoder"
    candidates = 30

    def __init__(self, model: str) -> None:
        self._scores = load_cross_encoder(model)

    def rerank(self, task: RankingTask) -> Ranked:
        """By the model's score; ties keep the fused order."""
        scores = self._scores(task.question, [_readable(candidate) for candidate in task.candidates])
        ranked = zip(task.candidates, scores, strict=True)
        return sorted(ranked, key=lambda pair: -pair[1])


class ListwiseReranker:
    """``llm``: a chat model reads the passages and names them in order, within a time budget."""

    name: RerankerName = "llm"
    candidates = 20

    def __init__(self, chat: ChatModel, budget_seconds: float) -> None:
        self._chat = chat
        self._budget_seconds = budget_seconds

    def rerank(self, task: RankingTask) -> Ranked:
        """By the model's order; by the features' when it is late, fails, or names other passages than it was given."""
        fallback = feature_order(task.terms, task.candidates)
        ordered = [candidate for candidate, _ in fallback]
        order = listwise_order(
            self._chat,
            task.question,
            [_readable(candidate) for candidate in ordered],
            budget_seconds=self._budget_seconds,
        )
        if order is None:
            return fallback
        return [(ordered[index], 1 / place) for place, index in enumerate(order, start=1)]


def load_reranker(
    name: RerankerName,
    *,
    cross_encoder: str = DEFAULT_CROSS_ENCODER,
    chat: Callable[[], ChatModel] | None = None,
    budget_seconds: float = 5.0,
) -> Reranker:
    """The reranker of a name; ``chat`` makes the chat model that ``llm`` asks.

    Raises:
        ConfigurationError: it needs a package or a chat model that is not there.
    """
    match name:
        case "none":
            return FusedOrder()
        case "feature":
            return FeatureReranker()
        case "mmr":
            return DiversityReranker()
        case "cross-encoder":
            return CrossEncoderReranker(cross_encoder)
        case "llm":
            if chat is None:
                raise ConfigurationError(
                    "RESUME_RERANKER: llm asks a chat model, and none is set. Set RESUME_CHAT_MODEL, as in "
                    "openai:gpt-4o-mini, or RESUME_RERANKER=feature."
                )
            return ListwiseReranker(chat(), budget_seconds)


def _scored(candidate: Candidate, score: float) -> Candidate:
    return Candidate(
        key=candidate.key,
        score=score,
        document=candidate.document,
        chunk_index=candidate.chunk_index,
        heading_path=candidate.heading_path,
    )


def _readable(candidate: Candidate) -> str:
    """A passage as a model should read it: where it is from, then its text."""
    header = " > ".join(dict.fromkeys((candidate.title, *candidate.heading_path)))
    return f"{header}\n{candidate.content}" if header else candidate.content
