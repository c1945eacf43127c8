"""`evaluate`: golden questions asked of what is live, of what was read last, or of another folder."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from resume_pipeline import bootstrap
from resume_pipeline.cli.ingest import TerminalObserver
from resume_pipeline.cli.output import AsJson, err, out, print_json, show_table
from resume_pipeline.content.golden_questions import GOLDEN_QUESTIONS, read_questions_file
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.errors import PublishError
from resume_pipeline.evaluation.evaluation import DEFAULT_MODE, MODES, ModeEvaluation, ask_questions
from resume_pipeline.evaluation.paths import align_paths
from resume_pipeline.evaluation.questions import LineProblem, parse_questions
from resume_pipeline.ingestion.folder import ingest_folder
from resume_pipeline.retrieval.retriever import SearchMode
from resume_pipeline.settings import Settings, load_settings
from resume_pipeline.storage.engine import Engine, driver_errors, make_engine, make_sessions
from resume_pipeline.storage.evaluations import document_paths
from resume_pipeline.storage.generations import live_generation
from resume_pipeline.storage.migrations import schema_state
from resume_pipeline.storage.scratch import ScratchDatabase, create_scratch, drop_scratch, list_scratch
from resume_pipeline.storage.visibility import SearchScope

MAX_FAILURES_SHOWN = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of what: the figures by mode, and what a person should know beside them."""

    results: Sequence[ModeEvaluation]
    generation: int | None
    content: Path
    scratch: ScratchDatabase | None
    problems: Sequence[LineProblem]
    warnings: Sequence[str]

    @property
    def main(self) -> ModeEvaluation:
        """The mode whose figures stand for all: the default one where it was asked."""
        return next((result for result in self.results if result.mode == DEFAULT_MODE), self.results[0])


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


def evaluate(
    questions: Annotated[
        Path | None, typer.Option(help=f"One JSON object a line; if left out, {GOLDEN_QUESTIONS} in the content root.")
    ] = None,
    content: Annotated[
        Path | None, typer.Option(help="Another folder of markdown; read into a scratch database of its own.")
    ] = None,
    mode: Annotated[SearchMode | None, typer.Option(help="Only this mode; if left out, all three.")] = None,
    candidate: Annotated[bool, typer.Option("--candidate", help="Ask what was read last, not what is live.")] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Remove the scratch database of --content, or all of them, and end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask golden questions, and say how many find their passage, how high, and how fast."""
    settings = load_settings()
    if discard:
        _discard(settings, content, as_json=as_json)
        return
    modes = MODES if mode is None else (mode,)
    asked = _ask(settings, questions, content, modes, candidate=candidate, quiet=as_json)
    for warning in (*asked.warnings, *(f"line {problem.line}: {problem.reason}" for problem in asked.problems)):
        err.print(f"[yellow]warning:[/] {escape(warning)}")
    if as_json:
        print_json(_as_json(asked))
    else:
        _show(asked)


def _ask(
    settings: Settings,
    questions: Path | None,
    content: Path | None,
    modes: Sequence[SearchMode],
    *,
    candidate: bool,
    quiet: bool,
) -> Asked:
    root = (content or settings.content_root).resolve()
    parsed = parse_questions(read_questions_file(questions or root / GOLDEN_QUESTIONS))
    engine = bootstrap.engine(settings)
    scratch = None
    with TerminalObserver(quiet=quiet) as observer:
        progress = observer.progress(None)
        if content is not None and not candidate and not _is_live(settings, engine, root):
            scratch = create_scratch(engine, root)
            engine = make_engine(bootstrap.database_url(settings).set(database=scratch.name))
            ingest_folder(
                engine,
                bootstrap.content_root(settings, root),
                bootstrap.embedder(settings),
                load_token_counter(),
                bootstrap.index_options(settings),
                timeout_seconds=settings.writer_timeout_seconds,
                progress=progress,
            )
        model = bootstrap.model_in_use(settings, engine).name
        with driver_errors(), make_sessions(engine)() as session:
            scope = SearchScope(model, None) if candidate else _live(live_generation(session))
            paths = document_paths(session, scope)
        aligned = align_paths(parsed.questions, paths)
        retriever = bootstrap.retriever(engine, settings)
        results = ask_questions(retriever, aligned.questions, scope=scope, modes=modes, progress=progress)
    engine.dispose()
    problems = (*parsed.problems, *aligned.unknown)
    warnings = [aligned.warning] if aligned.warning is not None else []
    return Asked(results, scope.generation if scratch is None else None, root, scratch, problems, warnings)


def _live(live: Any) -> SearchScope:
    if live is None:
        raise PublishError("Nothing is published yet. Run `resume-pipeline ingest` (or `make ingest`) first.")
    return SearchScope(live.embedding_model, live.generation)


def _is_live(settings: Settings, engine: Engine, root: Path) -> bool:
    """Whether the folder is the content root and something of it is live; else it needs a scratch database."""
    if root != settings.content_root.resolve() or schema_state(engine).current is None:
        return False
    with driver_errors(), make_sessions(engine)() as session:
        return live_generation(session) is not None


def _discard(settings: Settings, content: Path | None, *, as_json: bool) -> None:
    engine = bootstrap.engine(settings)
    found = list_scratch(engine)
    if content is not None:
        found = [scratch for scratch in found if scratch.folder == str(content.resolve())]
    for scratch in found:
        drop_scratch(engine, scratch)
    if as_json:
        print_json({"discarded": [dataclasses.asdict(scratch) for scratch in found]})
        return
    for scratch in found:
        out.print(f"Removed {scratch.name}, the index of {escape(scratch.folder)}.")
    if not found:
        out.print("There is no scratch database to remove.")


def _as_json(asked: Asked) -> dict[str, Any]:
    return {
        **_figures(asked.main),
        "mode": asked.main.mode,
        "by_mode": {result.mode: _figures(result) for result in asked.results},
        "failures": [dataclasses.asdict(failure) for failure in asked.main.failures],
        "problems": [dataclasses.asdict(problem) for problem in asked.problems],
        "warnings": list(asked.warnings),
        "generation": asked.generation,
        "content": str(asked.content),
        "scratch_database": asked.scratch.name if asked.scratch is not None else None,
    }


def _figures(result: ModeEvaluation) -> dict[str, Any]:
    figures = dataclasses.asdict(result.figures)
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in figures.items()}


def _show(asked: Asked) -> None:
    rows = []
    for result in asked.results:
        figures = result.figures
        shares = (figures.hit_at_1, figures.hit_at_5, figures.hit_at_10, figures.mrr_at_10, figures.recall_at_10)
        times = (f"{figures.p50_ms:.1f}", f"{figures.p95_ms:.1f}")
        rows.append((result.mode, *(f"{share:.3f}" for share in shares), *times))
    show_table("", ("mode", "hit@1", "hit@5", "hit@10", "MRR@10", "recall@10", "p50 ms", "p95 ms"), rows)
    main = asked.main
    failures = [
        (failure.question, ", ".join(dict.fromkeys(passage.path for passage in failure.expected)), failure.rank or "")
        for failure in main.failures[:MAX_FAILURES_SHOWN]
    ]
    more = len(main.failures) - MAX_FAILURES_SHOWN
    failures += [(f"and {more} more (--json lists all)", "", "")] if more > 0 else []
    show_table(f"\nnot among five hits ({main.mode})", ("question", "expected", "rank"), failures)
    silent = main.figures.questions - main.figures.answerable
    what = f"generation {asked.generation}" if asked.generation is not None else escape(str(asked.content))
    out.print(f"\n{main.figures.answerable} questions that the content answers, {silent} that it does not, of {what}.")
    if asked.scratch is not None:
        out.print(
            f"Its index stays in the database {asked.scratch.name} on this server; "
            f"`resume-pipeline evaluate --content {escape(str(asked.content))} --discard` removes it."
        )
