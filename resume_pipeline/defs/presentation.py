"""How reports look in the UI: metadata with stable keys, tables, a histogram, a preview.

Each number becomes a plot on the asset's page, so a key is always there (0, not absent) and always a number.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import dagster as dg

from resume_pipeline.evaluation.content_gaps import GapsReport
from resume_pipeline.evaluation.evaluation import MODES
from resume_pipeline.evaluation.states import EvaluationReport
from resume_pipeline.ingestion.reports import (
    BatchesReport,
    ChunksReport,
    DocumentsReport,
    EmbeddingsReport,
    FillReport,
    IndexReport,
    LexicalReport,
    ModelReport,
    Note,
    PublishReport,
)

MAX_ROWS = 20
PLOTTED_FIGURES = ("hit_at_1", "hit_at_5", "hit_at_10", "mrr_at_10", "recall_at_10", "p50_ms", "p95_ms")
Metadata = dict[str, Any]


def table(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> dg.TableMetadataValue:
    """The first rows as a table; every cell as text, so that the table's schema is the same for each run."""
    records = [dg.TableRecord({name: str(row.get(name, "")) for name in names}) for row in islice(rows, MAX_ROWS)]
    schema = dg.TableSchema([dg.TableColumn(name, type="string") for name in names])
    return dg.MetadataValue.table(records, schema)


def notes_table(notes: Iterable[Note]) -> dg.TableMetadataValue:
    """Notes about files as a table."""
    rows = ({"path": note.path, "line": note.line or "", "reason": note.reason} for note in notes)
    return table(rows, ("path", "line", "reason"))


def documents_metadata(report: DocumentsReport, content_root: str) -> Metadata:
    """Counts of files, what changed, and every file that needs a person's eye."""
    files = report.files
    return {
        "dagster/row_count": report.documents,
        "content_root": dg.MetadataValue.path(content_root),
        "files_seen": files.seen,
        "files_added": files.added,
        "files_changed": files.changed,
        "files_renamed": files.renamed,
        "files_removed": files.removed,
        "files_unchanged": files.unchanged,
        "files_skipped": files.skipped,
        "warnings": len(report.warnings),
        "errors": len(report.errors),
        "changed_files": table(
            ({"path": path, "change": change} for path, change in report.changes), ("path", "change")
        ),
        "problems": notes_table([*report.errors, *report.warnings]),
        "skipped_files": notes_table(report.skipped),
        "seconds": round(report.seconds, 3),
        "files_per_second": round(files.seen / max(report.seconds, 1e-3), 1),
    }


def chunks_metadata(
    report: ChunksReport, preview: Sequence[tuple[str, str]], histogram: Sequence[tuple[int, int]]
) -> Metadata:
    """Counts of chunks, three of them to read, and how long they are."""
    return {
        "dagster/row_count": report.total,
        "chunks_total": report.total,
        "chunks_new": report.new,
        "documents_cut": report.documents_cut,
        "tokens_total": report.tokens,
        "tokens_mean": round(report.tokens / max(report.total, 1), 1),
        "tokens_max": report.max_tokens,
        "errors": len(report.errors),
        "problems": notes_table(report.errors),
        "preview": dg.MetadataValue.md("\n\n---\n\n".join(f"**{where}**\n\n{text}" for where, text in preview)),
        "token_histogram": dg.MetadataValue.md(histogram_picture(histogram)),
        "seconds": round(report.seconds, 3),
        "chunks_per_second": round(report.new / max(report.seconds, 1e-3), 1),
    }


def embeddings_metadata(report: EmbeddingsReport) -> Metadata:
    """What was sent, what needed no call, and what it cost, beside what was planned."""
    return {
        "dagster/row_count": report.sent + report.reused,
        "inputs_sent": report.sent,
        "chunks_reused": report.reused,
        "tokens_sent": report.tokens,
        "tokens_planned": report.planned_tokens,
        "cost_usd": report.cost_usd if report.cost_usd is not None else "unknown price",
        "cost_usd_planned": report.planned_cost_usd if report.planned_cost_usd is not None else "unknown price",
        "requests": report.requests,
        "errors": len(report.errors),
        "problems": notes_table(report.errors),
        "embedding_model": report.model,
        "notice": report.notice or "",
        "dimensions": report.dimensions,
        "seconds": round(report.seconds, 3),
        "inputs_per_second": round(report.sent / max(report.seconds, 1e-3), 1),
    }


def batches_metadata(report: BatchesReport) -> Metadata:
    """What came back from batches, what was submitted and at which price, and what still waits."""
    return {
        "inputs_collected": report.collected,
        "inputs_left_to_the_direct_lane": report.left,
        "inputs_submitted": report.submitted,
        "batches_submitted": report.batches_submitted,
        "tokens_submitted": report.tokens,
        "cost_usd": report.cost_usd if report.cost_usd is not None else "unknown price",
        "batches_open": report.batches_open,
        "inputs_waiting": report.inputs_waiting,
        "seconds": round(report.seconds, 3),
    }


def fill_metadata(reports: Sequence[FillReport], models: Sequence[ModelReport]) -> Metadata:
    """What filling models beside the served one sent and cost, and how each model stands now."""
    sent = [report.embeddings for report in reports]
    costs = [report.cost_usd for report in sent]
    return {
        "models_filled": len(reports),
        "inputs_sent": sum(report.sent for report in sent),
        "chunks_reused": sum(report.reused for report in sent),
        "tokens_sent": sum(report.tokens for report in sent),
        "tokens_planned": sum(report.planned_tokens for report in sent),
        "cost_usd": "unknown price" if None in costs else sum(cost or 0.0 for cost in costs),
        "models": models_table(models),
        "seconds": round(
            sum(report.seconds + fill.index.seconds for report, fill in zip(sent, reports, strict=True)), 3
        ),
    }


def models_table(models: Sequence[ModelReport]) -> dg.TableMetadataValue:
    """The registered models, how far each is filled, and which is live."""
    names = ("model", "dimensions", "chunks", "chunks_with_vector", "index", "recall_at_10", "live", "generations")
    return table(({name: getattr(model, name) for name in names} for model in models), names)


def index_metadata(report: IndexReport) -> Metadata:
    """The kind of index, its size, and how much of the exact answer it finds."""
    return {
        "dagster/row_count": report.vectors,
        "index_type": report.kind,
        "index_bytes": report.size_bytes,
        "index_megabytes": round(report.size_bytes / 1e6, 2),
        "recall_at_10": report.recall_at_10,
        "built": int(report.built),
        "used_by_search": int(report.used_by_search),
        "vectors_per_second": round(report.vectors / max(report.seconds, 1e-3), 1),
        "settings": dg.MetadataValue.json(dict(report.settings)),
        "seconds": round(report.seconds, 3),
    }


def lexical_metadata(report: LexicalReport) -> Metadata:
    """What the lexical index holds, and what was added, merged and counted anew."""
    return {
        "dagster/row_count": report.chunks,
        "chunks_indexed": report.chunks,
        "chunks_new": report.new,
        "lexemes": report.lexemes,
        "segments": report.segments,
        "segments_merged": report.merged,
        "recounted": int(report.recounted),
        "index_megabytes": round(report.size_bytes / 1e6, 2),
        "seconds": round(report.seconds, 3),
        "chunks_per_second": round(report.new / max(report.seconds, 1e-3), 1),
    }


def publish_metadata(report: PublishReport) -> Metadata:
    """The live generation, and what it changed for visitors."""
    return {
        "dagster/row_count": report.documents,
        "generation": report.generation or 0,
        "published": int(report.published),
        "result": report.reason,
        "documents": report.documents,
        "chunks": report.chunks,
        "coverage": round(report.coverage, 4),
        "documents_kept_back": report.kept_back,
        "documents_per_second": round(report.documents / max(report.seconds, 1e-3), 1),
        "changes": table(({"path": path, "change": change} for path, change in report.changes), ("path", "change")),
        "seconds": round(report.seconds, 3),
    }


def evaluation_metadata(report: EvaluationReport) -> Metadata:
    """Figures by mode, of the candidate and of the live generation, and the questions that found too little."""
    metadata: Metadata = {
        "dagster/row_count": len(report.candidate),
        "golden_questions": report.questions,
        "questions_not_usable": len(report.problems),
        "searches": report.asked,
        "passed": int(report.verdict.passed),
        "result": report.verdict.reason,
        "warnings": " ".join(report.warnings),
        "failures": _failures_table(report),
        "problems": table(
            ({"line": problem.line, "reason": problem.reason} for problem in report.problems), ("line", "reason")
        ),
        "seconds": round(report.seconds, 3),
    }
    for mode in MODES:
        ours, theirs = report.candidate.get(mode), report.live.get(mode)
        for name in PLOTTED_FIGURES:
            metadata[f"{name}_{mode}"] = round(getattr(ours.figures, name), 4) if ours is not None else 0.0
        metadata[f"live_hit_at_5_{mode}"] = round(theirs.figures.hit_at_5, 4) if theirs is not None else 0.0
    return metadata


def _failures_table(report: EvaluationReport) -> dg.TableMetadataValue:
    rows = (
        {
            "question": failure["question"],
            "expected": ", ".join(dict.fromkeys(passage["path"] for passage in failure["expected"])),
            "found": ", ".join(dict.fromkeys(passage["path"] for passage in failure["found"])),
            "rank": failure["rank"] or "",
        }
        for failure in (report.hybrid.failures if report.hybrid is not None else [])
    )
    return table(rows, ("question", "expected", "found", "rank"))


def gaps_metadata(report: GapsReport) -> Metadata:
    """How much of what was asked was not found, and what that was, most often asked first."""
    rows = (
        {
            "question": gap.question,
            "times": gap.times,
            "last_asked": gap.last_asked.isoformat(sep=" ", timespec="minutes"),
            "nearest": gap.nearest or "",
            "coverage": "" if gap.coverage is None else f"{gap.coverage:.2f}",
            "filters": ", ".join(gap.filters),
        }
        for gap in report.gaps
    )
    return {
        "dagster/row_count": report.questions,
        "questions": report.questions,
        "questions_not_found": report.not_found,
        "share_not_found": round(report.not_found / max(report.questions, 1), 4),
        "content_gaps": len(report.gaps),
        "content_gaps_closed": report.closed,
        "questions_forgotten": report.forgotten,
        "gaps": table(rows, ("question", "times", "last_asked", "nearest", "coverage", "filters")),
        "seconds": round(report.seconds, 3),
    }


def histogram_picture(bins: Sequence[tuple[int, int]], *, width: int = 560, height: int = 180) -> str:
    """Bars over (lower bound, count) as an SVG picture in markdown; bins are 25 tokens wide."""
    if not bins:
        return "No chunks yet."
    last = bins[-1][0] // 25 + 1
    counts = dict(bins)
    highest, step, base = max(counts.values()), (width - 70) / last, height - 24
    bars = "".join(
        f'<rect x="{30 + n * step:.1f}" y="{base - counts.get(n * 25, 0) / highest * (base - 16):.1f}" '
        f'width="{max(step - 2, 1):.1f}" height="{counts.get(n * 25, 0) / highest * (base - 16):.1f}" fill="#4f46e5"/>'
        for n in range(last)
    )
    ticks = "".join(
        f'<text x="{30 + n * step:.1f}" y="{height - 8}" font-size="11" fill="#6b7280">{n * 25}</text>'
        for n in range(0, last + 1, max(1, last // 8))
    )
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif">'
        f'<text x="2" y="14" font-size="11" fill="#6b7280">{highest}</text>{bars}{ticks}'
        f'<text x="{width - 40}" y="14" font-size="11" fill="#6b7280">tokens</text></svg>'
    )
    encoded = base64.b64encode(picture.encode()).decode()
    return f"![chunks by tokens](data:image/svg+xml;base64,{encoded})"
