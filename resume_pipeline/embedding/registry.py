"""From a model's name to the model: the one table of providers.

A provider is a prefix; adding one is a module beside this and a line in the table.
"""

from collections.abc import Callable

from resume_pipeline.embedding.base import Embedder
from resume_pipeline.errors import ConfigurationError


def load_embedder(name: str) -> Embedder:
    """The embedding model called ``name``; loading takes about half a second.

    Raises:
        ConfigurationError: there is no such provider or model.
        EmbeddingError: it exists but cannot be loaded here.
    """
    provider, _, model = name.partition(":")
    if provider not in PROVIDERS:
        raise ConfigurationError(
            f"RESUME_EMBEDDING_MODEL: no provider {provider!r} in {name!r}; there are: {', '.join(sorted(PROVIDERS))}."
        )
    return PROVIDERS[provider](model)


def _local(model: str) -> Embedder:
    from resume_pipeline.embedding.local import WordLlamaEmbedder  # noqa: PLC0415  (loads weights)

    if model != "wordllama-256":
        raise ConfigurationError(f"RESUME_EMBEDDING_MODEL: no local model {model!r}; there is wordllama-256.")
    return WordLlamaEmbedder()


def _hashing(model: str) -> Embedder:
    from resume_pipeline.embedding.hashed import HashingEmbedder  # noqa: PLC0415

    if not model.isdecimal() or not 8 <= int(model) <= 2000:
        raise ConfigurationError(
            f"RESUME_EMBEDDING_MODEL: hashing:{model} needs a number of dimensions from 8 to 2000, as in hashing:256."
        )
    return HashingEmbedder(int(model))


PROVIDERS: dict[str, Callable[[str], Embedder]] = {"local": _local, "hashing": _hashing}
