"""Requests to an embedding model: filled up, several at a time where the model allows, each answer stored as it comes.

Requests are sent from threads; the calling thread alone reads inputs and stores answers, so the database sees one
writer. Waiting and trying again is the model's part (``embedding``); here a request that is refused is halved until the
input that is the cause stands alone.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event

from resume_pipeline.embedding.base import Embedder, RemoteEmbedder, Vectors, checked
from resume_pipeline.embedding.throttle import Patience
from resume_pipeline.errors import (
    BudgetExceededError,
    EmbeddingDeadlineError,
    EmbeddingInputError,
    EmbeddingUnavailableError,
)
from resume_pipeline.ingestion.spending import Spending
from resume_pipeline.storage.embedding_models import StoredModel
from resume_pipeline.storage.embeddings import PendingInput, load_inputs, store_vectors
from resume_pipeline.storage.engine import Sessions

Rejected = Callable[[PendingInput, str], None]
Answered = Callable[[int], None]


@dataclass(eq=False, slots=True)
class Request:
    """Inputs that travel together; ``whole`` is the refused request that this is a half of."""

    inputs: list[PendingInput]
    whole: "Request | None" = None
    halves_answered: int = 0

    @property
    def tokens(self) -> int:
        """cl100k_base tokens of its inputs."""
        return sum(pending.tokens for pending in self.inputs)


@dataclass
class Sender:
    """Sends pending inputs to one model, and keeps count; ``until`` is the stage's deadline in monotonic seconds."""

    sessions: Sessions
    embedder: Embedder
    model: StoredModel
    spending: Spending
    rejected: Rejected
    answered: Answered
    until: float
    sent: int = 0
    requests: int = 0
    _most_inputs: int = 0
    _again: deque[Request] = field(default_factory=deque)
    _under_way: dict[Future[Vectors], Request] = field(default_factory=dict)
    _stop: Event = field(default_factory=Event)
    _pool: ThreadPoolExecutor | None = None
    _remote: RemoteEmbedder | None = None

    def __post_init__(self) -> None:
        self._most_inputs = self.embedder.batch_inputs
        self._remote = self.embedder if isinstance(self.embedder, RemoteEmbedder) else None

    def send(self, pending: Iterable[PendingInput]) -> None:
        """Send everything; return when each input is stored or rejected.

        When it fails, what is under way is still waited for and stored: it may have been paid for.

        Raises:
            BudgetExceededError: the next request would cost more than may be spent.
            EmbeddingDeadlineError: the deadline is over.
            EmbeddingError: whatever the model raised for a request.
        """
        self._pool = ThreadPoolExecutor(self._remote.max_concurrency, "embedding") if self._remote else None
        waiting = self._packed(self._sendable(pending))
        try:
            while self._launch_more(waiting):
                self._collect()
        except BudgetExceededError:
            self._finish()
            raise
        except BaseException:
            self._stop.set()
            self._finish()
            raise
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)

    def _sendable(self, pending: Iterable[PendingInput]) -> Iterator[PendingInput]:
        """The inputs that the model can take; the others are rejected without being sent."""
        longest = self.embedder.max_input_tokens
        for one in pending:
            if one.tokens <= longest:
                yield one
                continue
            reason = f"it has {one.tokens:,} tokens and {self.embedder.name} takes {longest:,}; it was not sent. Lower "
            self.rejected(one, reason + "RESUME_CHUNK_MAX_TOKENS")

    def _packed(self, pending: Iterable[PendingInput]) -> Iterator[Request]:
        """Requests filled up to the limits of inputs and tokens, which may change while they are filled."""
        inputs: list[PendingInput] = []
        tokens, most_tokens = 0, self.embedder.batch_tokens
        for one in pending:
            if inputs and (len(inputs) >= self._most_inputs or tokens + one.tokens > most_tokens):
                yield Request(inputs)
                inputs, tokens, most_tokens = [], 0, self.embedder.batch_tokens
            inputs.append(one)
            tokens += one.tokens
        if inputs:
            yield Request(inputs)

    def _launch_more(self, waiting: Iterator[Request]) -> bool:
        """Send as many as may be under way now; whether any is."""
        while len(self._under_way) < (self._remote.concurrency if self._remote else 1):
            request = self._again.popleft() if self._again else next(waiting, None)
            if request is None:
                break
            if len(request.inputs) > self._most_inputs:  # filled before the server said that it takes fewer
                starts = range(0, len(request.inputs), self._most_inputs)
                pieces = [Request(request.inputs[start : start + self._most_inputs]) for start in starts]
                self._again.extendleft(reversed(pieces))
                continue
            if time.monotonic() >= self.until:
                raise self._too_late()
            self._launch(request)
        return bool(self._under_way)

    def _launch(self, request: Request) -> None:
        hashes = [pending.input_hash for pending in request.inputs]
        with self.sessions() as session:
            texts = load_inputs(session, hashes)
        self.spending.reserve(request.tokens)
        inputs = [texts[digest] for digest in hashes]
        if self._pool is not None and self._remote is not None:
            patience = Patience(min(self.until, self._remote.patience.until), self._stop)
            future = self._pool.submit(self._remote.embed_within, inputs, patience)
        else:
            future = Future()
            try:
                future.set_result(self.embedder.embed(inputs))
            except Exception as error:
                future.set_exception(error)
        self._under_way[future] = request

    def _collect(self) -> None:
        """Wait for an answer, and take every one that is there."""
        done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        for future in done:
            self._take(future, self._under_way.pop(future))

    def _take(self, future: Future[Vectors], request: Request) -> None:
        try:
            vectors = future.result()
        except EmbeddingInputError as error:
            self.spending.release(request.tokens)
            self._halve(request, str(error))
        except EmbeddingUnavailableError:
            self.spending.release(request.tokens)
            if time.monotonic() >= self.until:
                raise self._too_late() from None
            raise
        except BaseException:
            self.spending.release(request.tokens)
            raise
        else:
            self._store(request, vectors)

    def _store(self, request: Request, vectors: Vectors) -> None:
        hashes = [pending.input_hash for pending in request.inputs]
        checked(vectors, inputs=len(hashes), dimensions=self.model.dimensions, model=self.model.name)
        with self.sessions.begin() as session:
            store_vectors(session, self.model, hashes, vectors)
            self.spending.settle(session, inputs=len(hashes), reserved=request.tokens)
        self.sent += len(hashes)
        self.requests += 1
        self.answered(self.sent)
        if request.whole is not None:
            request.whole.halves_answered += 1
            if request.whole.halves_answered == 2:
                # No input was the cause, so the request was too large for this server.
                self._most_inputs = max(1, min(self._most_inputs, len(request.inputs)))

    def _halve(self, request: Request, reason: str) -> None:
        if len(request.inputs) == 1:
            self.rejected(request.inputs[0], reason)
            return
        middle = (len(request.inputs) + 1) // 2
        halves = (request.inputs[:middle], request.inputs[middle:])
        self._again.extendleft(Request(half, request) for half in reversed(halves))

    def _finish(self) -> None:
        """Wait for what is under way, and keep what is answered."""
        while self._under_way:
            done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
            for future in done:
                request = self._under_way.pop(future)
                # The failure that ends the stage is told; a second one would only hide it.
                with contextlib.suppress(Exception):
                    self._store(request, future.result())

    def _too_late(self) -> EmbeddingDeadlineError:
        return EmbeddingDeadlineError(
            f"Embedding by {self.embedder.name} took longer than RESUME_EMBEDDING_DEADLINE_SECONDS allows. "
            f"{self.sent:,} inputs were embedded and are kept. Run again: it goes on where it stopped."
        )
