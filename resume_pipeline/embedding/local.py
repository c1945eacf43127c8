"""The local default model: wordllama's static embeddings, from its wheel, without network.

Only what this one model needs is here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from resume_pipeline.embedding.base import Vectors, checked
from resume_pipeline.errors import EmbeddingError

MAX_CHARACTERS = 40_000
"""No chunk comes near it; a question of that size is cut, since the mean of so many words says nothing anyway."""

BATCH_TEXTS = 32


class WordLlamaEmbedder:
    """``local:wordllama-256``: 256 dimensions, about 250,000 tokens a second on one core."""

    name = "local:wordllama-256"
    dimensions = 256
    batch_inputs = 1024
    batch_tokens = 300_000
    max_input_tokens = 1_000_000

    def __init__(self) -> None:
        try:
            import wordllama  # noqa: PLC0415  (not on every platform)

            # Its loader looks for the weights in the wrong folder of its own package unless told which.
            self._model: Any = wordllama.WordLlama.load(
                cache_dir=Path(wordllama.__file__).parent, dim=self.dimensions, disable_download=True
            )
            # The tokenizer keeps whole texts in a cache of ten thousand, some 100 MB that are never used again.
            self._model.tokenizer.model._resize_cache(1)
        except (AttributeError, ImportError, OSError, ValueError) as error:
            raise EmbeddingError(
                f"The local embedding model cannot be loaded ({error}). The package wordllama has no wheel for Linux "
                "on aarch64; set RESUME_EMBEDDING_MODEL to another embedder there, for example hashing:256."
            ) from error

    def embed(self, inputs: Sequence[str]) -> Vectors:
        """Rows of length 1; an input without a known token gets the zero vector's stand-in, the first axis."""
        cut = [text[:MAX_CHARACTERS] or " " for text in inputs]
        # The model pads a batch to its longest text: like lengths together save time, small batches save memory.
        order = sorted(range(len(cut)), key=lambda place: len(cut[place]))
        raw = np.empty((len(cut), self.dimensions), dtype=np.float32)
        raw[order] = self._model.embed([cut[place] for place in order], norm=False, batch_size=BATCH_TEXTS)
        # The mean over no tokens is NaN; such an input carries no meaning, and any fixed unit vector says so.
        empty = ~np.isfinite(raw).all(axis=1) | ~raw.any(axis=1)
        raw[empty] = 0.0
        raw[empty, 0] = 1.0
        vectors = raw / np.linalg.norm(raw, axis=1, keepdims=True)
        return checked(vectors, inputs=len(inputs), dimensions=self.dimensions, model=self.name)
