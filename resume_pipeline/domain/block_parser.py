"""The markdown-it-py parser as this project sets it up: CommonMark blocks with tables, definitions, footnotes, math.

Only block rules run; inline text is read by ``domain.inline``. Add a block syntax here as a plugin, or as a rule in
``domain.block_rules``; what becomes of its tokens is decided in ``domain.blocks``.
"""

from collections.abc import Container
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from resume_pipeline.domain.block_ruler import FirstCharacterRuler
from resume_pipeline.domain.block_rules import BlockState, heading, table, text_rule, thematic_break
from resume_pipeline.domain.flat_blocks import flat_list_rule, flat_quote_rule

MAX_NESTING = 40
"""Levels of tokens; a list takes two, a quote one. Below it ``domain.blocks`` reads the lines as they are."""


def parse_blocks(source: str) -> tuple[list[Token], Container[str]]:
    """The block tokens of ``source``, and the normalised labels of the link references it defines.

    A table, a paragraph and a heading are one token each, with their whole text as its content.
    """
    env: dict[str, dict[str, object]] = {}
    tokens: list[Token] = []
    parser = _parser()
    state = BlockState(source, parser, env, tokens)
    parser.block.tokenize(state, state.line, state.lineMax)
    return tokens, env.get("references", {}).keys()


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    parser.use(deflist_plugin).use(footnote_plugin).use(dollarmath_plugin)
    ruler = parser.block.ruler
    general = {rule.name: rule.fn for rule in ruler.__rules__}
    ruler.at("table", table, {"alt": ["paragraph", "reference"]})
    ruler.at("heading", heading, {"alt": ["paragraph", "reference", "blockquote"]})
    ends_text = ["paragraph", "reference", "blockquote"]
    ruler.at("list", flat_list_rule(general["list"]), {"alt": ends_text})
    ruler.at("blockquote", flat_quote_rule(general["blockquote"]), {"alt": [*ends_text, "list"]})
    ruler.at("hr", thematic_break, {"alt": [*ends_text, "list"]})
    ruler.at("lheading", text_rule(general["deflist"]))
    parser.block.ruler = FirstCharacterRuler(ruler)
    return parser
