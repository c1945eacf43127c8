"""The asset that fills embedding models beside the one that is served.

It is no part of the job `ingest_content`: filling a second model costs money and is somebody's decision.
"""

import dagster as dg
from pydantic import Field

from resume_pipeline import bootstrap
from resume_pipeline.defs import presentation as show
from resume_pipeline.defs.assets import Observer, published_generation, stage
from resume_pipeline.defs.resources import PipelineResource, PostgresResource
from resume_pipeline.ingestion.models import describe_models, fill_model

GROUP = "models"


class ModelsConfig(dg.Config):
    """Which models to fill in one run."""

    models: list[str] = Field(default_factory=list)
    """Names as in openai:text-embedding-3-small; none means RESUME_FILL_MODELS."""


@stage(published_generation, kinds={"python", "postgres"}, group=GROUP)
def model_embeddings(
    context: dg.AssetExecutionContext,
    config: ModelsConfig,
    postgres: PostgresResource,
    pipeline: PipelineResource,
    observer: Observer,
) -> dg.MaterializeResult[None]:
    """Vectors of other models for what is live, beside those that are served: `models serve` switches to one."""
    settings = pipeline.settings
    reports = []
    with postgres.writing() as sessions:
        for name in config.models or settings.models_to_fill:
            spending = pipeline.spending(sessions, name, context.run_id)
            wish = bootstrap.index_wish(settings)
            tell = observer.progress(context)
            reports.append(fill_model(sessions, pipeline.embedder(name), wish, spending=spending, progress=tell))
        models = describe_models(sessions, settings.embedding_model)
    observer.finished("model_embeddings", reports)
    return dg.MaterializeResult(metadata=show.fill_metadata(reports, models))
