"""The values a source file passes through: problem, block, section, parsed document, chunk.

Add a value here when two modules of the pipeline must agree on it. How text becomes these values is
``domain.front_matter``, ``domain.markdown`` and ``domain.chunking``; how they are stored is ``storage``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from resume_pipeline.errors import InvalidChunkingError

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
"""A value that JSON (and so a JSONB column) can hold; numbers are finite."""

TokenCounter = Callable[[str], int]
"""The number of cl100k_base tokens of a text."""

BlockKind = Literal["heading", "paragraph", "list", "table", "code", "quote", "html", "math", "definition", "footnote"]
ChunkKind = Literal["facts", "body"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing about a source file that a person should know. ``line`` is 1-based; None where no line can be named.

    ``warning``: the file is indexed all the same. ``error``: this version is not, and the last good one stays.
    """

    severity: Literal["warning", "error"]
    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """One top-level block of a section. Lines are 1-based and inclusive, in the source file.

    ``markdown`` is clean markdown for display (no comments, scripts, styles, shortcodes); ``text`` is what a reader
    would read: no markup. A heading block opens its section.
    """

    kind: BlockKind
    markdown: str
    text: str
    start_line: int
    end_line: int
    level: int = 0
    """1-6 for a heading, else 0."""
    parts: tuple["Block", ...] = ()
    """What a long block falls into (items, rows, inner blocks), in reading order; empty when it is not cut there."""


@dataclass(frozen=True, slots=True)
class Section:
    """The blocks under one heading (its own heading block first), or those before the first heading.

    ``heading_path`` is the headings' plain text from the outermost to its own; empty before the first heading.
    """

    heading_path: tuple[str, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A source file as read: facts from the front matter, sections from the body.

    ``title`` is never empty: front matter, else the first heading, else the file's name in words. In that last case
    ``is_untitled`` is true, and the title is for display only: a renamed file must not be embedded again.
    ``metadata`` is the whole front matter as JSON values, known keys under their canonical names.
    ``hidden_reason`` is set when the author does not want the file published (``draft: true`` …).
    ``facts`` are sentences made of the front matter; empty when it has none worth a search.
    """

    title: str
    metadata: dict[str, Json] = field(default_factory=dict)
    is_untitled: bool = False
    facts: tuple[str, ...] = ()
    facts_start_line: int = 1
    facts_end_line: int = 1
    sections: tuple[Section, ...] = ()
    hidden_reason: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing in it could ever be found."""
        return not self.facts and not any(block.text.strip() for section in self.sections for block in section.blocks)


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """How large chunks are made, in cl100k_base tokens of the chunk's content.

    Raises:
        InvalidChunkingError: the three contradict one another.
    """

    target_tokens: int = 300
    max_tokens: int = 500
    overlap_tokens: int = 0

    def __post_init__(self) -> None:
        if self.target_tokens < 16:
            raise InvalidChunkingError(f"A chunk of {self.target_tokens} tokens is too small; the least is 16.")
        if self.max_tokens < self.target_tokens:
            raise InvalidChunkingError(
                f"The hard maximum of {self.max_tokens} tokens is below the target of {self.target_tokens}."
            )
        if not 0 <= self.overlap_tokens <= self.target_tokens // 2:
            raise InvalidChunkingError(
                f"An overlap of {self.overlap_tokens} tokens does not fit: between 0 and half of the target "
                f"({self.target_tokens // 2})."
            )


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage that is embedded, found and cited as one.

    ``content`` is clean markdown for display; ``embedding_input`` the exact text sent to a model: title, heading path
    and the plain text. ``tokens`` counts ``content``, ``input_tokens`` counts ``embedding_input``; neither is above
    ``ChunkLimits.max_tokens``. Lines are 1-based and inclusive, in the source file.
    """

    chunk_index: int
    kind: ChunkKind
    title: str
    heading_path: tuple[str, ...]
    content: str
    embedding_input: str
    tokens: int
    input_tokens: int
    start_line: int
    end_line: int
