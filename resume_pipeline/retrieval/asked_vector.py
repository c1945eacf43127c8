"""A question's vector by the model that is live, and what becomes of a search when that model does not answer."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from resume_pipeline.embedding.base import Embedder, require_same_space
from resume_pipeline.errors import (
    EmbeddingAccessError,
    EmbeddingSpaceError,
    EmbeddingUnavailableError,
    ResumePipelineError,
)
from resume_pipeline.storage.embedding_models import StoredModel
from resume_pipeline.storage.snapshot import ModelVersion, Snapshot
from resume_pipeline.storage.vector_index import vector_text
from resume_pipeline.storage.visibility import SearchScope

LoadEmbedder = Callable[[str], Embedder]
"""Gives the model of a name."""
SILENT_SECONDS = 30.0
"""So long a model that did not answer is not asked again: each question would wait for it, and others behind it."""


@dataclass(frozen=True, slots=True)
class AskedVector:
    """The vector of a question by a model, as Postgres reads it; None, with ``failure``, when the model gave none."""

    model: str
    query: str | None
    failure: ResumePipelineError | None = None


@dataclass(slots=True)
class ModelMemory:
    """What the searches of a process need not ask twice about embedding models. Threads share it.

    Nothing is locked while a model or the database is asked.
    """

    known_models: dict[ModelVersion, StoredModel] = field(default_factory=dict)
    _proven: set[str] = field(default_factory=set)
    _live: str | None = None
    _silent: dict[str, tuple[float, ResumePipelineError]] = field(default_factory=dict)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def ahead(self, load: LoadEmbedder, question: str, scope: SearchScope | None) -> AskedVector | None:
        """The vector by the model that the search will most likely want; None when that is not known yet.

        It is asked for before the database is, so that no transaction is open, and no connection taken, while a remote
        model works.
        """
        expected = scope.model if scope is not None else self._live
        return self._embedded(load, expected, question) if expected is not None and expected in self._proven else None

    def of_snapshot(self, load: LoadEmbedder, question: str, seen: Snapshot, ahead: AskedVector | None) -> AskedVector:
        """The vector by the model of what the search sees; the one made ahead when that is the same model.

        Raises:
            EmbeddingSpaceError: that model is no longer the one that made the stored vectors, or made none.
        """
        if seen.model is None:
            raise EmbeddingSpaceError(
                f"There are no vectors of {seen.scope.model}. Materialize `chunk_embeddings` first."
            )
        if seen.scope.generation is not None:
            self._live = seen.model.name
        if ahead is not None and ahead.model == seen.model.name:
            return ahead
        return self._embedded(load, seen.model.name, question, seen.model)

    def _embedded(self, load: LoadEmbedder, name: str, question: str, stored: StoredModel | None = None) -> AskedVector:
        until, failure = self._silent.get(name, (0.0, None))
        if failure is not None and time.monotonic() < until:
            return AskedVector(name, None, failure)
        try:
            embedder = load(name)
            if stored is not None and name not in self._proven:
                # Once per process: what was stored under this name must be from the model that answers now.
                require_same_space(embedder, stored.canary)
            vector = vector_text(embedder.embed([question])[0])
        except (EmbeddingUnavailableError, EmbeddingAccessError) as error:
            with self._changing:
                self._silent[name] = (time.monotonic() + SILENT_SECONDS, error)
            return AskedVector(name, None, error)
        with self._changing:
            self._proven.add(name)
            self._silent.pop(name, None)
        return AskedVector(name, vector)
