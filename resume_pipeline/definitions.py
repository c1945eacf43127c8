"""What Dagster loads: every asset, check, job, schedule, sensor and resource, named once.

``workspace.yaml`` points here. Stages run in one process: starting a process per step takes longer than the steps, and
a killed run would leave an orphan that goes on writing; parallel work belongs inside the stages.
"""

import dagster as dg

from resume_pipeline.defs import (
    assets,
    automation,
    checks,
    content_gaps,
    evaluation_checks,
    maintenance,
    models,
    notices,
    schema,
)
from resume_pipeline.defs.resources import LogObserver, PipelineResource, PostgresResource, RunObserver


def make_definitions(observer: RunObserver, pipeline: PipelineResource) -> dg.Definitions:
    """Everything, told to an observer and set up by a pipeline resource."""
    return dg.Definitions(
        assets=dg.with_source_code_references(
            [
                schema.database_schema,
                assets.content_root,
                assets.documents,
                assets.document_chunks,
                assets.embedding_batches,
                assets.chunk_embeddings,
                assets.vector_index,
                assets.lexical_index,
                assets.retrieval_evaluation,
                assets.published_generation,
                models.model_embeddings,
                content_gaps.content_gaps,
                maintenance.database_maintenance,
            ]
        ),
        asset_checks=[
            schema.schema_at_head,
            *checks.CHECKS,
            *evaluation_checks.CHECKS,
            maintenance.live_generation_is_fresh,
        ],
        jobs=[
            automation.ingest_content,
            schema.migrate_database,
            content_gaps.report_content_gaps,
            maintenance.maintain_database,
        ],
        schedules=[automation.scheduled_ingestion, content_gaps.daily_content_gaps, maintenance.nightly_maintenance],
        sensors=[automation.content_changed, automation.batches_ended, notices.run_failed],
        resources={"postgres": PostgresResource(), "pipeline": pipeline, "observer": observer},
        executor=dg.in_process_executor,
    )


defs = make_definitions(LogObserver(), PipelineResource())
