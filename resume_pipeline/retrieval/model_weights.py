"""How much the vector side counts beside the lexical one, per embedding model.

A line is measured by ``make tune`` on several kinds of questions (docs/retrieval.md) or says that it is not. How the
two sides are combined is ``domain.fusion``.
"""

VECTOR_WEIGHTS = {
    "local:wordllama-256": 0.3,  # measured: 0.3 to 0.4 are alike; static embeddings know words, not sentences
    "hashing:": 0.1,  # hashed words: close to a weaker lexical side, so it hardly adds anything
    "openai:": 0.5,  # not measured: transformers about equal BM25 outside their training domain (BEIR, 2021)
    "sentence-transformers:": 0.5,  # not measured; as above
}
"""By the model's name, or by the beginning of it; the longest match counts."""

DEFAULT_VECTOR_WEIGHT = 0.5
"""For a model nobody measured: no side is preferred."""


def vector_weight(model: str) -> float:
    """The weight of a model's similarities in the fused score, from 0 (lexical alone) to 1."""
    known = [name for name in VECTOR_WEIGHTS if model.startswith(name)]
    return VECTOR_WEIGHTS[max(known, key=len)] if known else DEFAULT_VECTOR_WEIGHT
