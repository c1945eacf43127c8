"""Lists and quotes of short lines of plain text, recognised line by line instead of item by item.

A megabyte of ``- a b c`` is 125,000 items, and the parser opens a document of its own for each. What is taken here is
chosen so narrowly that nothing but this list or quote can be meant; every other goes the long way. How the lines of a
flat list become blocks is ``domain.blocks``.
"""

import re

from markdown_it.rules_block import StateBlock

from resume_pipeline.domain.block_rules import BlockRule, push_text

MAX_ITEM_CHARACTERS = 99
"""So short that no parts of an item are kept: its lines are all that matters."""
_MAX_DEPTH = 8
_MARKERS = "-*+0123456789"

# It begins with a word, perhaps emphasis, a code span or a link before it: no marker, fence, heading, reference or
# tag can be meant. A line with a tab or a tag anywhere goes the long way.
_TEXT = r"(?:[*_]{0,3}[^\W\d_]|\d++(?![.)])|`[^`]|!?\[(?!\^)(?![^\n]*\]:)|[(\"'])[^\n<\t]*+\Z"
_ITEM = re.compile(
    r"(?P<indent>(?:[ ]{2})*+)(?:(?P<bullet>[-*+])|\d{1,9}(?P<end>[.)]))"
    rf"(?:(?:[ ]|(?P<tab>\t))(?:\[[ xX]\][ ])?{_TEXT}|\Z)"
)
_QUOTED = re.compile(rf">[ ]?(?P<text>{_TEXT})")


def flat_list_rule(general: BlockRule) -> BlockRule:
    """The rule for lists: a flat one at the top of the file as one token, any other by the rule ``general``."""

    def either(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        if silent or state.level or state.blkIndent or state.tShift[start]:
            return general(state, start, end, silent)
        line = _flat_end(state, start, end)
        if not line:
            return general(state, start, end, silent)
        state.push("flat_list", "ul", 0).map = [start, line]
        state.line = line
        return True

    return either


def flat_quote_rule(general: BlockRule) -> BlockRule:
    """The rule for quotes: one paragraph at the top of the file at once, any other by the rule ``general``."""

    def either(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        if silent or state.level or state.blkIndent:
            return general(state, start, end, silent)
        line, texts = start, []
        while line < end and (found := _QUOTED.match(state.src, state.bMarks[line], state.eMarks[line])):
            texts.append(found["text"])
            line += 1
        if not texts or (line < end and not state.isEmpty(line)):
            return general(state, start, end, silent)
        state.push("blockquote_open", "blockquote", 1).map = [start, line]
        push_text(state, "paragraph", "p", start, line, "\n".join(texts))
        state.push("blockquote_close", "blockquote", -1)
        state.line = line
        return True

    return either


def _flat_end(state: StateBlock, start: int, end: int) -> int:
    """The line after a flat list's last; 0 when it is not certain that all of the list is flat."""
    line, last, marker = start, 0, ""
    while True:
        found = _item(state, line)
        if not found or found["indent"]:
            return 0
        own = found["bullet"] or found["end"]
        if marker and own != marker:
            return last if found["bullet"] else 0  # a number does not end an item's text so surely
        marker = own
        last = _item_end(state, line, end, nests=bool(found["bullet"]) and not found["tab"])
        if not last or state.eMarks[last - 1] - state.bMarks[line] > MAX_ITEM_CHARACTERS:
            return 0
        line = last
        while line < end and state.isEmpty(line):
            line += 1
        if line >= end or (line > last and not state.sCount[line] and state.src[state.bMarks[line]] not in _MARKERS):
            return last


def _item_end(state: StateBlock, start: int, end: int, *, nests: bool) -> int:
    """The line after an item and the items nested in it; 0 when they are no plain nesting by two blanks each."""
    line, depth = start + 1, 0
    while line < end and (found := _item(state, line)) and found["indent"]:
        inner = len(found["indent"]) // 2
        if not nests or not found["bullet"] or found["tab"] or inner > min(depth + 1, _MAX_DEPTH):
            return 0
        line, depth = line + 1, inner
    return line


def _item(state: StateBlock, line: int) -> re.Match[str] | None:
    return _ITEM.match(state.src, state.bMarks[line], state.eMarks[line])
