"""What travels over HTTP: request and response bodies, with the examples that the documentation shows.

Limits that are settings (the length of a question) are checked in the routes; those here hold for every server.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_TURNS = 6
MAX_FILTERS = 10
MAX_ANSWER_CHARACTERS = 20_000
MAX_ANY_QUESTION = 20_000
"""The most that a server can be set to allow (RESUME_MAX_QUESTION_CHARACTERS)."""

Question = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_ANY_QUESTION, pattern=r"\S")
]
CONDITION = r"^[^=<>!\s\x00-\x1f][^=<>!\x00-\x1f]*(=|!=|>=|<=|>|<)[^\x00-\x1f]*$"
Condition = Annotated[str, StringConstraints(min_length=3, max_length=500, pattern=CONDITION)]
Where = Annotated[
    list[Condition],
    Field(
        max_length=MAX_FILTERS,
        description="Conditions on front matter, path or kind, as in company=Acme.",
        examples=[["path=jobs/*"]],
    ),
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SearchRequest(_Request):
    """A search of the live generation."""

    question: Question = Field(description="As a person would ask it.", examples=["Who ran the migration?"])
    limit: int = Field(5, ge=1, le=50, description="Hits at most.")
    mode: Literal["hybrid", "vector", "lexical"] = Field("hybrid", description="By words, by meaning, or both.")
    where: Where = []


class HitOut(BaseModel):
    """A passage found; lines are 1-based and inclusive."""

    path: str = Field(examples=["jobs/skarnholt-freight.md"])
    chunk_index: int
    heading_path: list[str]
    title: str
    start_line: int
    end_line: int
    content: str = Field(description="The passage as markdown.")
    score: float = Field(description="Orders the hits of one search.")
    vector_score: float | None = Field(description="Cosine similarity; null when the vectors did not find it.")
    lexical_score: float | None = Field(description="BM25; null when the words did not find it.")
    url: str | None = Field(description="Where everybody can read the document.")


class CorrectionOut(BaseModel):
    """A word that no passage has, and what was looked for in its place."""

    typed: str
    used: str


class SearchResponse(BaseModel):
    """Hits, best first."""

    hits: list[HitOut]
    generation: int = Field(examples=[3])
    milliseconds: float
    corrections: list[CorrectionOut]
    coverage: float | None = Field(description="Weighted share of the question's words that stand in the best hit.")
    notice: str | None = Field(description="What a reader should know of how the hits were found.")


class TurnIn(_Request):
    """A question of the same conversation, with its answer."""

    question: Question
    answer: Annotated[str, StringConstraints(max_length=MAX_ANSWER_CHARACTERS)]


class AskRequest(_Request):
    """A question to be answered from the content."""

    question: Question = Field(examples=["What did she do at Skarnholt Freight?"])
    history: Annotated[list[TurnIn], Field(max_length=MAX_TURNS, description="Earlier turns, oldest first.")] = []
    where: Where = []


class Place(BaseModel):
    """Where something stands; lines are 1-based and inclusive, in the text that /api/documents gives."""

    path: str
    title: str
    heading_path: list[str]
    start_line: int
    end_line: int
    url: str | None


class CitationOut(Place):
    """A quote that stands in the content; ``[number]`` in the answer refers to it."""

    number: int
    quote: str


class SourceOut(Place):
    """A passage that an answer may be made of."""

    number: int


class UsageOut(BaseModel):
    """What the answer took from the chat model."""

    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None = Field(description="Null when the model's price is not known.")


class AskResponse(BaseModel):
    """A whole answer; ``[1]`` in it refers to the citation with that number."""

    id: str | None = Field(description="For feedback; null when the query log is off.")
    answer: str
    citations: list[CitationOut]
    answered: bool = Field(description="False: the content does not say, and `nearest` may help.")
    reason: str | None
    nearest: list[Place]
    model: str
    generation: int
    milliseconds: float
    quoted: bool = Field(description="Whether the answer consists of sentences of the content.")
    dropped: int = Field(description="Statements of the chat model that were not supported, and not shown.")
    notice: str | None = Field(description="What a reader should know of how the answer was made.")
    usage: UsageOut


class SourcesEvent(BaseModel):
    """The first event of a stream."""

    generation: int
    model: str
    sources: list[SourceOut]


class FeedbackRequest(_Request):
    """What a reader thinks of an answer."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] = Field(
        examples=["7d4a1c52-3f0b-4a8e-9d53-2f6f8f1b7c11"]
    )
    rating: Literal["up", "down"]
    comment: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = None


class DocumentSummary(BaseModel):
    """A document of the live generation."""

    path: str
    title: str
    metadata: dict[str, Any] = Field(description="Its front matter, known keys under their canonical names.")
    chunks: int
    url: str | None


class DocumentsResponse(BaseModel):
    """A page of documents, by path."""

    documents: list[DocumentSummary]
    generation: int
    next: str | None = Field(description="The value of `after` for the next page; null on the last one.")


class DocumentResponse(BaseModel):
    """A document with its text; ``text`` begins at ``start_line``, so that lines of citations count in it."""

    path: str
    title: str
    metadata: dict[str, Any]
    text: str
    start_line: int = 1
    generation: int
    url: str | None


class SuggestionsResponse(BaseModel):
    """Questions that the content answers."""

    suggestions: list[str]
    generation: int


class SiteResponse(BaseModel):
    """What the page shows around the answers, and what it may ask."""

    title: str
    person: str | None
    accent: str = Field(examples=["#2f5bd7"])
    public: bool = Field(description="Whether questions can be asked without a key.")
    max_question_characters: int
    quoted: bool = Field(description="Whether answers are quotes, because there is no chat model.")
    generation: int | None
    documents: int | None = Field(description="Documents that answers can come from.")
    published_at: datetime | None = Field(description="When the live generation was published.")


class ReadyCheck(BaseModel):
    """One part, whether it works, and how that is known."""

    ok: bool
    detail: str


class ReadyResponse(BaseModel):
    """Whether questions can be answered, part by part."""

    ready: bool
    database: ReadyCheck
    schema_at_head: ReadyCheck
    generation: ReadyCheck
    embedder: ReadyCheck


class HealthResponse(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
