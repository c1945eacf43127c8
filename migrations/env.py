"""How Alembic reaches the database and what it compares.

The same file serves the ``alembic`` command, the pipeline's gate (which hands over its connection) and offline SQL.
"""

import logging.config
from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext

from resume_pipeline.storage.migrations import is_pipeline_made, migration_lock
from resume_pipeline.storage.models import Base

config = context.config
handed_over = config.attributes.get("connection")
if config.config_file_name is not None and handed_over is None:
    # fileConfig would silence every logger that exists already, Dagster's among them.
    logging.config.fileConfig(config.config_file_name, disable_existing_loggers=False)


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Leave out what the pipeline makes at run time: model partitions and their vector indexes."""
    return not is_pipeline_made(kind, name)


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | bool:
    """Render pgvector's types with their import, which autogenerate would leave out."""
    if kind == "type" and type(item).__module__.startswith("pgvector."):
        autogen_context.imports.add("import pgvector.sqlalchemy")
        return f"pgvector.sqlalchemy.{item!r}"
    return False


OPTIONS: dict[str, Any] = {
    "target_metadata": Base.metadata,
    "include_object": include_object,
    "render_item": render_item,
    "compare_server_default": True,
}


def run_offline() -> None:
    """Write the SQL to standard output; no database is needed."""
    context.configure(dialect_name="postgresql", literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Migrate through the connection handed over, or one of our own; one process at a time."""
    if handed_over is not None:
        context.configure(connection=handed_over, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()
        return
    from resume_pipeline.bootstrap import migration_engine  # noqa: PLC0415  (offline SQL needs no settings)
    from resume_pipeline.settings import load_settings  # noqa: PLC0415

    engine = migration_engine(load_settings())
    with migration_lock(engine), engine.connect() as connection:
        context.configure(connection=connection, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
