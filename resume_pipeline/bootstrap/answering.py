"""From settings to the answerer."""

from functools import lru_cache, partial

from resume_pipeline.answering.answerer import Answerer
from resume_pipeline.answering.writing import ChatWriter
from resume_pipeline.bootstrap import chat_model, embedding_model, retriever
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.prices import parse_prices
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.errors import EmbeddingError
from resume_pipeline.settings import Settings
from resume_pipeline.storage.engine import Engine, make_sessions

MEASURE = "local:wordllama-256"
"""The embeddings that the weights of ``domain.gate_weights`` were fitted with."""


def answerer(engine: Engine, settings: Settings) -> Answerer:
    """The answerer over a database; nothing is sent to a chat model yet.

    Raises:
        ConfigurationError: the reranker or the chat model needs something that is not there.
    """
    return Answerer(
        retriever(engine, settings),
        settings.content_url,
        writer=chat_writer(engine, settings),
        measure=partial(measure, settings),
    )


def chat_writer(engine: Engine, settings: Settings) -> ChatWriter | None:
    """How the chat model of these settings writes; None when answers are quoted.

    Raises:
        ConfigurationError: there is no such chat model, or its key is missing.
    """
    if settings.chat_model in (None, "", "extractive"):
        return None
    return ChatWriter(
        chat_model(settings, settings.chat_model),
        make_sessions(engine),
        load_token_counter(),
        context_tokens=settings.context_tokens,
        answer_tokens=settings.answer_tokens,
        answer_seconds=settings.answer_seconds,
        prices=parse_prices(settings.prices or "").overrides,
        own_server=settings.openai_base_url is not None,
    )


@lru_cache(maxsize=2)
def measure(settings: Settings) -> Embedder | None:
    """The embeddings that evidence is weighed with; None on platforms without them."""
    try:
        return embedding_model(settings, MEASURE)
    except EmbeddingError:
        return None
