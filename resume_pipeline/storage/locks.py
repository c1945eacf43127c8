"""Advisory locks: one migration and one writer at a time, across processes and machines.

Always polled: a process that waits inside ``pg_advisory_lock`` holds a snapshot for as long, and CREATE INDEX
CONCURRENTLY, DDL of other tables and vacuum wait for it.
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


@contextmanager
def advisory_lock(engine: Engine, purpose: int, *, what: str, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock on a connection of its own; it ends with that connection, so a killed process leaves none behind.

    Raises:
        BusyError: somebody else held it for ``timeout_seconds``.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        deadline = time.monotonic() + timeout_seconds
        while not _try(connection, purpose):
            if time.monotonic() > deadline:
                raise BusyError(
                    f"Another process is {what} (waited {timeout_seconds:.0f} s). Let it finish, then try again; "
                    f"pg_locks shows who holds it (locktype advisory, classid {LOCK_SPACE})."
                )
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:space, :purpose)"), _key(purpose))


def writer_lock(engine: Engine, *, timeout_seconds: float) -> AbstractContextManager[None]:
    """The lock under which documents, chunks, embeddings, indexes and generations are written."""
    return advisory_lock(engine, WRITER_LOCK, what="writing to the index", timeout_seconds=timeout_seconds)


def _try(connection: Connection, purpose: int) -> bool:
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:space, :purpose)"), _key(purpose)))


def _key(purpose: int) -> dict[str, int]:
    return {"space": LOCK_SPACE, "purpose": purpose}
