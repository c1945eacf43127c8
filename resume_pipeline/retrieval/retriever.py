"""The retriever: question in, hits out, always from one state of the index and with vectors of that state's model.

What was found is ranked in three steps: each side by its own score, both fused into one order (``domain.fusion``), and
the best of that order looked at again (``retrieval.reranking``).
"""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.filters import Filter
from resume_pipeline.domain.fusion import FusionMethod, fuse
from resume_pipeline.domain.question import parse_question
from resume_pipeline.domain.reranking import Candidate
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.errors import PublishError, ResumePipelineError
from resume_pipeline.retrieval.asked_vector import AskedVector, ModelMemory
from resume_pipeline.retrieval.hits import Hit as Hit
from resume_pipeline.retrieval.hits import SearchMode as SearchMode
from resume_pipeline.retrieval.hits import SearchResult as SearchResult
from resume_pipeline.retrieval.hits import make_hit
from resume_pipeline.retrieval.model_weights import vector_weight
from resume_pipeline.retrieval.reranking import FeatureReranker, RankingTask, Reranker
from resume_pipeline.retrieval.words import Words, asked_words
from resume_pipeline.storage.embedding_models import StoredModel
from resume_pipeline.storage.engine import Session, Sessions, driver_errors
from resume_pipeline.storage.narrowing import Narrowing, narrow
from resume_pipeline.storage.passages import Passage, load_passages
from resume_pipeline.storage.search import Candidates, Wanted, find_candidates
from resume_pipeline.storage.similarity import pairwise_similarities
from resume_pipeline.storage.snapshot import Snapshot, take_snapshot
from resume_pipeline.storage.visibility import SearchScope

CANDIDATES = 50
"""Candidates of each side; 100 were no better (docs/retrieval.md)."""
WITHOUT_MODEL = "The embedding model {model} does not answer; these passages were found by their words alone."
RETRIEVAL_RECIPE = "retrieval 2"
"""Names how candidates are found; ``ranking_recipe`` names the whole."""


def ranking_recipe(fusion: FusionMethod, reranker: str) -> str:
    """How hits are found and ranked, in a line: figures of one ranking say nothing of another."""
    return f"{RETRIEVAL_RECIPE}, {fusion}, {reranker}"


@dataclass(frozen=True, slots=True)
class Retriever:
    """Searches one scope at a time. ``load_embedder`` gives the model of a name; it is asked for the scope's.

    ``fusion`` and ``reranker`` rank hybrid searches; a search by one side alone keeps that side's order.
    """

    sessions: Sessions
    load_embedder: Callable[[str], Embedder]
    fusion: FusionMethod = "convex"
    reranker: Reranker = field(default_factory=FeatureReranker)
    falls_back: bool = True
    """Whether a hybrid search goes on by words alone when the embedding model does not answer, and says so."""
    memory: ModelMemory = field(default_factory=ModelMemory)

    def search(
        self,
        question: str,
        *,
        limit: int = 5,
        mode: SearchMode = "hybrid",
        filters: Sequence[Filter] = (),
        scope: SearchScope | None = None,
    ) -> SearchResult:
        """The ``limit`` best passages for a question; fewer only when fewer are visible and match the filters.

        ``scope`` None is the live generation. Quoted phrases stand in every hit, words after a minus sign in none.

        Raises:
            PublishError: nothing is published yet.
            EmbeddingSpaceError: the model of the scope is no longer the one that made its vectors, or made none.
            EmbeddingUnavailableError, EmbeddingAccessError: the model does not answer, and the search is by vectors
                alone, or does not fall back.
            DatabaseUnavailableError: Postgres cannot be reached.
        """
        started = time.perf_counter()
        asked = parse_question(without_unsound(question))
        ahead = self.memory.ahead(self.load_embedder, asked.text, scope) if mode != "lexical" else None
        with driver_errors(), self.sessions() as session:
            seen = take_snapshot(session, scope, self.memory.known_models)
            if seen is None:
                raise PublishError("Nothing is published yet. Run `resume-pipeline ingest` (or `make ingest`) first.")
            scope, statistics = seen.scope, seen.statistics
            narrowing = narrow(session, scope, filters=filters, question=asked, statistics=statistics)
            words = asked_words(session, asked.text, statistics)
            query, failure = self._query(seen, asked.text, mode, ahead)
            model = seen.model if query is not None else None
            mode = "lexical" if failure is not None else mode
            lexemes = words.lexemes if mode != "vector" else ()
            found = find_candidates(session, Wanted(narrowing, max(CANDIDATES, limit), model, query, lexemes))
            ranking = _Ranking(session, narrowing, words, found, model)
            hits, best = self._hits(ranking, asked.text, mode, scope, limit)
        return SearchResult(
            hits=hits,
            generation=scope.generation or 0,
            milliseconds=(time.perf_counter() - started) * 1000,
            model=scope.model,
            coverage=words.coverage(frozenset(best.positions)) if best is not None else None,
            corrections=words.corrections,
            notice=None if failure is None else WITHOUT_MODEL.format(model=scope.model),
            cause=None if failure is None else str(failure),
            terms=tuple(words.terms),
            unknown=words.unknown,
        )

    def _hits(
        self, ranking: "_Ranking", question: str, mode: SearchMode, scope: SearchScope, limit: int
    ) -> tuple[list[Hit], Passage | None]:
        """The hits, and the passage of the first."""
        if mode == "hybrid":
            found = ranking.found
            scores = fuse(self.fusion, found.vector, found.lexical, vector_weight=vector_weight(scope.model))
        else:
            scores = dict(ranking.found.vector if mode == "vector" else ranking.found.lexical)
        fused = sorted(scores, key=lambda id_: (-scores[id_], id_))
        looked_at = self.reranker.candidates if mode == "hybrid" else 0
        passages = ranking.passages(fused[: max(limit, looked_at)])
        order = [(passages[id_], scores[id_]) for id_ in fused[: max(limit, looked_at)] if id_ in passages]
        if looked_at:
            first = ranking.reranked(self.reranker, question, order[:looked_at])
            least = min((score for _, score in first), default=0.0)
            order = first + [(passage, min(score, least)) for passage, score in order[looked_at:]]
        return [ranking.hit(passage, score) for passage, score in order[:limit]], order[0][0] if order else None

    def _query(
        self, seen: Snapshot, question: str, mode: SearchMode, ahead: AskedVector | None
    ) -> tuple[str | None, ResumePipelineError | None]:
        """The question's vector as text, if the mode wants one; or why a search that may do without has none."""
        if mode == "lexical":
            return None, None
        asked = self.memory.of_snapshot(self.load_embedder, question, seen, ahead)
        if asked.failure is not None and (mode == "vector" or not self.falls_back):
            raise asked.failure.with_traceback(None)
        return asked.query, asked.failure


@dataclass(frozen=True, slots=True)
class _Ranking:
    """What one search found, and the session to read more about it."""

    session: Session
    narrowing: Narrowing
    words: Words
    found: Candidates
    model: StoredModel | None

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        return load_passages(self.session, ids, self.narrowing, lexemes=self.words.names)

    def reranked(
        self, reranker: Reranker, question: str, order: Sequence[tuple[Passage, float]]
    ) -> list[tuple[Passage, float]]:
        by_key = {passage.chunk_id: passage for passage, _ in order}
        candidates = [_candidate(passage, score, self.found.vector.get(passage.chunk_id)) for passage, score in order]
        task = RankingTask(question, self.words.terms, candidates, self._similarities(list(by_key)))
        return [(by_key[candidate.key], score) for candidate, score in reranker.rerank(task)]  # type: ignore[index]

    def _similarities(self, ids: Sequence[str]) -> Callable[[], Mapping[tuple[Hashable, Hashable], float]]:
        def similarities() -> Mapping[tuple[Hashable, Hashable], float]:
            if self.model is None:
                return {}
            return {(a, b): cosine for (a, b), cosine in pairwise_similarities(self.session, self.model, ids).items()}

        return similarities

    def hit(self, passage: Passage, score: float) -> Hit:
        id_ = passage.chunk_id
        return make_hit(passage, score, self.found.vector.get(id_), self.found.lexical.get(id_))


def _candidate(passage: Passage, score: float, vector_score: float | None) -> Candidate:
    return Candidate(
        key=passage.chunk_id,
        score=score,
        vector_score=vector_score,
        positions=passage.positions,
        header=passage.header,
        header_length=passage.header_length,
        length=passage.length,
        document=passage.document_id,
        chunk_index=passage.chunk_index,
        heading_path=passage.heading_path,
        title=passage.title,
        content=passage.content,
    )
