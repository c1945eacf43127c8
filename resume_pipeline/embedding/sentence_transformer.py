"""``sentence-transformers:`` models: any model of that library, in this process; an optional extra.

The library brings PyTorch, so it is imported here alone and only when such a model is asked for.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from resume_pipeline.embedding.base import Vectors, checked
from resume_pipeline.errors import ConfigurationError, EmbeddingError

SPECIAL_TOKENS = 2
"""A BERT model adds one before and one after."""


class SentenceTransformerEmbedder:
    """``sentence-transformers:NAME``: a model of the Hugging Face hub, or the path of a folder that holds one."""

    batch_inputs = 256
    batch_tokens = 100_000

    def __init__(self, model: str) -> None:
        """Load the model; the first time it may be fetched from the hub.

        Raises:
            ConfigurationError: the library is not installed, or no model is named.
            EmbeddingError: the model cannot be loaded.
        """
        if not model:
            raise ConfigurationError(
                "RESUME_EMBEDDING_MODEL: sentence-transformers: needs a model, as in "
                "sentence-transformers:all-MiniLM-L6-v2."
            )
        try:
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415  (an extra; seconds to import)
        except ImportError as error:
            raise ConfigurationError(
                f"sentence-transformers:{model} needs the package sentence-transformers, which is not installed "
                f"({error}). Install it with `.venv/bin/python -m pip install -e '.[sentence-transformers]'`, or set "
                "RESUME_EMBEDDING_MODEL to another embedder."
            ) from error
        try:
            self._model: Any = SentenceTransformer(model)
        except (OSError, ValueError, RuntimeError) as error:
            raise EmbeddingError(
                f"The model {model!r} cannot be loaded by sentence-transformers: {error}. Check its name, or whether "
                "the hub can be reached."
            ) from error
        self.name = f"sentence-transformers:{model}"

    @cached_property
    def dimensions(self) -> int:
        """Numbers in one vector."""
        return int(self._model.encode(["probe"], convert_to_numpy=True).shape[1])

    @property
    def max_input_tokens(self) -> int:
        """Tokens the model reads; what is longer it would cut without a word, so it is not sent."""
        longest = getattr(self._model, "max_seq_length", None)
        return int(longest) - SPECIAL_TOKENS if longest else 8191

    def embed(self, inputs: Sequence[str]) -> Vectors:
        """Rows of length 1, in order."""
        if not inputs:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        rows = self._model.encode(
            list(inputs), convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        vectors: Vectors = np.ascontiguousarray(rows, dtype=np.float32)
        return checked(vectors, inputs=len(inputs), dimensions=self.dimensions, model=self.name)
