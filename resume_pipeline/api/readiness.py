"""Whether this process can serve: database, schema, live generation, embedding model, each with its reason."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from resume_pipeline.api.schemas import ReadyCheck, ReadyResponse
from resume_pipeline.bootstrap import embedding_model
from resume_pipeline.bootstrap.serving import Serving
from resume_pipeline.embedding.base import require_same_space
from resume_pipeline.errors import EmbeddingSpaceError, ResumePipelineError
from resume_pipeline.storage.embedding_models import find_model
from resume_pipeline.storage.engine import driver_errors
from resume_pipeline.storage.generations import GenerationRecord, live_generation
from resume_pipeline.storage.migrations import schema_state

REMEMBERED_SECONDS = 2.0
"""Probes of several kinds come at the same time; one look serves them."""
EMBEDDER_SECONDS = 60.0
"""A model that answered lately is not asked again: it may cost money."""
SILENT_SECONDS = 15.0
"""Nor is one that did not answer, which takes time."""


@dataclass
class Readiness:
    """Looks, and remembers for a moment what it saw."""

    parts: Serving
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: tuple[float, ReadyResponse] | None = None
    _embedder: tuple[float, str] = (0.0, "")
    _silent_until: float = 0.0

    def check(self) -> ReadyResponse:
        """What works and what does not."""
        # One probe looks at a time; the others do not keep threads from searches while they wait for it.
        if not self._lock.acquire(blocking=False):
            return self._seen[1] if self._seen is not None else _looking()
        try:
            if self._seen is None or time.monotonic() - self._seen[0] > REMEMBERED_SECONDS:
                self._seen = (time.monotonic(), self._look())
            return self._seen[1]
        finally:
            self._lock.release()

    def _look(self) -> ReadyResponse:
        live: list[GenerationRecord] = []
        database = _checked(lambda: self._live(live), "The database cannot be reached.")
        schema = _checked(self._schema, "The schema cannot be read.") if database.ok else _skipped()
        embedder = (
            _checked(lambda: self._answers(live[0]), "The embedding model does not answer.") if live else _skipped()
        )
        generation = ReadyCheck(
            ok=bool(live), detail=f"Generation {live[0].generation} is live." if live else "Nothing is published yet."
        )
        checks = (database, schema, generation, embedder)
        return ReadyResponse(
            ready=all(check.ok for check in checks),
            database=database,
            schema_at_head=schema,
            generation=generation,
            embedder=embedder,
        )

    def _live(self, found: list[GenerationRecord]) -> str:
        with driver_errors(), self.parts.sessions() as session:
            live = live_generation(session)
        found += [live] if live is not None else []
        return "It answers."

    def _schema(self) -> str:
        state = schema_state(self.parts.engine)
        if not state.at_head:
            raise NotReady("It is not at the revision that this code needs.")
        return f"It is at {state.head}."

    def _answers(self, live: GenerationRecord) -> str:
        until, name = self._embedder
        if name == live.embedding_model and time.monotonic() < until:
            return f"{name} answered lately."
        if time.monotonic() < self._silent_until:
            raise NotReady("The embedding model did not answer lately.")
        with driver_errors(), self.parts.sessions() as session:
            model = find_model(session, live.embedding_model)
        if model is None:
            raise EmbeddingSpaceError(f"There are no vectors of {live.embedding_model}.")
        try:
            require_same_space(embedding_model(self.parts.settings, model.name), model.canary)
        except ResumePipelineError:
            self._silent_until = time.monotonic() + SILENT_SECONDS
            raise
        self._embedder = (time.monotonic() + EMBEDDER_SECONDS, model.name)
        return f"{model.name} answers."


def _looking() -> ReadyResponse:
    waiting = ReadyCheck(ok=False, detail="It is being looked at for the first time.")
    return ReadyResponse(ready=False, database=waiting, schema_at_head=waiting, generation=waiting, embedder=waiting)


class NotReady(ResumePipelineError):  # noqa: N818  (a state, said to who asks for it)
    """Something is there and not as it must be."""


def _checked(look: Callable[[], str], failing: str) -> ReadyCheck:
    """What a look says. Of a failure only its kind is told: messages hold addresses, and everybody may ask."""
    try:
        return ReadyCheck(ok=True, detail=look())
    except NotReady as error:
        return ReadyCheck(ok=False, detail=str(error))
    except Exception as error:  # whatever is wrong, the answer is that it is not ready
        return ReadyCheck(ok=False, detail=f"{failing} ({type(error).__name__})")


def _skipped() -> ReadyCheck:
    return ReadyCheck(ok=False, detail="Not looked at: what it needs is not there.")
