"""The plan: what a run would do, worked out by the code that does it, without doing it.

Reading, parsing, cutting and packing are the stages' own functions; only storing is left out. Chunks that would be made
are collected in temporary tables, so that memory does not follow the corpus.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from resume_pipeline.domain.documents import TokenCounter
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.ingestion.batches import LanePolicy
from resume_pipeline.ingestion.chunks import BATCH_DOCUMENTS, cut_or_none
from resume_pipeline.ingestion.documents import batches, take_existing
from resume_pipeline.ingestion.publishing import held
from resume_pipeline.ingestion.reading import ContentReader, ContentRoot
from resume_pipeline.ingestion.reports import EmbeddingsReport, Note, PlanReport
from resume_pipeline.ingestion.spending import SpendingRules, estimated_seconds
from resume_pipeline.storage.content_manifest import manifest_problems, read_manifest
from resume_pipeline.storage.documents import StoredDocument, load_documents, without_chunks
from resume_pipeline.storage.embedding_models import StoredModel, find_model
from resume_pipeline.storage.engine import Engine, Session, driver_errors, make_sessions
from resume_pipeline.storage.generations import live_generation, prepare_candidate
from resume_pipeline.storage.migrations import require_head, schema_state
from resume_pipeline.storage.planning import PlannedTotals, add_planned, add_stored, open_plan, planned_totals
from resume_pipeline.storage.spending import measured_pace, spent_today

NEW_VERSION = -1
"""Stands for the id of a version that the run would store."""


@dataclass(frozen=True, slots=True)
class _Planner:
    """One plan under way, in a transaction that is rolled back."""

    session: Session
    reader: ContentReader
    count_tokens: TokenCounter
    has_schema: bool
    warnings: list[Note] = field(default_factory=list)

    def read(self) -> None:
        """Read what changed, and add the chunks of versions that are not stored."""
        for batch in batches(self.reader.readings()):
            parsed = [reading for reading in batch if reading.document is not None]
            new = take_existing(self.session, batch, self.reader.entries) if self.has_schema else parsed
            for reading in new:
                path = reading.entry.source_path
                self.warnings.extend(Note(path, problem.reason, problem.line) for problem in reading.warnings)
                document = StoredDocument(NEW_VERSION, path, reading.entry.recipe, reading.text)
                cut = self._add(document)
                self.reader.entries[path] = replace(reading.entry, document_id=NEW_VERSION if cut else None)

    def add_stored(self) -> None:
        """Add the chunks of versions that are stored and stay: as they are, or as they will be cut."""
        ids = [entry.document_id for entry in self.reader.entries.values()]
        stored = [id_ for id_ in ids if id_ is not None and id_ != NEW_VERSION]
        add_stored(self.session, stored)
        uncut = without_chunks(self.session, stored)
        for start in range(0, len(uncut), BATCH_DOCUMENTS):
            for document in list(load_documents(self.session, uncut[start : start + BATCH_DOCUMENTS])):
                self._add(document)

    def _add(self, document: StoredDocument) -> bool:
        chunks = cut_or_none(document, self.count_tokens)
        if chunks is not None:
            add_planned(self.session, chunks)
        return chunks is not None


def plan_ingestion(
    engine: Engine,
    root: ContentRoot,
    embedder: Embedder,
    count_tokens: TokenCounter,
    *,
    max_loss_share: float,
    confirm_deletions: bool = False,
    rules: SpendingRules | None = None,
    policy: LanePolicy | None = None,
) -> PlanReport:
    """What `ingest` would do now, and what it would send.

    Raises:
        SchemaError: the schema is neither empty nor at head.
        ContentRootError, ContentLossError: as the run itself would.
    """
    has_schema = schema_state(engine).current is not None
    if has_schema:
        require_head(engine)
    with driver_errors(), make_sessions(engine)() as session:
        reader = ContentReader(root, read_manifest(session, root.shard) if has_schema else {})
        planner = _Planner(session, reader, count_tokens, has_schema)
        open_plan(session)
        planner.read()
        if has_schema:
            planner.add_stored()
            planner.warnings.extend(_stored_warnings(session, reader))
        report = _report(planner, embedder, rules or SpendingRules(), policy or LanePolicy())
        if not confirm_deletions:
            reader.check_loss(reader.difference(), max_loss_share=max_loss_share)
        session.rollback()
    return report


def _stored_warnings(session: Session, reader: ContentReader) -> list[Note]:
    stored = {path for path, entry in reader.entries.items() if entry.document_id != NEW_VERSION}
    return [
        Note(path, warning["reason"], warning["line"])
        for path, _, _, problems in manifest_problems(session, reader.root.shard)
        for warning in problems
        if path in stored
    ]


def _report(planner: _Planner, embedder: Embedder, rules: SpendingRules, policy: LanePolicy) -> PlanReport:
    reader = planner.reader
    model = find_model(planner.session, embedder.name) if planner.has_schema else None
    totals = planned_totals(planner.session, model, has_schema=planner.has_schema)
    pace = measured_pace(planner.session, embedder.name) if planner.has_schema else None
    today = spent_today(planner.session) if planner.has_schema else Decimal(0)
    lane = policy.lane_for(embedder.name, totals.inputs)
    cost_usd = rules.cost_usd(embedder.name, totals.tokens, lane)
    difference = reader.difference()
    return PlanReport(
        files=reader.counts(difference),
        chunks_total=totals.chunks,
        chunks_new=totals.new_chunks,
        embeddings=EmbeddingsReport(
            model=embedder.name,
            dimensions=embedder.dimensions,
            sent=totals.inputs,
            reused=totals.chunks - totals.inputs - totals.waiting,
            tokens=totals.tokens,
            cost_usd=cost_usd,
            planned_tokens=totals.tokens,
            planned_cost_usd=cost_usd,
            estimated_seconds=policy.deadline_hours * 3600
            if lane == "batch"
            else estimated_seconds(totals.tokens, pace, embedder.name),
            within_budget=rules.allows(embedder.name, totals.tokens, lane, spent_today=today),
            lane=lane,
        ),
        warnings=sorted(planner.warnings, key=lambda note: (note.path, note.line or 0)),
        errors=reader.error_notes(),
        skipped=reader.skipped_notes(),
        publishes=_publishes(planner, model, totals, anything_changed=not difference.is_empty),
    )


def _publishes(planner: _Planner, model: StoredModel | None, totals: PlannedTotals, *, anything_changed: bool) -> bool:
    """Whether the run would do more than look: files changed, chunks or inputs wait, or a candidate does."""
    if anything_changed or totals.inputs or totals.new_chunks:
        return True
    live = live_generation(planner.session) if planner.has_schema else None
    if model is None or live is None:
        return totals.chunks > 0
    return not held(planner.session, live, prepare_candidate(planner.session, model))
