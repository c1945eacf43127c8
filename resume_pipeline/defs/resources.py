"""Resources: Postgres behind the gate, the embedding model, the content root, and who is told of progress.

They read the settings when a run begins, never at import, and carry no secret as configuration: what stands in a
resource's configuration is shown in the UI.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import dagster as dg
from pydantic import PrivateAttr

from resume_pipeline import bootstrap
from resume_pipeline.defs.failures import failures
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.prices import Lane
from resume_pipeline.ingestion.progress import Progress
from resume_pipeline.ingestion.quality import QualityDemand
from resume_pipeline.ingestion.reading import ContentRoot
from resume_pipeline.ingestion.serving import ModelInUse, model_in_use
from resume_pipeline.ingestion.spending import Spending
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.settings import Settings, load_settings
from resume_pipeline.storage.engine import Engine, Session, Sessions, driver_errors, make_sessions

LOG_EVERY_SECONDS = 5.0
"""A line in a run's log costs 5 ms and is kept; progress is told by time, not by document."""


class PostgresResource(dg.ConfigurableResource["PostgresResource"]):
    """Postgres with pgvector: DATABASE_URL, or the embedded server, which is started when it does not run."""

    pool_size: int = 4
    _engine: Engine | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["PostgresResource"]:  # noqa: ARG002
        """Hold one engine for the run. No gate here: it would keep the migration from running, too."""
        with failures():
            self._engine = bootstrap.engine(load_settings(), pool_size=self.pool_size)
        try:
            yield self
        finally:
            self._engine.dispose()
            self._engine = None

    @property
    def engine(self) -> Engine:
        """The engine of this run."""
        if self._engine is None:
            raise dg.DagsterInvariantViolationError("The Postgres resource is used outside a run.")
        return self._engine

    @contextmanager
    def migrating(self) -> Iterator[Engine]:
        """An engine for migrations: MIGRATION_DATABASE_URL where it is set, else the engine of this run."""
        settings = load_settings()
        if settings.migration_database_url is None:
            yield self.engine
            return
        engine = bootstrap.migration_engine(settings)
        try:
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Sessions]:
        """Sessions that only read; errors become step failures."""
        with failures(), driver_errors():
            yield make_sessions(self.engine)

    @contextmanager
    def writing(self) -> Iterator[Sessions]:
        """Sessions that may write: only when the schema is at head, and one run at a time.

        Raises:
            dagster.Failure: the schema is not at the code's head (both revisions and the remedy are named), another
                writer does not finish, or whatever the body raised of this project's errors.
        """
        with failures(), writing(self.engine, timeout_seconds=load_settings().writer_timeout_seconds) as sessions:
            yield sessions


class PipelineResource(dg.ConfigurableResource["PipelineResource"]):
    """What the settings say of this pipeline: content root, embedding model, limits."""

    content_root: str | None = None
    """Replaces RESUME_CONTENT_ROOT for a run."""

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        with failures():
            return load_settings()

    def content(self) -> ContentRoot:
        """Where and how the content is read."""
        from pathlib import Path  # noqa: PLC0415

        return bootstrap.content_root(self.settings, Path(self.content_root) if self.content_root else None)

    def quality(self) -> QualityDemand:
        """What a publish demands of the golden questions."""
        with failures():
            return bootstrap.quality_demand(self.settings, self.content().path)

    def model(self, session: Session) -> ModelInUse:
        """The model to embed and publish with."""
        return model_in_use(session, self.settings.embedding_model)

    def embedder(self, name: str) -> Embedder:
        """An embedding model, loaded once per process."""
        with failures():
            return bootstrap.embedding_model(self.settings, name)

    def spending(self, sessions: Sessions, model: str, run_id: str, lane: Lane = "direct") -> Spending:
        """The purse of a run."""
        return Spending(sessions, bootstrap.spending_rules(self.settings), model, lane=lane, run_id=run_id)


class RunObserver(Protocol):
    """Who is told of a run: a person at a terminal, or (by default) the run's log."""

    def progress(self, context: dg.AssetExecutionContext) -> Progress:
        """A callable for one stage to tell its progress to."""

    def finished(self, stage: str, report: object) -> None:
        """Take a stage's report."""


class LogObserver:
    """Progress as a line in the run's log every few seconds; reports become metadata anyway."""

    def progress(self, context: dg.AssetExecutionContext) -> Progress:
        """A callable that logs at most every five seconds."""
        last = time.monotonic()

        def tell(stage: str, done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last >= LOG_EVERY_SECONDS:
                last = time.monotonic()
                context.log.info(f"{stage}: {done:,} of {total:,} ({done / max(total, 1):.0%})")

        return tell

    def finished(self, stage: str, report: object) -> None:
        """Nothing to add: the report is the materialization's metadata."""
