"""What a doctor finds: one part, whether it works, and what to do when it does not."""

from collections.abc import Callable
from dataclasses import dataclass

from resume_pipeline.errors import ResumePipelineError


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: whether it works, what was seen, and what to do when it does not."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def check(name: str, ask: Callable[[], str], remedy: str | Callable[[str], str]) -> Finding:
    """The finding of one question: its answer, or its error with the remedy (which may depend on the message)."""
    try:
        return Finding(name, ok=True, detail=ask())
    except ResumePipelineError as error:
        message = str(error)
        return Finding(name, ok=False, detail=message, remedy=remedy if isinstance(remedy, str) else remedy(message))


def join(*details: str) -> str:
    """Details that are not empty, in a row."""
    return ", ".join(detail for detail in details if detail)
