"""`gaps`: what was asked and not found."""

import dataclasses
from typing import Annotated, Any

import typer

from resume_pipeline import bootstrap
from resume_pipeline.cli.output import AsJson, out, print_json, show_table
from resume_pipeline.domain.content_gaps import ContentGap
from resume_pipeline.evaluation.content_gaps import content_gaps
from resume_pipeline.settings import load_settings
from resume_pipeline.storage.engine import driver_errors, make_sessions


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(gaps)


def gaps(
    limit: Annotated[int, typer.Option(min=1, help="Questions to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the questions that were asked and not found, most often asked first."""
    settings = load_settings()
    engine = bootstrap.engine(settings)
    with driver_errors():
        report = content_gaps(make_sessions(engine), bootstrap.retriever(engine))
    if as_json:
        print_json(
            {
                "questions": report.questions,
                "not_found": report.not_found,
                "closed": report.closed,
                "gaps": [_as_json(gap) for gap in report.gaps[:limit]],
            }
        )
        return
    rows = [
        (
            gap.question,
            gap.times,
            gap.last_asked.astimezone().strftime("%Y-%m-%d %H:%M"),
            gap.nearest or "",
            "" if gap.coverage is None else f"{gap.coverage:.0%}",
        )
        for gap in report.gaps[:limit]
    ]
    show_table("", ("question", "times", "last asked", "nearest document", "of its words there"), rows)
    if not report.questions and settings.query_log == "off":
        out.print("Nothing was logged: RESUME_QUERY_LOG is off.")
        return
    out.print(
        f"{report.not_found} of {report.questions} questions in the log were not found; "
        f"{len(report.gaps)} different ones are open, {report.closed} are answered by now."
    )


def _as_json(gap: ContentGap) -> dict[str, Any]:
    return {**dataclasses.asdict(gap), "last_asked": gap.last_asked.isoformat()}
