"""From settings to the things they name: engine, sessions, embedding model.

The composition root of every shell. Only here is it decided whether the embedded Postgres is used and must be started.
"""

import os
import secrets
from functools import lru_cache
from pathlib import Path

from resume_pipeline.content.golden_questions import golden_questions
from resume_pipeline.domain.hashing import Shard
from resume_pipeline.domain.quality import QualityBar
from resume_pipeline.domain.recipe import Recipe
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.ingestion.folder import IndexOptions
from resume_pipeline.ingestion.quality import QualityDemand
from resume_pipeline.ingestion.reading import ContentRoot
from resume_pipeline.retrieval.query_log import QueryLog
from resume_pipeline.retrieval.retriever import Retriever, ranking_recipe
from resume_pipeline.settings import Settings
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import URL, Engine, make_engine, make_sessions, normalised_url


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


@lru_cache(maxsize=2)
def embedder(settings: Settings) -> Embedder:
    """The embedding model of these settings, loaded once per process."""
    return load_embedder(settings.embedding_model)


def retriever(engine: Engine) -> Retriever:
    """The retriever over a database; the embedding model is loaded at the first search that needs it."""
    return Retriever(make_sessions(engine), lru_cache(maxsize=2)(load_embedder))


def content_root(settings: Settings, path: Path | None = None, shard: Shard | None = None) -> ContentRoot:
    """Where and how the content is read; ``path`` replaces the content root of the settings."""
    return ContentRoot(path or settings.content_root, settings.max_file_bytes, Recipe(settings.chunk_limits), shard)


def index_options(settings: Settings) -> IndexOptions:
    """How these settings want the indexes made."""
    return IndexOptions(settings.vector_index, settings.exact_index_limit, settings.index_recall, settings.text_search)


def ranking() -> str:
    """How hits are found and ranked, in a line: figures of one ranking say nothing of another."""
    return ranking_recipe("convex", "feature")


def quality_bar(settings: Settings) -> QualityBar:
    """What these settings demand of the golden questions' figures."""
    return QualityBar(settings.min_hit_at_5, settings.max_quality_drop)


def quality_demand(settings: Settings, root: Path) -> QualityDemand:
    """What a publish of this content root demands of its golden questions.

    Raises:
        ContentRootError: the content root is not there, so nobody can say whether it has any.
    """
    file = golden_questions(root)
    return QualityDemand(quality_bar(settings), file.sha256 if file is not None else None, ranking())


def query_log(settings: Settings, engine: Engine, *, source: str) -> QueryLog:
    """Where a shell logs what was asked of it; ``source`` is cli, api or page."""
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
