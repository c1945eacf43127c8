"""What comes back from an OpenAI-compatible server: an answer turned into vectors, or a failure turned into words.

A failure says whether waiting, other settings or other inputs can help. No word of it holds the API key: what a server
echoes of it is taken out, and the library's own exceptions, which hold request and body, go no further than here.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from resume_pipeline.embedding.base import Vectors, checked
from resume_pipeline.embedding.pacing import read_retry_after
from resume_pipeline.errors import EmbeddingError

Kind = Literal["busy", "server", "network", "late", "spoilt", "refused", "access"]
"""busy: too many requests; server: its fault; network: no connection; late: no answer in time; spoilt: an answer that
is none; refused: this request's inputs; access: key, quota, model or address, which neither a retry nor another input
helps."""

ACCESS: Mapping[Any, str] = {
    # Not what the server said: it repeats part of the key.
    401: "the API key was refused (401). Check OPENAI_API_KEY, and that OPENAI_BASE_URL is the server it is for",
    403: "the key may not use this (403{said}). Check the project and its permissions",
    404: "the model or the address is not known there (404{said}). Check RESUME_EMBEDDING_MODEL and OPENAI_BASE_URL",
    "quota": "the account's quota is used up (insufficient_quota). Check its plan and billing",
}
MAX_MESSAGE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request brought nothing, in words that may be shown."""

    kind: Kind
    reason: str
    retry_after: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def read_answer(body: bytes, *, inputs: int, dimensions: int | None, model: str) -> Vectors | Failure:
    """The vectors of an answer's body, in the order of the inputs; ``dimensions`` None takes what comes.

    Rows are put in order by their ``index``. Base64 holds little-endian float4s; plain numbers are read as well, since
    not every server knows base64.
    """
    try:
        rows: list[Any] = [None] * inputs
        data = json.loads(body)["data"]
        if len(data) != inputs:
            return Failure("spoilt", f"{len(data)} vectors came for {inputs} inputs")
        for place, item in enumerate(data):
            rows[int(item.get("index", place))] = _vector(item["embedding"])
        if any(row is None for row in rows):
            return Failure("spoilt", "an index of the answer stands twice, so an input has no vector")
        vectors = np.stack(rows) if rows else np.zeros((0, dimensions or 0), dtype=np.float32)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        return Failure("spoilt", f"it is not the JSON of an embeddings answer ({type(error).__name__})")
    try:
        return checked(vectors, inputs=inputs, dimensions=dimensions or vectors.shape[1], model=model)
    except EmbeddingError as error:
        return Failure("spoilt", str(error).split(". ")[0])


def _vector(value: Any) -> Vectors:
    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4").astype(np.float32, copy=False)
    vector: Vectors = np.asarray(value, dtype=np.float32)
    if vector.ndim != 1:
        raise ValueError("a vector is a list of numbers")
    return vector


def read_failure(error: Exception, *, key: str) -> Failure:
    """What an exception of the library ``openai`` means."""
    import openai  # noqa: PLC0415  (0.7 s)

    if isinstance(error, openai.APITimeoutError):
        return Failure("late", "it did not answer in time")
    if not isinstance(error, openai.APIStatusError):
        cause = f" ({type(error.__cause__).__name__})" if error.__cause__ is not None else ""
        return Failure("network", f"the connection failed{cause}")
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    kind, reason = _meaning(error, _shown(error.body, key))
    return Failure(kind, reason, read_retry_after(headers), headers)


def _meaning(error: Any, said: str) -> tuple[Kind, str]:
    """What an error status means, in words."""
    status, quota = error.status_code, "insufficient_quota" in {error.code, error.type}
    if status in {401, 403, 404} or quota:
        return "access", ACCESS["quota" if quota else status].format(said=said)
    if status == 429 and "Request too large for" in error.message:
        return "refused", f"the request is larger than the limit of a minute{said}"
    if status in {408, 409, 425, 429}:
        return "busy", f"status {status} {error.code or error.type or ''}".strip() + said
    return ("server" if status >= 500 else "refused"), f"status {status}{said}"


def _shown(body: object, key: str) -> str:
    """The server's own words, cut, without anything that looks like a key."""
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str) or not message.strip():
        return ""
    return f": {redacted(' '.join(message.split()), key)[:MAX_MESSAGE_CHARACTERS].rstrip('.')}"


def redacted(text: str, key: str) -> str:
    """The text without the key, and without parts of one as servers echo them (``sk-abc***xyz``)."""
    if key:
        text = text.replace(key, "(key)")
        text = re.sub(re.escape(key[:7]) + r"\S*", "(key)", text) if len(key) >= 12 else text
    return re.sub(r"\S*\*{2,}\S*|\bsk-[\w-]+", "(key)", text)
