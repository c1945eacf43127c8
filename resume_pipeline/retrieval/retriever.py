"""The retriever: question in, hits out, always from one generation and with vectors of that generation's model."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from resume_pipeline.domain.fusion import convex_combination
from resume_pipeline.embedding.base import Embedder, require_same_space
from resume_pipeline.errors import PublishError
from resume_pipeline.storage.embedding_models import find_model
from resume_pipeline.storage.engine import Session, Sessions, driver_errors
from resume_pipeline.storage.generations import GenerationRecord, live_generation
from resume_pipeline.storage.search import lexical_candidates, load_passages, vector_candidates
from resume_pipeline.storage.vector_index import vector_text

SearchMode = Literal["hybrid", "vector", "lexical"]
CANDIDATES = 100
VECTOR_WEIGHT = 0.3
"""With the local model the lexical side is the strong one (design facts in docs/decisions.md)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: where it stands, its text, and its scores (of a side that did not find it: None).

    ``score`` orders the hits and compares within one search only. ``vector_score`` is a cosine similarity.
    """

    path: str
    chunk_index: int
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    content: str
    score: float
    vector_score: float | None
    lexical_score: float | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, with the generation they are from and the time it took."""

    hits: list[Hit]
    generation: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Retriever:
    """Searches the live generation. ``load_embedder`` gives the model of a name; it is asked for the generation's."""

    sessions: Sessions
    load_embedder: Callable[[str], Embedder]
    proven: set[str] = field(default_factory=set)
    """Models whose canary was compared."""

    def search(
        self,
        question: str,
        *,
        limit: int = 5,
        mode: SearchMode = "hybrid",
        filters: Mapping[str, str] | None = None,
    ) -> SearchResult:
        """The ``limit`` best passages for a question; fewer only when fewer are live and match the filters.

        Raises:
            PublishError: nothing is published yet.
            EmbeddingSpaceError: the model of the live generation is no longer the one that made its vectors.
            DatabaseUnavailableError: Postgres cannot be reached.
        """
        started = time.perf_counter()
        with driver_errors(), self.sessions() as session:
            live = live_generation(session)
            if live is None:
                raise PublishError("Nothing is published yet. Run `resume-pipeline ingest` (or `make ingest`) first.")
            hits = self._hits(session, live, question, limit, mode, filters or {})
        return SearchResult(hits, live.generation, (time.perf_counter() - started) * 1000)

    def _hits(
        self,
        session: Session,
        live: GenerationRecord,
        question: str,
        limit: int,
        mode: SearchMode,
        filters: Mapping[str, str],
    ) -> list[Hit]:
        count = max(CANDIDATES, limit)
        vector: dict[uuid.UUID, float] = {}
        lexical: dict[uuid.UUID, float] = {}
        if mode != "lexical":
            vector = self._vector(session, live, question, count, filters)
        if mode != "vector":
            lexical = dict(
                lexical_candidates(session, question=question, generation=live.generation, count=count, filters=filters)
            )
        weight = {"hybrid": VECTOR_WEIGHT, "vector": 1.0, "lexical": 0.0}[mode]
        fused = convex_combination(vector, lexical, vector_weight=weight)
        best = sorted(fused, key=lambda id_: (-fused[id_], id_))[:limit]
        passages = load_passages(session, best, live.generation, filters)
        return [
            Hit(
                path=passages[id_].path,
                chunk_index=passages[id_].chunk_index,
                heading_path=passages[id_].heading_path,
                start_line=passages[id_].start_line,
                end_line=passages[id_].end_line,
                content=passages[id_].content,
                score=fused[id_],
                vector_score=vector.get(id_),
                lexical_score=lexical.get(id_),
            )
            for id_ in best
        ]

    def _vector(
        self, session: Session, live: GenerationRecord, question: str, count: int, filters: Mapping[str, str]
    ) -> dict[uuid.UUID, float]:
        model = find_model(session, live.embedding_model)
        assert model is not None  # noqa: S101  (a foreign key holds it)
        embedder = self.load_embedder(model.name)
        if model.name not in self.proven:
            # Once per process: what was stored under this name must be from the model that answers now.
            require_same_space(embedder, model.canary)
            self.proven.add(model.name)
        query = vector_text(embedder.embed([question])[0])
        found = vector_candidates(session, model, query=query, generation=live.generation, count=count, filters=filters)
        return dict(found)
