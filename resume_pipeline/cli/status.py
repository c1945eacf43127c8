"""`status`: what visitors see, since when, and whether that is what the content says."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import typer

from resume_pipeline import bootstrap
from resume_pipeline.cli.generations import generation_records, record_json
from resume_pipeline.cli.output import AsJson, evaluation_json, out, print_json, show_notice
from resume_pipeline.evaluation.evaluation import DEFAULT_MODE
from resume_pipeline.ingestion.freshness import Freshness, freshness
from resume_pipeline.ingestion.publishing import waiting
from resume_pipeline.ingestion.serving import ModelInUse
from resume_pipeline.settings import Settings, load_settings
from resume_pipeline.storage.engine import Engine, driver_errors, make_sessions
from resume_pipeline.storage.evaluations import StoredEvaluation, latest_evaluation
from resume_pipeline.storage.generations import GenerationRecord
from resume_pipeline.storage.migrations import SchemaState, schema_state
from resume_pipeline.storage.status import IndexStatus, index_status


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the command shows. ``reason`` says why what was read last is not published; None when it will be."""

    schema: SchemaState
    live: GenerationRecord | None
    model: ModelInUse
    fresh: Freshness
    candidate: IndexStatus = field(default_factory=lambda: IndexStatus(0, 0, 0))
    reason: str | None = None
    evaluation: StoredEvaluation | None = None


def status(as_json: AsJson = False) -> None:
    """Say what is live, since when, from what, and whether it is what the content holds; if not, why."""
    settings = load_settings()
    found = _status(settings, bootstrap.engine(settings))
    if as_json:
        print_json(_as_json(found))
    else:
        _show(found)


def _status(settings: Settings, engine: Engine) -> Status:
    schema, model = schema_state(engine), bootstrap.model_in_use(settings, engine)
    live = next((record for record in generation_records(engine) if record.state == "live"), None)
    if not schema.at_head:
        return Status(schema, live, model, Freshness(schema.explanation()))
    sessions = make_sessions(engine)
    demand = bootstrap.quality_demand(settings, settings.content_root)
    with driver_errors(), sessions() as session:
        candidate = index_status(session)
        evaluation = latest_evaluation(session, live.content_hash, DEFAULT_MODE) if live is not None else None
    reason = waiting(sessions, model.name, demand)
    fresh = freshness(sessions, bootstrap.content_root(settings), reason)
    return Status(schema, live, model, fresh, candidate, reason, evaluation)


def _as_json(found: Status) -> dict[str, Any]:
    live, schema = found.live, found.schema
    return {
        "live": record_json(live) if live else None,
        "generation": live.generation if live else None,
        "up_to_date": found.fresh.up_to_date,
        "why_not": found.fresh.reason or None,
        "files_unread": found.fresh.unread,
        "since": found.fresh.since.isoformat() if found.fresh.since else None,
        "schema": {"current": schema.current, "head": schema.head, "at_head": schema.at_head},
        "pgvector": schema.pgvector,
        "evaluation": evaluation_json(found.evaluation) if found.evaluation is not None else None,
        "embedding_model": {"in_use": found.model.name, "configured": found.model.configured},
        "candidate": {
            **dataclasses.asdict(found.candidate),
            "publishes": schema.at_head and found.reason is None,
            "reason": found.reason,
        },
    }


def _show(found: Status) -> None:
    live, fresh = found.live, found.fresh
    if live is None:
        out.print("Nothing is live yet. `resume-pipeline ingest` publishes the first generation.")
    else:
        since = live.published_at.astimezone().strftime("%Y-%m-%d %H:%M")
        out.print(
            f"[bold]Generation {live.generation}[/] is live since {since}: {live.documents} documents, "
            f"{live.chunks} chunks, {live.embedding_model}."
        )
    if found.evaluation is not None:
        figures = found.evaluation.figures
        out.print(
            f"Golden questions: hit@5 {figures.hit_at_5:.3f}, MRR@10 {figures.mrr_at_10:.3f} over "
            f"{figures.answerable}; p95 {figures.p95_ms:.0f} ms."
        )
    if live is not None and found.schema.at_head:
        waits = f" (since {fresh.since.astimezone():%Y-%m-%d %H:%M})" if fresh.since else ""
        out.print(f"Up to date: {'yes' if fresh.up_to_date else 'no'}. {fresh.reason}{waits}".strip())
    if found.candidate.errors:
        out.print(f"{found.candidate.errors} files could not be used; `resume-pipeline plan` names them.")
    if not found.schema.at_head:
        out.print(found.schema.explanation())
    show_notice(found.model.notice)
