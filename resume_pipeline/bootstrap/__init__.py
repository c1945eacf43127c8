"""From settings to the things they name: engine, sessions, embedding model.

The composition root of every shell. Only here is it decided whether the embedded Postgres is used and must be started.
"""

import os
import secrets
from functools import lru_cache, partial
from pathlib import Path

from resume_pipeline.chat.base import ChatModel
from resume_pipeline.chat.registry import load_chat_model
from resume_pipeline.content.golden_questions import golden_questions
from resume_pipeline.domain.hashing import Shard
from resume_pipeline.domain.quality import QualityBar
from resume_pipeline.domain.recipe import Recipe
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.openai_api import RemoteOptions
from resume_pipeline.embedding.openai_batches import OpenAIBatches
from resume_pipeline.embedding.prices import parse_prices
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.errors import DatabaseError
from resume_pipeline.ingestion.batches import LanePolicy
from resume_pipeline.ingestion.folder import IndexOptions
from resume_pipeline.ingestion.indexing import IndexWish
from resume_pipeline.ingestion.maintenance import Retention
from resume_pipeline.ingestion.quality import QualityDemand
from resume_pipeline.ingestion.reading import ContentRoot
from resume_pipeline.ingestion.serving import ModelInUse
from resume_pipeline.ingestion.serving import model_in_use as find_model_in_use
from resume_pipeline.ingestion.spending import SpendingRules
from resume_pipeline.retrieval.query_log import QueryLog
from resume_pipeline.retrieval.reranking import Reranker, load_reranker
from resume_pipeline.retrieval.retriever import Retriever, ranking_recipe
from resume_pipeline.settings import Settings, load_settings
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import URL, Engine, driver_errors, make_engine, make_sessions, normalised_url
from resume_pipeline.storage.migrations import schema_state


def embedded_postgres(settings: Settings) -> EmbeddedPostgres | None:
    """The embedded server these settings mean, running or not; None when DATABASE_URL names another."""
    return None if settings.database_url is not None else EmbeddedPostgres(settings.state_dir)


def database_url(settings: Settings) -> URL:
    """The URL of the database; starts the embedded server when it is the one and does not run."""
    if settings.database_url is not None:
        return normalised_url(settings.database_url.get_secret_value())
    server = EmbeddedPostgres(settings.state_dir)
    server.start()
    return server.url()


def engine(settings: Settings, *, pool_size: int = 4) -> Engine:
    """An engine on the database; dispose of it when done."""
    return make_engine(database_url(settings), pool_size=pool_size)


def migration_engine(settings: Settings) -> Engine:
    """An engine for migrations and index builds: MIGRATION_DATABASE_URL where set, else the usual database."""
    if settings.migration_database_url is not None:
        return make_engine(settings.migration_database_url.get_secret_value(), pool_size=2)
    return engine(settings, pool_size=2)


def remote_options(settings: Settings) -> RemoteOptions:
    """How these settings reach remote models."""
    key = settings.openai_api_key
    return RemoteOptions(
        api_key=key.get_secret_value() if key is not None else "",
        base_url=settings.openai_base_url,
        pace_file=settings.state_dir / "pace.sqlite3",
        timeout_seconds=settings.embedding_timeout_seconds,
        retry_seconds=settings.embedding_retry_seconds,
        concurrency=settings.embedding_concurrency,
        max_input_tokens=settings.embedding_max_input_tokens,
    )


@lru_cache(maxsize=4)
def embedding_model(settings: Settings, name: str) -> Embedder:
    """The embedding model of a name, as these settings reach it, loaded once per process."""
    return load_embedder(name, remote_options(settings))


def batch_client(settings: Settings, name: str) -> OpenAIBatches | None:
    """The Batch API of a model; None when it has none, or cannot be reached with these settings."""
    options = remote_options(settings)
    reachable = options.api_key or options.base_url
    return OpenAIBatches(name, options) if name.startswith("openai:") and reachable else None


def lane_policy(settings: Settings) -> LanePolicy:
    """When inputs travel in batches."""
    return LanePolicy(settings.embedding_lane, settings.batch_min_inputs, settings.batch_deadline_hours)


def embedder(settings: Settings) -> Embedder:
    """The embedding model that these settings choose."""
    return embedding_model(settings, settings.embedding_model)


def model_in_use(settings: Settings, engine: Engine) -> ModelInUse:
    """The model that an ingest would go on with; that of the settings where there is no index yet."""
    if not schema_state(engine).at_head:
        return ModelInUse(settings.embedding_model, settings.embedding_model)
    with driver_errors(), make_sessions(engine)() as session:
        return find_model_in_use(session, settings.embedding_model)


def embedder_in_use(settings: Settings) -> Embedder:
    """The embedding model that an ingest would go on with; that of the settings where the database cannot be asked."""
    try:
        name = model_in_use(settings, engine(settings, pool_size=1)).name
    except DatabaseError:
        name = settings.embedding_model
    return embedding_model(settings, name)


def index_wish(settings: Settings) -> IndexWish:
    """The vector index these settings want."""
    return IndexWish(settings.vector_index, settings.exact_index_limit, settings.index_recall)


def spending_rules(settings: Settings) -> SpendingRules:
    """What embedding costs and may cost."""
    return SpendingRules(parse_prices(settings.prices or ""), settings.budget_usd, settings.budget_usd_per_day)


def retriever(engine: Engine, settings: Settings | None = None) -> Retriever:
    """The retriever over a database; the embedding model is loaded at the first search that needs it.

    Raises:
        ConfigurationError: the reranker needs a package or a chat model that is not there.
    """
    settings = settings or load_settings()
    return Retriever(
        make_sessions(engine), partial(embedding_model, settings), settings.fusion, reranker=reranker(settings)
    )


@lru_cache(maxsize=2)
def reranker(settings: Settings) -> Reranker:
    """The reranker of these settings, loaded once per process."""
    return load_reranker(
        settings.reranker,
        cross_encoder=settings.cross_encoder,
        chat=partial(chat_model, settings, settings.chat_model) if settings.chat_model else None,
        budget_seconds=settings.rerank_seconds,
    )


def chat_model(settings: Settings, name: str) -> ChatModel:
    """The chat model of a name, as these settings reach it."""
    key = settings.openai_api_key
    return load_chat_model(
        name, api_key=key.get_secret_value() if key is not None else "", base_url=settings.openai_base_url
    )


def content_root(settings: Settings, path: Path | None = None, shard: Shard | None = None) -> ContentRoot:
    """Where and how the content is read; ``path`` replaces the content root of the settings."""
    return ContentRoot(path or settings.content_root, settings.max_file_bytes, Recipe(settings.chunk_limits), shard)


def index_options(settings: Settings) -> IndexOptions:
    """How these settings want the indexes made."""
    return IndexOptions(index_wish(settings), settings.text_search)


def ranking(settings: Settings) -> str:
    """How hits are found and ranked, in a line: figures of one ranking say nothing of another."""
    return ranking_recipe(settings.fusion, settings.reranker)


def kept(settings: Settings) -> Retention:
    """What maintenance keeps."""
    return Retention(settings.keep_generations, settings.keep_days)


def quality_bar(settings: Settings) -> QualityBar:
    """What these settings demand of the golden questions' figures."""
    return QualityBar(settings.min_hit_at_5, settings.max_quality_drop)


def quality_demand(settings: Settings, root: Path) -> QualityDemand:
    """What a publish of this content root demands of its golden questions.

    Raises:
        ContentRootError: the content root is not there, so nobody can say whether it has any.
    """
    file = golden_questions(root)
    return QualityDemand(quality_bar(settings), file.sha256 if file is not None else None, ranking(settings))


def query_log(settings: Settings, engine: Engine, *, source: str) -> QueryLog:
    """Where a shell logs what was asked of it; ``source`` is cli, api, page or mcp."""
    return QueryLog(make_sessions(engine), lambda: secret_key(settings), source, on=settings.query_log == "on")


def secret_key(settings: Settings) -> bytes:
    """The key of visitors' hashes: RESUME_SECRET_KEY, or a random one made once and kept for the owner alone.

    Raises:
        OSError: there is none yet, and the state folder cannot be written.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.state_dir / "secret.key"
    if not path.exists():
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        own = path.with_name(f"secret.key.{os.getpid()}-{secrets.token_hex(4)}")
        own.touch(mode=0o600)
        own.write_text(secrets.token_hex(32), encoding="ascii")
        try:
            os.link(own, path)  # fails when another process was faster; then its key counts
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return bytes.fromhex(path.read_text(encoding="ascii"))
