"""`ingest`: the whole graph in this process, with a bar per stage and a summary at the end."""

import dataclasses
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from resume_pipeline.cli.dagster_instance import dagster_home, dagster_instance
from resume_pipeline.cli.output import (
    AsJson,
    counts_json,
    err,
    money,
    note_rows,
    notes_json,
    out,
    print_json,
    report_json,
    show_notice,
    show_table,
)
from resume_pipeline.errors import ResumePipelineError
from resume_pipeline.evaluation.states import EvaluationReport
from resume_pipeline.ingestion.progress import Progress as StageProgress
from resume_pipeline.ingestion.reports import (
    BatchesReport,
    ChunksReport,
    DocumentsReport,
    EmbeddingsReport,
    FileCounts,
    IndexReport,
    LexicalReport,
    PublishReport,
)
from resume_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    import dagster as dg


StageReport = (
    EvaluationReport
    | DocumentsReport
    | ChunksReport
    | BatchesReport
    | EmbeddingsReport
    | IndexReport
    | LexicalReport
    | PublishReport
)
FILE_CHANGES = ("added", "changed", "renamed", "removed", "unchanged", "skipped")


class TerminalObserver:
    """Shows each stage's progress as a bar on standard error, and keeps the reports."""

    def __init__(self, *, quiet: bool) -> None:
        self.reports: dict[str, Any] = {}
        self._bars = Progress(
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
            disable=quiet or not err.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "TerminalObserver":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def progress(self, context: Any) -> StageProgress:  # noqa: ARG002  (the log is not shown here)
        """A callable that moves a stage's bar."""

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=total)
            self._bars.update(self._tasks[stage], completed=done, total=total)

        return tell

    def finished(self, stage: str, report: object) -> None:
        """Keep a stage's report for the summary."""
        self.reports[stage] = report


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


def ingest(
    content: Annotated[Path | None, typer.Option(help="Folder of markdown, in place of RESUME_CONTENT_ROOT.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Confirm that documents whose files are gone are removed.")
    ] = False,
    accept_lower_quality: Annotated[
        bool, typer.Option("--accept-lower-quality", help="Publish although the golden questions find too little.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the schema to head, then read, chunk, embed, index, evaluate and publish what changed."""
    settings = load_settings()
    said = {
        "documents": {"config": {"confirm_deletions": yes}},
        "retrieval_evaluation": {"config": {"accept_lower_quality": accept_lower_quality}},
    }
    with TerminalObserver(quiet=as_json) as observer:
        failure = _run_graph(settings, observer, content, said)
    if as_json:
        print_json({**_summary_json(observer.reports), **({"error": failure} if failure else {})})
    elif failure is None:
        _show_summary(observer.reports)
    if failure is not None:
        raise ResumePipelineError(failure)


def _run_graph(
    settings: Settings, observer: TerminalObserver, content: Path | None, said: dict[str, Any]
) -> str | None:
    """Execute the job `ingest_content` with what a person said for this run; why it failed, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # notes of Dagster about its own previews
        from resume_pipeline.definitions import make_definitions  # noqa: PLC0415  (1.2 s: dagster)
        from resume_pipeline.defs.resources import PipelineResource  # noqa: PLC0415

        pipeline = PipelineResource(content_root=str(content.resolve()) if content is not None else None)
        job = make_definitions(observer, pipeline).resolve_job_def("ingest_content")
        with dagster_instance(dagster_home(settings)) as instance:
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={
                    "ops": said,
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
            )
    return None if result.success else _failure(result)


def _failure(result: "dg.ExecuteInProcessResult") -> str:
    for evaluation in result.get_asset_check_evaluations():
        held = not evaluation.passed and evaluation.blocking and evaluation.severity.value == "ERROR"
        if held and evaluation.description:  # says more than the failure of the step that asked
            return evaluation.description
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data is not None and data.user_failure_data.description:
                return str(data.user_failure_data.description)
            cause = data.error.cause if data.error is not None and data.error.cause is not None else data.error
            return f"{event.step_key}: {cause.message.strip() if cause is not None else 'failed'}"
    return "The run failed before its first step."


def _summary_json(reports: dict[str, Any]) -> dict[str, Any]:
    documents: DocumentsReport = reports.get("documents", DocumentsReport(FileCounts(), 0))
    chunks: ChunksReport | None = reports.get("document_chunks")
    embeddings: EmbeddingsReport | None = reports.get("chunk_embeddings")
    published: PublishReport | None = reports.get("published_generation")
    evaluation: EvaluationReport | None = reports.get("retrieval_evaluation")
    errors = [*documents.errors, *(chunks.errors if chunks else []), *(embeddings.errors if embeddings else [])]
    return {
        "generation": published.generation if published else None,
        "published": published.published if published else False,
        **counts_json(
            documents.files,
            chunks.total if chunks else 0,
            chunks.new if chunks else 0,
            embeddings,
        ),
        "batches": dataclasses.asdict(reports.get("embedding_batches", BatchesReport())),
        "notice": embeddings.notice if embeddings else None,
        **notes_json(documents.warnings, errors, documents.skipped),
        "evaluation": report_json(evaluation) if evaluation is not None else None,
        "seconds": {stage: round(report.seconds, 3) for stage, report in reports.items()},
    }


def _segments(lexical: LexicalReport) -> str:
    return "1 segment" if lexical.segments == 1 else f"{lexical.segments} segments"


def _show_summary(reports: dict[str, Any]) -> None:
    documents: DocumentsReport = reports["documents"]
    chunks: ChunksReport = reports["document_chunks"]
    embeddings: EmbeddingsReport = reports["chunk_embeddings"]
    index: IndexReport = reports["vector_index"]
    lexical: LexicalReport = reports["lexical_index"]
    evaluation: EvaluationReport = reports["retrieval_evaluation"]
    published: PublishReport = reports["published_generation"]
    files = documents.files
    changes = ", ".join(f"{getattr(files, name)} {name}" for name in FILE_CHANGES)
    sent = f"{embeddings.sent} inputs sent ({embeddings.tokens:,} tokens, {money(embeddings.cost_usd)})"
    rows: list[tuple[str, str, StageReport]] = [
        ("documents", f"{files.seen} files: {changes}", documents),
        ("document_chunks", f"{chunks.total} chunks, {chunks.new} new", chunks),
        ("chunk_embeddings", f"{sent}, {embeddings.reused} reused; {embeddings.model}", embeddings),
        ("vector_index", f"{index.kind}, {index.vectors} vectors, recall@10 {index.recall_at_10:.3f}", index),
        ("lexical_index", f"{lexical.lexemes:,} lexemes, {lexical.new} chunks new, {_segments(lexical)}", lexical),
        ("retrieval_evaluation", evaluation.verdict.reason, evaluation),
        ("published_generation", published.reason, published),
    ]
    batches: BatchesReport = reports.get("embedding_batches", BatchesReport())
    if batches != BatchesReport(seconds=batches.seconds):
        what = f"{batches.submitted:,} inputs submitted, {batches.collected:,} collected, {batches.left:,} left"
        rows.insert(2, ("embedding_batches", what, batches))
    show_table("", ("stage", "what it did", "seconds"), [(n, w, f"{r.seconds:.2f}") for n, w, r in rows])
    show_notice(embeddings.notice)
    show_table("\nskipped", ("file", "reason"), note_rows(documents.skipped))
    show_table("\nwarnings", ("file", "reason"), note_rows(documents.warnings))
    errors = [*documents.errors, *chunks.errors, *embeddings.errors]
    show_table("\nerrors (the last good version stays)", ("file", "reason"), note_rows(errors))
    out.print('\nNext: [bold]make search Q="your question"[/] searches it · [bold]make dev[/] opens the Dagster UI')
