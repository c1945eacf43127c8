"""A deterministic embedding model made of word hashes: no weights, no network, the same everywhere.

Texts that share words get near vectors; there is no meaning in it beyond that. It serves tests and machines for which
no local model is built.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from resume_pipeline.embedding.base import Vectors

WORD = re.compile(r"\w+")


class HashingEmbedder:
    """Feature hashing (Weinberger et al. 2009): each word adds ±1 at a place given by its sha256."""

    batch_inputs = 512
    batch_tokens = 300_000
    max_input_tokens = 1_000_000

    def __init__(self, dimensions: int = 64) -> None:
        self.dimensions = dimensions
        self.name = f"hashing:{dimensions}"

    def embed(self, inputs: Sequence[str]) -> Vectors:
        """Rows of length 1; the zero vector's place is taken by the first axis."""
        vectors = np.zeros((len(inputs), self.dimensions), dtype=np.float32)
        for row, text in enumerate(inputs):
            for word in WORD.findall(text.lower()):
                digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
                place = int.from_bytes(digest[:4], "big") % self.dimensions
                vectors[row, place] += 1.0 if digest[4] & 1 else -1.0
            if not vectors[row].any():
                vectors[row, 0] = 1.0
        normalised: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normalised
