"""Weighing what a search found: the features of ``domain.evidence`` for a question and its hits.

Lexemes come from Postgres, similarities from the local static embeddings, whatever model the search uses: the bar was
measured with them. Where they cannot be loaded, the lexical features decide alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from resume_pipeline.domain.evidence import Features, Similarities
from resume_pipeline.domain.question_cues import cues_met
from resume_pipeline.domain.sentences import Sentence, sentences
from resume_pipeline.domain.stop_words import STOP_WORDS
from resume_pipeline.embedding.base import Embedder, Vectors
from resume_pipeline.retrieval.hits import Hit, SearchResult

LOOKED_AT = 5
"""Hits whose words count; the similarities of words look at the first three."""
WINDOW = 3
"""Sentences that may answer together."""
_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")

LexemesOf = Callable[[Sequence[str]], list[frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A hit with its sentences, their lexemes, and those of its title and headings."""

    hit: Hit
    sentences: tuple[Sentence, ...]
    lexemes: tuple[frozenset[str], ...]
    header: frozenset[str]


def weigh(hits: Sequence[Hit], lexemes_of: LexemesOf) -> list[Weighed]:
    """The hits with their sentences and lexemes; Postgres is asked once."""
    cut = [tuple(sentences(hit.content)) for hit in hits]
    texts = [_header(hit) for hit in hits] + [sentence.text for found in cut for sentence in found]
    lexemes = lexemes_of(texts)
    weighed, place = [], len(hits)
    for number, (hit, found) in enumerate(zip(hits, cut, strict=True)):
        weighed.append(Weighed(hit, found, tuple(lexemes[place : place + len(found)]), lexemes[number]))
        place += len(found)
    return weighed


def features(question: str, result: SearchResult, weighed: Sequence[Weighed], embedder: Embedder | None) -> Features:
    """What is known about how well the hits (at least one) answer the question."""
    idf = {term.lexeme: term.idf for term in result.terms}
    total = sum(idf.values()) or 1.0

    def share(found: frozenset[str]) -> float:
        return sum(weight for lexeme, weight in idf.items() if lexeme in found) / total

    first = weighed[0]
    scores = [hit.lexical_score or 0.0 for hit in result.hits[:2]] + [0.0]
    fused = [hit.score for hit in result.hits[:2]] + [0.0]
    windows = [frozenset().union(*first.lexemes[at : at + WINDOW]) for at in range(len(first.lexemes))]
    return Features(
        coverage=max(share(one.header.union(*one.lexemes)) for one in weighed[:LOOKED_AT]),
        window=max(map(share, windows), default=0.0),
        unknown=sum(idf.get(lexeme, 0.0) for lexeme in result.unknown) / total,
        lead=(scores[0] - scores[1]) / max(1.0, scores[0]),
        fused_lead=fused[0] - fused[1],
        cues=float(cues_met(question, first.hit.content)),
        words=float(len(idf)),
        similarities=similarities(question, idf, weighed, embedder) if embedder is not None else None,
    )


def similarities(
    question: str, idf: Mapping[str, float], weighed: Sequence[Weighed], embedder: Embedder
) -> Similarities:
    """The features that need vectors."""
    first = weighed[0]
    asked = words(question)
    content = [word for word in dict.fromkeys(asked) if word not in STOP_WORDS] or asked[:1] or [question]
    texts = [sentence.text for sentence in first.sentences] or [first.hit.content]
    windows = [" ".join(texts[at : at + WINDOW]) for at in range(len(texts))]
    vectors = embedder.embed([question, " ".join(content), " ".join(texts), _header(first.hit), *windows])
    near = [_header(one.hit) + " " + one.hit.content for one in weighed[:3]]
    soft = _SoftWords(embedder, [content, *map(words, near), *map(words, texts)], idf)
    header = set(words(_header(first.hit)))
    rest = [word for word in content if word not in header]
    return Similarities(
        passage=float(vectors[0] @ vectors[2]),
        window=float((vectors[4:] @ vectors[1]).max()),
        header=float(vectors[0] @ vectors[3]),
        words=max(soft.share(content, words(text)) for text in near),
        beyond=max(soft.share(rest, words(text)) for text in texts) if rest else 1.0,
    )


def words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return [match.lower() for match in _WORD.findall(text)]


class _SoftWords:
    """Words and their vectors, each embedded once."""

    def __init__(self, embedder: Embedder, texts: Sequence[Sequence[str]], idf: Mapping[str, float]) -> None:
        known = sorted({word for text in texts for word in text})
        self._place = {word: place for place, word in enumerate(known)}
        self._vectors: Vectors = embedder.embed(known)
        self._idf = idf

    def share(self, asked: Sequence[str], found: Sequence[str]) -> float:
        """How near the asked words have their nearest among those found, weighted by how rare they are."""
        rows = [self._place[word] for word in dict.fromkeys(found) if word not in STOP_WORDS]
        if not rows:
            return 0.0
        cosines = self._vectors[[self._place[word] for word in asked]] @ self._vectors[rows].T
        weights = np.array([self._weight(word) for word in asked])
        return float((cosines.max(axis=1).clip(0.0, 1.0) * weights).sum() / weights.sum())

    def _weight(self, word: str) -> float:
        # A lexeme is a stem, so nearly always a beginning of its word.
        for lexeme, idf in self._idf.items():
            if word.startswith(lexeme[: max(3, len(lexeme) - 1)]) or lexeme.startswith(word):
                return max(idf, 0.1)
        return 0.5


def _header(hit: Hit) -> str:
    return " ".join([hit.title, *hit.heading_path])
