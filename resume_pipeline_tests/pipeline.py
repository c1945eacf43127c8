"""The stages in order, as the graph runs them, with a model that remembers what it was sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from resume_pipeline.content.golden_questions import golden_questions
from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.domain.filters import make_filter
from resume_pipeline.domain.quality import QualityBar
from resume_pipeline.domain.recipe import Recipe
from resume_pipeline.embedding.base import CANARY_TEXT, Embedder, Vectors
from resume_pipeline.embedding.hashed import HashingEmbedder
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.evaluation.states import EvaluationReport, evaluate_candidate
from resume_pipeline.ingestion.chunks import chunk_documents
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.embeddings import embed_chunks
from resume_pipeline.ingestion.indexing import build_vector_index
from resume_pipeline.ingestion.lexical_index import build_lexical_index
from resume_pipeline.ingestion.planning import plan_ingestion
from resume_pipeline.ingestion.publishing import publish, roll_back
from resume_pipeline.ingestion.quality import QualityDemand
from resume_pipeline.ingestion.reading import ContentRoot
from resume_pipeline.ingestion.reports import (
    ChunksReport,
    DocumentsReport,
    EmbeddingsReport,
    IndexReport,
    PlanReport,
    PublishReport,
)
from resume_pipeline.ingestion.writing import stepping, writing
from resume_pipeline.retrieval.retriever import Hit, Retriever, SearchMode
from resume_pipeline.storage.chunks import LiveChunk, live_chunks
from resume_pipeline.storage.engine import Engine, Sessions, make_sessions
from resume_pipeline.storage.generations import live_generation

RANKING = "as the tests rank"


class CountingEmbedder(HashingEmbedder):
    """The hashing model, remembering its inputs (without the canary)."""

    def __init__(self, dimensions: int = 64) -> None:
        super().__init__(dimensions)
        self.inputs: list[str] = []

    def embed(self, inputs: Sequence[str]) -> Vectors:
        self.inputs += [given for given in inputs if given != CANARY_TEXT]
        return super().embed(inputs)


@dataclass
class Run:
    """The reports of one run."""

    documents: DocumentsReport
    chunks: ChunksReport
    embeddings: EmbeddingsReport
    index: IndexReport
    published: PublishReport


@dataclass
class Pipeline:
    """Runs and plans over one database and one content root."""

    engine: Engine
    content: Path
    embedder: Embedder
    limits: ChunkLimits = field(default_factory=ChunkLimits)
    index_kind: str = "auto"
    max_file_bytes: int = 10_000_000
    bar: QualityBar = field(default_factory=lambda: QualityBar(min_hit_at_5=0.8, max_drop=0.05))

    @property
    def sessions(self) -> Sessions:
        return make_sessions(self.engine)

    @property
    def root(self) -> ContentRoot:
        return ContentRoot(self.content, self.max_file_bytes, Recipe(self.limits))

    def run(self, *, confirm_deletions: bool = False, deadline_seconds: float | None = None) -> Run:
        with writing(self.engine, timeout_seconds=10) as sessions:
            documents = record_documents(sessions, self.root, max_loss_share=0.25, confirm_deletions=confirm_deletions)
            chunks = chunk_documents(sessions, load_token_counter())
            embeddings = embed_chunks(sessions, self.embedder, deadline_seconds=deadline_seconds)
            index = build_vector_index(
                sessions, self.embedder.name, kind=self.index_kind, exact_limit=20_000, recall_target=0.95
            )
            build_lexical_index(sessions, "english")
            self.evaluate(sessions)
            published = publish(sessions, self.embedder.name, min_coverage=0.9, quality=self.quality)
        return Run(documents, chunks, embeddings, index, published)

    @property
    def retriever(self) -> Retriever:
        return Retriever(self.sessions, lambda _: self.embedder)

    @property
    def quality(self) -> QualityDemand:
        file = golden_questions(self.content)
        return QualityDemand(self.bar, file.sha256 if file is not None else None, RANKING)

    def evaluate(self, sessions: Sessions, *, accept_lower_quality: bool = False) -> EvaluationReport:
        return evaluate_candidate(
            sessions,
            self.retriever,
            self.embedder.name,
            golden_questions(self.content),
            ranking=RANKING,
            bar=self.bar,
            accept_lower_quality=accept_lower_quality,
        )

    def plan(self) -> PlanReport:
        return plan_ingestion(self.engine, self.root, self.embedder, load_token_counter(), max_loss_share=0.25)

    def roll_back(self, target: int | None = None) -> int:
        with stepping(self.engine) as sessions:
            return roll_back(sessions, target)[1].generation

    def publish_forward(self) -> PublishReport:
        with writing(self.engine, timeout_seconds=10) as sessions:
            self.evaluate(sessions)
            return publish(sessions, self.embedder.name, min_coverage=0.9, quality=self.quality, forward=True)

    def live(self) -> list[LiveChunk]:
        """Every chunk visitors see."""
        with self.sessions() as session:
            live = live_generation(session)
            return list(live_chunks(session, live.generation)) if live is not None else []

    def live_paths(self) -> set[str]:
        return {chunk.path for chunk in self.live()}

    def live_text(self) -> str:
        return "\n".join(chunk.text for chunk in self.live())

    def search(self, question: str, limit: int = 5, mode: SearchMode = "hybrid", **filters: str) -> list[Hit]:
        narrowed = [make_filter(key, value) for key, value in filters.items()]
        return self.retriever.search(question, limit=limit, mode=mode, filters=narrowed).hits

    def write(self, path: str, body: str) -> Path:
        """Write a source file."""
        file = self.content / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, encoding="utf-8")
        return file

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database in plain SQL, past everything of ours."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]


def long_text(paragraphs: int, *, seed: str = "") -> str:
    """Paragraphs of about 60 words, each unlike the others."""
    words = "index vector query latency shard replica commit planner cursor segment lexeme posting tuple page".split()
    lines = []
    for number in range(paragraphs):
        chosen = [words[(number * 7 + place * (number % 5 + 1)) % len(words)] for place in range(52)]
        lines.append(f"Paragraph {number} {seed} says: " + " ".join(chosen) + f", measured {number * 37 % 101} times.")
    return "\n\n".join(lines)
