"""How commands speak: JSON on standard output, words for people, complaints on standard error."""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from resume_pipeline.evaluation.states import EvaluationReport
from resume_pipeline.ingestion.reports import EmbeddingsReport, FileCounts, Note
from resume_pipeline.storage.evaluations import StoredEvaluation

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value on standard output.")]


def print_json(value: Any) -> None:
    """One JSON value on one line of standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def complain(message: str) -> None:
    """An error, for a person."""
    err.print(f"[bold red]error:[/] {escape(message)}")


def show_table(title: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A small table on standard output; nothing when there are no rows."""
    cells = [[escape(str(cell)) for cell in row] for row in rows]
    if not cells:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in cells:
        table.add_row(*row)
    out.print(table)


def note_rows(notes: Iterable[Note], *, limit: int = 20) -> list[tuple[str, str]]:
    """(path with line, reason) of the first notes, and how many more there are."""
    every = list(notes)
    rows = [(note.path if note.line is None else f"{note.path}:{note.line}", note.reason) for note in every[:limit]]
    if len(every) > limit:
        rows.append(("…", f"and {len(every) - limit} more (--json lists all)"))
    return rows


def counts_json(
    files: FileCounts, chunks_total: int, chunks_new: int, embeddings: EmbeddingsReport | None
) -> dict[str, Any]:
    """The part that `ingest` and `plan` have in common."""
    sent = embeddings or EmbeddingsReport("", 0, 0, 0, 0, 0.0)
    return {
        "files": dataclasses.asdict(files),
        "chunks": {"total": chunks_total, "new": chunks_new},
        "embeddings": {
            "sent": sent.sent,
            "reused": sent.reused,
            "tokens": sent.tokens,
            "cost_usd": sent.cost_usd,
            "model": sent.model,
            "planned": {"tokens": sent.planned_tokens, "cost_usd": sent.planned_cost_usd},
        },
    }


def evaluation_json(evaluation: StoredEvaluation) -> dict[str, Any]:
    """Figures of the golden questions in one mode, shares rounded to six digits."""
    figures = dataclasses.asdict(evaluation.figures)
    return {
        **{name: round(value, 6) if isinstance(value, float) else value for name, value in figures.items()},
        "accepted": evaluation.accepted,
        "evaluated_at": evaluation.created_at.isoformat(),
    }


def report_json(report: EvaluationReport) -> dict[str, Any]:
    """What the golden questions found in the candidate and in the live generation, and the verdict."""
    main = report.hybrid
    return {
        "passed": report.verdict.passed,
        "reason": report.verdict.reason,
        "questions": report.questions,
        "hit_at_5": round(main.figures.hit_at_5, 6) if main is not None else None,
        "mrr_at_10": round(main.figures.mrr_at_10, 6) if main is not None else None,
        "by_mode": {mode: evaluation_json(found) for mode, found in report.candidate.items()},
        "live": {
            "generation": report.live_generation,
            "by_mode": {mode: evaluation_json(found) for mode, found in report.live.items()},
        },
        "failures": main.failures if main is not None else [],
        "problems": [dataclasses.asdict(problem) for problem in report.problems],
        "warnings": list(report.warnings),
        "searches": report.asked,
    }


def notes_json(warnings: Iterable[Note], errors: Iterable[Note], skipped: Iterable[Note]) -> dict[str, Any]:
    """Notes in the form that every report has."""

    def full(note: Note) -> dict[str, Any]:
        return {"path": note.path, "line": note.line, "reason": note.reason}

    return {
        "warnings": [full(note) for note in warnings],
        "errors": [full(note) for note in errors],
        "skipped": [{"path": note.path, "reason": note.reason} for note in skipped],
    }


def money(cost_usd: float | None) -> str:
    """A price, or that it is not known."""
    if cost_usd is None:
        return "price unknown"
    return "free" if cost_usd == 0 else f"${cost_usd:,.4f}"


def show_notice(notice: str | None) -> None:
    """What a person should know beside the result, if there is something."""
    if notice:
        err.print(f"[bold yellow]note:[/] {escape(notice)}")


def duration(seconds: float) -> str:
    """A time in the unit a person would use."""
    for limit, size, unit in ((100, 1, "seconds"), (6000, 60, "minutes")):
        if seconds < limit:
            return f"{max(seconds / size, 1):.0f} {unit}" if seconds >= 1 else "less than a second"
    return f"{seconds / 3600:.1f} hours"
