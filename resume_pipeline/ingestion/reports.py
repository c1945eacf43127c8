"""What each stage says it did: plain numbers, always present, 0 rather than absent.

The shells turn these into metadata, tables and JSON; the names are those of the command line's ``--json``.
"""

from dataclasses import dataclass, field, replace

MAX_CHANGES_NAMED = 200
"""A report names so many changed files; its counts are of all."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing about a file that a person should know."""

    path: str
    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class FileCounts:
    """How many source files were seen, and what became of them since the last reading.

    ``skipped`` are those left out by their author's wish, or because they are no file that can be read.
    """

    seen: int = 0
    added: int = 0
    changed: int = 0
    renamed: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class DocumentsReport:
    """What reading the content root brought; ``changes`` names up to 200 files with what happened to them."""

    files: FileCounts
    documents: int
    warnings: list[Note] = field(default_factory=list)
    errors: list[Note] = field(default_factory=list)
    skipped: list[Note] = field(default_factory=list)
    changes: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ChunksReport:
    """Chunks of the candidate, and how many of them this run made. Tokens are cl100k_base."""

    total: int
    new: int
    documents: int
    documents_cut: int
    tokens: int
    max_tokens: int
    errors: list[Note] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class EmbeddingsReport:
    """Inputs sent to the model, candidate chunks that needed no call, tokens of what was sent, and its price.

    ``errors`` name the documents with an input that was refused or too long.
    A cost is in US dollars, and None when the model's price is not known. ``planned_*`` is what was missing when the
    stage began, so a run that is stopped shows both; ``estimated_seconds`` and ``within_budget`` are the plan's.
    """

    model: str
    dimensions: int
    sent: int
    reused: int
    tokens: int
    cost_usd: float | None
    planned_tokens: int = 0
    planned_cost_usd: float | None = 0.0
    estimated_seconds: float = 0.0
    within_budget: bool = True
    lane: str = "direct"
    notice: str | None = None
    requests: int = 0
    errors: list[Note] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BatchesReport:
    """What the batch lane did: inputs collected, left to the direct lane, submitted now, and waiting.

    ``tokens`` and ``cost_usd`` are of what was submitted now.
    """

    collected: int = 0
    left: int = 0
    submitted: int = 0
    batches_submitted: int = 0
    tokens: int = 0
    cost_usd: float | None = 0.0
    batches_open: int = 0
    inputs_waiting: int = 0
    seconds: float = 0.0

    def followed_by(self, submitted: "BatchesReport") -> "BatchesReport":
        """A look at the open batches and what was submitted after it, as one report."""
        return replace(
            submitted,
            collected=self.collected,
            left=self.left,
            batches_open=self.batches_open + submitted.batches_submitted,
            inputs_waiting=self.inputs_waiting + submitted.submitted,
            seconds=self.seconds + submitted.seconds,
        )


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The vector index of a model: kind, vectors, bytes, recall@10 against exact search, whether built now."""

    kind: str
    vectors: int
    size_bytes: int
    recall_at_10: float
    built: bool
    used_by_search: bool
    settings: dict[str, object] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LexicalReport:
    """The lexical index: chunks it holds, how many this run added, its lexemes, segments and bytes.

    ``merged`` segments went into others; ``recounted``: frequencies or weights were made anew, because they had drifted
    or the way they are made had changed.
    """

    chunks: int
    new: int
    lexemes: int
    segments: int
    merged: int
    recounted: bool
    size_bytes: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class FillReport:
    """What filling a model beside the served one did."""

    embeddings: EmbeddingsReport
    index: IndexReport


@dataclass(frozen=True, slots=True)
class ServeReport:
    """The live generation and its model, after and before; ``served`` is false when nothing had to change."""

    generation: int
    previous_generation: int
    previous_model: str
    model: str
    served: bool


@dataclass(frozen=True, slots=True)
class ModelReport:
    """A registered model. ``chunks`` are those of the live generation (before the first: of the candidate)."""

    model: str
    dimensions: int
    vectors: int
    chunks: int
    chunks_with_vector: int
    index: str
    recall_at_10: float
    live: bool
    used_by_ingest: bool
    generations: list[int]
    created_at: str


@dataclass(frozen=True, slots=True)
class PublishReport:
    """The live generation after the stage, whether this run made it, and why not if it did not."""

    generation: int | None
    published: bool
    reason: str
    documents: int
    chunks: int
    coverage: float
    kept_back: int
    changes: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What a run would do now: the same counts that the run will report."""

    files: FileCounts
    chunks_total: int
    chunks_new: int
    embeddings: EmbeddingsReport
    warnings: list[Note] = field(default_factory=list)
    errors: list[Note] = field(default_factory=list)
    skipped: list[Note] = field(default_factory=list)
    publishes: bool = False

    @property
    def nothing_to_do(self) -> bool:
        """Whether a run would change nothing."""
        return not self.publishes
