"""Combining two rankings of chunks into one.

Add a method here; which candidates are ranked is ``storage.search``, which weights a model has is ``retrieval``.
"""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


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
