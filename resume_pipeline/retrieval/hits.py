"""What a search gives back: hits with their scores, and what was made of the question."""

from dataclasses import dataclass
from typing import Literal

from resume_pipeline.domain.reranking import AskedTerm
from resume_pipeline.storage.passages import Passage

SearchMode = Literal["hybrid", "vector", "lexical"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: where it stands, its text, and its scores (of a side that did not find it: None).

    ``score`` orders the hits and compares within one search only. ``vector_score`` is a cosine similarity,
    ``lexical_score`` BM25.
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
    title: str = ""
    kind: str = "body"
    document_id: int = 0


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of the question that no passage has, and the word that was looked for in its place."""

    typed: str
    used: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, with the generation they are from (0: the candidate) and the time it took.

    ``coverage`` is the share of the question's words, weighted by how rare they are, that stand in the best hit; None
    when it has none that are indexed. ``terms`` are those words as the index knows them (corrected), ``unknown`` those
    of them that no chunk has.
    """

    hits: list[Hit]
    generation: int
    milliseconds: float
    model: str = ""
    coverage: float | None = None
    corrections: tuple[Correction, ...] = ()
    notice: str | None = None
    """What whoever reads the hits should know of how they were found; None when all went as asked."""
    cause: str | None = None
    """Why that is, for whoever runs this: it may name addresses that visitors need not see."""
    terms: tuple[AskedTerm, ...] = ()
    unknown: frozenset[str] = frozenset()


def make_hit(passage: Passage, score: float, vector_score: float | None, lexical_score: float | None) -> Hit:
    """A passage with the scores that it was found by."""
    return Hit(
        path=passage.path,
        chunk_index=passage.chunk_index,
        heading_path=passage.heading_path,
        start_line=passage.start_line,
        end_line=passage.end_line,
        content=passage.content,
        score=score,
        vector_score=vector_score,
        lexical_score=lexical_score,
        title=passage.title,
        kind=passage.kind,
        document_id=passage.document_id,
    )
