"""From a model's name to the model: the one table of providers.

A provider is a prefix; adding one is a module beside this and a line in the table.
"""

from collections.abc import Callable

from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.openai_api import OpenAIEmbedder, RemoteOptions
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.errors import ConfigurationError

NO_OPTIONS = RemoteOptions()


def load_embedder(name: str, options: RemoteOptions = NO_OPTIONS) -> Embedder:
    """The embedding model called ``name``; a local one takes about half a second to load, a remote one is not asked.

    Raises:
        ConfigurationError: there is no such provider or model.
        EmbeddingError: it exists but cannot be loaded here.
    """
    provider, _, model = name.partition(":")
    if provider not in PROVIDERS:
        raise ConfigurationError(
            f"RESUME_EMBEDDING_MODEL: no provider {provider!r} in {name!r}; there are: {', '.join(sorted(PROVIDERS))}."
        )
    return PROVIDERS[provider](model, options)


def _openai(model: str, options: RemoteOptions) -> Embedder:
    return OpenAIEmbedder(model, options, load_token_counter())


def _sentence_transformers(model: str, _: RemoteOptions) -> Embedder:
    from resume_pipeline.embedding.sentence_transformer import SentenceTransformerEmbedder  # noqa: PLC0415

    return SentenceTransformerEmbedder(model)


def _local(model: str, _: RemoteOptions) -> Embedder:
    from resume_pipeline.embedding.local import WordLlamaEmbedder  # noqa: PLC0415  (loads weights)

    if model != "wordllama-256":
        raise ConfigurationError(f"RESUME_EMBEDDING_MODEL: no local model {model!r}; there is wordllama-256.")
    return WordLlamaEmbedder()


def _hashing(model: str, _: RemoteOptions) -> Embedder:
    from resume_pipeline.embedding.hashed import HashingEmbedder  # noqa: PLC0415

    if not model.isdecimal() or not 8 <= int(model) <= 2000:
        raise ConfigurationError(
            f"RESUME_EMBEDDING_MODEL: hashing:{model} needs a number of dimensions from 8 to 2000, as in hashing:256."
        )
    return HashingEmbedder(int(model))


PROVIDERS: dict[str, Callable[[str, RemoteOptions], Embedder]] = {
    "local": _local,
    "hashing": _hashing,
    "openai": _openai,
    "sentence-transformers": _sentence_transformers,
}
