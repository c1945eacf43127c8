"""The edge where this project's errors become Dagster's: what a retry cannot help is not retried."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from resume_pipeline.errors import ResumePipelineError

RETRIES = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For a database that was restarted or a writer that takes long; other failures say that no retry is allowed."""


@contextmanager
def failures() -> Iterator[None]:
    """Turn an error of ours into a step failure that carries its message, and says whether a retry can help."""
    try:
        yield
    except ResumePipelineError as error:
        raise dg.Failure(
            description=str(error),
            metadata={"error": type(error).__name__, **error.figures},
            allow_retries=error.retriable,
        ) from error
