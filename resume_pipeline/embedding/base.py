"""The interface of an embedding model, and the checks every answer of one passes.

Add what holds for every model here; what only one provider needs goes into its module.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from resume_pipeline.embedding.throttle import Patience
from resume_pipeline.errors import EmbeddingError, EmbeddingSpaceError

Vectors = NDArray[np.float32]
"""Shape (inputs, dimensions), rows of length 1 unless the input has nothing the model knows."""

CANARY_TEXT = "The canary sings in C++, on a Tuesday, to 42 staff engineers in Kraków."
"""A fixed text; its vector, kept with the stored ones, proves that a name still means the same model."""

CANARY_MIN_COSINE = 0.999
"""Providers' vectors of one text differ between calls by about 1e-4; another model's by far more."""


class Embedder(Protocol):
    """A loaded embedding model. ``name`` is what its vectors are stored under, ``dimensions`` their length."""

    @property
    def name(self) -> str:
        """Provider and model with a colon between, as in ``local:wordllama-256``."""

    @property
    def dimensions(self) -> int:
        """Numbers in one vector."""

    @property
    def batch_inputs(self) -> int:
        """Inputs that one call takes at most."""

    @property
    def batch_tokens(self) -> int:
        """cl100k_base tokens that one call takes at most."""

    @property
    def max_input_tokens(self) -> int:
        """cl100k_base tokens that one input may have; a longer one is never sent."""

    def embed(self, inputs: Sequence[str]) -> Vectors:
        """One row per input, in order.

        Raises:
            EmbeddingError: the model did not answer, or answered something that is no embedding.
        """


@runtime_checkable
class RemoteEmbedder(Embedder, Protocol):
    """A model behind a network: several requests may be under way, and each may have to wait or be tried again."""

    @property
    def concurrency(self) -> int:
        """Requests that should be under way now; it changes with what the server can take."""

    @property
    def max_concurrency(self) -> int:
        """What ``concurrency`` never exceeds."""

    @property
    def patience(self) -> Patience:
        """How long one request of a run is tried, from now."""

    def embed_within(self, inputs: Sequence[str], patience: Patience) -> Vectors:
        """As ``embed``, tried again while the patience lasts; safe to call from several threads.

        Raises:
            EmbeddingInputError: these inputs are refused while others are answered.
            EmbeddingAccessError: every request is refused.
            EmbeddingUnavailableError: no sound answer came in time.
        """


def checked(vectors: Vectors, *, inputs: int, dimensions: int, model: str) -> Vectors:
    """The vectors, proven to be one finite row of the right length per input, none of zeros only.

    Raises:
        EmbeddingError: they are not.
    """
    if vectors.shape != (inputs, dimensions):
        raise EmbeddingError(
            f"{model} answered {inputs} inputs with vectors of shape {vectors.shape}, expected ({inputs}, "
            f"{dimensions}). Nothing of this answer was stored."
        )
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise EmbeddingError(
            f"{model} answered input {int(np.argmin(finite))} of {inputs} with numbers that are not finite. "
            "Nothing of this answer was stored."
        )
    if not vectors.any(axis=1).all():
        raise EmbeddingError(
            f"{model} answered input {int(np.argmin(vectors.any(axis=1)))} of {inputs} with zeros only, which is near "
            "to nothing. Nothing of this answer was stored."
        )
    return vectors


def canary(embedder: Embedder) -> Vectors:
    """The model's vector of the canary text, shape (dimensions,)."""
    row: Vectors = embedder.embed([CANARY_TEXT])[0]
    return row


def require_same_space(embedder: Embedder, stored_canary: Vectors) -> None:
    """Return when the model still makes the vectors it made when it was registered.

    Raises:
        EmbeddingSpaceError: it makes others; comparing them with the stored ones would be meaningless.
    """
    if stored_canary.shape != (embedder.dimensions,):
        raise EmbeddingSpaceError(
            f"{embedder.name} makes vectors of {embedder.dimensions} numbers, but those stored under that name have "
            f"{stored_canary.size}. Give the new model its own name in RESUME_EMBEDDING_MODEL."
        )
    now = canary(embedder)
    cosine = float(now @ stored_canary / max(float(np.linalg.norm(now) * np.linalg.norm(stored_canary)), 1e-12))
    if not cosine >= CANARY_MIN_COSINE:  # so that NaN is refused, too
        raise EmbeddingSpaceError(
            f"The model behind the name {embedder.name} has changed: its vector of the canary text has a cosine of "
            f"{cosine:.4f} to the stored one (at least {CANARY_MIN_COSINE} is the same model). Stored vectors cannot "
            "be compared with its new ones. Give the new model its own name in RESUME_EMBEDDING_MODEL."
        )
