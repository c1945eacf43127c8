"""The assets from content root to published generation: inputs, one call, metadata.

Each lists ``database_schema`` among its ``deps``, because order inside a run follows direct edges between the selected
assets only. What a stage does is in ``ingestion``; how its report looks is ``defs.presentation``.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import dagster as dg

from resume_pipeline import bootstrap
from resume_pipeline.content.golden_questions import golden_questions
from resume_pipeline.defs import presentation as show
from resume_pipeline.defs.columns import column_schema
from resume_pipeline.defs.failures import RETRIES, failures
from resume_pipeline.defs.resources import PipelineResource, PostgresResource, RunObserver
from resume_pipeline.defs.schema import GROUP, OWNERS, WRITE_POOL, database_schema
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.evaluation.states import evaluate_candidate
from resume_pipeline.ingestion.batches import collect_batches, require_nothing_waits, submit_batches
from resume_pipeline.ingestion.chunks import chunk_documents
from resume_pipeline.ingestion.content_fingerprint import content_fingerprint
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.embeddings import embed_chunks
from resume_pipeline.ingestion.indexing import build_vector_index
from resume_pipeline.ingestion.lexical_index import build_lexical_index
from resume_pipeline.ingestion.models import describe_models
from resume_pipeline.ingestion.publishing import publish
from resume_pipeline.storage.chunks import preview_chunks, token_counts
from resume_pipeline.storage.content_manifest import manifest_hash
from resume_pipeline.storage.engine import Sessions

Observer = dg.ResourceParam[RunObserver]
Body = Callable[..., dg.MaterializeResult[None]]


def stage(
    *deps: dg.AssetsDefinition | dg.SourceAsset, kinds: set[str], table: str | None = None, group: str = GROUP
) -> Callable[[Body], dg.AssetsDefinition]:
    """An asset behind the gate, of the ingestion group unless told, with what all of them have in common."""
    metadata = {"dagster/table_name": table, "dagster/column_schema": column_schema(table)} if table else {}
    return dg.asset(
        deps=[database_schema, *deps],
        group_name=group,
        owners=OWNERS,
        kinds=kinds,
        metadata=metadata,
        pool=WRITE_POOL,
        retry_policy=RETRIES,
    )


@dg.observable_source_asset(
    group_name=GROUP,
    description="The folder of markdown: every source file below it, seen by size and time without being opened.",
    tags={"dagster/kind/file": ""},
)
def content_root(pipeline: PipelineResource) -> dg.ObserveResult:
    """Observe the folder; its data version changes whenever a file does."""
    with failures():
        look = content_fingerprint(pipeline.content())
    return dg.ObserveResult(
        data_version=dg.DataVersion(look.fingerprint),
        metadata={
            "files": look.files,
            "bytes": look.size_bytes,
            "skipped": look.skipped,
            "unreadable": look.unreadable,
        },
    )


class DocumentsConfig(dg.Config):
    """What a person may say for one run."""

    confirm_deletions: bool = False
    """Remove the documents whose files are gone, however many."""


@stage(content_root, kinds={"python", "markdown", "postgres"}, table="documents")
def documents(
    context: dg.AssetExecutionContext,
    config: DocumentsConfig,
    postgres: PostgresResource,
    pipeline: PipelineResource,
    observer: Observer,
) -> dg.MaterializeResult[None]:
    """One version of every source file, parsed: title, front matter, text. Unchanged files are not opened."""
    with postgres.writing() as sessions:
        report = record_documents(
            sessions,
            pipeline.content(),
            max_loss_share=pipeline.settings.max_loss_share,
            confirm_deletions=config.confirm_deletions,
            progress=observer.progress(context),
        )
        version = _version(sessions)
    observer.finished("documents", report)
    return dg.MaterializeResult(
        metadata=show.documents_metadata(report, str(pipeline.content().path)), data_version=version
    )


@stage(documents, kinds={"python", "postgres"}, table="document_chunks")
def document_chunks(
    context: dg.AssetExecutionContext, postgres: PostgresResource, observer: Observer
) -> dg.MaterializeResult[None]:
    """Passages of about 300 tokens, addressed by their content and shared by every version that contains them."""
    with postgres.writing() as sessions:
        report = chunk_documents(sessions, load_token_counter(), progress=observer.progress(context))
        version = _version(sessions)
        with sessions() as session:
            preview, histogram = preview_chunks(session, 3), token_counts(session)
    observer.finished("document_chunks", report)
    return dg.MaterializeResult(metadata=show.chunks_metadata(report, preview, histogram), data_version=version)


@stage(document_chunks, kinds={"python", "openai", "postgres"}, table="embedding_batches")
def embedding_batches(
    context: dg.AssetExecutionContext, postgres: PostgresResource, pipeline: PipelineResource, observer: Observer
) -> dg.MaterializeResult[None]:
    """The batch lane: answers of ended batches are stored, and large loads submitted (RESUME_EMBEDDING_LANE)."""
    settings = pipeline.settings
    with postgres.writing() as sessions:
        rules, clients = bootstrap.spending_rules(settings), partial(bootstrap.batch_client, settings)
        collected = collect_batches(sessions, clients, rules, context.run_id)
        with sessions() as session:
            model = pipeline.model(session).name
        spending = pipeline.spending(sessions, model, context.run_id, lane="batch")
        policy = bootstrap.lane_policy(settings)
        submitted = submit_batches(sessions, lambda: pipeline.embedder(model), clients(model), policy, spending)
    report = collected.followed_by(submitted)
    observer.finished("embedding_batches", report)
    return dg.MaterializeResult(metadata=show.batches_metadata(report))


@stage(document_chunks, embedding_batches, kinds={"python", "postgres"}, table="chunk_embeddings")
def chunk_embeddings(
    context: dg.AssetExecutionContext, postgres: PostgresResource, pipeline: PipelineResource, observer: Observer
) -> dg.MaterializeResult[None]:
    """One vector per chunk and embedding model. An input that ever had a vector is never sent again."""
    with postgres.writing() as sessions:
        with sessions() as session:
            model = pipeline.model(session)
        spending = pipeline.spending(sessions, model.name, context.run_id)
        report = embed_chunks(
            sessions,
            pipeline.embedder(model.name),
            spending=spending,
            deadline_seconds=pipeline.settings.embedding_deadline_seconds,
            progress=observer.progress(context),
        )
        report = replace(report, notice=model.notice)
        version = _version(sessions, report.model)
        models = describe_models(sessions, model.configured)
        observer.finished("chunk_embeddings", report)
        require_nothing_waits(sessions, model.name)
    metadata = {**show.embeddings_metadata(report), "models": show.models_table(models)}
    return dg.MaterializeResult(metadata=metadata, data_version=version)


@stage(chunk_embeddings, kinds={"postgres"})
def vector_index(
    postgres: PostgresResource, pipeline: PipelineResource, observer: Observer
) -> dg.MaterializeResult[None]:
    """The index that a vector search uses: built after the load, measured against exact search, proven by EXPLAIN."""
    settings = pipeline.settings
    with postgres.writing() as sessions:
        with sessions() as session:
            model = pipeline.model(session).name
        report = build_vector_index(
            sessions,
            model,
            kind=settings.vector_index,
            exact_limit=settings.exact_index_limit,
            recall_target=settings.index_recall,
        )
        version = _version(sessions, model, report.kind)
    observer.finished("vector_index", report)
    return dg.MaterializeResult(metadata=show.index_metadata(report), data_version=version)


@stage(document_chunks, kinds={"postgres"}, table="postings")
def lexical_index(
    context: dg.AssetExecutionContext, postgres: PostgresResource, pipeline: PipelineResource, observer: Observer
) -> dg.MaterializeResult[None]:
    """Which words stand in which chunks, with their BM25 weights. New chunks become a segment; segments are merged."""
    with postgres.writing() as sessions:
        report = build_lexical_index(sessions, pipeline.settings.text_search, progress=observer.progress(context))
        version = _version(sessions, pipeline.settings.text_search)
    observer.finished("lexical_index", report)
    return dg.MaterializeResult(metadata=show.lexical_metadata(report), data_version=version)


class EvaluationConfig(dg.Config):
    """What a person may say for one run."""

    accept_lower_quality: bool = False
    """Let this state be published although its figures are below the bar, or below the live generation's."""


@stage(vector_index, lexical_index, kinds={"python", "postgres"}, table="retrieval_evaluations")
def retrieval_evaluation(
    context: dg.AssetExecutionContext,
    config: EvaluationConfig,
    postgres: PostgresResource,
    pipeline: PipelineResource,
    observer: Observer,
) -> dg.MaterializeResult[None]:
    """What the golden questions find in the candidate and in the live generation, by each mode of search."""
    settings = pipeline.settings
    with postgres.writing() as sessions:
        with sessions() as session:
            model = pipeline.model(session).name
        report = evaluate_candidate(
            sessions,
            bootstrap.retriever(postgres.engine, settings),
            model,
            golden_questions(pipeline.content().path),
            ranking=bootstrap.ranking(settings),
            bar=bootstrap.quality_bar(settings),
            accept_lower_quality=config.accept_lower_quality,
            progress=observer.progress(context),
        )
        version = _version(sessions, model, bootstrap.ranking(settings))
    observer.finished("retrieval_evaluation", report)
    return dg.MaterializeResult(metadata=show.evaluation_metadata(report), data_version=version)


@stage(vector_index, lexical_index, retrieval_evaluation, kinds={"postgres"}, table="generations")
def published_generation(
    postgres: PostgresResource, pipeline: PipelineResource, observer: Observer
) -> dg.MaterializeResult[None]:
    """The state visitors see, changed in one step; what they see already, or what was withdrawn, is left alone."""
    settings = pipeline.settings
    with postgres.writing() as sessions:
        with sessions() as session:
            model = pipeline.model(session).name
        report = publish(sessions, model, min_coverage=settings.min_coverage, quality=pipeline.quality())
    observer.finished("published_generation", report)
    return dg.MaterializeResult(
        metadata=show.publish_metadata(report), data_version=dg.DataVersion(str(report.generation or 0))
    )


def _version(sessions: Sessions, *also: str) -> dg.DataVersion:
    """A version made of what the content root holds and of whatever else an asset depends on."""
    with sessions() as session:
        digest = hashlib.sha256(manifest_hash(session))
    for part in also:
        digest.update(part.encode() + b"\n")
    return dg.DataVersion(digest.hexdigest()[:16])
