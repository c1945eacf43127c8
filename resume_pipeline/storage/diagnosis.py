"""Questions a doctor asks of the database, each answered with a detail or an error that says what is wrong."""

from sqlalchemy import Engine, inspect, text

from resume_pipeline.domain.hashing import sha256_bytes
from resume_pipeline.errors import DatabaseError
from resume_pipeline.storage.embedding_models import find_model
from resume_pipeline.storage.engine import driver_errors, make_sessions
from resume_pipeline.storage.generations import live_generation
from resume_pipeline.storage.models import Base, Document
from resume_pipeline.storage.narrowing import narrow
from resume_pipeline.storage.search import Wanted, find_candidates
from resume_pipeline.storage.vector_index import sample_vectors
from resume_pipeline.storage.visibility import SearchScope

MINIMUM_SERVER = 150000


def server_version(engine: Engine) -> str:
    """The server's version.

    Raises:
        DatabaseError: it cannot be reached, or it is older than PostgreSQL 15.
    """
    with driver_errors(), engine.connect() as connection:
        number = int(connection.scalar(text("SELECT current_setting('server_version_num')")) or 0)
        version = str(connection.scalar(text("SELECT current_setting('server_version')")))
    if number < MINIMUM_SERVER:
        raise DatabaseError(f"PostgreSQL {version} is too old; 15 or later is needed.")
    return f"PostgreSQL {version}"


def every_table() -> list[str]:
    """The tables of the schema."""
    return sorted(Base.metadata.tables)


def missing_tables(engine: Engine) -> list[str]:
    """The tables of the schema that are not there."""
    with driver_errors():
        present = set(inspect(engine).get_table_names())
    return sorted(set(Base.metadata.tables) - present)


def try_writing(engine: Engine) -> str:
    """Insert, read, change and delete a row in a transaction that is rolled back.

    Raises:
        DatabaseError: one of the four is refused.
    """
    with driver_errors(), make_sessions(engine)() as session:
        row = Document(
            source_path="doctor.md",
            bytes_sha256=sha256_bytes(b"doctor"),
            recipe="",
            title="Doctor",
            body="",
            document_metadata={},
            problems=[],
        )
        session.add(row)
        session.flush()
        row.published_in = 1
        session.flush()
        session.refresh(row)
        if row.published_in != 1:
            raise DatabaseError("A row that was changed reads back unchanged.")
        session.delete(row)
        session.flush()
        session.rollback()
    return "insert, read, update, delete (rolled back)"


def try_vector_search(engine: Engine) -> str:
    """Search the live generation with one of its own vectors.

    Raises:
        DatabaseError: the search does not find that vector first.
    """
    with driver_errors(), make_sessions(engine)() as session:
        live = live_generation(session)
        if live is None:
            return "nothing is published yet"
        model = find_model(session, live.embedding_model)
        sample = sample_vectors(session, model, 1) if model is not None else []
        if model is None or not sample:
            return "no vectors yet"
        narrowing = narrow(session, SearchScope(model.name, live.generation))
        found = find_candidates(session, Wanted(narrowing, 5, model, sample[0][1])).vector
    if live.chunks and not found:
        raise DatabaseError("A vector search of the live generation finds nothing.")
    return f"{len(found)} nearest of generation {live.generation}, {model.name}"
