"""The asset that shows what was asked and not found, with a job and a schedule of its own.

It is no part of an ingest: what visitors ask does not change what the content says.
"""

import dagster as dg

from resume_pipeline import bootstrap
from resume_pipeline.defs import presentation as show
from resume_pipeline.defs.automation import SCHEDULES_ARE
from resume_pipeline.defs.columns import column_schema
from resume_pipeline.defs.failures import RETRIES
from resume_pipeline.defs.resources import PipelineResource, PostgresResource
from resume_pipeline.defs.schema import OWNERS, WRITE_POOL, database_schema
from resume_pipeline.evaluation.content_gaps import content_gaps as report_gaps
from resume_pipeline.settings import load_settings

GROUP = "questions"
settings = load_settings()


@dg.asset(
    deps=[database_schema],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    metadata={"dagster/table_name": "query_logs", "dagster/column_schema": column_schema("query_logs")},
    pool=WRITE_POOL,
    retry_policy=RETRIES,
)
def content_gaps(postgres: PostgresResource, pipeline: PipelineResource) -> dg.MaterializeResult[None]:
    """What visitors asked and did not find. Questions older than RESUME_QUERY_LOG_DAYS are deleted first."""
    with postgres.writing() as sessions:
        retriever = bootstrap.retriever(postgres.engine, pipeline.settings)
        report = report_gaps(sessions, retriever, forget_after_days=pipeline.settings.query_log_days)
    return dg.MaterializeResult(metadata=show.gaps_metadata(report))


report_content_gaps = dg.define_asset_job(
    "report_content_gaps",
    selection=dg.AssetSelection.assets(content_gaps),
    description="What was asked and not found, and the end of questions that were kept long enough.",
)

daily_content_gaps = dg.ScheduleDefinition(
    name="daily_content_gaps",
    job=report_content_gaps,
    cron_schedule="0 5 * * *",
    execution_timezone=settings.schedule_timezone,
    default_status=SCHEDULES_ARE,
    description="Reports content gaps and applies the retention of the query log, every morning at 5.",
)
