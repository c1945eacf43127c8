"""The batch lane: inputs of a large load go to the Batch API at half the price, and come back hours later.

A batch is noted with its inputs before it is sent, so no kill loses one. Its inputs are not sent directly until it has
ended or its deadline is over; what a batch did not answer goes by the direct lane.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.openai_batches import ENDED, MAX_BYTES, MAX_LINES, BatchState, OpenAIBatches
from resume_pipeline.embedding.prices import Lane
from resume_pipeline.errors import BatchesUnderWayError, EmbeddingAccessError, EmbeddingUnavailableError
from resume_pipeline.ingestion.embeddings import ensure_model
from resume_pipeline.ingestion.reports import BatchesReport
from resume_pipeline.ingestion.spending import Spending, SpendingRules
from resume_pipeline.storage import batches as stored
from resume_pipeline.storage.batches import StoredBatch
from resume_pipeline.storage.embedding_models import StoredModel, find_model
from resume_pipeline.storage.embeddings import (
    PendingInput,
    count_waiting,
    load_inputs,
    pending_inputs,
    share_vectors,
    store_vectors,
)
from resume_pipeline.storage.engine import Session, Sessions

READ_AT_ONCE = 2000
CARRIED_BYTES = 400
"""Of a line, beside its text; for the size limit of a file, with room to spare."""

Clients = Callable[[str], OpenAIBatches | None]
"""The Batch API of a model by its name; None when it has none."""


@dataclass(frozen=True, slots=True)
class LanePolicy:
    """When inputs travel in batches: always, from so many inputs on (auto), or never; and how long they may take."""

    lane: Literal["auto", "direct", "batch"] = "direct"
    min_inputs: int = 50_000
    deadline_hours: float = 26.0

    def lane_for(self, model: str, inputs: int) -> Lane:
        """The lane of so many inputs; only ``openai:`` models have another than the direct one."""
        wanted = self.lane == "batch" or (self.lane == "auto" and inputs >= self.min_inputs)
        return "batch" if wanted and inputs and model.startswith("openai:") else "direct"


def collect_batches(
    sessions: Sessions, clients: Clients, rules: SpendingRules, run_id: str, *, stored_at_once: int = 2000
) -> BatchesReport:
    """Store what the open batches have answered; end those that are done or whose deadline is over.

    Answers are committed ``stored_at_once``; a kill between two commits asks for no answer again.

    Raises:
        EmbeddingUnavailableError, EmbeddingAccessError: the provider cannot be asked; the batches stay open.
    """
    started = time.monotonic()
    with sessions() as session:
        found = stored.open_batches(session)
    collected = left = 0
    for batch in found:
        client = clients(batch.model)
        if client is None:
            continue
        try:
            answered, unanswered = _look(sessions, batch, client, Booking(rules, run_id, stored_at_once))
        except (EmbeddingUnavailableError, EmbeddingAccessError):
            if not batch.is_late:
                raise
            continue  # its inputs go by the direct lane now; what it answers can still be collected later
        collected, left = collected + answered, left + unanswered
    with sessions() as session:
        waiting = stored.open_batches(session)
    return BatchesReport(
        collected=collected,
        left=left,
        batches_open=len(waiting),
        inputs_waiting=sum(batch.requests for batch in waiting if not batch.is_late),
        seconds=time.monotonic() - started,
    )


def ended_batches(sessions: Sessions, clients: Clients) -> list[str]:
    """What a look at the open batches would collect or give up now: key and status of each; nothing is changed.

    Raises:
        EmbeddingUnavailableError, EmbeddingAccessError: the provider cannot be asked.
    """
    with sessions() as session:
        found = stored.open_batches(session)
    ended = list[str]()
    for batch in found:
        client = clients(batch.model)
        if client is None or batch.batch_id is None:
            continue
        status = "late" if batch.is_late else client.get(batch.batch_id).status
        if status in {"late", *ENDED}:
            ended.append(f"{batch.submission_key} {status}")
    return ended


@dataclass(frozen=True, slots=True)
class Booking:
    """Under whose name what a batch did not answer is taken off the bill, and how many answers are stored at once."""

    rules: SpendingRules
    run_id: str
    stored_at_once: int

    def refund(self, sessions: Sessions, session: Session, model: str, inputs: int, tokens: int) -> None:
        """Book what is not charged."""
        spending = Spending(sessions, self.rules, model, lane="batch", run_id=self.run_id)
        spending.settle(session, inputs=-inputs, reserved=0, tokens=-tokens)


def _look(sessions: Sessions, batch: StoredBatch, client: OpenAIBatches, booking: Booking) -> tuple[int, int]:
    """(inputs answered, inputs left) now: nothing of a batch that goes on, unless its deadline is over."""
    state = client.get(batch.batch_id) if batch.batch_id is not None else client.find(batch.submission_key)
    if state is None:  # it never reached the provider
        _release(sessions, batch, booking)
        return 0, 0
    if batch.is_late and not state.has_ended:
        state = client.cancel(state.batch_id)
    with sessions.begin() as session:
        stored.note_status(session, batch.embedding_batch_id, status=state.status, batch_id=state.batch_id)
    return _collect(sessions, batch, state, client, booking) if state.has_ended else (0, 0)


def _release(sessions: Sessions, batch: StoredBatch, booking: Booking) -> None:
    """Forget a batch that the provider does not have: its inputs are free, and it costs nothing."""
    with sessions.begin() as session:
        stored.forget_batch(session, batch.embedding_batch_id)
        booking.refund(sessions, session, batch.model, batch.requests, batch.tokens)


def _collect(
    sessions: Sessions, batch: StoredBatch, state: BatchState, client: OpenAIBatches, booking: Booking
) -> tuple[int, int]:
    """(inputs answered, inputs left): every sound vector is stored, and the batch is closed."""
    with sessions() as session:
        model = find_model(session, batch.model)
        awaited = stored.inputs_of(session, batch)
    assert model is not None  # noqa: S101  (a foreign key holds it)
    answered, problem = 0, state.problem
    hashes, vectors = list[bytes](), list[np.ndarray]()
    for answer in client.answers(state, dimensions=model.dimensions):
        digest = bytes.fromhex(answer.custom_id)
        if answer.vector is None:
            problem = problem or answer.problem
        elif digest in awaited:
            awaited.discard(digest)
            hashes.append(digest)
            vectors.append(answer.vector[0])
        if len(hashes) >= booking.stored_at_once:
            answered += _store(sessions, batch, model, hashes, vectors)
            hashes, vectors = [], []
    answered += _store(sessions, batch, model, hashes, vectors)
    with sessions.begin() as session:
        left, tokens = stored.end_batch(session, batch, status=state.status, problem=problem)
        if left:
            booking.refund(sessions, session, batch.model, left, tokens)
    client.discard(state)
    return answered, left


def _store(
    sessions: Sessions, batch: StoredBatch, model: StoredModel, hashes: Sequence[bytes], vectors: Sequence[np.ndarray]
) -> int:
    if hashes:
        with sessions.begin() as session:
            store_vectors(session, model, hashes, np.stack(vectors))
            stored.answered_inputs(session, batch, hashes)
    return len(hashes)


def submit_batches(
    sessions: Sessions,
    load: Callable[[], Embedder],
    client: OpenAIBatches | None,
    policy: LanePolicy,
    spending: Spending,
) -> BatchesReport:
    """Send what the candidate lacks by the batch lane, where the policy wants that; nothing otherwise.

    Raises:
        BudgetExceededError: the next batch would cost more than may be spent; it was not sent.
        EmbeddingUnavailableError: it is not known whether the provider has the batch; the next look tells.
        EmbeddingAccessError: the provider took no batch; the inputs are free again.
    """
    started = time.monotonic()
    if client is None or policy.lane == "direct":
        return BatchesReport()
    embedder = load()
    # A batch of another model's vectors would be paid for and refused: the canary comes first.
    model = ensure_model(sessions, embedder)
    with sessions.begin() as session:
        stored.forget_tried(session)
        share_vectors(session, model)
    with sessions() as session:
        pending = pending_inputs(session, model)
        free = list(stored.untried(session, model, pending))
    inputs = [one for one in free if one.tokens <= embedder.max_input_tokens]
    if policy.lane_for(embedder.name, len(pending)) == "direct" or not inputs:
        return BatchesReport()
    batches = 0
    for batch in _cut(inputs):
        _submit(sessions, model, client, policy, spending, batch)
        batches += 1
    return BatchesReport(
        submitted=len(inputs),
        batches_submitted=batches,
        tokens=spending.tokens,
        cost_usd=spending.cost_usd,
        seconds=time.monotonic() - started,
    )


def _cut(inputs: Sequence[PendingInput]) -> Iterator[list[PendingInput]]:
    """Batches within the limits of one file; a cl100k_base token is at most some twelve bytes of JSON in the mean."""
    batch, size = list[PendingInput](), 0
    for one in inputs:
        line = CARRIED_BYTES + 12 * one.tokens
        if batch and (len(batch) >= MAX_LINES or size + line > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += line
    if batch:
        yield batch


def _submit(
    sessions: Sessions,
    model: StoredModel,
    client: OpenAIBatches,
    policy: LanePolicy,
    spending: Spending,
    inputs: Sequence[PendingInput],
) -> None:
    tokens, key = sum(one.tokens for one in inputs), str(uuid.uuid4())
    spending.reserve(tokens)
    with sessions.begin() as session:
        id_ = stored.prepare_batch(session, model, inputs, submission_key=key, hours=policy.deadline_hours)
        spending.settle(session, inputs=len(inputs), reserved=tokens)
    try:
        state = client.submit(key, _lines(sessions, client, inputs))
    except EmbeddingAccessError:
        # After any other failure the provider may have it: the next look finds it by its key, or forgets it.
        with sessions.begin() as session:
            stored.forget_batch(session, id_)
            spending.settle(session, inputs=-len(inputs), reserved=0, tokens=-tokens)
        raise
    with sessions.begin() as session:
        stored.note_status(session, id_, status=state.status, batch_id=state.batch_id)


def _lines(sessions: Sessions, client: OpenAIBatches, inputs: Sequence[PendingInput]) -> Iterator[bytes]:
    for start in range(0, len(inputs), READ_AT_ONCE):
        page = [one.input_hash for one in inputs[start : start + READ_AT_ONCE]]
        with sessions() as session:
            texts = load_inputs(session, page)
        for digest in page:
            yield client.line(digest.hex(), texts[digest])


def require_nothing_waits(sessions: Sessions, model_name: str) -> None:
    """Return when no input of the model waits in a batch.

    Raises:
        BatchesUnderWayError: some do.
    """
    with sessions() as session:
        model = find_model(session, model_name)
        waiting = 0 if model is None else count_waiting(session, model)
        batches = [batch for batch in stored.open_batches(session) if batch.model == model_name]
    if waiting:
        since = min(batch.submitted_at for batch in batches).strftime("%Y-%m-%d %H:%M UTC")
        where = "a batch" if len(batches) == 1 else f"{len(batches)} batches"
        raise BatchesUnderWayError(
            f"{waiting:,} inputs wait in {where} at the provider of {model_name} (since {since}), so "
            "nothing is published yet; the live generation stays. The next `resume-pipeline ingest` collects them, and "
            "so does the sensor `batches_ended` when it runs. RESUME_BATCH_DEADLINE_HOURS says when they are sent "
            "directly instead."
        )
