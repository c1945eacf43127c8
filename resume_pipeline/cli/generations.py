"""`status`, `generations`, `publish`, `rollback`: what visitors see, and stepping it."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from resume_pipeline import bootstrap
from resume_pipeline.cli.output import AsJson, evaluation_json, out, print_json, show_notice, show_table
from resume_pipeline.content.golden_questions import golden_questions
from resume_pipeline.evaluation.evaluation import DEFAULT_MODE
from resume_pipeline.evaluation.states import evaluate_candidate
from resume_pipeline.ingestion.publishing import publish as publish_candidate
from resume_pipeline.ingestion.publishing import roll_back, waiting
from resume_pipeline.ingestion.writing import stepping, writing
from resume_pipeline.settings import load_settings
from resume_pipeline.storage.engine import Engine, driver_errors, make_sessions
from resume_pipeline.storage.evaluations import latest_evaluation
from resume_pipeline.storage.generations import GenerationRecord, list_generations
from resume_pipeline.storage.migrations import schema_state
from resume_pipeline.storage.status import IndexStatus, index_status


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, generations, publish, rollback):
        app.command()(command)


def _as_json(record: GenerationRecord) -> dict[str, Any]:
    return {
        "generation": record.generation,
        "state": record.state,
        "published_at": record.published_at.isoformat(),
        "documents": record.documents,
        "chunks": record.chunks,
        "embedding_model": record.embedding_model,
        "content_hash": record.content_hash.hex(),
    }


def _records(engine: Engine) -> list[GenerationRecord]:
    if schema_state(engine).current is None:
        return []
    with driver_errors(), make_sessions(engine)() as session:
        return list_generations(session)


def status(as_json: AsJson = False) -> None:
    """Say what is live, since when, from what, and what waits to be published."""
    settings = load_settings()
    engine = bootstrap.engine(settings)
    state = schema_state(engine)
    live = next((record for record in _records(engine) if record.state == "live"), None)
    model = bootstrap.model_in_use(settings, engine)
    candidate, reason, evaluation = IndexStatus(0, 0, 0), None, None
    if state.at_head:
        with driver_errors(), make_sessions(engine)() as session:
            candidate = index_status(session)
            evaluation = latest_evaluation(session, live.content_hash, DEFAULT_MODE) if live is not None else None
        reason = waiting(make_sessions(engine), model.name, bootstrap.quality_demand(settings, settings.content_root))
    if as_json:
        print_json(
            {
                "live": _as_json(live) if live else None,
                "generation": live.generation if live else None,
                "schema": {"current": state.current, "head": state.head, "at_head": state.at_head},
                "pgvector": state.pgvector,
                "evaluation": evaluation_json(evaluation) if evaluation is not None else None,
                "embedding_model": {"in_use": model.name, "configured": model.configured},
                "candidate": {
                    **dataclasses.asdict(candidate),
                    "publishes": state.at_head and reason is None,
                    "reason": reason,
                },
            }
        )
        return
    if live is None:
        out.print("Nothing is live yet. `resume-pipeline ingest` publishes the first generation.")
    else:
        since = live.published_at.astimezone().strftime("%Y-%m-%d %H:%M")
        out.print(f"[bold]Generation {live.generation}[/] is live since {since}: {live.documents} documents, "
                  f"{live.chunks} chunks, {live.embedding_model}.")  # fmt: skip
    if evaluation is not None:
        figures = evaluation.figures
        out.print(f"Golden questions: hit@5 {figures.hit_at_5:.3f}, MRR@10 {figures.mrr_at_10:.3f} over "
                  f"{figures.answerable}; p95 {figures.p95_ms:.0f} ms.")  # fmt: skip
    if live is not None and state.at_head:
        out.print(f"What was read last: {reason or 'not published yet; `resume-pipeline ingest` goes on with it.'}")
    if candidate.errors:
        out.print(f"{candidate.errors} files could not be used; `resume-pipeline plan` names them.")
    if not state.at_head:
        out.print(state.explanation())
    show_notice(model.notice)


def generations(as_json: AsJson = False) -> None:
    """List every published generation, newest first."""
    records = _records(bootstrap.engine(load_settings()))
    if as_json:
        print_json({"generations": [_as_json(record) for record in records]})
        return
    rows = [
        (r.generation, r.state, r.published_at.astimezone().strftime("%Y-%m-%d %H:%M:%S"), r.documents, r.chunks)
        for r in records
    ]
    show_table("", ("generation", "state", "published", "documents", "chunks"), rows)


def publish(
    accept_lower_quality: Annotated[
        bool, typer.Option("--accept-lower-quality", help="Although the golden questions find too little.")
    ] = False,
    content: Annotated[
        Path | None, typer.Option(help="The content root it was read from, for its golden questions.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Publish what was read last, also when it had been rolled back."""
    settings = load_settings()
    root = content.resolve() if content is not None else settings.content_root
    engine = bootstrap.engine(settings)
    with writing(engine, timeout_seconds=settings.writer_timeout_seconds) as sessions:
        model = bootstrap.model_in_use(settings, engine).name
        evaluate_candidate(
            sessions,
            bootstrap.retriever(engine, settings),
            model,
            golden_questions(root),
            ranking=bootstrap.ranking(settings),
            bar=bootstrap.quality_bar(settings),
            accept_lower_quality=accept_lower_quality,
        )
        report = publish_candidate(
            sessions,
            model,
            min_coverage=settings.min_coverage,
            quality=bootstrap.quality_demand(settings, root),
            forward=True,
        )
    if as_json:
        print_json({"generation": report.generation, "published": report.published, "reason": report.reason})
    else:
        out.print(report.reason)


def rollback(
    generation: Annotated[int | None, typer.Argument(help="Where to go; if left out, the one before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an earlier generation live again, in one step and without embedding anything."""
    with stepping(bootstrap.engine(load_settings())) as sessions:
        before, now = roll_back(sessions, generation)
    if as_json:
        print_json({"generation": now.generation, "previous": before.generation, "live": _as_json(now)})
    else:
        out.print(f"Generation {now.generation} is live again (it was {before.generation}). The content is not "
                  "published again by itself until it changes; `resume-pipeline publish` goes forward.")  # fmt: skip
