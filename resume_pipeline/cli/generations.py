"""`generations`, `publish`, `rollback`: what visitors saw and see, and stepping it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from resume_pipeline import bootstrap
from resume_pipeline.cli.output import AsJson, out, print_json, show_table
from resume_pipeline.content.golden_questions import golden_questions
from resume_pipeline.evaluation.states import evaluate_candidate
from resume_pipeline.ingestion.publishing import publish as publish_candidate
from resume_pipeline.ingestion.publishing import roll_back
from resume_pipeline.ingestion.writing import stepping, writing
from resume_pipeline.settings import load_settings
from resume_pipeline.storage.engine import Engine, driver_errors, make_sessions
from resume_pipeline.storage.generations import GenerationRecord, list_generations
from resume_pipeline.storage.migrations import schema_state


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (generations, publish, rollback):
        app.command()(command)


def record_json(record: GenerationRecord) -> dict[str, Any]:
    """A generation as every command gives it."""
    return {
        "generation": record.generation,
        "state": record.state,
        "published_at": record.published_at.isoformat(),
        "documents": record.documents,
        "chunks": record.chunks,
        "embedding_model": record.embedding_model,
        "content_hash": record.content_hash.hex(),
    }


def generation_records(engine: Engine) -> list[GenerationRecord]:
    """All generations, newest first; none where there is no schema yet."""
    if schema_state(engine).current is None:
        return []
    with driver_errors(), make_sessions(engine)() as session:
        return list_generations(session)


def generations(as_json: AsJson = False) -> None:
    """List every published generation, newest first."""
    records = generation_records(bootstrap.engine(load_settings()))
    if as_json:
        print_json({"generations": [record_json(record) for record in records]})
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
        print_json({"generation": now.generation, "previous": before.generation, "live": record_json(now)})
    else:
        out.print(f"Generation {now.generation} is live again (it was {before.generation}). The content is not "
                  "published again by itself until it changes; `resume-pipeline publish` goes forward.")  # fmt: skip
