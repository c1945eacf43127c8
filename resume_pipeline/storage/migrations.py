"""Where the schema stands, and how it is moved: Alembic behind four functions.

What a revision contains is in ``migrations/versions``. The rule that nothing is written to a schema that is not at
head is asked here (``require_head``) and enforced where write sessions are handed out.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, text

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.errors import SchemaError
from resume_pipeline.storage.engine import driver_errors
from resume_pipeline.storage.locks import MIGRATION_LOCK, advisory_lock, writer_lock

# Alembic writes two lines whenever someone asks where the schema stands; what a migration did is said by its caller.
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)

MIGRATION_TIMEOUT_SECONDS = 300
MINIMUM_PGVECTOR = (0, 8, 0)
"""Iterative index scans (0.8) keep a filtered search from coming back short."""

PIPELINE_MADE = re.compile(r"^(ix_)?chunk_embeddings_m\d+")


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where the database stands (None: nothing applied), where the code wants it, and the pgvector found."""

    current: str | None
    head: str
    known: bool
    pgvector: str | None

    @property
    def at_head(self) -> bool:
        """Whether the code may write."""
        return self.current == self.head

    @property
    def pgvector_ok(self) -> bool:
        """Whether the extension is there and new enough."""
        return self.pgvector is not None and tuple(int(n) for n in self.pgvector.split(".")) >= MINIMUM_PGVECTOR

    def explanation(self) -> str:
        """What is wrong and what to do, naming both revisions; only for a schema that is not at head."""
        if self.current is not None and not self.known:
            return (
                f"The database schema is at revision {self.current}, which this code (head {self.head}) does not know: "
                "the database is ahead of the code. Update the code, or downgrade with the newer code first."
            )
        return (
            f"The database schema is at revision {self.current or 'none (empty)'}, the code needs {self.head}. "
            "Nothing was written. Materialize `database_schema`, run the job `migrate_database`, or type "
            "`resume-pipeline db upgrade`."
        )


def is_pipeline_made(kind: str, name: str | None) -> bool:
    """Whether a table or index is made at run time, so that autogenerate must not call it removed."""
    return kind in {"table", "index"} and name is not None and PIPELINE_MADE.match(name) is not None


def alembic_config() -> Config:
    """The project's Alembic configuration, found beside the package whatever the working directory is."""
    return Config(PROJECT_ROOT / "alembic.ini")


def head_revision() -> str:
    """The newest revision in ``migrations/versions``.

    Raises:
        SchemaError: there is none, or there are several heads.
    """
    return _only_head(_revisions())


def _revisions() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def _only_head(revisions: ScriptDirectory) -> str:
    heads = revisions.get_heads()
    if len(heads) != 1:
        raise SchemaError(f"migrations/versions has {len(heads)} heads ({', '.join(heads)}); there must be one.")
    return heads[0]


def schema_state(engine: Engine) -> SchemaState:
    """Read where the schema stands; writes nothing and takes no lock."""
    revisions = _revisions()
    with driver_errors(), engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        pgvector = connection.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
    known = current in {script.revision for script in revisions.walk_revisions()}
    return SchemaState(current, _only_head(revisions), known, pgvector)


def require_head(engine: Engine) -> None:
    """Return when the schema is at the code's head.

    Raises:
        SchemaError: it is behind or ahead; both revisions and the remedy are named.
    """
    state = schema_state(engine)
    if not state.at_head:
        raise SchemaError(state.explanation())


@contextmanager
def migration_lock(engine: Engine) -> Iterator[None]:
    """One migration at a time, whoever starts it, and none under a stage that writes."""
    with (
        advisory_lock(engine, MIGRATION_LOCK, what="migrating the schema", timeout_seconds=MIGRATION_TIMEOUT_SECONDS),
        writer_lock(engine, timeout_seconds=MIGRATION_TIMEOUT_SECONDS),
    ):
        yield


def upgrade(engine: Engine, revision: str = "head") -> SchemaState:
    """Apply the revisions that are missing, in one transaction, and return where the schema stands then.

    Raises:
        SchemaError: the database is ahead of the code, or there is no such revision.
        BusyError: another migration did not finish in five minutes.
    """
    if revision == "head" and _known_state(engine).at_head:
        return schema_state(engine)  # no need to wait for a stage that writes
    with driver_errors(), migration_lock(engine):
        if not _known_state(engine).at_head or revision != "head":
            _run(engine, command.upgrade, revision)
    return schema_state(engine)


def downgrade(engine: Engine, revision: str) -> SchemaState:
    """Take revisions back, down to ``revision`` (``base``: all), and return where the schema stands then.

    Raises:
        SchemaError: the database is ahead of the code, or there is no such revision.
        BusyError: another migration did not finish in five minutes.
    """
    with driver_errors(), migration_lock(engine):
        _known_state(engine)
        _run(engine, command.downgrade, revision)
    return schema_state(engine)


def _known_state(engine: Engine) -> SchemaState:
    state = schema_state(engine)
    if state.current is not None and not state.known:
        raise SchemaError(state.explanation())
    return state


def _run(engine: Engine, action: Callable[[Config, str], None], revision: str) -> None:
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            action(config, revision)
        except CommandError as error:
            raise SchemaError(
                f"The schema cannot be moved to {revision!r}: {error}. `alembic history` lists the revisions."
            ) from error
