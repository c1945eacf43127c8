"""What runs by itself: the job over the whole graph, its schedule, and sensors on the content root and on batches.

All are stopped until someone starts them in the UI, or RESUME_AUTOMATION=running says so.
"""

from functools import partial

import dagster as dg

from resume_pipeline import bootstrap
from resume_pipeline.defs.schema import GROUP
from resume_pipeline.errors import ResumePipelineError
from resume_pipeline.ingestion.batches import ended_batches
from resume_pipeline.ingestion.content_fingerprint import content_fingerprint
from resume_pipeline.settings import load_settings
from resume_pipeline.storage.engine import driver_errors, make_sessions
from resume_pipeline.storage.migrations import schema_state

settings = load_settings()

is_running = settings.automation == "running"
SCHEDULES_ARE = dg.DefaultScheduleStatus.RUNNING if is_running else dg.DefaultScheduleStatus.STOPPED
SENSORS_ARE = dg.DefaultSensorStatus.RUNNING if is_running else dg.DefaultSensorStatus.STOPPED
"""What RESUME_AUTOMATION makes of every schedule and sensor of the project until someone decides in the UI."""

ingest_content = dg.define_asset_job(
    "ingest_content",
    selection=dg.AssetSelection.groups(GROUP),
    description="The whole graph in order: schema, documents, chunks, embeddings, index, publish. Costs nothing when "
    "nothing changed.",
)

scheduled_ingestion = dg.ScheduleDefinition(
    name="scheduled_ingestion",
    job=ingest_content,
    cron_schedule=settings.schedule_cron,
    execution_timezone=settings.schedule_timezone,
    default_status=SCHEDULES_ARE,
    description="Reads the content root again (RESUME_SCHEDULE_CRON) and publishes what changed.",
)


@dg.sensor(
    job=ingest_content,
    minimum_interval_seconds=settings.sensor_interval_seconds,
    default_status=SENSORS_ARE,
)
def content_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Start a run when a file below the content root was added, removed, renamed or written; look only at stats."""
    try:
        look = content_fingerprint(bootstrap.content_root(load_settings()))
    except ResumePipelineError as error:
        return dg.SkipReason(str(error))
    if look.fingerprint == context.cursor:
        return dg.SkipReason(f"Nothing changed: {look.files:,} files are as they were.")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=look.fingerprint, tags={"content_fingerprint": look.fingerprint})],
        cursor=look.fingerprint,
        asset_events=[
            dg.AssetObservation(
                "content_root",
                metadata={"files": look.files, "bytes": look.size_bytes},
                tags={"dagster/data_version": look.fingerprint},
            )
        ],
    )


@dg.sensor(
    job=ingest_content,
    minimum_interval_seconds=settings.sensor_interval_seconds,
    default_status=SENSORS_ARE,
)
def batches_ended() -> dg.SensorResult | dg.SkipReason:
    """Start a run when a batch has ended, or its deadline is over; nothing is asked while none is open."""
    now = load_settings()
    engine = bootstrap.engine(now, pool_size=1)
    try:
        if not schema_state(engine).at_head:
            return dg.SkipReason("The schema is not at head; there are no batches to look at.")
        with driver_errors():
            ended = ended_batches(make_sessions(engine), partial(bootstrap.batch_client, now))
    except ResumePipelineError as error:
        return dg.SkipReason(str(error))
    finally:
        engine.dispose()
    if not ended:
        return dg.SkipReason("No batch has ended.")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=" ".join(ended))])
