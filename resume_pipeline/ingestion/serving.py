"""Serving: which model the next ingest uses, and the one step that shows the live documents with another model.

The rule: a model chosen by `models serve` holds until another is chosen or the choice is rolled back; where none was
chosen, RESUME_EMBEDDING_MODEL says it. How a model comes to have vectors is ``ingestion.models``.
"""

from dataclasses import dataclass

from resume_pipeline.embedding.base import Embedder, require_same_space
from resume_pipeline.errors import EmbeddingError, PublishError
from resume_pipeline.ingestion.reports import ServeReport
from resume_pipeline.storage.embedding_models import StoredModel, find_model
from resume_pipeline.storage.embeddings import vectors_are_guarded
from resume_pipeline.storage.engine import Session, Sessions
from resume_pipeline.storage.generations import (
    Candidate,
    hold_pointer,
    live_generation,
    prepare_candidate,
    publish_candidate,
)
from resume_pipeline.storage.serving import SERVED, prepare_served, serving_was_chosen


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """The model that ingests embed and publish with, and the one that RESUME_EMBEDDING_MODEL names."""

    name: str
    configured: str
    generation: int | None = None

    @property
    def notice(self) -> str | None:
        """What a person should know when the two differ."""
        if self.name == self.configured:
            return None
        return (
            f"RESUME_EMBEDDING_MODEL names {self.configured}, but `models serve` chose {self.name} (generation "
            f"{self.generation} is live), and that choice holds. To change it: `resume-pipeline models fill "
            f"{self.configured}`, then `resume-pipeline models serve {self.configured}`."
        )


def model_in_use(session: Session, configured: str) -> ModelInUse:
    """The model to go on with; ``configured`` is what RESUME_EMBEDDING_MODEL names."""
    live = live_generation(session)
    if live is None or not serving_was_chosen(session, live.generation):
        return ModelInUse(configured, configured)
    return ModelInUse(live.embedding_model, configured, live.generation)


def require_registered(session: Session, name: str) -> StoredModel:
    """The stored model of a name.

    Raises:
        EmbeddingError: it was never registered.
    """
    model = find_model(session, name)
    if model is None:
        raise EmbeddingError(f"There is no model {name} here yet. Run `resume-pipeline models add {name}` first.")
    return model


def serve_model(sessions: Sessions, embedder: Embedder, *, configured: str) -> ServeReport:
    """Show the live documents with the vectors of another model: a new generation, in one step. Nothing is embedded.

    Visitors see the old generation until the commit. A rollback returns to it, as from any other. Serving the model
    that is live and used by ingests already changes nothing; ``configured`` is what RESUME_EMBEDDING_MODEL names.

    Raises:
        EmbeddingError: the model is not registered, or its index was not built; `models fill` does both.
        EmbeddingSpaceError: the model behind the name is not the one that made its vectors.
        PublishError: nothing is live yet, or a live chunk has no vector by this model.
    """
    with sessions() as session:
        model = require_registered(session, embedder.name)
    require_same_space(embedder, model.canary)
    with sessions.begin() as session:
        hold_pointer(session)
        before = live_generation(session)
        if before is None:
            raise PublishError("Nothing is published yet. Run `resume-pipeline ingest` (or `make ingest`) first.")
        if before.embedding_model == model.name == model_in_use(session, configured).name:
            return ServeReport(before.generation, before.generation, before.embedding_model, model.name, served=False)
        prepare_served(session, before.generation)
        candidate = prepare_candidate(session, model, documents=SERVED)
        _require_ready(session, model, candidate)
        live = publish_candidate(session, model, candidate, documents_of=before.content_from)
    return ServeReport(live.generation, before.generation, before.embedding_model, model.name, served=True)


def _require_ready(session: Session, model: StoredModel, candidate: Candidate) -> None:
    remedy = f"Run `resume-pipeline models fill {model.name}` first. The live generation stays."
    if candidate.complete < candidate.wanted:
        raise PublishError(
            f"{candidate.wanted - candidate.complete:,} of {candidate.wanted:,} live documents have chunks without a "
            f"vector by {model.name}. {remedy}"
        )
    if not model.index_settings.get("used_by_search"):
        raise EmbeddingError(f"The vector index of {model.name} was not built and measured yet. {remedy}")
    if not vectors_are_guarded(session, model):
        raise EmbeddingError(
            f"The partition {model.partition} lost the constraint that refuses unsound vectors of {model.name}. Remove "
            "the model and add it again. The live generation stays."
        )
