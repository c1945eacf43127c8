"""The doctor: every part that must work, asked in the order in which they depend on each other.

A finding says what is, or what to do. Add a check here when a person could be stuck without it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from resume_pipeline.content.scan import scan
from resume_pipeline.embedding.base import Embedder, require_same_space
from resume_pipeline.errors import ResumePipelineError, SchemaError
from resume_pipeline.ingestion.reading import ContentRoot
from resume_pipeline.storage import diagnosis as database
from resume_pipeline.storage.embedding_models import find_model
from resume_pipeline.storage.engine import Engine, make_sessions
from resume_pipeline.storage.migrations import MINIMUM_PGVECTOR, schema_state

UPGRADE = "Run `resume-pipeline db upgrade`, or materialize `database_schema`."


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: whether it works, what was seen, and what to do when it does not."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def diagnose(
    connect: Callable[[], Engine], load_embedder: Callable[[], Embedder], content: ContentRoot
) -> list[Finding]:
    """Check the database, the embedding model and the content root. Writes nothing that stays; never raises ours."""
    findings: list[Finding] = []
    engine: Engine | None = None

    def connection() -> str:
        nonlocal engine
        engine = connect()
        return database.server_version(engine)

    findings.append(_check("connection", connection, "Check DATABASE_URL, or unset it to use the embedded Postgres."))
    if not findings[0].ok:
        engine = None
    if engine is not None:
        findings += _database(engine)
    findings.append(_check("embedder", lambda: _embedder(load_embedder(), engine), "Set RESUME_EMBEDDING_MODEL."))
    findings.append(
        _check(
            "content root",
            lambda: _content(content),
            "Set RESUME_CONTENT_ROOT to a folder of markdown files you may read.",
        )
    )
    return findings


def _check(name: str, ask: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(name, ok=True, detail=ask())
    except ResumePipelineError as error:
        return Finding(name, ok=False, detail=str(error), remedy=remedy)


def _database(engine: Engine) -> list[Finding]:
    minimum = ".".join(str(part) for part in MINIMUM_PGVECTOR)
    checks: list[tuple[str, Callable[[], str], str]] = [
        ("pgvector", lambda: _pgvector(engine), f"Install pgvector {minimum} or later on the server, then: {UPGRADE}"),
        ("schema", lambda: _schema(engine), UPGRADE),
        ("tables", lambda: _tables(engine), "Restore them from a backup, or downgrade to base and upgrade again."),
        (
            "writing",
            lambda: database.try_writing(engine),
            "Give this role SELECT, INSERT, UPDATE, DELETE on the tables.",
        ),
        ("vector search", lambda: database.try_vector_search(engine), "Materialize `vector_index` again."),
    ]
    findings: list[Finding] = []
    for name, ask, remedy in checks:
        findings.append(_check(name, ask, remedy))
        if name in {"schema", "tables"} and not findings[-1].ok:
            break
    return findings


def _pgvector(engine: Engine) -> str:
    state = schema_state(engine)
    if not state.pgvector_ok:
        raise SchemaError(f"The extension vector is {state.pgvector or 'not installed in this database'}.")
    return f"version {state.pgvector}"


def _schema(engine: Engine) -> str:
    state = schema_state(engine)
    if not state.at_head:
        raise SchemaError(state.explanation())
    return f"at head, {state.head}"


def _tables(engine: Engine) -> str:
    missing = database.missing_tables(engine)
    if missing:
        raise SchemaError(f"The schema says it is at head, but these tables are missing: {', '.join(missing)}.")
    return "all there"


def _embedder(embedder: Embedder, engine: Engine | None) -> str:
    vector = embedder.embed(["Does it answer?"])
    if engine is not None and not database.missing_tables(engine):
        with make_sessions(engine)() as session:
            model = find_model(session, embedder.name)
        if model is not None:
            require_same_space(embedder, model.canary)
    return f"{embedder.name}, {vector.shape[1]} dimensions"


def _content(root: ContentRoot) -> str:
    found = scan(root.path, max_file_bytes=root.max_file_bytes)
    unreadable = f", {len(found.unreadable)} unreadable" if found.unreadable else ""
    return f"{len(found.files)} markdown files in {root.path}{unreadable}"
