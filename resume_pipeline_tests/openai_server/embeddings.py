"""`POST /v1/embeddings`: OpenAI's checks in OpenAI's words, then real vectors."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resume_pipeline_tests.openai_server.faults import Rule
from resume_pipeline_tests.openai_server.vectors import DIMENSIONS, SHORTENABLE, USD_PER_MILLION, vectors

MAX_INPUTS = 2_048
MAX_REQUEST_TOKENS = 300_000
MAX_INPUT_TOKENS = 8_192


class ApiError(Exception):
    """An error answer: status, and OpenAI's error body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True)
class EmbeddingRequest:
    """A request that passed the checks, with its tokens."""

    model: str
    inputs: tuple[str, ...]
    dimensions: int | None
    base64: bool
    tokens: int

    @property
    def usd(self) -> float:
        """Its price in the direct lane."""
        return self.tokens * USD_PER_MILLION[self.model] / 1_000_000


def parse_request(
    body: dict[str, Any], count_tokens: Callable[[str], int], *, max_inputs: int = MAX_INPUTS
) -> EmbeddingRequest:
    """The request behind a JSON body.

    Raises:
        ApiError: what OpenAI would refuse.
    """
    model = body.get("model")
    if not isinstance(model, str):
        raise ApiError(400, "you must provide a model parameter")
    if model not in DIMENSIONS:
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise ApiError(404, message, code="model_not_found")
    given = body.get("input")
    inputs = [given] if isinstance(given, str) else given
    if not isinstance(inputs, list) or not inputs or not all(isinstance(text, str) and text for text in inputs):
        raise ApiError(400, "'$.input' is invalid. Please check the API reference.")
    if len(inputs) > max_inputs:
        raise ApiError(400, f"Invalid 'input': array too long. Expected an array with maximum length {max_inputs}.")
    dimensions = body.get("dimensions")
    if dimensions is not None:
        if model not in SHORTENABLE:
            raise ApiError(400, "This model does not support specifying dimensions.")
        if not isinstance(dimensions, int) or not 1 <= dimensions <= DIMENSIONS[model]:
            raise ApiError(400, f"Invalid value for 'dimensions' = {dimensions}. Must be less than or equal to model.")
    counts = [count_tokens(text) for text in inputs]
    if max(counts) > MAX_INPUT_TOKENS:
        message = (
            f"This model's maximum context length is {MAX_INPUT_TOKENS} tokens, however you requested {max(counts)} "
            "tokens. Please reduce your prompt; or completion length."
        )
        raise ApiError(400, message)
    if sum(counts) > MAX_REQUEST_TOKENS:
        message = (
            f"Invalid 'input': maximum request size is {MAX_REQUEST_TOKENS} tokens per request, got {sum(counts)}."
        )
        raise ApiError(400, message, kind="max_tokens_per_request", code="max_tokens_per_request")
    as_base64 = body.get("encoding_format", "float") == "base64"
    return EmbeddingRequest(model, tuple(inputs), dimensions, as_base64, sum(counts))


def answer(request: EmbeddingRequest, rule: Rule | None, *, edition: int, kind: str) -> bytes:
    """The body of a 200 answer, spoilt as the rule says."""
    rows = vectors(request.inputs, model=request.model, dimensions=request.dimensions, edition=edition, kind=kind)
    spoil = rule.kind if rule is not None else ""
    if spoil == "not_json":
        return b"<html><body>Please log in to the network.</body></html>"
    if spoil == "wrong_dimensions":
        rows = np.ascontiguousarray(rows[:, :-1])
    if spoil == "nan":
        rows[len(rows) // 2, 0] = np.nan
    if spoil == "zeros":
        rows[len(rows) // 2] = 0
    data = list(enumerate(_encoded(rows, as_base64=request.base64)))
    if spoil == "wrong_count":
        data.pop()
    if spoil == "reorder":
        data = data[1::2] + data[::2]
    listed = ",".join(f'{{"object":"embedding","index":{place},"embedding":{value}}}' for place, value in data)
    usage = {"prompt_tokens": request.tokens, "total_tokens": request.tokens}
    head = f'{{"object":"list","model":{json.dumps(request.model)},"usage":{json.dumps(usage)},"data":['
    return (head + listed + "]}").encode()


def _encoded(rows: NDArray[np.float32], *, as_base64: bool) -> Sequence[str]:
    if as_base64:
        return ['"' + base64.b64encode(row.tobytes()).decode() + '"' for row in rows]
    return [json.dumps([float(f"{number:.9g}") for number in row]) for row in rows]
