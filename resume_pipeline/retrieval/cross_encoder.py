"""Cross-encoders: models that read question and passage together and say how well they fit.

The package is the extra ``cross-encoder``; it brings PyTorch, and nothing else here needs it.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from resume_pipeline.errors import ConfigurationError

DEFAULT_CROSS_ENCODER = "cross-encoder/ms-marco-MiniLM-L6-v2"
"""22 million parameters, English, trained on MS MARCO (https://www.sbert.net/docs/cross_encoder/pretrained_models.html)."""

Scores = Callable[[str, Sequence[str]], list[float]]


@lru_cache(maxsize=2)
def load_cross_encoder(model: str) -> Scores:
    """A function from question and passages to a score for each, higher is better; the model is loaded once.

    Raises:
        ConfigurationError: the package is not installed, the model is neither on this machine nor to
            be fetched, or it does not rank.
    """
    try:
        from sentence_transformers import CrossEncoder  # noqa: PLC0415  (an extra)
    except ImportError:
        raise ConfigurationError(
            "RESUME_RERANKER: cross-encoder needs a package that is not installed. Run "
            "`.venv/bin/python -m pip install --constraint constraints.txt --editable '.[cross-encoder]'`, or set "
            "RESUME_RERANKER=feature."
        ) from None
    try:
        encoder: Any = CrossEncoder(model)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"RESUME_CROSS_ENCODER: {model} cannot be loaded ({type(error).__name__}). It is a name on Hugging Face, "
            "which must be reached once, or a folder with the model."
        ) from error

    if encoder.predict([("question", "passage")], show_progress_bar=False).shape != (1,):
        raise ConfigurationError(
            f"RESUME_CROSS_ENCODER: {model} gives several scores for a pair. A model that ranks gives one, as "
            f"{DEFAULT_CROSS_ENCODER} does."
        )

    def scores(question: str, passages: Sequence[str]) -> list[float]:
        if not passages:
            return []
        pairs = [(question, passage) for passage in passages]
        return [float(score) for score in encoder.predict(pairs, show_progress_bar=False)]

    return scores
