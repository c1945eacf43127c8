"""Block tokens to ``Block`` values: kind, lines, clean markdown, plain text, and the parts a long block falls into.

One function per kind of block. Which blocks exist is ``domain.block_parser``; how they form sections is
``domain.markdown``.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from resume_pipeline.domain.block_parser import MAX_NESTING
from resume_pipeline.domain.documents import Block, BlockKind
from resume_pipeline.domain.inline import plain_text, without_tags

_KINDS: dict[str, BlockKind] = {
    "heading": "heading",
    "paragraph": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "list_item_open": "list",
    "flat_list": "list",
    "blockquote_open": "quote",
    "table": "table",
    "fence": "code",
    "code_block": "code",
    "html_block": "html",
    "math_block": "math",
    "math_block_label": "math",
    "dl_open": "definition",
    "dt_open": "definition",
    "inline": "paragraph",
    "dd_open": "definition",
    "footnote_reference_open": "footnote",
}
_CONTAINERS = {"list", "quote", "definition", "footnote"}
_PARTS_FROM = 100
"""Characters from which a block's parts are kept; a shorter one is never cut between them."""
_CALLOUT = re.compile(r"^\[!([A-Za-z]+)\][-+]?")
_CONTAINER_MARK = re.compile(r"^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))+[ \t]*")
_ITEM_MARK = re.compile(r"[ ]*(?:[-*+]|\d{1,9}[.)])[ \t]*")
_TABLE_RULE = re.compile(r"^[ \t>]*\|?[ \t:|-]+$")


@dataclass(frozen=True, slots=True)
class BlockReader:
    """What the tokens of one file mean: its readable lines, where they stand in the file, its link references."""

    lines: Sequence[str]
    line_offset: int
    references: Container[str]
    is_deep: bool = False
    """Whether some token stands so deep that the parser may have left out what it holds."""

    def read(self, tokens: Sequence[Token]) -> Iterator[Block]:
        """The blocks of a token list in reading order; those without any text (rules, empty headings) are left out."""
        for start, end in _groups(tokens, 0, len(tokens)):
            block = self._block(tokens, start, end)
            if block and block.text:
                yield block

    def _block(self, tokens: Sequence[Token], start: int, end: int) -> Block | None:
        token = tokens[start]
        kind = _KINDS.get(token.type)
        if kind is None:
            return None
        first, last = self._span(tokens, start, end)
        if last < first:
            return None
        first, last, markdown = self._markdown(kind, first, last)
        parts: tuple[Block, ...] = ()
        if token.type == "flat_list":
            text, parts = self._flat_list(first, markdown)
        elif kind in _CONTAINERS:
            text, parts = self._container(tokens, start, end, markdown)
        elif kind == "table":
            text, parts = self._table(token, first, markdown)
        else:
            text = self._leaf_text(kind, token)
        return Block(
            kind=kind,
            markdown=markdown,
            text=text,
            start_line=first + self.line_offset,
            end_line=last + self.line_offset,
            level=int(token.tag[1]) if kind == "heading" else 0,
            parts=parts,
        )

    def _span(self, tokens: Sequence[Token], start: int, end: int) -> tuple[int, int]:
        """First and last line (from 0) without the blank lines around; last before first when there is nothing."""
        token = tokens[start]
        if token.map:
            first, last = token.map[0], min(max(token.map[1], token.map[0] + 1), len(self.lines)) - 1
        else:
            maps = [inner.map for inner in tokens[start:end] if inner.map]
            first, last = (min(m[0] for m in maps), max(m[1] for m in maps) - 1) if maps else (0, -1)
        while last >= first and not self.lines[last].strip():
            last -= 1
        while first <= last and not self.lines[first].strip():
            first += 1
        return first, last

    def _markdown(self, kind: BlockKind, first: int, last: int) -> tuple[int, int, str]:
        """The lines without HTML tags, and which lines are left once those that held nothing else are gone."""
        markdown = "\n".join(self.lines[first : last + 1])
        if "<" not in markdown or kind in {"code", "math"}:
            return first, last, markdown
        lines = without_tags(markdown).split("\n")
        if kind == "html":
            lines = [" ".join(line.split()) for line in lines]
        while len(lines) > 1 and not lines[-1].strip(" >"):
            lines.pop()
        blank = next((index for index, line in enumerate(lines) if line.strip(" >")), 0)
        return first + blank, first + len(lines) - 1, "\n".join(lines[blank:])

    def _token_text(self, token: Token) -> str:
        """What a token without parts of its own says; nothing for one that only encloses others."""
        kind = _KINDS.get(token.type) if token.nesting == 0 else None
        if kind is None:
            return ""
        return self._table_text(token) if kind == "table" else self._leaf_text(kind, token)

    def _leaf_text(self, kind: BlockKind, token: Token) -> str:
        if kind == "code":
            return token.content.strip("\n")
        if kind == "math":
            return token.content.strip()
        text = plain_text(token.content, self.references, keep_lines=kind == "html")
        return _CALLOUT.sub(lambda found: f"{found[1].capitalize()}:", text) if text.startswith("[!") else text

    def _container(self, tokens: Sequence[Token], start: int, end: int, markdown: str) -> tuple[str, tuple[Block, ...]]:
        if self.is_deep and any(token.level >= MAX_NESTING - 1 for token in tokens[start:end]):
            # markdown-it skips what is nested deeper, so these lines are read without their structure.
            return self._unstructured(markdown), ()
        if len(markdown) < _PARTS_FROM:
            texts = (self._token_text(token) for token in tokens[start + 1 : end - 1])
            return "\n".join(text for text in texts if text), ()
        parts = []
        for inner_start, inner_end in _groups(tokens, start + 1, end - 1):
            part = self._block(tokens, inner_start, inner_end)
            if part and part.text:
                parts.append(part)
        return "\n".join(part.text for part in parts), tuple(parts)

    def _flat_list(self, first: int, markdown: str) -> tuple[str, tuple[Block, ...]]:
        """Of a list of short lines: each that is not indented begins an item."""
        parts: list[Block] = []
        lines: list[str] = []
        for number, line in enumerate([*markdown.split("\n"), ""], start=first + self.line_offset):
            if lines and (not line.startswith(" ") or not line.strip()):
                texts = (plain_text(_ITEM_MARK.sub("", item, 1), self.references) for item in lines)
                start, end = number - len(lines), number - 1
                if text := "\n".join(filter(None, texts)):
                    parts.append(Block("list", "\n".join(lines), text, start, end))
                lines = []
            if line.strip():
                lines.append(line)
        text = "\n".join(part.text for part in parts)
        return text, tuple(parts) if len(markdown) >= _PARTS_FROM else ()

    def _unstructured(self, markdown: str) -> str:
        lines = (_CONTAINER_MARK.sub("", line) for line in markdown.split("\n"))
        return plain_text("\n".join(lines), self.references, keep_lines=True)

    def _table(self, token: Token, first: int, markdown: str) -> tuple[str, tuple[Block, ...]]:
        text = self._table_text(token)
        if len(markdown) < _PARTS_FROM:
            return text, ()
        parts = []
        lines = markdown.split("\n")
        head = Block(
            "table",
            "\n".join(lines[:2]),
            text.split("\n", 1)[0],
            first + self.line_offset,
            first + 1 + self.line_offset,
        )
        parts.append(head)
        for index, line in enumerate(lines[2:], start=2):
            number = first + self.line_offset + index
            parts.append(Block("table", line, self._row(line), number, number))
        return text, tuple(parts)

    def _table_text(self, token: Token) -> str:
        rows = (row for row in token.content.split("\n") if row.strip() and not _TABLE_RULE.match(row))
        return "\n".join(map(self._row, rows))

    def _row(self, line: str) -> str:
        line = line.strip().lstrip("> ").strip()
        cells = escapedSplit(line) if "\\" in line else line.split("|")
        if cells and not cells[0].strip():
            cells = cells[1:]
        if cells and not cells[-1].strip():
            cells = cells[:-1]
        return " | ".join(plain_text(cell, self.references) for cell in cells)


def _groups(tokens: Sequence[Token], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and end of each token and what it encloses, at the level of ``tokens[start]``."""
    index = start
    while index < end:
        following = index + 1
        depth: int = tokens[index].nesting
        while depth > 0 and following < end:
            depth += tokens[following].nesting
            following += 1
        yield index, following
        index = following
