"""One way to get connections: URL normalisation, the engine, sessions, and the translation of driver errors.

Every engine of the project is made here, so every connection is named, bounded in its waiting, and masked in messages.
Which URL it is, and whether the embedded server must be started for it, is decided in ``bootstrap``.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from sqlalchemy import URL as URL
from sqlalchemy import Engine as Engine
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session as Session
from sqlalchemy.orm import sessionmaker

from resume_pipeline.errors import ConfigurationError, DatabaseError, DatabaseUnavailableError, SchemaError

APPLICATION_NAME = "resume_pipeline"
CONNECT_TIMEOUT_SECONDS = 10

Sessions = sessionmaker[Session]
"""A factory of sessions on one engine; use cases receive this, never an engine."""


def normalised_url(url: str) -> URL:
    """The URL with psycopg2 as its driver: ``postgres://`` and ``postgresql://`` mean other drivers to SQLAlchemy 2.1.

    Raises:
        ConfigurationError: it is not a URL of a Postgres database. The message shows no part of it.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Not chained: a port that is no number is quoted in the cause, and may be the end of a password.
        raise ConfigurationError(
            "DATABASE_URL cannot be read as a URL. It looks like postgresql://USER:PASSWORD@HOST:5432/DATABASE; "
            "a password with @ : / ? # in it must be percent-encoded."
        ) from None
    if parsed.drivername.split("+")[0] not in {"postgres", "postgresql"}:
        raise ConfigurationError(
            f"DATABASE_URL names the dialect {parsed.drivername!r}; only postgresql://… works. "
            "Unset it to use the embedded Postgres."
        )
    if "@" in (parsed.host or ""):
        # The rest of a password that was not percent-encoded: it would show in every message that names the host.
        raise ConfigurationError(
            "DATABASE_URL has a second @ before the host. A password with @ : / ? # in it must be percent-encoded "
            "(@ is %40)."
        )
    query = dict(parsed.query)
    password = query.pop("password", None)
    if isinstance(password, str):  # only a password in its own place is masked when a URL is shown
        parsed = parsed.set(password=parsed.password or password, query=query)
    return parsed.set(drivername="postgresql+psycopg2")


def make_engine(url: str | URL, *, pool_size: int = 4) -> Engine:
    """An engine with a small pool; connections are checked before use, because poolers and laptops drop idle ones."""
    return create_engine(
        normalised_url(url) if isinstance(url, str) else url,
        pool_size=pool_size,
        max_overflow=2,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"application_name": APPLICATION_NAME, "connect_timeout": CONNECT_TIMEOUT_SECONDS},
    )


def make_sessions(engine: Engine) -> Sessions:
    """A session factory that keeps values usable after commit."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def driver_errors() -> Iterator[None]:
    """Translate what the driver raises into this project's errors, with the server's own first line.

    Raises:
        DatabaseUnavailableError: no connection, none free in time, or it broke.
        SchemaError: a table or column is missing.
        DatabaseError: Postgres refused the statement.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(
            "Every connection of this process to Postgres is in use, and none became free in time."
        ) from error
    except (DBAPIError, psycopg2.Error) as error:  # COPY raises the driver's own
        original = error.orig if isinstance(error, DBAPIError) else error
        reason = str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__
        sqlstate = getattr(original, "pgcode", None)
        if _is_unavailable(original, sqlstate) or getattr(error, "connection_invalidated", False):
            raise DatabaseUnavailableError(
                f"Postgres cannot be reached: {reason}. Check DATABASE_URL and the server, then run "
                "`resume-pipeline doctor`; what was committed so far is kept."
            ) from error
        if sqlstate in {"42P01", "42703"}:  # undefined table or column
            raise SchemaError(
                f"The database schema is not what this code needs: {reason}. Run `resume-pipeline ingest`, or "
                "`resume-pipeline db upgrade` for the schema alone."
            ) from error
        origin = f"SQLSTATE {sqlstate}" if sqlstate else "the driver did not send it"
        raise DatabaseError(f"Postgres refused a statement ({origin}): {reason}") from error


def _is_unavailable(original: BaseException | None, sqlstate: str | None) -> bool:
    # Connect errors carry no SQLSTATE; class 08 is a broken connection, 57P0x a server that is shutting down.
    if sqlstate is None:
        return isinstance(original, psycopg2.OperationalError | psycopg2.InterfaceError)
    return sqlstate[:2] == "08" or sqlstate.startswith("57P")
