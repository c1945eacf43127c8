"""Asset checks: what must hold of each table before the next stage builds on it, with the figure that decides.

``blocking`` ones stop a run before it publishes; the others warn. The schema's own check is in ``defs.schema``.
"""

import dagster as dg

from resume_pipeline.defs import presentation as show
from resume_pipeline.defs.assets import chunk_embeddings, document_chunks, documents, vector_index
from resume_pipeline.defs.resources import PipelineResource, PostgresResource
from resume_pipeline.errors import EmbeddingError
from resume_pipeline.ingestion.reports import Note
from resume_pipeline.storage.chunks import chunk_soundness
from resume_pipeline.storage.content_manifest import manifest_problems
from resume_pipeline.storage.embedding_models import StoredModel, find_model
from resume_pipeline.storage.embeddings import candidate_vectors, unsound_vectors, vectors_are_guarded
from resume_pipeline.storage.engine import Session
from resume_pipeline.storage.generations import prepare_candidate


@dg.asset_check(asset=documents)
def files_are_sound(postgres: PostgresResource) -> dg.AssetCheckResult:
    """Every source file could be read and parsed without a remark. Files with errors keep their last good version."""
    with postgres.reading() as sessions, sessions() as session:
        errors, warnings = list[Note](), list[Note]()
        for path, _, error, problems in manifest_problems(session):
            errors += [Note(path, error["reason"], error["line"])] if error else []
            warnings += [Note(path, problem["reason"], problem["line"]) for problem in problems]
    return dg.AssetCheckResult(
        passed=not errors and not warnings,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "errors": len(errors),
            "warnings": len(warnings),
            "problems": show.notes_table([*errors, *warnings]),
        },
    )


@dg.asset_check(asset=document_chunks, blocking=True)
def chunks_within_limit(postgres: PostgresResource) -> dg.AssetCheckResult:
    """No chunk is longer than the hard maximum it was cut with."""
    with postgres.reading() as sessions, sessions() as session:
        over_limit = chunk_soundness(session).over_limit
    return dg.AssetCheckResult(passed=over_limit == 0, metadata={"chunks_over_limit": over_limit})


@dg.asset_check(asset=document_chunks)
def no_orphans(postgres: PostgresResource) -> dg.AssetCheckResult:
    """Every chunk occurs in a document version (and, by foreign keys, every vector belongs to a chunk)."""
    with postgres.reading() as sessions, sessions() as session:
        orphans = chunk_soundness(session).orphans
    return dg.AssetCheckResult(passed=orphans == 0, severity=dg.AssetCheckSeverity.WARN, metadata={"orphans": orphans})


@dg.asset_check(asset=chunk_embeddings, blocking=True)
def documents_are_covered(postgres: PostgresResource, pipeline: PipelineResource) -> dg.AssetCheckResult:
    """More than 90 % of the documents (RESUME_MIN_COVERAGE) are chunked and embedded; the aim is all."""
    with postgres.reading() as sessions, sessions() as session:
        candidate = prepare_candidate(session, _model(session, pipeline))
    return dg.AssetCheckResult(
        passed=candidate.is_covered(pipeline.settings.min_coverage),
        metadata={
            "coverage": round(candidate.coverage, 4),
            "documents_wanted": candidate.wanted,
            "documents_failed": candidate.failed,
            "documents_chunked": candidate.chunked,
            "documents_complete": candidate.complete,
        },
    )


@dg.asset_check(asset=chunk_embeddings, blocking=True)
def every_chunk_has_a_vector(postgres: PostgresResource, pipeline: PipelineResource) -> dg.AssetCheckResult:
    """No chunk of the candidate lacks its vector."""
    with postgres.reading() as sessions, sessions() as session:
        counts = candidate_vectors(session, _model(session, pipeline))
    missing = counts.chunks - counts.with_vector
    return dg.AssetCheckResult(
        passed=missing == 0, metadata={"chunks": counts.chunks, "chunks_without_vector": missing}
    )


@dg.asset_check(asset=chunk_embeddings, blocking=True)
def vectors_are_sound(postgres: PostgresResource, pipeline: PipelineResource) -> dg.AssetCheckResult:
    """Every vector has its model's dimensions and a length that is finite and not zero: Postgres refuses others."""
    with postgres.reading() as sessions, sessions() as session:
        model = _model(session, pipeline)
        guarded = vectors_are_guarded(session, model)
        # Only where the constraint is missing must each vector be looked at.
        unsound = 0 if guarded else unsound_vectors(session, model)
    return dg.AssetCheckResult(
        passed=unsound == 0,
        metadata={"unsound_vectors": unsound, "dimensions": model.dimensions, "refused_by_postgres": int(guarded)},
    )


@dg.asset_check(asset=vector_index, blocking=True)
def index_recall(postgres: PostgresResource, pipeline: PipelineResource) -> dg.AssetCheckResult:
    """The index finds at least 0.95 (RESUME_INDEX_RECALL) of the ten nearest vectors that exact search finds."""
    with postgres.reading() as sessions, sessions() as session:
        settings = _model(session, pipeline).index_settings
    recall = float(settings.get("recall_at_10", 0.0))
    return dg.AssetCheckResult(
        passed=recall >= pipeline.settings.index_recall,
        metadata={"recall_at_10": recall, "index_type": str(settings.get("kind", "none"))},
    )


def _model(session: Session, pipeline: PipelineResource) -> StoredModel:
    name = pipeline.model(session).name
    model = find_model(session, name)
    if model is None:
        raise EmbeddingError(f"{name} has no vectors yet. Materialize `chunk_embeddings` first.")
    return model


CHECKS = [
    files_are_sound,
    chunks_within_limit,
    no_orphans,
    documents_are_covered,
    every_chunk_has_a_vector,
    vectors_are_sound,
    index_recall,
]
