"""How a server with OpenAI's API is reached: address, key, time-outs, and the client made of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OPENAI_URL = "https://api.openai.com/v1"
MAX_INPUT_TOKENS = 8191
"""Of one input (OpenAI's API reference, ``embeddings.create``)."""


@dataclass(frozen=True, slots=True)
class RemoteOptions:
    """How a remote model is reached. ``base_url`` None means OpenAI; the key shows in no ``repr``."""

    api_key: str = field(default="", repr=False)
    base_url: str | None = None
    pace_file: Path = Path(":memory:")
    timeout_seconds: float = 60.0
    retry_seconds: float = 600.0
    concurrency: int = 8
    max_input_tokens: int = MAX_INPUT_TOKENS
    backoff_seconds: float = 0.5


def make_client(options: RemoteOptions, *, max_retries: int) -> Any:
    """A client of the API that these options name; a server without keys gets a word in place of one."""
    import openai  # noqa: PLC0415  (0.7 s)

    return openai.OpenAI(
        api_key=options.api_key or "none",
        base_url=options.base_url or OPENAI_URL,
        timeout=options.timeout_seconds,
        max_retries=max_retries,
    )
