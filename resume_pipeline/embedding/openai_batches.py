"""The Batch API: inputs as a file, vectors as a file, within a day and at half the price.

One line is one input, and its ``custom_id`` is whatever the caller knows it by. Which inputs travel so, and what
becomes of those without an answer, is ``ingestion.batches``.
"""

import contextlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from resume_pipeline.embedding.base import Vectors
from resume_pipeline.embedding.openai_answers import Failure, read_answer, read_failure, redacted
from resume_pipeline.embedding.remote import RemoteOptions, make_client
from resume_pipeline.errors import EmbeddingAccessError, EmbeddingUnavailableError

MAX_LINES = 50_000
MAX_BYTES = 190_000_000
"""50,000 requests and 200 MB a file, https://platform.openai.com/docs/guides/batch."""

ENDPOINT = "/v1/embeddings"
WINDOW = "24h"
"""The only one there is."""
METADATA_KEY = "submission_key"
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
RETRIES = 4
"""Of one call, by the library: these calls are few, and no input is answered by them."""


@dataclass(frozen=True, slots=True)
class BatchState:
    """What the provider says of a batch."""

    batch_id: str
    status: str
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    problem: str | None = None

    @property
    def has_ended(self) -> bool:
        """Whether no further answer comes."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One line of a result: the vector of an input, or why it has none."""

    custom_id: str
    vector: Vectors | None
    problem: str | None = None


class OpenAIBatches:
    """Batches of one ``openai:`` model."""

    def __init__(self, name: str, options: RemoteOptions) -> None:
        self.name, self._options = name, options
        self._model, _, shortened = name.partition(":")[2].partition("@")
        self._shortened = int(shortened) if shortened else None

    def __repr__(self) -> str:
        return f"OpenAIBatches({self.name!r})"

    def line(self, custom_id: str, text: str) -> bytes:
        """One request as a line of the input file."""
        body: dict[str, Any] = {"model": self._model, "input": text, "encoding_format": "base64"}
        if self._shortened:
            body["dimensions"] = self._shortened
        request = {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body}
        return json.dumps(request, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"

    def submit(self, submission_key: str, lines: Iterable[bytes]) -> BatchState:
        """Upload a file of lines and begin a batch of it.

        Raises:
            EmbeddingUnavailableError: a later try may help.
            EmbeddingAccessError: no try can.
        """
        with tempfile.TemporaryFile() as file:
            for line in lines:
                file.write(line)
            file.seek(0)
            with self._translated():
                uploaded = self._client.files.create(file=("inputs.jsonl", file), purpose="batch")
                batch = self._client.batches.create(
                    input_file_id=uploaded.id,
                    endpoint=ENDPOINT,
                    completion_window=WINDOW,
                    metadata={METADATA_KEY: submission_key},
                )
        return self._state(batch)

    def find(self, submission_key: str) -> BatchState | None:
        """The batch that was begun with this key; None when there is none."""
        with self._translated():
            for batch in self._client.batches.list(limit=100):
                if (batch.metadata or {}).get(METADATA_KEY) == submission_key:
                    return self._state(batch)
        return None

    def get(self, batch_id: str) -> BatchState:
        """How a batch stands; one that the provider no longer knows has failed."""
        import openai  # noqa: PLC0415  (0.7 s)

        with self._translated():
            try:
                return self._state(self._client.batches.retrieve(batch_id))
            except openai.NotFoundError:
                return BatchState(batch_id, "failed", problem="the provider does not know it any more")

    def cancel(self, batch_id: str) -> BatchState:
        """Ask the provider to stop a batch; answers it has already are kept."""
        import openai  # noqa: PLC0415  (0.7 s)

        with self._translated():
            try:
                return self._state(self._client.batches.cancel(batch_id))
            except (openai.NotFoundError, openai.ConflictError, openai.BadRequestError):
                return self.get(batch_id)  # it ended meanwhile

    def answers(self, state: BatchState, *, dimensions: int) -> Iterator[BatchAnswer]:
        """Every line of the output and the error file, as they are read."""
        for file_id in (state.output_file_id, state.error_file_id):
            if file_id is None:
                continue
            with self._translated(), self._client.files.with_streaming_response.content(file_id) as response:
                for line in response.iter_lines():
                    if line.strip():
                        yield self._answer(json.loads(line), dimensions)

    def discard(self, state: BatchState) -> None:
        """Delete a batch's files at the provider; one that is gone, or cannot be deleted now, is left."""
        import openai  # noqa: PLC0415  (0.7 s)

        for file_id in (state.input_file_id, state.output_file_id, state.error_file_id):
            if file_id is not None:
                with contextlib.suppress(openai.OpenAIError):
                    self._client.files.delete(file_id)

    def _answer(self, line: dict[str, Any], dimensions: int) -> BatchAnswer:
        custom_id, response = str(line["custom_id"]), line.get("response") or {}
        error = line.get("error") or (response.get("body") or {}).get("error")
        if error or response.get("status_code") != 200:
            said = str((error or {}).get("message") or f"status {response.get('status_code')}")
            return BatchAnswer(custom_id, None, redacted(said, self._options.api_key)[:300])
        found = read_answer(json.dumps(response["body"]).encode(), inputs=1, dimensions=dimensions, model=self.name)
        return (
            BatchAnswer(custom_id, None, found.reason) if isinstance(found, Failure) else BatchAnswer(custom_id, found)
        )

    def _state(self, batch: Any) -> BatchState:
        errors = (batch.errors.data if batch.errors is not None else None) or []
        problem = redacted("; ".join(str(error.message) for error in errors[:3]), self._options.api_key)[:300]
        files = (batch.input_file_id, batch.output_file_id, batch.error_file_id)
        return BatchState(batch.id, batch.status, *files, problem or None)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import openai  # noqa: PLC0415  (0.7 s)

        try:
            yield
        except openai.OpenAIError as error:
            failure = read_failure(error, key=self._options.api_key)
            words = f"The Batch API of {self.name} did not do what it was asked: {failure.reason}. "
            if failure.kind in {"busy", "server", "network"}:
                raise EmbeddingUnavailableError(words + "What it has is kept; run again later.") from None
            raise EmbeddingAccessError(words + "RESUME_EMBEDDING_LANE=direct does without it.") from None

    @cached_property
    def _client(self) -> Any:
        return make_client(self._options, max_retries=RETRIES)
