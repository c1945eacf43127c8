"""Combining two rankings of chunks into one.

Add a method here; which candidates are ranked is ``storage.search``, which weights a model has is ``retrieval``.
"""

from collections.abc import Hashable, Mapping
from typing import Literal, TypeVar

Key = TypeVar("Key", bound=Hashable)
FusionMethod = Literal["convex", "rrf"]
RRF_K = 60
"""Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion Outperforms Condorcet" (2009)."""


def min_max(scores: Mapping[Key, float]) -> dict[Key, float]:
    """Scores moved to 0 (the worst of them) … 1 (the best); all 1 when they are equal."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    span = high - low
    return {key: (score - low) / span if span > 0 else 1.0 for key, score in scores.items()}


def convex_combination(
    vector: Mapping[Key, float], lexical: Mapping[Key, float], *, vector_weight: float
) -> dict[Key, float]:
    """``w`` × normalised vector score + (1 - ``w``) × normalised lexical score; what one side lacks counts 0 there.

    Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (2023): it beats reciprocal rank
    fusion and needs one parameter, which belongs to the embedding model.
    """
    v, lex = min_max(vector), min_max(lexical)
    return {
        key: vector_weight * v.get(key, 0.0) + (1 - vector_weight) * lex.get(key, 0.0) for key in v.keys() | lex.keys()
    }


def reciprocal_rank_fusion(
    vector: Mapping[Key, float], lexical: Mapping[Key, float], *, vector_weight: float, k: int = RRF_K
) -> dict[Key, float]:
    """``w`` / (k + vector rank) + (1 - ``w``) / (k + lexical rank), ranks from 1; what one side lacks counts 0 there.

    It needs no scores that compare, and gives up what they say. With ``w`` 0.5 it is Cormack's formula, halved. Equal
    scores rank in the order they come.
    """
    fused: dict[Key, float] = {}
    for scores, weight in ((vector, vector_weight), (lexical, 1 - vector_weight)):
        ranked = sorted(scores, key=lambda key: -scores[key])
        for rank, key in enumerate(ranked, start=1):
            fused[key] = fused.get(key, 0.0) + weight / (k + rank)
    return fused


def fuse(
    method: FusionMethod, vector: Mapping[Key, float], lexical: Mapping[Key, float], *, vector_weight: float
) -> dict[Key, float]:
    """One score for each key of either side, by the method asked for."""
    combine = reciprocal_rank_fusion if method == "rrf" else convex_combination
    return combine(vector, lexical, vector_weight=vector_weight)
