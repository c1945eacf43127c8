"""`search`: a question, and the passages that answer it best."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape

from resume_pipeline import bootstrap
from resume_pipeline.cli.output import AsJson, err, out, print_json, show_notice
from resume_pipeline.domain.excerpts import Excerpt
from resume_pipeline.domain.filters import parse_filter
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.retrieval.context import excerpts
from resume_pipeline.retrieval.retriever import Hit, SearchMode, SearchResult
from resume_pipeline.settings import load_settings
from resume_pipeline.storage.engine import make_sessions

PREVIEW_CHARACTERS = 300

Where = Annotated[
    list[str] | None,
    typer.Option(help="key=value of front matter (or != >= <= > <), path=GLOB, kind=facts; may be repeated."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)


def search(
    question: Annotated[str, typer.Argument(help="What to look for, as you would ask it.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Passages to show.")] = 5,
    mode: Annotated[SearchMode, typer.Option(help="Vectors, words, or both.")] = "hybrid",
    where: Where = None,
    context: Annotated[
        bool, typer.Option("--context", help="Show each hit with the passages of its section beside it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Search the live generation."""
    question = asked_text(question)
    settings = load_settings()
    engine = bootstrap.engine(settings)
    retriever = bootstrap.retriever(engine)
    filters = [parse_filter(written) for written in where or []]
    result = retriever.search(question, limit=limit, mode=mode, filters=filters)
    log = bootstrap.query_log(settings, engine, source="cli")
    not_logged = log.record(question, result, mode=mode, filters=[filter_.shown for filter_ in filters])
    if not_logged is not None:
        err.print(f"[dim]{escape(not_logged)}[/]")
    around = excerpts(make_sessions(engine), result.hits) if context else []
    if as_json:
        found = _as_json(result)
        print_json({**found, "excerpts": [dataclasses.asdict(excerpt) for excerpt in around]} if context else found)
    else:
        _show_result(result, around if context else None)


def asked_text(question: str) -> str:
    """The question as it can be asked: bytes of the terminal that are no UTF-8 are replaced.

    Raises:
        ConfigurationError: there is nothing in it.
    """
    if not question.strip():
        raise ConfigurationError("The question is empty. Ask something, as in: resume-pipeline search 'Postgres'.")
    return question.encode("utf-8", "replace").decode()


def _as_json(result: SearchResult) -> dict[str, Any]:
    return {
        "hits": [dataclasses.asdict(hit) for hit in result.hits],
        "generation": result.generation,
        "notice": result.notice,
        "corrections": [dataclasses.asdict(correction) for correction in result.corrections],
        "coverage": None if result.coverage is None else round(result.coverage, 3),
        "milliseconds": round(result.milliseconds, 2),
    }


def _show_result(result: SearchResult, around: Sequence[Excerpt] | None) -> None:
    show_notice(result.notice)
    for correction in result.corrections:
        out.print(f"[dim]No passage has {escape(correction.typed)!r}; searched for {escape(correction.used)!r}.[/]\n")
    if around is not None:
        for excerpt in around:
            _show_excerpt(excerpt, result.hits)
    else:
        for number, hit in enumerate(result.hits, 1):
            _show(number, hit)
    count = "1 passage" if len(result.hits) == 1 else f"{len(result.hits)} passages"
    took = f"{count} of generation {result.generation} in {result.milliseconds:.0f} ms"
    out.print(took if result.hits else "Nothing found.")


def _show_excerpt(excerpt: Excerpt, hits: Sequence[Hit]) -> None:
    first = hits[excerpt.hits[0]]
    numbers = ", ".join(str(place + 1) for place in excerpt.hits)
    where = f"{first.path}:{excerpt.start_line}-{excerpt.end_line}"
    out.print(f"[bold]{numbers}. {escape(where)}[/]  {escape(' › '.join(excerpt.heading_path))}")
    out.print(f"{escape(excerpt.content)}\n")


def _show(number: int, hit: Hit) -> None:
    scores = [f"score {hit.score:.3f}"]
    scores += [f"vector {hit.vector_score:.3f}"] if hit.vector_score is not None else []
    scores += [f"lexical {hit.lexical_score:.3f}"] if hit.lexical_score is not None else []
    where = f"{hit.path}:{hit.start_line}-{hit.end_line}"
    heading = " › ".join(hit.heading_path)
    text = " ".join(hit.content.split())
    shortened = text if len(text) <= PREVIEW_CHARACTERS else text[:PREVIEW_CHARACTERS].rsplit(" ", 1)[0] + " …"
    place = f"{escape(where)}[/]  {escape(heading)}" if heading else f"{escape(where)}[/]"
    out.print(f"[bold]{number}. {place}  [dim]{', '.join(scores)}[/]")
    out.print(f"   {escape(shortened)}\n")
