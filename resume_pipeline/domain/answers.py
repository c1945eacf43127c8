"""The values of an answer: sources, citations, and the events that an answer arrives in.

A shell shows these and nothing else: whatever is in an event was checked. How a citation is checked is
``domain.citations``; who writes answers is ``answering``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import quote

DeclineReason = Literal["thin_evidence", "unsupported", "no_hits"]
"""Nothing found says enough; what the model said was not supported; nothing was found at all."""


def public_url(content_url: str | None, path: str) -> str | None:
    """Where everybody can read a document of the content root at ``content_url``; None without such a place."""
    return f"{content_url.rstrip('/')}/{quote(path)}" if content_url else None


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that an answer may use. ``number`` is 1-based and what a model cites; lines are 1-based, inclusive.

    ``text`` is the passage as markdown; of ``kind`` facts, front matter in words. ``url`` is where everybody can
    read the document, None without a public place.
    """

    number: int
    path: str
    title: str
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    text: str
    document_id: int = 0
    url: str | None = None
    kind: str = "body"


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote that stands in the content, word for word; ``[number]`` in the answer's text refers to it.

    ``number`` counts from 1 in the order of first mention. Lines are those of the quote itself.
    """

    number: int
    path: str
    title: str
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    quote: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Nearest:
    """A document that is near a question, for who must be told that the content does not say."""

    path: str
    title: str
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A question asked before in the same conversation, and what was answered."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took from the chat model; ``cost_usd`` None when the model's price is not known."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``text`` holds ``[1]``, ``[2]`` … where it relies on a citation.

    ``answered`` false: the content does not say (``reason`` why that is believed), ``nearest`` may help, and there are
    no citations. ``quoted`` true: the text consists of sentences of the content. ``dropped`` counts what the model said
    and was not shown, because it was not supported. ``generation`` is that of the search; ``milliseconds`` the whole.
    ``notice`` is something a visitor should know about how the answer was made.
    """

    text: str
    answered: bool
    citations: tuple[Citation, ...]
    nearest: tuple[Nearest, ...]
    model: str
    generation: int
    milliseconds: float
    quoted: bool
    reason: DeclineReason | None = None
    dropped: int = 0
    usage: Usage = Usage()
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class SourcesFound:
    """The first event: what the answer may be made of."""

    sources: Sequence[Source]
    generation: int
    model: str


@dataclass(frozen=True, slots=True)
class CitationFound:
    """A citation; it comes before the text that refers to it."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class TextAdded:
    """The next piece of the answer's text, checked."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerDone:
    """The last event: the whole answer; its text is that of all ``TextAdded`` together."""

    answer: Answer


AnswerEvent: TypeAlias = SourcesFound | CitationFound | TextAdded | AnswerDone
