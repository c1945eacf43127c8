"""`models`: embedding models side by side, and which of them visitors are served."""

import dataclasses
from typing import Annotated, Any

import typer

from resume_pipeline import bootstrap
from resume_pipeline.cli.output import AsJson, duration, money, out, print_json, show_notice, show_table
from resume_pipeline.content.golden_questions import golden_questions
from resume_pipeline.errors import QualityError
from resume_pipeline.evaluation.models import compare_models, judge_model
from resume_pipeline.ingestion import models as use_case
from resume_pipeline.ingestion.serving import serve_model
from resume_pipeline.ingestion.spending import Spending
from resume_pipeline.ingestion.writing import stepping, writing
from resume_pipeline.settings import Settings, load_settings

models = typer.Typer(help="Embedding models side by side.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Provider and model, as in openai:text-embedding-3-small.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(models, name="models")


@models.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the registered models: how far each is filled, its index, and which is live."""
    settings = load_settings()
    engine = bootstrap.engine(settings)
    with stepping(engine) as sessions:
        reports = use_case.describe_models(sessions, settings.embedding_model)
    notice = bootstrap.model_in_use(settings, engine).notice
    if as_json:
        print_json({"models": [dataclasses.asdict(report) for report in reports], "notice": notice})
        return
    rows = [
        (
            r.model,
            r.dimensions,
            f"{r.chunks_with_vector:,} of {r.chunks:,}",
            r.index,
            f"{r.recall_at_10:.3f}",
            "live" if r.live else "",
            ", ".join(str(number) for number in r.generations[-5:]),
        )
        for r in reports
    ]
    headers = ("model", "dimensions", "chunks with a vector", "index", "recall@10", "", "generations")
    show_table("", headers, rows)
    show_notice(notice)
    if not rows:
        out.print("No model is registered yet. `resume-pipeline ingest` registers the first one.")


@models.command()
def add(name: Name, as_json: AsJson = False) -> None:
    """Register a model: ask it for its dimensions and for the canary vector that it is known by from now on."""
    settings = load_settings()
    with stepping(bootstrap.engine(settings)) as sessions:
        model = use_case.add_model(sessions, bootstrap.embedding_model(settings, name))
    price = bootstrap.spending_rules(settings).prices.usd_per_million_tokens(name)
    if as_json:
        usd = None if price is None else float(price)
        print_json({"model": name, "dimensions": model.dimensions, "usd_per_million_tokens": usd})
    else:
        cost = "price unknown" if price is None else "free" if not price else f"${price} per million tokens"
        out.print(f"{name} is registered: {model.dimensions} dimensions, {cost}.")
        out.print(f"`resume-pipeline models fill {name}` gives what is live its vectors.")


@models.command()
def fill(
    name: Name,
    plan: Annotated[bool, typer.Option("--plan", help="Only say what it would send and cost.")] = False,
    as_json: AsJson = False,
) -> None:
    """Embed what is live with a model, and build its index; searches go on with the model that is served."""
    settings = load_settings()
    if plan:
        _plan_fill(settings, name, as_json=as_json)
        return
    with writing(bootstrap.engine(settings), timeout_seconds=settings.writer_timeout_seconds) as sessions:
        spending = Spending(sessions, bootstrap.spending_rules(settings), name)
        embedder = bootstrap.embedding_model(settings, name)
        report = use_case.fill_model(sessions, embedder, bootstrap.index_wish(settings), spending=spending)
    sent, index = report.embeddings, report.index
    if as_json:
        print_json({"model": name, "embeddings": _numbers(sent), "index": _numbers(index)})
        return
    out.print(
        f"{name}: {sent.sent:,} inputs sent ({sent.tokens:,} tokens, {money(sent.cost_usd)}), {sent.reused:,} chunks "
        f"needed no call; {index.kind} index of {index.vectors:,} vectors, recall@10 {index.recall_at_10:.3f}."
    )
    out.print(f"`resume-pipeline models serve {name}` switches to it.")


def _plan_fill(settings: Settings, name: str, *, as_json: bool) -> None:
    with stepping(bootstrap.engine(settings)) as sessions:
        embedder, rules = bootstrap.embedding_model(settings, name), bootstrap.spending_rules(settings)
        planned = use_case.plan_fill(sessions, embedder, rules)
    if as_json:
        print_json({"model": name, "embeddings": _numbers(planned)})
        return
    cost, time = money(planned.cost_usd), duration(planned.estimated_seconds)
    out.print(f"{name}: {planned.sent:,} inputs, {planned.tokens:,} tokens, {cost}, {time}.")
    if not planned.within_budget:
        out.print("This is more than the budget allows.")


@models.command()
def evaluate(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models to compare; if left out, all that are filled.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the golden questions of what is live by each model, so that they can be compared before one is served."""
    settings = load_settings()
    engine = bootstrap.engine(settings)
    with stepping(engine) as sessions:
        compared = compare_models(
            sessions, bootstrap.retriever(engine, settings), golden_questions(settings.content_root), names or []
        )
    if as_json:
        print_json(
            {
                "generation": compared.generation,
                "models": {
                    name: {result.mode: dataclasses.asdict(result.figures) for result in results}
                    for name, results in compared.by_model.items()
                },
            }
        )
        return
    rows = [
        (name, result.mode, *(f"{share:.3f}" for share in (f.hit_at_1, f.hit_at_5, f.mrr_at_10)), f"{f.p50_ms:.1f}")
        for name, results in compared.by_model.items()
        for result in results
        for f in [result.figures]
    ]
    show_table("", ("model", "mode", "hit@1", "hit@5", "MRR@10", "p50 ms"), rows)
    out.print(f"{compared.answerable} questions that generation {compared.generation} answers.")


@models.command()
def serve(
    name: Name,
    accept_lower_quality: Annotated[
        bool, typer.Option("--accept-lower-quality", help="Although the golden questions find too little with it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is live with another model, in one step and without embedding anything; `rollback` takes it back."""
    settings = load_settings()
    embedder = bootstrap.embedding_model(settings, name)
    engine = bootstrap.engine(settings)
    with writing(engine, timeout_seconds=settings.writer_timeout_seconds) as sessions:
        bar, questions = bootstrap.quality_bar(settings), golden_questions(settings.content_root)
        verdict = judge_model(sessions, bootstrap.retriever(engine, settings), questions, name, bar)
        if not verdict.passed and not accept_lower_quality:
            raise QualityError(
                f"{name} is not served. {verdict.reason} `resume-pipeline models evaluate` compares the models; "
                "`--accept-lower-quality` serves it all the same."
            )
        report = serve_model(sessions, embedder, configured=settings.embedding_model)
    if as_json:
        print_json(dataclasses.asdict(report))
    elif report.served:
        out.print(
            f"Generation {report.generation} is live with {name}; it was {report.previous_generation} with "
            f"{report.previous_model}. Ingests go on with {name}; `resume-pipeline rollback` takes it back."
        )
    else:
        out.print(f"{name} is served already, by generation {report.generation}.")


@models.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Also when earlier generations need it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Drop a model with its vectors and its index."""
    settings = load_settings()
    with writing(bootstrap.engine(settings), timeout_seconds=settings.writer_timeout_seconds) as sessions:
        lost = use_case.remove_model(sessions, name, confirmed=yes)
    if as_json:
        print_json({"removed": name, "generations_lost": lost})
    else:
        numbers = ", ".join(str(number) for number in lost)
        out.print(f"{name} is removed." + (f" Generations {numbers} cannot be returned to." if lost else ""))


def _numbers(report: Any) -> dict[str, Any]:
    return {key: value for key, value in dataclasses.asdict(report).items() if key not in {"settings", "notice"}}
