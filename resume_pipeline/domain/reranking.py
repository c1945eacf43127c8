"""A second look at the best candidates: what their words' places and headings say, and how much they repeat.

Values in, order out. Which reranker is used, and those that ask a model, is ``retrieval.reranking``; the weights below
were chosen by ``make tune`` (docs/retrieval.md).
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class AskedTerm:
    """A lexeme of the question: ``idf`` is 0 when no chunk has it; ``positions`` are its places in the question."""

    lexeme: str
    idf: float
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that may become a hit.

    ``score`` is the fused score, ``positions`` the places (from 1, header first) of those asked lexemes that the chunk
    has, ``header`` those of them that stand in title or headings, ``header_length`` the number of distinct lexemes of
    title and headings, ``length`` that of the whole chunk. ``document`` and ``chunk_index`` say where it stands.
    """

    key: Hashable
    score: float
    vector_score: float | None = None
    positions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    header: frozenset[str] = frozenset()
    header_length: int = 0
    length: int = 0
    document: Hashable = None
    chunk_index: int = 0
    heading_path: tuple[str, ...] = ()
    title: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class Features:
    """What the feature reranker sees in a candidate, each about 0 … 1, and with other values: the weight of each.

    ``coverage``: share of the question's words (by idf) it has. ``heading``: share of the words of
    its title and headings that the question has. ``phrase``: neighbouring words of the question that
    stand as in the question. ``proximity``: the same words near one another, by one over their distance. ``window``:
    the largest share of the question's words within 30 places. ``neighbour``: the best fused score of the chunks before
    and after it. ``length``: ln(lexemes) / 5. ``similarity``: cosine similarity.
    A candidate that the vector side did not find is taken to be as similar as the least similar of the others.
    """

    coverage: float = 0.0
    heading: float = 0.0
    phrase: float = 0.0
    proximity: float = 0.0
    window: float = 0.0
    neighbour: float = 0.0
    length: float = 0.0
    similarity: float = 0.0


FEATURE_WEIGHTS = Features(heading=0.5, phrase=0.3, proximity=0.1, neighbour=0.1, length=0.1, similarity=0.1)

NEAR_PLACES = 8
WINDOW_PLACES = 30


def feature_order(
    terms: Sequence[AskedTerm], candidates: Sequence[Candidate], weights: Features = FEATURE_WEIGHTS
) -> list[tuple[Candidate, float]]:
    """The candidates with their fused score plus the weighted features, best first; ties keep their order."""
    scored = [
        (candidate, candidate.score + _weighted(found, weights))
        for candidate, found in zip(candidates, features(terms, candidates, weights), strict=True)
    ]
    return sorted(scored, key=lambda pair: -pair[1])


def features(
    terms: Sequence[AskedTerm], candidates: Sequence[Candidate], weights: Features | None = None
) -> list[Features]:
    """The features of each candidate, in order. With ``weights``, coverage and window that weigh nothing stay 0."""
    total = sum(term.idf for term in terms)
    covered = total if weights is None or weights.coverage else 0.0
    windowed = total if weights is None or weights.window else 0.0
    pairs = _asked_pairs(terms)
    weighed = sum(weight for *_, weight in pairs)
    fused = {(candidate.document, candidate.chunk_index): candidate.score for candidate in candidates}
    # What the vector side did not find is at most as similar as the last that it found.
    last = min((one.vector_score for one in candidates if one.vector_score is not None), default=0.0)
    found = []
    for candidate in candidates:
        places, document, index = candidate.positions, candidate.document, candidate.chunk_index
        phrase, proximity = _pairs_found(places, pairs, weighed) if weighed else (0.0, 0.0)
        found.append(
            Features(
                coverage=sum(term.idf for term in terms if term.lexeme in places) / covered if covered else 0.0,
                heading=len(candidate.header) / max(candidate.header_length, len(candidate.header), 1),
                phrase=phrase,
                proximity=proximity,
                window=_window(terms, places) / windowed if windowed else 0.0,
                neighbour=max(fused.get((document, index - 1), 0.0), fused.get((document, index + 1), 0.0)),
                length=math.log(candidate.length + 1) / 5,
                similarity=last if candidate.vector_score is None else candidate.vector_score,
            )
        )
    return found


def _weighted(found: Features, weights: Features) -> float:
    return (
        weights.coverage * found.coverage
        + weights.heading * found.heading
        + weights.phrase * found.phrase
        + weights.proximity * found.proximity
        + weights.window * found.window
        + weights.neighbour * found.neighbour
        + weights.length * found.length
        + weights.similarity * found.similarity
    )


def _asked_pairs(terms: Sequence[AskedTerm]) -> list[tuple[str, str, int, float]]:
    """(first, second, distance, the smaller idf) of words that follow one another in the question."""
    order = sorted((place, term.lexeme, term.idf) for term in terms for place in term.positions if term.idf)
    return [
        (first, second, after - before, min(idf, other))
        for (before, first, idf), (after, second, other) in pairwise(order)
        if first != second
    ]


def _pairs_found(
    places: Mapping[str, tuple[int, ...]], pairs: Sequence[tuple[str, str, int, float]], total: float
) -> tuple[float, float]:
    phrase = proximity = 0.0
    for first, second, distance, weight in pairs:
        before, after = places.get(first), places.get(second)
        if not before or not after:
            continue
        if not {place + distance for place in before}.isdisjoint(after):
            phrase += weight
        nearest = _nearest(before, after)
        if nearest <= NEAR_PLACES:
            proximity += weight / max(nearest, 1)
    return phrase / total, proximity / total


def _nearest(first: Sequence[int], second: Sequence[int]) -> int:
    """The least distance between two ascending sequences of places."""
    best = abs(first[0] - second[0])
    one = other = 0
    while one < len(first) and other < len(second):
        distance = first[one] - second[other]
        if distance < 0:
            one, distance = one + 1, -distance
        else:
            other += 1
        best = min(best, distance)
    return best


def _window(terms: Sequence[AskedTerm], places: Mapping[str, tuple[int, ...]]) -> float:
    """The largest sum of idf of distinct asked words within ``WINDOW_PLACES``."""
    idf = {term.lexeme: term.idf for term in terms}
    found = sorted((place, lexeme) for lexeme, at in places.items() if lexeme in idf for place in at)
    counts: dict[str, int] = {}
    best = current = 0.0
    start = 0
    for place, lexeme in found:
        counts[lexeme] = counts.get(lexeme, 0) + 1
        if counts[lexeme] == 1:
            current += idf[lexeme]
        while found[start][0] < place - WINDOW_PLACES:
            counts[found[start][1]] -= 1
            if not counts[found[start][1]]:
                current -= idf[found[start][1]]
            start += 1
        best = max(best, current)
    return best


def diverse_order(
    candidates: Sequence[Candidate],
    similarities: Mapping[tuple[Hashable, Hashable], float],
    *,
    relevance_share: float = 0.7,
    per_section: int = 2,
    per_document: int | None = None,
) -> list[tuple[Candidate, float]]:
    """Maximal marginal relevance: each next one is relevant and unlike those before it.

    Carbonell and Goldstein, "The Use of MMR" (1998): share × score - (1 - share) × the greatest similarity to one that
    was taken, with scores moved to 0 … 1. ``similarities`` has both orders of a pair; a pair it lacks counts 0. What
    is above ``per_section`` (one document, one heading path) or ``per_document`` comes after all others, so that no
    candidate is lost. The scores handed back are 1, 1/2, 1/3 …: marginal relevance does not compare between places.
    """
    low = min((candidate.score for candidate in candidates), default=0.0)
    span = max((candidate.score for candidate in candidates), default=0.0) - low or 1.0
    left = list(candidates)
    nearest = {candidate.key: 0.0 for candidate in left}
    taken: list[Candidate] = []
    sections: Counter[Hashable] = Counter()
    documents: Counter[Hashable] = Counter()

    def full(candidate: Candidate) -> bool:
        section = (candidate.document, candidate.heading_path)
        over = per_document is not None and documents[candidate.document] >= per_document
        return over or sections[section] >= per_section

    def marginal(candidate: Candidate) -> float:
        relevance = (candidate.score - low) / span
        return relevance_share * relevance - (1 - relevance_share) * nearest[candidate.key]

    while left:
        best = max(left, key=lambda candidate: (not full(candidate), marginal(candidate)))
        left.remove(best)
        taken.append(best)
        sections[best.document, best.heading_path] += 1
        documents[best.document] += 1
        for candidate in left:
            similarity = similarities.get((candidate.key, best.key), 0.0)
            nearest[candidate.key] = max(nearest[candidate.key], similarity)
    return [(candidate, 1 / place) for place, candidate in enumerate(taken, start=1)]
