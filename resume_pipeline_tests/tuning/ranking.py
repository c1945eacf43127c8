"""Ranking with any setting over an exported index; fusion, spelling and rerankers are the project's own code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from resume_pipeline.domain.fusion import FusionMethod, fuse
from resume_pipeline.domain.reranking import (
    FEATURE_WEIGHTS,
    AskedTerm,
    Candidate,
    Features,
    diverse_order,
    feature_order,
)
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.retrieval.retriever import CANDIDATES
from resume_pipeline.retrieval.spelling import allowed_edits, correct
from resume_pipeline_tests.tuning.export import Exported

RERANKED = 30


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every setting that the tables vary; the defaults are the project's."""

    header: float = 2
    k1: float = 0.9
    b: float = 0.6
    vector_weight: float = 0.3
    candidates: int = CANDIDATES
    fusion: FusionMethod = "convex"
    reranker: str = "feature"
    weights: Features = FEATURE_WEIGHTS
    spelling: bool = True


@dataclass
class Searcher:
    """Ranks the questions of a set over its exported index."""

    exported: Exported
    questions: Sequence[str]
    embedder: Embedder
    corrected: dict[str, str | None] = field(default_factory=dict)

    @cached_property
    def similarities(self) -> np.ndarray:
        return self.embedder.embed(list(self.questions)) @ self.exported.vectors.T

    @cached_property
    def lexemes(self) -> list[dict[str, tuple[int, ...]]]:
        return self.exported.lexemes(self.questions)

    def rankings(self, ranking: Ranking) -> list[list[int]]:
        """Chunk numbers for each question, best first."""
        norm = self._length_norm(ranking)
        return [self._rank(number, ranking, norm) for number in range(len(self.questions))]

    def _length_norm(self, ranking: Ranking) -> np.ndarray:
        lengths = self.exported.body_lengths + ranking.header * self.exported.header_lengths
        return ranking.k1 * (1 - ranking.b + ranking.b * lengths / lengths.mean())

    def _rank(self, number: int, ranking: Ranking, norm: np.ndarray) -> list[int]:
        asked = self._spelt(self.lexemes[number]) if ranking.spelling else self.lexemes[number]
        bm25 = np.zeros(len(self.exported.chunks))
        for lexeme in asked:
            if lexeme in self.exported.terms:
                term = self.exported.terms[lexeme]
                frequency = term.body + ranking.header * term.header
                weight = frequency * (ranking.k1 + 1) / (frequency + norm[term.chunks])
                bm25[term.chunks] += self.exported.idf(lexeme) * weight
        similar = self.similarities[number]
        lexical = best_of(bm25, ranking.candidates) if ranking.vector_weight < 1 else {}
        vector = best_of(similar, ranking.candidates) if ranking.vector_weight > 0 else {}
        lexical = {chunk: score for chunk, score in lexical.items() if score > 0}
        fused = fuse(ranking.fusion, vector, lexical, vector_weight=ranking.vector_weight)
        order = sorted(fused, key=lambda chunk: (-fused[chunk], chunk))
        if ranking.reranker == "none":
            return order
        return self._reranked(order, fused, vector, asked, ranking)

    def _reranked(
        self,
        order: list[int],
        fused: dict[int, float],
        vector: dict[int, float],
        asked: dict[str, tuple[int, ...]],
        ranking: Ranking,
    ) -> list[int]:
        terms = [AskedTerm(lexeme, self.exported.idf(lexeme), places) for lexeme, places in asked.items()]
        found = [self._candidate(chunk, fused[chunk], vector.get(chunk), asked) for chunk in order[:RERANKED]]
        ranked = feature_order(terms, found, ranking.weights)
        if ranking.reranker == "mmr":
            vectors = self.exported.vectors
            pairs = {(a, b): float(vectors[a] @ vectors[b]) for a in order[:RERANKED] for b in order[:RERANKED]}
            ranked = diverse_order([_with_score(candidate, score) for candidate, score in ranked], pairs)
        return [int(str(candidate.key)) for candidate, _ in ranked] + order[RERANKED:]

    def _candidate(
        self, chunk: int, score: float, similarity: float | None, asked: dict[str, tuple[int, ...]]
    ) -> Candidate:
        own = self.exported.chunks[chunk]
        return Candidate(
            key=chunk,
            score=score,
            vector_score=similarity,
            positions={lexeme: own.places[lexeme] for lexeme in asked if lexeme in own.places},
            header=frozenset(lexeme for lexeme in asked if lexeme in own.header),
            header_length=len(own.header),
            length=len(own.places),
            document=own.path,
            chunk_index=own.chunk_index,
            heading_path=own.heading_path,
        )

    def _spelt(self, asked: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        spelt: dict[str, tuple[int, ...]] = {}
        for lexeme, places in asked.items():
            if lexeme in self.exported.terms:
                meant = lexeme
            else:
                if lexeme not in self.corrected:
                    self.corrected[lexeme] = self._correction(lexeme)
                meant = self.corrected[lexeme] or lexeme
            spelt[meant] = tuple(sorted({*spelt.get(meant, ()), *places}))
        return spelt

    def _correction(self, word: str) -> str | None:
        edits = allowed_edits(word)
        near = [
            (lexeme, len(term.chunks))
            for lexeme, term in self.exported.terms.items()
            if abs(len(lexeme) - len(word)) <= edits and (lexeme[:1] == word[:1] or lexeme[-2:] == word[-2:])
        ]
        return correct(word, near)


def best_of(scores: np.ndarray, count: int) -> dict[int, float]:
    """The best by score, ties by chunk number."""
    best = np.lexsort((np.arange(len(scores)), -scores))[:count]
    return {int(chunk): float(scores[chunk]) for chunk in best}


def _with_score(candidate: Candidate, score: float) -> Candidate:
    return Candidate(candidate.key, score, document=candidate.document, heading_path=candidate.heading_path)
