"""Block rules of our own, where markdown-it-py's give more than is needed here or ask the same question twice.

Each accepts exactly what the rules it stands for accept. Tables, paragraphs and headings become one token each
instead of three and more: only their lines, level and content are read (``domain.blocks``), and a megabyte of short
lines would take a gigabyte of tokens. Which rules run at all is ``domain.block_parser``.
"""

import re
from collections.abc import Callable
from typing import Literal

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table as pipe_table
from markdown_it.token import Token

BlockRule = Callable[[StateBlock, int, int, bool], bool]

_NUMBER_SIGNS = re.compile(r"#{1,6}(?=[ \t]|\Z)")
_THEMATIC_BREAK = re.compile(r"([-*_])[ \t]*+(?:\1[ \t]*+){2,}\Z")


class BlockState(StateBlock):
    """markdown-it-py's own state, with tokens that are made without the checks of their attributes: half the time."""

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """A new token at the end of the list, one level deeper until it is closed."""
        if nesting < 0:
            self.level -= 1
        token = new_token(ttype, tag, nesting, level=self.level)
        if nesting > 0:
            self.level += 1
        self.tokens.append(token)
        return token


def new_token(kind: str, tag: str, nesting: Literal[-1, 0, 1], *, level: int) -> Token:
    """A block token without attributes or content."""
    token = Token.__new__(Token)
    token.type, token.tag, token.nesting, token.level = kind, tag, nesting, level
    token.map = token.children = None
    token.content = token.markup = token.info = ""
    token.attrs, token.meta = {}, {}
    token.block, token.hidden = True, False
    return token


def table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """One token for a whole table: cell tokens of 100,000 rows would take half a gigabyte."""
    # A table's first row has a pipe; most lines have none, and are asked about a table more than once.
    if state.src.find("|", state.bMarks[start], state.eMarks[start]) < 0 or not pipe_table(state, start, end, True):
        return False
    if silent:
        return True
    terminators = state.md.block.ruler.getRules("blockquote")
    outer, state.parentType = state.parentType, "table"
    line = start + 2
    while line < end and not (
        state.sCount[line] < state.blkIndent
        or state.isEmpty(line)
        or state.is_code_block(line)
        or any(rule(state, line, end, True) for rule in terminators)
    ):
        line += 1
    push_text(state, "table", "table", start, line, state.getLines(start, line, state.blkIndent, False))
    state.parentType = outer
    state.line = line
    return True


def heading(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """A heading of number signs, as one token."""
    last = state.eMarks[start]
    opening = _NUMBER_SIGNS.match(state.src, state.bMarks[start] + state.tShift[start], last)
    if state.is_code_block(start) or not opening:
        return False
    if not silent:
        text = state.src[opening.end() : last].rstrip(" \t")
        closed = text.rstrip("#")
        if closed.endswith((" ", "\t")):
            text = closed
        state.line = start + 1
        push_text(state, "heading", f"h{len(opening[0])}", start, state.line, text.strip())
    return True


def thematic_break(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """A line of three hyphens, stars or underscores and more; lists ask about it at each item."""
    first, last = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    if state.is_code_block(start) or not _THEMATIC_BREAK.match(state.src, first, last):
        return False
    if not silent:
        state.line = start + 1
        push_text(state, "hr", "hr", start, state.line, "")
    return True


def text_rule(definition_list: BlockRule) -> BlockRule:
    """The rule for lines that begin nothing else: an underlined heading, a definition list, or a paragraph.

    Each of the three would read the same lines, and ask of each whether it ends a paragraph.
    """

    def text(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        if silent or state.is_code_block(start):
            return False
        # Like the rules it stands for, it leaves this type behind; whoever encloses the paragraph sets its own again.
        state.parentType = "paragraph"
        line, level = _text_end(state, start, end)
        if not level and _may_be_term(state, start, end) and definition_list(state, start, end, False):
            return True
        content = state.getLines(start, line, state.blkIndent, False).strip()
        state.line = line + bool(level)
        kind: Literal["heading", "paragraph"] = "heading" if level else "paragraph"
        push_text(state, kind, f"h{level}" if level else "p", start, state.line, content)
        return True

    return text


def _text_end(state: StateBlock, start: int, end: int) -> tuple[int, int]:
    """The line at which the text from ``start`` on ends, and its level as a heading (0: it is none)."""
    (ends_paragraph,) = state.md.block.ruler.getRules("paragraph")
    indent, source = state.blkIndent, state.src
    line = start + 1
    while line < end:
        position, last = state.bMarks[line] + state.tShift[line], state.eMarks[line]
        if position >= last:
            break
        # What is indented by four goes on lazily; below 0 it is the lazy line of a quote, which was looked at there.
        spaces = state.sCount[line]
        if spaces - indent <= 3:
            marker = source[position]
            if marker in "-=" and spaces >= indent and not source[position:last].lstrip(marker).strip(" \t"):
                return line, 1 if marker == "=" else 2
            if spaces >= 0 and ends_paragraph(state, line, end, True):
                break
        line += 1
    return line, 0


def _may_be_term(state: StateBlock, start: int, end: int) -> bool:
    """Whether the next line with text, at most one blank line on, begins like a definition."""
    line = start + 1
    if line < end and state.isEmpty(line):
        line += 1
    return line < end and state.src.startswith((":", "~"), state.bMarks[line] + state.tShift[line])


def push_text(state: StateBlock, kind: str, tag: str, start: int, end: int, content: str) -> None:
    """One token for lines ``start`` to before ``end`` (from 0) with what they say.

    It stands one level deeper than its block, where the parser's own token with the content would stand.
    """
    token = new_token(kind, tag, 0, level=state.level + 1)
    token.map, token.content = [start, end], content
    state.tokens.append(token)
