"""The plan: what a run would do, worked out by the code that does it, without doing it.

Reading, parsing, cutting and packing are the stages' own functions; only storing is left out. Chunks that would be made
are collected in temporary tables, so that memory does not follow the corpus.
"""

from dataclasses import dataclass

from resume_pipeline.domain.chunking import chunk_document
from resume_pipeline.domain.documents import Chunk, TokenCounter
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.ingestion.embeddings import cost_usd
from resume_pipeline.ingestion.publishing import held
from resume_pipeline.ingestion.reading import ContentReader, ContentRoot, Reading
from resume_pipeline.ingestion.reports import EmbeddingsReport, Note, PlanReport
from resume_pipeline.storage.content_manifest import ManifestEntry, manifest_problems, read_manifest
from resume_pipeline.storage.embedding_models import find_model
from resume_pipeline.storage.engine import Engine, Session, driver_errors, make_sessions
from resume_pipeline.storage.generations import live_generation, prepare_candidate
from resume_pipeline.storage.migrations import require_head, schema_state
from resume_pipeline.storage.planning import PlannedTotals, add_planned, add_stored, open_plan, planned_totals

BATCH_CHUNKS = 5_000


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the database holds before the run; empty when it has no schema yet."""

    manifest: dict[str, ManifestEntry]
    has_schema: bool


def plan_ingestion(
    engine: Engine,
    root: ContentRoot,
    embedder: Embedder,
    count_tokens: TokenCounter,
    *,
    max_loss_share: float,
    confirm_deletions: bool = False,
) -> PlanReport:
    """What `ingest` would do now, and what it would send.

    Raises:
        SchemaError: the schema is neither empty nor at head.
        ContentRootError, ContentLossError: as the run itself would.
    """
    sessions = make_sessions(engine)
    has_schema = schema_state(engine).current is not None
    if has_schema:
        require_head(engine)
    with driver_errors(), sessions() as session:
        stored = _Stored(read_manifest(session, root.shard) if has_schema else {}, has_schema)
        open_plan(session)
        reader = ContentReader(root, stored.manifest)
        warnings, new_paths = _cut_changed(session, reader, count_tokens)
        kept = [entry.document_id for path, entry in reader.entries.items() if path not in new_paths]
        if has_schema:
            add_stored(session, [document_id for document_id in kept if document_id is not None])
            warnings += _stored_warnings(session, reader, new_paths)
        report = _report(session, reader, embedder, stored, new_paths, warnings)
        if not confirm_deletions:
            reader.check_loss(reader.difference(_indexed(reader, new_paths)), max_loss_share=max_loss_share)
        session.rollback()
    return report


def _indexed(reader: ContentReader, new_paths: set[str]) -> list[str]:
    return [path for path, entry in reader.entries.items() if entry.document_id is not None or path in new_paths]


def _cut_changed(session: Session, reader: ContentReader, count_tokens: TokenCounter) -> tuple[list[Note], set[str]]:
    warnings, new_paths, batch = list[Note](), set[str](), list[Chunk]()
    for reading in reader.readings():
        if reading.document is None:
            continue
        new_paths.add(reading.entry.source_path)
        warnings += [Note(reading.entry.source_path, p.reason, p.line) for p in reading.warnings]
        batch += _cut(reading, reader, count_tokens)
        if len(batch) >= BATCH_CHUNKS:
            add_planned(session, batch)
            batch = []
    add_planned(session, batch)
    return warnings, new_paths


def _cut(reading: Reading, reader: ContentReader, count_tokens: TokenCounter) -> list[Chunk]:
    assert reading.document is not None  # noqa: S101  (chosen so by the caller)
    return chunk_document(reading.document, limits=reader.root.recipe.limits, count_tokens=count_tokens)


def _stored_warnings(session: Session, reader: ContentReader, new_paths: set[str]) -> list[Note]:
    return [
        Note(path, warning["reason"], warning["line"])
        for path, _, _, problems in manifest_problems(session, reader.root.shard)
        for warning in problems
        if path in reader.entries and path not in new_paths
    ]


def _report(
    session: Session,
    reader: ContentReader,
    embedder: Embedder,
    stored: _Stored,
    new_paths: set[str],
    warnings: list[Note],
) -> PlanReport:
    model = find_model(session, embedder.name) if stored.has_schema else None
    totals = planned_totals(session, model, has_schema=stored.has_schema)
    difference = reader.difference(_indexed(reader, new_paths))
    return PlanReport(
        files=reader.counts(difference),
        chunks_total=totals.chunks,
        chunks_new=totals.new_chunks,
        embeddings=EmbeddingsReport(
            model=embedder.name,
            dimensions=embedder.dimensions,
            sent=totals.inputs,
            reused=totals.chunks - totals.inputs,
            tokens=totals.tokens,
            cost_usd=cost_usd(embedder, totals.tokens),
        ),
        warnings=sorted(warnings, key=lambda note: (note.path, note.line or 0)),
        errors=reader.error_notes(),
        skipped=reader.skipped_notes(),
        publishes=_publishes(session, stored, embedder, totals, anything_changed=not difference.is_empty),
    )


def _publishes(
    session: Session, stored: _Stored, embedder: Embedder, totals: PlannedTotals, *, anything_changed: bool
) -> bool:
    """Whether the run would do more than look: files changed, inputs wait, or a candidate waits to be published."""
    if anything_changed or totals.inputs or totals.new_chunks:
        return True
    model = find_model(session, embedder.name) if stored.has_schema else None
    live = live_generation(session) if stored.has_schema else None
    if model is None or live is None:
        return totals.chunks > 0
    return not held(session, live, prepare_candidate(session, model))
