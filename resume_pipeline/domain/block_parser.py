"""The markdown-it-py parser as this project sets it up: CommonMark blocks with tables, definitions, footnotes, math.

Only block rules run; inline text is read by ``domain.inline``. Add a block syntax here as a plugin or a rule; what
becomes of its tokens is decided in ``domain.blocks``.
"""

from collections.abc import Container
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table as pipe_table
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

MAX_NESTING = 40
"""Levels of tokens; a list takes two, a quote one. Below it ``domain.blocks`` reads the lines as they are."""


def parse_blocks(source: str) -> tuple[list[Token], Container[str]]:
    """The block tokens of ``source``, and the normalised labels of the link references it defines."""
    env: dict[str, dict[str, object]] = {}
    tokens: list[Token] = []
    parser = _parser()
    parser.block.parse(source, parser, env, tokens)
    return tokens, env.get("references", {}).keys()


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    parser.use(deflist_plugin).use(footnote_plugin).use(dollarmath_plugin)
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    return parser


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """One token for a whole table: cell tokens of 100,000 rows would take half a gigabyte."""
    if not pipe_table(state, start, end, True):
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
    token = state.push("table", "table", 0)
    token.map = [start, line]
    token.content = state.getLines(start, line, state.blkIndent, False)
    state.parentType = outer
    state.line = line
    return True
