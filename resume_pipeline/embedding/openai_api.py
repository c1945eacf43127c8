"""``openai:`` models: OpenAI's embeddings, and those of every server that speaks its API (OPENAI_BASE_URL).

One call is one request, paced, tried again while that can help, and proven to be sound before it is handed on. How
requests are filled, run side by side and stored is ``ingestion.embedding_requests``.
"""

import hashlib
import re
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from resume_pipeline.domain.documents import TokenCounter
from resume_pipeline.embedding.base import CANARY_TEXT, Vectors
from resume_pipeline.embedding.openai_answers import Failure, read_answer, read_failure
from resume_pipeline.embedding.pacing import Pace
from resume_pipeline.embedding.remote import MAX_INPUT_TOKENS as MAX_INPUT_TOKENS
from resume_pipeline.embedding.remote import OPENAI_URL, make_client
from resume_pipeline.embedding.remote import RemoteOptions as RemoteOptions
from resume_pipeline.embedding.throttle import Concurrency, Patience, backoff_seconds
from resume_pipeline.errors import (
    ConfigurationError,
    EmbeddingAccessError,
    EmbeddingError,
    EmbeddingInputError,
    EmbeddingUnavailableError,
)

DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
"""Of any other model a probe tells; https://platform.openai.com/docs/guides/embeddings."""

MAX_INPUTS = 2048
MAX_REQUEST_TOKENS = 285_000
"""300,000 are allowed (OpenAI's API reference, ``embeddings.create``), less 5 % for servers that count otherwise."""

BLAME_AFTER = 3
BLAME_LATE_AFTER = 2
BLAME_ALONE_AFTER = 8
"""So many failures in a row, and it is asked whether the request is the cause. One that is blamed is sent in halves, a
single input is given up: it is blamed later, so that chance is not taken for a cause."""

MAX_DOUBLINGS = 3
"""Of the time one request may take, when it did not suffice."""

QUESTION_SECONDS = 5.0
"""A visitor's question is not kept waiting for longer: a third of the time that the API gives a request."""

PROBE_SECONDS = 20.0
"""A server of one's own may load the model first."""

NAME = re.compile(r"(?P<model>[^@\s]+)(?:@(?P<dimensions>[1-9]\d{0,4}))?")


class OpenAIEmbedder:
    """``openai:text-embedding-3-small``, or ``openai:text-embedding-3-large@1024`` for shortened vectors."""

    batch_inputs = MAX_INPUTS

    def __init__(self, model: str, options: RemoteOptions, count_tokens: TokenCounter) -> None:
        """Nothing is sent yet.

        Raises:
            ConfigurationError: the name cannot be read, or a key is needed and there is none.
        """
        match = NAME.fullmatch(model)
        if match is None:
            raise ConfigurationError(
                f"RESUME_EMBEDDING_MODEL: openai:{model} is no model's name with an optional number of dimensions, as "
                "in openai:text-embedding-3-small or openai:text-embedding-3-large@1024."
            )
        if not options.api_key and options.base_url is None:
            raise ConfigurationError(
                f"OPENAI_API_KEY is not set, and openai:{model} needs it. Set it (in the environment or in .env), set "
                "OPENAI_BASE_URL for a server that needs none, or choose local:wordllama-256."
            )
        self.name = f"openai:{model}"
        self.max_input_tokens = options.max_input_tokens
        self._model = match["model"]
        self._shortened = int(match["dimensions"]) if match["dimensions"] else None
        self._options = options
        self._count = count_tokens
        self._concurrency = Concurrency(options.concurrency)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"OpenAIEmbedder({self.name!r})"

    @cached_property
    def dimensions(self) -> int:
        """Numbers in one vector: known, wished, or found by sending the canary text once.

        Raises:
            EmbeddingError: the probe failed.
        """
        known = self._shortened or DIMENSIONS.get(self._model)
        return known or self._answer([CANARY_TEXT], Patience.of(PROBE_SECONDS), None).shape[1]

    @property
    def batch_tokens(self) -> int:
        """Tokens of a full request; at most half of a minute's limit, so that a small account is served, too."""
        capacity = self._pace.capacity("tokens")
        return MAX_REQUEST_TOKENS if capacity is None else max(1, min(MAX_REQUEST_TOKENS, int(capacity / 2)))

    @property
    def concurrency(self) -> int:
        """Requests that should be under way now."""
        return self._concurrency.allowed

    @property
    def max_concurrency(self) -> int:
        """Requests that are under way at most."""
        return self._options.concurrency

    @property
    def patience(self) -> Patience:
        """How long one request of a run is tried, from now."""
        return Patience.of(self._options.retry_seconds)

    def embed(self, inputs: Sequence[str]) -> Vectors:
        """One row per input, in order, for a few inputs that somebody waits for: it gives up after 20 seconds."""
        return self.embed_within(inputs, self.patience.sooner(QUESTION_SECONDS))

    def embed_within(self, inputs: Sequence[str], patience: Patience) -> Vectors:
        """One row per input, in order, as one request, tried again while the patience lasts.

        Raises:
            EmbeddingInputError: an input is too long (nothing is sent), or the server refuses these inputs while it
                answers others.
            EmbeddingAccessError: key, quota, model or address; no retry helps.
            EmbeddingUnavailableError: no sound answer came in time; a later try may help.
            EmbeddingError: the server answers, but never with embeddings of this model.
        """
        if not inputs:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return self._answer(inputs, patience, self.dimensions)

    def _answer(self, inputs: Sequence[str], patience: Patience, dimensions: int | None) -> Vectors:
        tokens = [self._count(text) for text in inputs]
        self._require_short(tokens)
        failures: list[Failure] = []
        while True:
            found, paced = self._request(inputs, sum(tokens), patience, dimensions, failures)
            if not isinstance(found, Failure):
                self._concurrency.answered(paced=paced)
                return found
            failures.append(found)
            self._judge(inputs, failures, patience, dimensions)
            wait = backoff_seconds(len(failures) - 1, base=self._options.backoff_seconds)
            if found.kind == "busy":
                # Everybody waits as long as the server says; the jitter keeps them from coming back together.
                self._pace.block(found.retry_after or 0.0)
                wait += found.retry_after or 0.0
            if wait >= patience.left:
                raise self._given_up(failures)
            patience.sleep(wait)

    def _request(
        self,
        inputs: Sequence[str],
        tokens: int,
        patience: Patience,
        dimensions: int | None,
        failures: Sequence[Failure],
    ) -> tuple[Vectors | Failure, bool]:
        """One attempt when its turn has come: (what came of it, whether it had to wait for its turn)."""
        flight, wait = self._pace.reserve(tokens)
        paced, headers = wait > 0, dict[str, str]()
        try:
            while True:
                if patience.stop.is_set() or wait > patience.left:
                    raise self._given_up(failures, f"the rate limit lets the next request go in {wait:.0f} s")
                patience.sleep(wait)
                wait = self._pace.depart(flight)
                if wait == 0:
                    break
            # An answer that came too late may be charged; the same request is given longer each time.
            late = sum(failure.kind == "late" for failure in failures)
            timeout = self._options.timeout_seconds * 2 ** min(late, MAX_DOUBLINGS)
            headers, found = self._send(inputs, dimensions, min(timeout, patience.left + 1))
        finally:
            if headers:
                self._pace.arrived(flight, headers)
            else:
                self._pace.lost(flight)
        return found, paced

    def _send(
        self, inputs: Sequence[str], dimensions: int | None, timeout_seconds: float
    ) -> tuple[dict[str, str], Vectors | Failure]:
        import openai  # noqa: PLC0415  (0.7 s)

        extra: dict[str, Any] = {"dimensions": self._shortened} if self._shortened else {}
        try:
            response = self._client.embeddings.with_raw_response.create(
                model=self._model, input=list(inputs), encoding_format="base64", timeout=timeout_seconds, **extra
            )
            headers = {name.lower(): value for name, value in response.headers.items()}
            body = response.http_response.content
        except openai.OpenAIError as error:
            # Made into words here, and nowhere chained: the exception holds the request with its key.
            failure = read_failure(error, key=self._options.api_key)
            return dict(failure.headers), failure
        return headers, read_answer(body, inputs=len(inputs), dimensions=dimensions, model=self.name)

    def _judge(
        self, inputs: Sequence[str], failures: Sequence[Failure], patience: Patience, dimensions: int | None
    ) -> None:
        """Return when another try may help.

        Raises:
            EmbeddingAccessError: no try can.
            EmbeddingInputError: these inputs are the cause, since others are answered.
            EmbeddingError: nothing it answers is an embedding.
        """
        last = failures[-1]
        if last.kind == "access":
            raise EmbeddingAccessError(f"{self.name}: {last.reason}.")
        if last.kind in {"busy", "server", "network", "late"}:
            self._concurrency.congested()
        if last.kind == "busy":
            return
        enough = BLAME_AFTER if len(inputs) > 1 else BLAME_ALONE_AFTER
        if last.kind == "late" and len(inputs) > 1:
            enough = BLAME_LATE_AFTER
        in_a_row = len(failures) >= enough and all(failure.kind == last.kind for failure in failures[-enough:])
        if last.kind != "refused" and not in_a_row:
            return
        other = last if list(inputs) == [CANARY_TEXT] else self._ask_for_another(last, patience, dimensions)
        if not isinstance(other, Failure):
            raise EmbeddingInputError(f"{self.name} refuses it: {last.reason}")
        if other.kind == "access":
            raise EmbeddingAccessError(f"{self.name}: {other.reason}.")
        if last.kind == other.kind == "refused":
            raise EmbeddingAccessError(
                f"{self.name} refuses every request: {last.reason}. Check RESUME_EMBEDDING_MODEL and OPENAI_BASE_URL."
            )
        if last.kind == other.kind == "spoilt":
            raise EmbeddingError(
                f"{self.name} answers, but not with embeddings that can be used ({last.reason}). Nothing of it was "
                "stored. Check RESUME_EMBEDDING_MODEL and OPENAI_BASE_URL."
            )

    def _ask_for_another(self, failure: Failure, patience: Patience, dimensions: int | None) -> Vectors | Failure:
        """What the server says to the canary text: answered, it does not refuse everything but these inputs."""
        with self._lock:  # one such question at a time
            found, _ = self._request([CANARY_TEXT], self._count(CANARY_TEXT), patience, dimensions, [failure])
        return found

    def _require_short(self, tokens: Sequence[int]) -> None:
        longest = max(tokens)
        if longest > self.max_input_tokens:
            raise EmbeddingInputError(
                f"Input {tokens.index(longest)} of {len(tokens)} has {longest:,} tokens, and {self.name} takes "
                f"{self.max_input_tokens:,} at most; it was not sent. Lower RESUME_CHUNK_MAX_TOKENS, or shorten the "
                "question."
            )

    def _given_up(self, failures: Sequence[Failure], also: str = "") -> EmbeddingUnavailableError:
        reasons = [failure.reason for failure in failures[-1:]] + ([also] if also else [])
        return EmbeddingUnavailableError(
            f"{self.name} gave no sound answer in time ({len(failures)} tries; {'; '.join(reasons) or 'stopped'}). "
            "What was embedded is kept. Run again later; RESUME_EMBEDDING_RETRY_SECONDS sets how long one request is "
            "tried."
        )

    @cached_property
    def _pace(self) -> Pace:
        account = f"{self._options.base_url or OPENAI_URL}\n{self._options.api_key}"
        return Pace(self._options.pace_file, f"{hashlib.sha256(account.encode()).hexdigest()[:16]} {self._model}")

    @cached_property
    def _client(self) -> Any:
        # Retries are ours: paced, counted, and known to the stage.
        return make_client(self._options, max_retries=0)
