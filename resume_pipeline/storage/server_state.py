"""What the database server lets this role do, asked without writing anything."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from resume_pipeline.storage.engine import driver_errors

STATE = """
SELECT current_user, current_database(), current_schema(), current_setting('search_path'),
       current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery(),
       (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'),
       to_regtype('vector') IS NOT NULL,
       (SELECT default_version FROM pg_available_extensions WHERE name = 'vector'),
       COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false),
       (SELECT CAST(setting AS integer) FROM pg_settings WHERE name = 'statement_timeout'),
       (SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c
        WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relname = ANY (:tables)
          AND c.relkind IN ('r', 'p')
          AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                   AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))),
       (SELECT min(pg_get_userbyid(c.relowner)) FROM pg_class c
        WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relname = ANY (:tables)
          AND row_security_active(c.oid)),
       EXISTS (SELECT FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl)
"""


@dataclass(frozen=True, slots=True)
class ServerState:
    """Who we are there, where names are looked for, and what is allowed. Empty texts mean none."""

    user: str
    database: str
    schema: str
    search_path: str
    read_only: bool
    vector_schema: str
    vector_found: bool
    vector_available: str
    may_create: bool
    statement_timeout_seconds: float
    forbidden_tables: str
    hidden_by: str
    tls: bool


def server_state(engine: Engine, tables: list[str]) -> ServerState:
    """Ask everything in one statement; ``tables`` are those of the schema.

    Raises:
        DatabaseError: it cannot be asked.
    """
    with driver_errors(), engine.connect() as connection:
        row = connection.execute(text(STATE), {"tables": tables}).one()
    values: list[Any] = ["" if value is None else value for value in row]
    values[9] = (row[9] or 0) / 1000
    return ServerState(*values)


def is_transaction_pooler(engine: Engine) -> bool:
    """Whether the same server connection serves two of ours: a pooler lends it for one transaction at a time."""
    with driver_errors(), engine.connect() as first, engine.connect() as second:
        before = _backend(first)
        first.commit()
        return _backend(second) == before


def _backend(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)
