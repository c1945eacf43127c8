"""Scratch databases: an index of some other folder, beside the live one on the same server, until somebody drops it.

Named after the folder's path, so that reading the folder again finds what is stored already. Only databases of that
name and with that comment are ever dropped.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from resume_pipeline.errors import DatabaseError
from resume_pipeline.storage.engine import driver_errors

PREFIX = "resume_pipeline_scratch_"
COMMENT = "resume-pipeline: scratch index of "


@dataclass(frozen=True, slots=True)
class ScratchDatabase:
    """A scratch database and the folder it is an index of."""

    name: str
    folder: str


def scratch_database(folder: Path) -> ScratchDatabase:
    """The scratch database of a folder, whether it exists or not; ``folder`` is absolute."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return ScratchDatabase(f"{PREFIX}{digest}", str(folder).encode("utf-8", "replace").decode())


def create_scratch(engine: Engine, folder: Path) -> ScratchDatabase:
    """Make the scratch database of a folder unless it is there.

    Raises:
        DatabaseError: this role may not create databases.
    """
    scratch = scratch_database(folder)
    # DDL takes no parameters, so the text is quoted here; and not as ``text``, where a colon would mean one.
    comment = f"{COMMENT}{scratch.folder}".replace("'", "''").replace("%", "%%")
    exists = text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)")
    try:
        with driver_errors(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.scalar(exists, {"name": scratch.name}):
                connection.exec_driver_sql(f"CREATE DATABASE {scratch.name} TEMPLATE template0")
            connection.exec_driver_sql(f"COMMENT ON DATABASE {scratch.name} IS '{comment}'")
    except DatabaseError as error:
        raise DatabaseError(
            f"The scratch database {scratch.name} for {scratch.folder} cannot be made: {error} Give this role "
            "CREATEDB, or unset DATABASE_URL for this command to use the embedded Postgres."
        ) from error
    return scratch


def list_scratch(engine: Engine) -> list[ScratchDatabase]:
    """The scratch databases of this server, by name."""
    statement = text(
        "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database "
        "WHERE starts_with(datname, :prefix) AND starts_with(shobj_description(oid, 'pg_database'), :comment) "
        "ORDER BY datname"
    )
    with driver_errors(), engine.connect() as connection:
        rows = connection.execute(statement, {"prefix": PREFIX, "comment": COMMENT})
        return [ScratchDatabase(name, comment.removeprefix(COMMENT)) for name, comment in rows]


def drop_scratch(engine: Engine, scratch: ScratchDatabase) -> None:
    """Drop a scratch database, whoever is connected to it."""
    with driver_errors(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {scratch.name} WITH (FORCE)")
