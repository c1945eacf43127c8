"""Vectors of the served models: the local model's, brought to the model's dimensions by a fixed isometry.

Cosines are those of the local model, so retrieval works. Each model has an isometry of its own: vectors of two models
cannot be compared, as with real ones.
"""

import hashlib
import threading
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.registry import load_embedder

DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "other-model": 384,
}
"""The served models; the last stands for any model of another server, whose dimensions only a probe can tell."""

SHORTENABLE = {"text-embedding-3-small", "text-embedding-3-large"}
USD_PER_MILLION = {
    "text-embedding-3-small": 0.02,
    "text-embedding-3-large": 0.13,
    "text-embedding-ada-002": 0.10,
    "other-model": 0.0,
}

SOURCES = {"wordllama": "local:wordllama-256", "hashing": "hashing:256"}
LOCK = threading.Lock()


@lru_cache(maxsize=2)
def _source(kind: str) -> Embedder:
    return load_embedder(SOURCES[kind])


@lru_cache(maxsize=8)
def _places(model: str, edition: int, dimensions: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Where each number comes from, and its sign: shuffled copies of the source, as many as fit.

    An isometry that costs nothing, and stays one when whole copies are cut off. ``edition`` makes another model.
    """
    seed = int.from_bytes(hashlib.sha256(f"{model} {edition}".encode()).digest()[:8], "big")
    random, copies = np.random.default_rng(seed), dimensions // 256
    places = np.concatenate([random.permutation(256) for _ in range(copies)])
    return places, random.choice((-1.0, 1.0), len(places)).astype(np.float32)


def _embedded(inputs: Sequence[str], kind: str) -> NDArray[np.float32]:
    with LOCK:
        return _source(kind).embed(inputs)


def _drawn(inputs: Sequence[str]) -> NDArray[np.float32]:
    """Vectors without meaning, drawn by the text's hash: ten times cheaper, where only the traffic is looked at."""
    rows = np.empty((len(inputs), 256), dtype=np.float32)
    for row, text in zip(rows, inputs):
        words = np.frombuffer(hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(256), dtype=np.int8)
        row[:] = words + np.float32(0.5)
    normalised: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return normalised


def vectors(
    inputs: Sequence[str], *, model: str, dimensions: int | None, edition: int = 0, kind: str = "wordllama"
) -> NDArray[np.float32]:
    """Shape (inputs, dimensions), rows of length 1; shortened by cutting, as the real models are."""
    source = _drawn(inputs) if kind == "drawn" else _embedded(inputs, kind)
    places, signs = _places(model, edition, DIMENSIONS[model])
    full = np.zeros((len(inputs), DIMENSIONS[model]), dtype=np.float32)
    full[:, : len(places)] = source[:, places] * signs
    full = full[:, :dimensions]
    return np.ascontiguousarray(full / np.linalg.norm(full, axis=1, keepdims=True), dtype="<f4")
