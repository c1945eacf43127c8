"""`maintain`: what is kept no longer is deleted, now."""

import dataclasses

import typer

from resume_pipeline import bootstrap
from resume_pipeline.cli.output import AsJson, out, print_json
from resume_pipeline.ingestion.maintenance import maintain as maintain_index
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(maintain)


def maintain(as_json: AsJson = False) -> None:
    """Delete what no kept generation shows (RESUME_KEEP_GENERATIONS, RESUME_KEEP_DAYS), and give its space back."""
    settings = load_settings()
    engine, upkeep = bootstrap.engine(settings), bootstrap.migration_engine(settings)
    with writing(engine, timeout_seconds=settings.writer_timeout_seconds) as sessions:
        report = maintain_index(sessions, upkeep, bootstrap.kept(settings))
    if as_json:
        print_json({**dataclasses.asdict(report), "freed_bytes": report.freed_bytes})
        return
    out.print(
        f"Forgot {len(report.generations)} generations; deleted {report.documents:,} document versions, "
        f"{report.chunks:,} chunks and {report.vectors:,} vectors. The database has "
        f"{report.bytes_after / 1e6:,.1f} MB, {report.freed_bytes / 1e6:,.1f} MB fewer than before "
        f"({report.seconds:.1f} s)."
    )
