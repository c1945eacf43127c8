"""Asset checks on the golden questions: whether enough is found, fast enough, and whether the questions are sound.

They judge the figures that ``retrieval_evaluation`` kept. The publish itself asks for the same verdict once more, since
it may be materialized without these checks.
"""

import dagster as dg

from resume_pipeline.content.golden_questions import golden_questions
from resume_pipeline.defs import presentation as show
from resume_pipeline.defs.assets import retrieval_evaluation
from resume_pipeline.defs.resources import PipelineResource, PostgresResource
from resume_pipeline.evaluation.evaluation import DEFAULT_MODE
from resume_pipeline.evaluation.states import question_problems
from resume_pipeline.ingestion.quality import candidate_quality
from resume_pipeline.storage.engine import Sessions
from resume_pipeline.storage.evaluations import latest_evaluation
from resume_pipeline.storage.generations import live_generation

MAX_P95_MS = 500


@dg.asset_check(asset=retrieval_evaluation, blocking=True)
def retrieval_quality(postgres: PostgresResource, pipeline: PipelineResource) -> dg.AssetCheckResult:
    """Enough golden questions find their passage among five hits: RESUME_MIN_HIT_AT_5 (0.80) of those whose documents
    are here, and at most RESUME_MAX_QUALITY_DROP (0.05) fewer than in the live generation.
    """  # noqa: D205  (the description in the UI is one paragraph)
    demand = pipeline.quality()
    with postgres.reading() as sessions:
        quality = candidate_quality(sessions, _model(sessions, pipeline), demand)
    figures = quality.figures
    return dg.AssetCheckResult(
        passed=quality.verdict.passed,
        # What is live already cannot be held back: then a lower figure is a warning.
        severity=dg.AssetCheckSeverity.WARN if quality.is_live else dg.AssetCheckSeverity.ERROR,
        description=quality.explanation,
        metadata={
            "hit_at_5": round(figures.hit_at_5, 4) if figures is not None else 0.0,
            "mrr_at_10": round(figures.mrr_at_10, 4) if figures is not None else 0.0,
            "answerable_questions": figures.answerable if figures is not None else 0,
            "min_hit_at_5": demand.bar.min_hit_at_5,
            "max_drop": demand.bar.max_drop,
        },
    )


@dg.asset_check(asset=retrieval_evaluation)
def search_is_fast(postgres: PostgresResource, pipeline: PipelineResource) -> dg.AssetCheckResult:
    """95 % of the golden questions were answered within 500 ms."""
    with postgres.reading() as sessions:
        figures = candidate_quality(sessions, _model(sessions, pipeline), pipeline.quality()).figures
    p95_ms = figures.p95_ms if figures is not None else 0.0
    return dg.AssetCheckResult(
        passed=p95_ms <= MAX_P95_MS,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "p95_ms": round(p95_ms, 2),
            "p50_ms": round(figures.p50_ms, 2) if figures is not None else 0.0,
            "max_p95_ms": MAX_P95_MS,
        },
    )


@dg.asset_check(asset=retrieval_evaluation)
def golden_questions_are_sound(postgres: PostgresResource, pipeline: PipelineResource) -> dg.AssetCheckResult:
    """The golden questions are there still, each line is a question, and each path in them a document's."""
    with postgres.reading() as sessions:
        questions = golden_questions(pipeline.content().path)
        problems = question_problems(sessions, questions, _model(sessions, pipeline))
        with sessions() as session:
            live = live_generation(session)
            measured = live is not None and latest_evaluation(session, live.content_hash, DEFAULT_MODE) is not None
    gone = questions is None and measured
    return dg.AssetCheckResult(
        passed=not problems and not gone,
        description="What is live was measured by golden questions that are gone; nothing guards the next publish."
        if gone
        else None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "problems": len(problems),
            "lines": show.table(
                ({"line": problem.line, "reason": problem.reason} for problem in problems), ("line", "reason")
            ),
        },
    )


def _model(sessions: Sessions, pipeline: PipelineResource) -> str:
    with sessions() as session:
        return pipeline.model(session).name


CHECKS = [retrieval_quality, search_is_fast, golden_questions_are_sound]
