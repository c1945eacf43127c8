"""The asset that keeps the database as large as it must be, with a job and a schedule of its own.

It is no part of an ingest: what is kept no longer hurts nobody for a day, and deleting it takes the writer's place.
"""

import datetime as dt

import dagster as dg

from resume_pipeline import bootstrap
from resume_pipeline.defs.assets import Observer, published_generation
from resume_pipeline.defs.automation import SCHEDULES_ARE
from resume_pipeline.defs.failures import RETRIES
from resume_pipeline.defs.presentation import Metadata
from resume_pipeline.defs.resources import PipelineResource, PostgresResource
from resume_pipeline.defs.schema import OWNERS, WRITE_POOL, database_schema
from resume_pipeline.ingestion.freshness import freshness
from resume_pipeline.ingestion.maintenance import MaintenanceReport, maintain
from resume_pipeline.ingestion.publishing import waiting
from resume_pipeline.settings import load_settings

GROUP = "maintenance"
settings = load_settings()


@dg.asset(
    deps=[database_schema],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    pool=WRITE_POOL,
    retry_policy=RETRIES,
)
def database_maintenance(
    context: dg.AssetExecutionContext, postgres: PostgresResource, pipeline: PipelineResource, observer: Observer
) -> dg.MaterializeResult[None]:
    """Generations kept no longer and what only they show are deleted; indexes and tables get their space back."""
    with postgres.writing() as sessions, postgres.migrating() as upkeep:
        report = maintain(sessions, upkeep, bootstrap.kept(pipeline.settings), progress=observer.progress(context))
    observer.finished("database_maintenance", report)
    return dg.MaterializeResult(metadata=_metadata(report))


def _metadata(report: MaintenanceReport) -> Metadata:
    return {
        "generations_forgotten": len(report.generations),
        "documents_deleted": report.documents,
        "chunks_deleted": report.chunks,
        "vectors_deleted": report.vectors,
        "lexemes_deleted": report.lexemes,
        "segments_rewritten": report.segments_rewritten,
        "indexes_rebuilt": len(report.indexes_rebuilt),
        "bytes_before": report.bytes_before,
        "bytes_after": report.bytes_after,
        "freed_bytes": report.freed_bytes,
        "seconds": round(report.seconds, 3),
    }


@dg.asset_check(asset=published_generation)
def live_generation_is_fresh(postgres: PostgresResource, pipeline: PipelineResource) -> dg.AssetCheckResult:
    """Visitors see what the content root holds, or no change waits longer than RESUME_MAX_STALENESS_HOURS."""
    limit = pipeline.settings.max_staleness_hours
    with postgres.reading() as sessions:
        with sessions() as session:
            model = pipeline.model(session).name
        found = freshness(sessions, pipeline.content(), waiting(sessions, model, pipeline.quality()))
    hours = found.age_hours(dt.datetime.now(dt.UTC))
    return dg.AssetCheckResult(
        passed=found.up_to_date or (found.unread > 0 and hours <= limit),
        severity=dg.AssetCheckSeverity.WARN,
        description=found.reason or "Visitors see what the content root holds.",
        metadata={"files_unread": found.unread, "hours_waiting": round(hours, 2), "max_hours": limit},
    )


maintain_database = dg.define_asset_job(
    "maintain_database",
    selection=dg.AssetSelection.assets(database_maintenance) | dg.AssetSelection.checks(live_generation_is_fresh),
    description="Deletes what is kept no longer (RESUME_KEEP_GENERATIONS, RESUME_KEEP_DAYS) and gives its space back. "
    "Asks whether the live generation is fresh.",
)

nightly_maintenance = dg.ScheduleDefinition(
    name="nightly_maintenance",
    job=maintain_database,
    cron_schedule=settings.maintenance_cron,
    execution_timezone=settings.schedule_timezone,
    default_status=SCHEDULES_ARE,
    description="Applies the retention (RESUME_MAINTENANCE_CRON).",
)
