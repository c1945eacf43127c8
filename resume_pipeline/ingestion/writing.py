"""The way to a session that may write: behind the gate, and one writer at a time.

Every stage that writes goes through here, whichever shell called it and whichever selection of assets was chosen.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from resume_pipeline.storage.engine import Engine, Sessions, driver_errors, make_sessions
from resume_pipeline.storage.locks import writer_lock
from resume_pipeline.storage.migrations import require_head


@contextmanager
def stepping(engine: Engine) -> Iterator[Sessions]:
    """Sessions for moving the pointer: behind the gate, without waiting for a stage that writes.

    Raises:
        SchemaError: the schema is not at the code's head.
        DatabaseError: Postgres refused something or went away.
    """
    with driver_errors():
        require_head(engine)
        yield make_sessions(engine)


@contextmanager
def writing(engine: Engine, *, timeout_seconds: float) -> Iterator[Sessions]:
    """Sessions that may write, while no other process does.

    Raises:
        SchemaError: the schema is not at the code's head; nothing was written.
        BusyError: another writer did not finish within ``timeout_seconds``.
        DatabaseError: Postgres refused something or went away.
    """
    with driver_errors():
        require_head(engine)
        with writer_lock(engine, timeout_seconds=timeout_seconds):
            # Once more under the lock: a migration may have run while this process waited for it.
            require_head(engine)
            yield make_sessions(engine)
