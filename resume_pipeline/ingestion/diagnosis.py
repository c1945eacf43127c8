"""The doctor: every part that must work, asked in the order in which they depend on each other.

A finding says what is, or what to do. Add a check here when a person could be stuck without it; those of the database
are in ``ingestion.database_diagnosis``.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from resume_pipeline.content.scan import scan
from resume_pipeline.embedding.base import Embedder, require_same_space
from resume_pipeline.errors import ConfigurationError, EmbeddingAccessError, EmbeddingSpaceError, ResumePipelineError
from resume_pipeline.ingestion.database_diagnosis import diagnose_database
from resume_pipeline.ingestion.findings import Finding, check
from resume_pipeline.ingestion.reading import ContentRoot
from resume_pipeline.storage.embedding_models import find_model
from resume_pipeline.storage.engine import Engine, make_sessions

LEAST_FREE_BYTES = 1_000_000_000
"""An index build and a write-ahead log of 2 GB (the embedded server's) need room beside the tables."""


def diagnose(
    connect: Callable[[], Engine],
    load_embedder: Callable[[], Embedder],
    content: ContentRoot,
    *,
    state_dir: Path,
    separate_migrations: bool = False,
) -> list[Finding]:
    """Check database, embedding model, content root and disk. Writes nothing that stays; never raises ours."""
    findings, engine = diagnose_database(connect, separate_migrations=separate_migrations)
    return [
        *findings,
        _embedder(load_embedder, engine if all(finding.ok for finding in findings) else None),
        check(
            "content root",
            lambda: _content(content),
            "Set RESUME_CONTENT_ROOT to a folder of markdown files you may read.",
        ),
        check("disk", lambda: _disk(state_dir), "Free some space, or set RESUME_STATE_DIR to a larger disk."),
    ]


def _embedder(load: Callable[[], Embedder], engine: Engine | None) -> Finding:
    try:
        return Finding("embedder", ok=True, detail=_embeds(load(), engine))
    except EmbeddingSpaceError as error:
        remedy = "Set RESUME_EMBEDDING_MODEL to the model whose vectors are stored, or give the new one its own name."
        return Finding("embedder", ok=False, detail=str(error), remedy=remedy)
    except EmbeddingAccessError as error:
        remedy = "Check OPENAI_API_KEY, OPENAI_BASE_URL and the model's name in RESUME_EMBEDDING_MODEL."
        return Finding("embedder", ok=False, detail=str(error), remedy=remedy)
    except ResumePipelineError as error:
        remedy = (
            "Wait and try again; if it stays, check OPENAI_BASE_URL and the network. RESUME_EMBEDDING_MODEL=local:"
            "wordllama-256 needs neither."
            if error.retriable
            else "Set RESUME_EMBEDDING_MODEL to a model that works here."
        )
        return Finding("embedder", ok=False, detail=str(error), remedy=remedy)


def _embeds(embedder: Embedder, engine: Engine | None) -> str:
    vector = embedder.embed(["Does it answer?"])
    if engine is not None:
        with make_sessions(engine)() as session:
            model = find_model(session, embedder.name)
        if model is not None:
            require_same_space(embedder, model.canary)
    return f"{embedder.name}, {vector.shape[1]} dimensions"


def _content(root: ContentRoot) -> str:
    found = scan(root.path, max_file_bytes=root.max_file_bytes)
    unreadable = f", {len(found.unreadable)} unreadable" if found.unreadable else ""
    return f"{len(found.files)} markdown files in {root.path}{unreadable}"


def _disk(state_dir: Path) -> str:
    folder = next(parent for parent in (state_dir, *state_dir.parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise ConfigurationError(f"Only {free / 1e6:,.0f} MB are free where the state is kept ({folder}).")
    return f"{free / 1e9:,.1f} GB free for the state folder"
