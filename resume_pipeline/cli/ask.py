"""`ask`: a question, and an answer that arrives as it is written, with its citations below."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape

from resume_pipeline import bootstrap
from resume_pipeline.bootstrap.answering import answerer
from resume_pipeline.cli.output import AsJson, err, out, print_json, show_notice
from resume_pipeline.cli.questions import Where, asked_text
from resume_pipeline.domain.answers import Answer, AnswerDone, Citation, Nearest, Source, SourcesFound, TextAdded
from resume_pipeline.domain.filters import parse_filter
from resume_pipeline.retrieval.query_log import Asked
from resume_pipeline.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ask)


def ask(
    question: Annotated[str, typer.Argument(help="What you want to know, as you would ask a person.")],
    where: Where = None,
    as_json: AsJson = False,
) -> None:
    """Answer from the live generation, with citations that were checked."""
    question = asked_text(question)
    settings = load_settings()
    engine = bootstrap.engine(settings)
    filters = [parse_filter(written) for written in where or []]
    answer: Answer | None = None
    sources: Sequence[Source] = ()
    for event in answerer(engine, settings).stream(question, filters=filters):
        if isinstance(event, TextAdded) and not as_json:
            typer.echo(event.text, nl=False)
        elif isinstance(event, SourcesFound):
            sources = event.sources
            passages = "1 passage" if len(sources) == 1 else f"{len(sources)} passages"
            err.print(f"[dim]Reading {passages} of generation {event.generation} …[/]")
        elif isinstance(event, AnswerDone):
            answer = event.answer
    assert answer is not None  # noqa: S101  (the last event has it)
    asked = Asked(question, [filter_.shown for filter_ in filters], None, answer.generation, answer.milliseconds)
    _, not_logged = bootstrap.query_log(settings, engine, source="cli").record_answer(asked, sources, answer)
    if not_logged is not None:
        err.print(f"[dim]{escape(not_logged)}[/]")
    if as_json:
        print_json(_as_json(answer))
    else:
        _show_end(answer)


def _as_json(answer: Answer) -> dict[str, Any]:
    whole = dataclasses.asdict(answer)
    return {"answer": whole.pop("text"), **whole, "milliseconds": round(answer.milliseconds, 2)}


def _show_end(answer: Answer) -> None:
    typer.echo()
    if answer.notice:
        show_notice(answer.notice)
    if answer.citations:
        out.print()
    for citation in answer.citations:
        out.print(f"[bold]\\[{citation.number}][/] {_place(citation)}")
        out.print(f"    [dim]“{escape(' '.join(citation.quote.split()))}”[/]")
    if answer.nearest:
        out.print("\nNearest to it:")
        for nearest in answer.nearest:
            out.print(f"  {_place(nearest)}")
    how = "quoted from the content" if answer.quoted else f"written by {answer.model}"
    dropped = f", {answer.dropped} unsupported left out" if answer.dropped else ""
    made = f"{how}{dropped}, " if answer.answered else ""
    out.print(f"\n[dim]{made}generation {answer.generation}, {answer.milliseconds:.0f} ms[/]")


def _place(place: Citation | Nearest) -> str:
    headings: Sequence[str] = place.heading_path or (place.title,)
    link = f"  {place.url}" if place.url else ""
    where = f"{place.path}:{place.start_line}-{place.end_line}"
    return f"{escape(where)}  {escape(' › '.join(headings))}{escape(link)}"
