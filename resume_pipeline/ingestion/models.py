"""Embedding models side by side: registered, filled beside the one that is served, listed, removed.

Which of them visitors are served is ``ingestion.serving``.
"""

from resume_pipeline.embedding.base import Embedder
from resume_pipeline.errors import EmbeddingError
from resume_pipeline.ingestion.embeddings import embed_chunks, ensure_model
from resume_pipeline.ingestion.indexing import IndexWish, build_vector_index
from resume_pipeline.ingestion.progress import Progress, silent
from resume_pipeline.ingestion.reports import EmbeddingsReport, FillReport, ModelReport
from resume_pipeline.ingestion.serving import model_in_use, require_registered
from resume_pipeline.ingestion.spending import Spending, SpendingRules, estimated_seconds
from resume_pipeline.storage.batches import open_batches
from resume_pipeline.storage.embedding_models import StoredModel, drop_model, list_models
from resume_pipeline.storage.embeddings import (
    candidate_vectors,
    count_wanted_chunks,
    pending_totals,
    share_vectors,
    visible_vectors,
)
from resume_pipeline.storage.engine import Session, Sessions
from resume_pipeline.storage.generations import GenerationRecord, hold_pointer, list_generations, live_generation
from resume_pipeline.storage.spending import measured_pace, spent_today
from resume_pipeline.storage.vector_index import count_vectors


def describe_models(sessions: Sessions, configured: str) -> list[ModelReport]:
    """Every registered model: how far it is filled, its index, and the generations that need it."""
    with sessions() as session:
        generations = list_generations(session)
        used = model_in_use(session, configured).name
        return [_describe(session, model, generations, used) for model in list_models(session)]


def _describe(session: Session, model: StoredModel, generations: list[GenerationRecord], used: str) -> ModelReport:
    live = next((record for record in generations if record.state == "live"), None)
    counts = visible_vectors(session, model, live.generation) if live is not None else candidate_vectors(session, model)
    return ModelReport(
        model=model.name,
        dimensions=model.dimensions,
        vectors=count_vectors(session, model),
        chunks=counts.chunks,
        chunks_with_vector=counts.with_vector,
        index=str(model.index_settings.get("kind", "none")),
        recall_at_10=float(model.index_settings.get("recall_at_10", 0.0)),
        live=live is not None and live.embedding_model == model.name,
        used_by_ingest=model.name == used,
        generations=sorted(record.generation for record in generations if record.embedding_model == model.name),
        created_at=model.created_at.isoformat(),
    )


def add_model(sessions: Sessions, embedder: Embedder) -> StoredModel:
    """Register a model with its dimensions and canary; one that is registered is held to its canary.

    Raises:
        EmbeddingSpaceError: the name stands for another model now than when it was registered.
    """
    return ensure_model(sessions, embedder)


def plan_fill(sessions: Sessions, embedder: Embedder, rules: SpendingRules) -> EmbeddingsReport:
    """What ``fill_model`` would send now, by the same statements, in a transaction that is rolled back.

    Raises:
        EmbeddingError: the model is not registered.
    """
    with sessions() as session:
        model, live = require_registered(session, embedder.name), live_generation(session)
        generation = live.generation if live is not None else None
        share_vectors(session, model)
        totals = pending_totals(session, model, also_of=generation)
        chunks = count_wanted_chunks(session, also_of=generation)
        pace = measured_pace(session, model.name)
        today = spent_today(session)
        session.rollback()
    return EmbeddingsReport(
        model=model.name,
        dimensions=model.dimensions,
        sent=totals.inputs,
        reused=chunks - totals.inputs,
        tokens=totals.tokens,
        cost_usd=rules.cost_usd(model.name, totals.tokens),
        planned_tokens=totals.tokens,
        planned_cost_usd=rules.cost_usd(model.name, totals.tokens),
        estimated_seconds=estimated_seconds(totals.tokens, pace, model.name),
        within_budget=rules.allows(model.name, totals.tokens, spent_today=today),
    )


def fill_model(
    sessions: Sessions, embedder: Embedder, wish: IndexWish, *, spending: Spending, progress: Progress = silent
) -> FillReport:
    """Embed what the live generation and the candidate hold with this model, then build and measure its index.

    Searches go on meanwhile with the model that is served. A fill that was killed goes on where it stopped.

    Raises:
        BudgetExceededError: the next request would cost more than may be spent; what was embedded is kept.
    """
    with sessions() as session:
        live = live_generation(session)
    embeddings = embed_chunks(
        sessions, embedder, spending=spending, also_of=live.generation if live else None, progress=progress
    )
    index = build_vector_index(
        sessions, embedder.name, kind=wish.kind, exact_limit=wish.exact_limit, recall_target=wish.recall_target
    )
    return FillReport(embeddings, index)


def remove_model(sessions: Sessions, name: str, *, confirmed: bool = False) -> list[int]:
    """Drop a model with its vectors; the numbers of the earlier generations that can no longer be returned to.

    Raises:
        EmbeddingError: it is not registered, it is the live generation's, or earlier generations need it and that was
            not ``confirmed``.
    """
    with sessions.begin() as session:
        hold_pointer(session)
        model = require_registered(session, name)
        using = [record for record in list_generations(session) if record.embedding_model == name]
        if any(record.state == "live" for record in using):
            raise EmbeddingError(f"{name} is the model of the live generation. Serve another one before removing it.")
        numbers = sorted(record.generation for record in using)
        if numbers and not confirmed:
            raise EmbeddingError(
                f"{name} made the vectors of {len(numbers)} earlier generations "
                f"({', '.join(str(number) for number in numbers[-5:])}), which could not be returned to any more. "
                f"Confirm with `resume-pipeline models remove {name} --yes`."
            )
        if any(batch.model == name for batch in open_batches(session)):
            raise EmbeddingError(
                f"A batch of {name} is under way at the provider, and is paid all the same. Run "
                "`resume-pipeline ingest` until it was collected, then remove the model."
            )
        drop_model(session, model)
    return numbers
