"""The doctor's questions to the database, in the order in which they depend on each other, and a remedy for each."""

from collections.abc import Callable, Iterator

from resume_pipeline.errors import DatabaseError, SchemaError
from resume_pipeline.ingestion.findings import Finding, check, join
from resume_pipeline.storage import diagnosis as database
from resume_pipeline.storage.connect_problems import connect_problem
from resume_pipeline.storage.engine import Engine
from resume_pipeline.storage.migrations import MINIMUM_PGVECTOR, SchemaState, schema_state
from resume_pipeline.storage.server_state import ServerState, is_transaction_pooler, server_state

UPGRADE = "Run `resume-pipeline db upgrade`, or materialize `database_schema`."
LEAST_TIMEOUT_SECONDS = 60
"""A shorter statement timeout cuts off an index build of some 100,000 vectors, and a first load."""
ENDS_THE_REST = {"connection", "schema", "tables"}


def diagnose_database(
    connect: Callable[[], Engine], *, separate_migrations: bool
) -> tuple[list[Finding], Engine | None]:
    """What is well and what is not, and the engine when the database can be reached.

    ``separate_migrations``: statements that take long have a URL of their own (MIGRATION_DATABASE_URL).
    """
    findings: list[Finding] = []
    engine: Engine | None = None

    def connection() -> str:
        nonlocal engine
        engine = connect()
        return database.server_version(engine)

    findings.append(check("connection", connection, _connect_remedy))
    if engine is None or not findings[0].ok:
        return findings, None
    for finding in _checks(engine, separate_migrations):
        findings.append(finding)
        if finding.name in ENDS_THE_REST and not finding.ok:
            break
    return findings, engine


def _connect_remedy(message: str) -> str:
    problem = connect_problem(message)
    return problem.remedy if problem else "Check DATABASE_URL, or unset it to use the embedded Postgres."


def _checks(engine: Engine, separate_migrations: bool) -> Iterator[Finding]:
    state = server_state(engine, database.every_table())
    yield check("session", lambda: _session(engine, state), _search_path_remedy(state))
    yield check("writable", lambda: _writable(state), _READ_ONLY)
    try:
        schema = schema_state(engine)
    except DatabaseError as error:  # the table of revisions is there, and this role may not read it
        yield Finding("schema", ok=False, detail=str(error), remedy=_rights_remedy(state))
        return
    yield check("pgvector", lambda: _pgvector(state, schema), _pgvector_remedy(state, schema))
    yield check("schema", lambda: _schema(schema), _schema_remedy(state))
    yield check(
        "tables", lambda: _tables(engine), "Restore them from a backup, or downgrade to base and upgrade again."
    )
    yield check("rights", lambda: _rights(state), _rights_remedy(state))
    yield check("writing", lambda: database.try_writing(engine), "Give this role all rights on the tables.")
    yield check("vector search", lambda: database.try_vector_search(engine), "Materialize `vector_index` again.")
    yield check("time-out", lambda: _time_out(state, separate_migrations), _TIME_OUT)


def _session(engine: Engine, state: ServerState) -> str:
    if not state.schema:
        raise DatabaseError(f"No schema of the search path ({state.search_path}) is there for {state.user}.")
    tls = "TLS" if state.tls else "no TLS"
    pooler = ", through a pooler in transaction mode" if is_transaction_pooler(engine) else ""
    return f"{state.user} in {state.database}, schema {state.schema}, {tls}{pooler}"


def _search_path_remedy(state: ServerState) -> str:
    return (
        f"CREATE SCHEMA resume AUTHORIZATION {state.user}; ALTER ROLE {state.user} IN DATABASE {state.database} SET "
        f"search_path = resume, {state.vector_schema or 'public'}; then connect again."
    )


_READ_ONLY = (
    "Use the URL of the primary, not of a replica. A host makes a database read-only when its disk is full: enlarge "
    "the disk there or free some, then ALTER DATABASE … SET default_transaction_read_only = off."
)


def _writable(state: ServerState) -> str:
    if state.read_only:
        raise DatabaseError("The database is read-only.")
    return "takes writes"


def _pgvector(state: ServerState, schema: SchemaState) -> str:
    if not state.vector_schema:
        raise SchemaError("The extension vector is not installed in this database.")
    if not state.vector_found:
        raise SchemaError(
            f"The extension vector is in schema {state.vector_schema}, which is not on the search path "
            f"({state.search_path}) or may not be used."
        )
    if not schema.pgvector_ok:
        raise SchemaError(f"The extension vector is {schema.pgvector}, which is too old.")
    return f"version {schema.pgvector}, in schema {state.vector_schema}"


def _pgvector_remedy(state: ServerState, schema: SchemaState) -> str:
    minimum = ".".join(str(part) for part in MINIMUM_PGVECTOR)
    if state.vector_schema and not state.vector_found:
        path = ", ".join([state.search_path, state.vector_schema]).lstrip(", ")
        return (
            f"GRANT USAGE ON SCHEMA {state.vector_schema} TO {state.user}; ALTER ROLE {state.user} IN DATABASE "
            f"{state.database} SET search_path = {path}; then connect again."
        )
    if state.vector_available and not state.vector_schema:
        return (
            f"As a role that may: CREATE EXTENSION vector (version {state.vector_available} is there). Then: {UPGRADE}"
        )
    if state.vector_available and state.vector_available != schema.pgvector:
        return f"As its owner: ALTER EXTENSION vector UPDATE (to {state.vector_available})."
    return f"Install pgvector {minimum} or later on the server, then: {UPGRADE}"


def _schema(schema: SchemaState) -> str:
    if not schema.at_head:
        raise SchemaError(schema.explanation())
    return f"at head, {schema.head}"


def _schema_remedy(state: ServerState) -> str:
    if state.may_create:
        return UPGRADE
    return (
        f"{state.user} may not create tables in {state.schema or 'any schema'}: GRANT CREATE ON SCHEMA {state.schema} "
        f"TO {state.user}, or set MIGRATION_DATABASE_URL to a role that may. Then: {UPGRADE}"
    )


def _tables(engine: Engine) -> str:
    missing = database.missing_tables(engine)
    if missing:
        raise SchemaError(f"The schema says it is at head, but these tables are missing: {', '.join(missing)}.")
    return "all there"


def _rights(state: ServerState) -> str:
    if state.forbidden_tables:
        raise DatabaseError(f"{state.user} may not read and write {state.forbidden_tables}.")
    if state.hidden_by:
        raise DatabaseError(f"Row level security hides the rows of tables that belong to {state.hidden_by}.")
    return "may read and write every table"


def _rights_remedy(state: ServerState) -> str:
    if state.hidden_by:
        return (
            f"Use the role {state.hidden_by} in DATABASE_URL, too, or give the tables away: ALTER TABLE … OWNER TO "
            f"{state.user}."
        )
    return f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {state.schema} TO {state.user}."


_TIME_OUT = (
    "Set MIGRATION_DATABASE_URL to a direct connection, whose long statements are not cut off, or ALTER ROLE … SET "
    "statement_timeout = '10min'."
)


def _time_out(state: ServerState, separate_migrations: bool) -> str:
    seconds = state.statement_timeout_seconds
    if 0 < seconds < LEAST_TIMEOUT_SECONDS and not separate_migrations:
        raise DatabaseError(f"Statements are cut off after {seconds:g} s, and index builds take longer.")
    return join(
        "none" if not seconds else f"statements end after {seconds:g} s", "long ones go elsewhere" * separate_migrations
    )
