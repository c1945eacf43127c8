"""What the tools give back, as the assistant is shown it (JSON Schema)."""

from typing import Any

from pydantic import BaseModel, Field

from resume_pipeline.domain.answers import Answer, Citation, Nearest
from resume_pipeline.retrieval.hits import Hit


class Place(BaseModel):
    """Where a passage stands; lines are 1-based and inclusive."""

    path: str
    title: str
    heading_path: list[str]
    start_line: int
    end_line: int
    url: str | None = None


class FoundPassage(Place):
    """A passage that was found; scores compare within one search."""

    content: str
    score: float


class Found(BaseModel):
    """Passages, best first."""

    passages: list[FoundPassage]
    generation: int


class Quote(Place):
    """What ``[number]`` in the answer refers to, word for word."""

    number: int
    quote: str


class Said(BaseModel):
    """An answer. ``answered`` false: the content does not say, and ``nearest`` may help."""

    answer: str
    answered: bool
    citations: list[Quote]
    nearest: list[Place]
    notice: str | None = Field(description="What a reader should know of how the answer was made.")
    quoted: bool = Field(description="The answer consists of sentences of the content.")
    model: str
    generation: int


class DocumentLines(BaseModel):
    """Lines of a document. ``next_line`` is where to go on reading; null at the end."""

    path: str
    title: str
    metadata: dict[str, Any]
    text: str
    start_line: int
    lines: int = Field(description="How many the whole document has.")
    next_line: int | None
    generation: int


def passage(hit: Hit, url: str | None) -> FoundPassage:
    """A hit as the assistant is shown it."""
    return FoundPassage(**_place(hit), url=url, content=hit.content, score=round(hit.score, 6))


def said(answer: Answer) -> Said:
    """An answer as the assistant is shown it."""
    return Said(
        answer=answer.text,
        answered=answer.answered,
        citations=[Quote(**_place(one), url=one.url, number=one.number, quote=one.quote) for one in answer.citations],
        nearest=[Place(**_place(one), url=one.url) for one in answer.nearest],
        notice=answer.notice,
        quoted=answer.quoted,
        model=answer.model,
        generation=answer.generation,
    )


def _place(place: Hit | Citation | Nearest) -> dict[str, Any]:
    return {
        "path": place.path,
        "title": place.title,
        "heading_path": list(place.heading_path),
        "start_line": place.start_line,
        "end_line": place.end_line,
    }
