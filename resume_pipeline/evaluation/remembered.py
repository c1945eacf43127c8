"""Embeddings of golden questions, made once for all the modes and states that they are asked in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from resume_pipeline.embedding.base import Embedder, Vectors
from resume_pipeline.retrieval.retriever import Retriever


def remembering(retriever: Retriever, questions: Sequence[str]) -> Retriever:
    """The retriever with a model that embeds these questions together, in full requests, and each of them once.

    It fails where the model does not answer: figures of hits by words alone are not those of the ranking.
    """
    load = _Loader(retriever.load_embedder, tuple(dict.fromkeys(questions)))
    return replace(retriever, load_embedder=load, falls_back=False)


@dataclass(slots=True)
class _Loader:
    load: Callable[[str], Embedder]
    questions: tuple[str, ...]
    loaded: dict[str, "_Remembering"] = field(default_factory=dict)

    def __call__(self, name: str) -> Embedder:
        if name not in self.loaded:
            self.loaded[name] = _Remembering(self.load(name), self.questions)
        return self.loaded[name]


class _Remembering:
    """An embedder that knows the vectors of some inputs; what it does not know it asks the model for."""

    def __init__(self, embedder: Embedder, questions: Sequence[str]) -> None:
        self._embedder = embedder
        self._questions = questions
        self._vectors: dict[str, Vectors] | None = None
        self.name = embedder.name
        self.dimensions = embedder.dimensions
        self.batch_inputs = embedder.batch_inputs
        self.batch_tokens = embedder.batch_tokens
        self.max_input_tokens = embedder.max_input_tokens

    def embed(self, inputs: Sequence[str]) -> Vectors:
        """One row per input, in order; the questions are embedded at the first one that is asked for."""
        if self._vectors is None and any(given in self._questions for given in inputs):
            step = self.batch_inputs
            self._vectors = {}
            for start in range(0, len(self._questions), step):
                part = self._questions[start : start + step]
                self._vectors.update(zip(part, self._embedder.embed(part), strict=True))
        known = self._vectors or {}
        if all(given in known for given in inputs):
            return np.stack([known[given] for given in inputs])
        return self._embedder.embed(inputs)
