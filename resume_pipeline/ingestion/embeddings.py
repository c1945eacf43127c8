"""The embeddings stage: every embedding input of the candidate gets its vector, and none is sent twice.

What a model is, and what it costs, is ``embedding``; which inputs lack a vector is asked of ``storage.embeddings``.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from resume_pipeline.domain.hashing import Shard
from resume_pipeline.embedding.base import Embedder, canary, require_same_space
from resume_pipeline.ingestion.embedding_requests import Sender
from resume_pipeline.ingestion.progress import Progress, silent
from resume_pipeline.ingestion.reports import EmbeddingsReport, Note
from resume_pipeline.ingestion.spending import Spending, SpendingRules
from resume_pipeline.storage.embedding_models import StoredModel, find_model, register_model
from resume_pipeline.storage.embeddings import (
    PendingInput,
    PendingTotals,
    count_waiting,
    count_wanted_chunks,
    pending_inputs,
    pending_totals,
    share_vectors,
)
from resume_pipeline.storage.engine import Sessions
from resume_pipeline.storage.rejections import places_of_input, reject_input, restore_rejected

STAGE = "chunk_embeddings"
PAGE_INPUTS = 20_000
"""Some 3 MB of hashes; a page is full requests of every model."""


def ensure_model(sessions: Sessions, embedder: Embedder) -> StoredModel:
    """The stored model of an embedder, registered at first use and held to its canary ever after.

    Raises:
        EmbeddingSpaceError: the name now stands for another model than the one whose vectors are stored.
    """
    with sessions() as session:
        model = find_model(session, embedder.name)
    if model is not None:
        require_same_space(embedder, model.canary)
        return model
    with sessions.begin() as session:
        return register_model(session, embedder.name, canary(embedder))


def embed_chunks(
    sessions: Sessions,
    embedder: Embedder,
    *,
    spending: Spending | None = None,
    also_of: int | None = None,
    deadline_seconds: float | None = None,
    shard: Shard | None = None,
    progress: Progress = silent,
) -> EmbeddingsReport:
    """Embed what the candidate lacks. Each response is committed as it comes, so a kill loses what is in flight.

    ``also_of`` is a generation whose chunks are embedded as well. A document with an input that is refused or too long
    gives way to its last good version; where another generation is filled, it is only reported.

    Raises:
        BudgetExceededError: the next request would cost more than may be spent; what was embedded is kept.
        EmbeddingDeadlineError: it took longer than ``deadline_seconds``; what was embedded is kept.
    """
    started = time.monotonic()
    model = ensure_model(sessions, embedder)
    spending = spending or Spending(sessions, SpendingRules(), model.name)
    scope = _Scope(sessions, embedder, model, shard, also_of)
    totals = scope.prepare()
    sender = Sender(
        sessions,
        embedder,
        model,
        spending,
        rejected=scope.reject,
        answered=lambda sent: progress(STAGE, sent, totals.inputs),
        until=math.inf if deadline_seconds is None else started + deadline_seconds,
    )
    if totals.inputs:
        scope.send_all(sender)
    with sessions() as session:
        total = count_wanted_chunks(session, shard, also_of=also_of) - count_waiting(session, model)
    return EmbeddingsReport(
        model=model.name,
        dimensions=model.dimensions,
        sent=sender.sent,
        reused=total - sender.sent,
        tokens=spending.tokens,
        cost_usd=spending.cost_usd,
        planned_tokens=totals.tokens,
        planned_cost_usd=spending.rules.cost_usd(model.name, totals.tokens),
        requests=sender.requests,
        errors=scope.errors,
        seconds=time.monotonic() - started,
    )


@dataclass
class _Scope:
    """What one run of the stage looks at, and what it had to set aside."""

    sessions: Sessions
    embedder: Embedder
    model: StoredModel
    shard: Shard | None
    also_of: int | None
    rejected: set[bytes] = field(default_factory=set)
    errors: list[Note] = field(default_factory=list)

    def prepare(self) -> PendingTotals:
        """Want again what was set aside for reasons that are gone, share vectors that exist; what is left to send."""
        if self.also_of is None:
            with self.sessions.begin() as session:
                restore_rejected(session, model=self.model.name, max_input_tokens=self.embedder.max_input_tokens)
        totals = self._totals()
        if totals.inputs:
            with self.sessions.begin() as session:
                shared = share_vectors(session, self.model)
            if shared:
                totals = self._totals()
        return totals

    def send_all(self, sender: Sender) -> None:
        """Send what is missing, and again what a document brings that takes the place of one set aside."""
        rejected = -1
        while len(self.rejected) != rejected:
            rejected = len(self.rejected)
            sender.send(self.pending())

    def _totals(self) -> PendingTotals:
        with self.sessions() as session:
            return pending_totals(session, self.model, self.shard, also_of=self.also_of)

    def pending(self) -> Iterator[PendingInput]:
        """The inputs to send, a page at a time, so that memory does not follow the corpus."""
        after, page = b"", list[PendingInput]()
        while not after or len(page) == PAGE_INPUTS:
            with self.sessions() as session:
                page = pending_inputs(
                    session, self.model, self.shard, also_of=self.also_of, after=after, limit=PAGE_INPUTS
                )
            yield from (one for one in page if one.input_hash not in self.rejected)
            if not page:
                return
            after = page[-1].input_hash

    def reject(self, pending: PendingInput, reason: str) -> None:
        """Set the documents of an input aside, and say why."""
        self.rejected.add(pending.input_hash)
        reason = f"A chunk of it cannot be embedded: {reason.removesuffix('.')}."
        with self.sessions.begin() as session:
            if self.also_of is None:
                kept = f"{reason} The last good version stays."
                rows = reject_input(
                    session,
                    pending.input_hash,
                    model=self.model.name,
                    max_input_tokens=self.embedder.max_input_tokens,
                    reason=kept,
                )
                self.errors += [Note(path, why, line) for path, line, why in rows]
            else:
                places = places_of_input(session, pending.input_hash)
                self.errors += [Note(path, reason, line) for path, line in places]
