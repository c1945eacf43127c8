"""Advisory locks: one migration and one writer at a time, across processes and machines.

Always polled: a process that waits inside ``pg_advisory_lock`` holds a snapshot for as long, and CREATE INDEX
CONCURRENTLY, DDL of other tables and vacuum wait for it. Held by a transaction, not by a session: a pooler in
transaction mode lends a server connection for one transaction, and a lock of the session would stay behind on it.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection, Engine, text

from resume_pipeline.errors import BusyError

# Two-part keys: ours (ASCII "resu"), then the purpose.
LOCK_SPACE = 0x72657375
MIGRATION_LOCK = 1
WRITER_LOCK = 2
POLL_SECONDS = 0.2

# Some hosts end transactions that are idle, or (from PostgreSQL 17) long.
NEVER_TOO_LONG = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')
"""


@contextmanager
def advisory_lock(engine: Engine, purpose: int, *, what: str, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock by an idle transaction on a connection of its own; a killed process leaves none behind.

    Raises:
        BusyError: somebody else held it for ``timeout_seconds``.
    """
    with engine.connect() as connection:
        deadline = time.monotonic() + timeout_seconds
        while not _try(connection, purpose):
            connection.rollback()
            if time.monotonic() > deadline:
                raise BusyError(
                    f"Another process is {what} (waited {timeout_seconds:.0f} s). Let it finish, then try again; "
                    f"pg_locks shows who holds it (locktype advisory, classid {LOCK_SPACE})."
                )
            time.sleep(POLL_SECONDS)
        connection.execute(text(NEVER_TOO_LONG))
        try:
            yield
        finally:
            connection.rollback()


def writer_lock(engine: Engine, *, timeout_seconds: float) -> AbstractContextManager[None]:
    """The lock under which documents, chunks, embeddings, indexes and generations are written."""
    return advisory_lock(engine, WRITER_LOCK, what="writing to the index", timeout_seconds=timeout_seconds)


def _try(connection: Connection, purpose: int) -> bool:
    statement = text("SELECT pg_try_advisory_xact_lock(:space, :purpose)")
    return bool(connection.scalar(statement, {"space": LOCK_SPACE, "purpose": purpose}))
