"""A source file's text to a ``ParsedDocument``: front matter, readable text, blocks, sections, title.

This is the order of the steps, each a module of its own; a rule about one of them belongs there.
"""

from collections.abc import Iterable

from resume_pipeline.domain.block_parser import MAX_NESTING, parse_blocks
from resume_pipeline.domain.blocks import BlockReader
from resume_pipeline.domain.collector import collector_paused
from resume_pipeline.domain.documents import Block, Json, ParsedDocument, Problem, Section
from resume_pipeline.domain.facts import fact_text, facts_of
from resume_pipeline.domain.front_matter import split_front_matter
from resume_pipeline.domain.markup import strip_unseen
from resume_pipeline.domain.visibility import hidden_reason

_HEADING_CHARACTERS = 300
"""What title and headings are shortened to: every chunk below repeats them, and a heading may be a whole file."""


def parse_document(text: str, *, fallback_title: str) -> ParsedDocument:
    """What ``text`` (lines end in a line feed) says, section by section, and what is wrong with it.

    ``fallback_title`` is the title of a file that names none, neither in its front matter nor in a heading. It never
    raises for anything the text may hold: what cannot be read is a ``Problem``.
    """
    front = split_front_matter(text)
    readable = strip_unseen(front.body, first_line=front.body_start_line)
    blocks = _blocks(readable.text, front.body_start_line)
    problems: tuple[Problem, ...] = (*front.problems, *readable.problems)
    title = _title(front.metadata, blocks)
    return ParsedDocument(
        title=title or " ".join(fallback_title.split()) or "Untitled",
        is_untitled=not title,
        metadata=front.metadata,
        facts=facts_of(front.metadata, body_text="\n".join(block.text for block in blocks)),
        facts_start_line=front.start_line,
        facts_end_line=front.end_line,
        sections=tuple(_sections(blocks)),
        hidden_reason=hidden_reason(front.metadata),
        problems=problems,
    )


def shown_text(text: str) -> str:
    """The file as a visitor may read it, line for line: without comments, scripts, styles and template tags.

    Of the front matter, lines that are only a comment are blank.
    """
    front = split_front_matter(text)
    lines = text.split("\n")
    head = ["" if line.lstrip().startswith("#") else line for line in lines[: front.body_start_line - 1]]
    return "\n".join([*head, strip_unseen(front.body, first_line=front.body_start_line).text])


def _blocks(text: str, first_line: int) -> list[Block]:
    with collector_paused():
        tokens, references = parse_blocks(text)
        is_deep = any(token.level >= MAX_NESTING - 1 for token in tokens)
        return list(BlockReader(text.split("\n"), first_line, references, is_deep).read(tokens))


def _title(metadata: dict[str, Json], blocks: list[Block]) -> str:
    if named := fact_text(metadata.get("title")):
        return _shortened(named)
    headings = [block for block in blocks if block.kind == "heading"]
    first = next((block for block in headings if block.level == 1), headings[0] if headings else None)
    return _shortened(first.text) if first else ""


def _sections(blocks: Iterable[Block]) -> Iterable[Section]:
    path: list[Block] = []
    current: list[Block] = []
    for block in blocks:
        if block.kind != "heading":
            current.append(block)
            continue
        if current:
            yield Section(_heading_path(path), tuple(current))
        path = [heading for heading in path if heading.level < block.level]
        path.append(block)
        current = [block]
    if current:
        yield Section(_heading_path(path), tuple(current))


def _heading_path(headings: Iterable[Block]) -> tuple[str, ...]:
    return tuple(_shortened(heading.text) for heading in headings)


def _shortened(text: str) -> str:
    return text if len(text) <= _HEADING_CHARACTERS else text[: _HEADING_CHARACTERS - 1].rstrip() + "…"
