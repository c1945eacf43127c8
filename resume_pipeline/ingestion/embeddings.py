"""The embeddings stage: every embedding input of the candidate gets its vector, and none is sent twice.

What a model is, and what it costs, is ``embedding``; which inputs lack a vector is asked of ``storage.embeddings``.
"""

import time
from collections.abc import Iterator, Sequence

from resume_pipeline.domain.hashing import Shard
from resume_pipeline.embedding.base import Embedder, canary, checked, require_same_space
from resume_pipeline.ingestion.progress import Progress, silent
from resume_pipeline.ingestion.reports import EmbeddingsReport
from resume_pipeline.ingestion.spending import Spending, SpendingRules
from resume_pipeline.storage.embedding_models import StoredModel, find_model, register_model
from resume_pipeline.storage.embeddings import (
    PendingInput,
    count_wanted_chunks,
    load_inputs,
    pending_inputs,
    share_vectors,
    store_vectors,
)
from resume_pipeline.storage.engine import Sessions

STAGE = "chunk_embeddings"


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
    shard: Shard | None = None,
    progress: Progress = silent,
) -> EmbeddingsReport:
    """Embed what the candidate lacks. Each response is committed as it comes, so a kill loses what is in flight.

    ``also_of`` is a generation whose chunks are embedded as well.

    Raises:
        BudgetExceededError: the next request would cost more than may be spent; what was embedded is kept.
    """
    started = time.monotonic()
    model = ensure_model(sessions, embedder)
    spending = spending or Spending(sessions, SpendingRules(), model.name)
    with sessions() as session:
        pending = pending_inputs(session, model, shard, also_of=also_of)
    if pending:
        with sessions.begin() as session:
            shared = share_vectors(session, model)
        if shared:
            with sessions() as session:
                pending = pending_inputs(session, model, shard, also_of=also_of)
    with sessions() as session:
        total = count_wanted_chunks(session, shard, also_of=also_of)
    sent = requests = 0
    for request in pack_requests(pending, embedder):
        _embed_request(sessions, embedder, model, spending, request)
        sent, requests = sent + len(request), requests + 1
        progress(STAGE, sent, len(pending))
    planned = sum(pending_input.tokens for pending_input in pending)
    return EmbeddingsReport(
        model=model.name,
        dimensions=model.dimensions,
        sent=sent,
        reused=total - sent,
        tokens=spending.tokens,
        cost_usd=spending.cost_usd,
        planned_tokens=planned,
        planned_cost_usd=spending.rules.cost_usd(model.name, planned),
        requests=requests,
        seconds=time.monotonic() - started,
    )


def _embed_request(
    sessions: Sessions, embedder: Embedder, model: StoredModel, spending: Spending, request: Sequence[PendingInput]
) -> None:
    hashes = [pending_input.input_hash for pending_input in request]
    tokens = sum(pending_input.tokens for pending_input in request)
    with sessions() as session:
        inputs = load_inputs(session, hashes)
    spending.reserve(tokens)
    answer = embedder.embed([inputs[digest] for digest in hashes])
    vectors = checked(answer, inputs=len(hashes), dimensions=model.dimensions, model=model.name)
    with sessions.begin() as session:
        store_vectors(session, model, hashes, vectors)
        spending.settle(session, inputs=len(hashes), reserved=tokens)


def pack_requests(pending: Sequence[PendingInput], embedder: Embedder) -> Iterator[list[PendingInput]]:
    """Requests filled up to the model's limits of inputs and tokens."""
    request: list[PendingInput] = []
    tokens = 0
    for pending_input in pending:
        too_many = len(request) >= embedder.batch_inputs or tokens + pending_input.tokens > embedder.batch_tokens
        if request and too_many:
            yield request
            request, tokens = [], 0
        request.append(pending_input)
        tokens += pending_input.tokens
    if request:
        yield request
