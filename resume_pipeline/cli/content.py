"""`plan` and `chunks`: what a run would do, and what visitors can be shown."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from resume_pipeline import bootstrap
from resume_pipeline.cli.output import (
    AsJson,
    counts_json,
    duration,
    money,
    note_rows,
    notes_json,
    out,
    print_json,
    show_notice,
    show_table,
)
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.ingestion.lexical_index import has_lexical_work
from resume_pipeline.ingestion.planning import plan_ingestion
from resume_pipeline.ingestion.reports import PlanReport
from resume_pipeline.settings import load_settings
from resume_pipeline.storage.chunks import live_chunks
from resume_pipeline.storage.engine import driver_errors, make_sessions
from resume_pipeline.storage.generations import live_generation

SOMETHING_TO_DO = 2


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(plan)
    app.command()(chunks)


def plan(
    content: Annotated[Path | None, typer.Option(help="Folder of markdown, in place of RESUME_CONTENT_ROOT.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Plan as if removals were confirmed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what `ingest` would do and cost now, and do nothing. Exit code 0: nothing to do, 2: something."""
    settings = load_settings()
    engine = bootstrap.engine(settings)
    model = bootstrap.model_in_use(settings, engine)
    report = plan_ingestion(
        engine,
        bootstrap.content_root(settings, content.resolve() if content is not None else None),
        bootstrap.embedding_model(settings, model.name),
        load_token_counter(),
        max_loss_share=settings.max_loss_share,
        confirm_deletions=yes,
        rules=bootstrap.spending_rules(settings),
        policy=bootstrap.lane_policy(settings),
    )
    if has_lexical_work(engine, settings.text_search):
        report = dataclasses.replace(report, publishes=True)
    if as_json:
        counts = counts_json(report.files, report.chunks_total, report.chunks_new, report.embeddings)
        counts["embeddings"]["estimated_seconds"] = round(report.embeddings.estimated_seconds, 3)
        counts["embeddings"]["lane"] = report.embeddings.lane
        counts["embeddings"]["within_budget"] = report.embeddings.within_budget
        print_json(
            {
                **counts,
                "notice": model.notice,
                **notes_json(report.warnings, report.errors, report.skipped),
            }
        )
    else:
        _show(report)
        show_notice(model.notice)
    raise typer.Exit(0 if report.nothing_to_do else SOMETHING_TO_DO)


def _show(report: PlanReport) -> None:
    files, sent = report.files, report.embeddings
    rows = [
        ("files", ", ".join(f"{count} {name}" for name, count in dataclasses.asdict(files).items())),
        ("chunks", f"{report.chunks_total} in all, {report.chunks_new} new"),
        ("to embed", f"{sent.sent} inputs, {sent.tokens:,} tokens, {money(sent.cost_usd)}; {sent.model}"),
        ("about", duration(sent.estimated_seconds)),
        ("needs no call", f"{sent.reused} chunks"),
    ]
    show_table("", ("plan", ""), rows)
    show_table("\nskipped", ("file", "reason"), note_rows(report.skipped))
    show_table("\nwarnings", ("file", "reason"), note_rows(report.warnings))
    show_table("\nerrors", ("file", "reason"), note_rows(report.errors))
    if not sent.within_budget:
        out.print("\nThis is more than the budget allows: the run will stop before the request that would exceed it.")
    out.print("\nNothing to do." if report.nothing_to_do else "\n`resume-pipeline ingest` does this.")


def chunks(as_json: AsJson = False) -> None:  # noqa: ARG001  (one JSON object a line is the only form)
    """Print every live chunk, one JSON object a line."""
    settings = load_settings()
    with driver_errors(), make_sessions(bootstrap.engine(settings))() as session:
        live = live_generation(session)
        for chunk in live_chunks(session, live.generation) if live is not None else ():
            print_json(dataclasses.asdict(chunk))
