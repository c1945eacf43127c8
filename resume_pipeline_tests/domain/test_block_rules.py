"""Our faster block rules against markdown-it-py's own: the same blocks of the same lines, whatever the lines are."""

import random
from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from resume_pipeline.domain.block_parser import MAX_NESTING, parse_blocks
from resume_pipeline.domain.block_rules import table
from resume_pipeline.domain.blocks import BlockReader
from resume_pipeline.domain.documents import Block
from resume_pipeline_tests.hostile.shapes import SHAPES

LINES = """
- a|* b|+ c|1. d|2. e|3) f|- [ ] t|  - n|    - m|> q|>> r|> - s|- > u|# H|## I ##|a|b c|: def|~ def|  : x|===|---|--|=
***|||·   code|\tcode|```|~~~|```py|$$|$$ x $$|¦a¦b¦|¦-¦-|a¦b|-¦-|<div>|</div>|<b>x</b>|[^1]: foot|[r]: /u|[r]: /u 't'
[r]|10. x|-|- |1.|#|##|####### z|- ```|  text|   three|     five|- # h|-   - x|- - - x|* * *|_ _ _|+ +|:a|: - l|  > z
1234567890. n|- \tq|-\tq|> ```|> ===|> ¦a¦b¦|> ¦-¦-|\\- e|- a\\|= =|=a|-a|--- |- ===|>|> |  - ¦a¦b¦|    ¦-¦-
"""
PIECES = [line.replace("¦", "|").replace("·", " ") for line in LINES.strip("\n").replace("\n", "|").split("|")]
MARKERS = "- |- |* |+ |1. |2. |3) ||  - |    - |    * |   - | - |  1. |> |>|# |: |  : |--|    |\t|\t- |-  |-\t|-".split(
    "|"
)
WORDS = "x|y z|x *y* z|[x] t|[ ] t|1|Ünder|字|k [l](m)|[m]: /n|a¦b|¦c¦|c\\|`d|e |<b>f</b>|- g|#h|* * *||q:|=|\f|2020 x"
TEXTS = [*WORDS.replace("¦", "|").split("|"), "long " * 25]


def own_tokens(source: str) -> tuple[list[Token], set[str]]:
    """What markdown-it-py's own rules say, paragraphs and headings put together as our rules leave them."""
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    parser.use(deflist_plugin).use(footnote_plugin).use(dollarmath_plugin)
    parser.block.ruler.at("table", table, {"alt": ["paragraph", "reference"]})
    tokens: list[Token] = []
    env: dict[str, dict[str, object]] = {}
    parser.block.parse(source, parser, env, tokens)
    return list(merged(tokens)), set(env.get("references", {}))


def merged(tokens: list[Token]) -> Iterator[Token]:
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type in {"paragraph_open", "heading_open"}:
            content = tokens[index + 1]
            yield content.copy(type=token.type.removesuffix("_open"), tag=token.tag, map=token.map)
            index += 3
        else:
            yield token
            index += 1


def read(source: str, tokens: list[Token], references: object) -> list[Block]:
    return list(BlockReader(source.split("\n"), 1, set(references), is_deep=True).read(tokens))


def differing(source: str) -> bool:
    return read(source, *own_tokens(source)) != read(source, *parse_blocks(source))


@pytest.mark.parametrize("seed", range(4))
def test_lines_of_every_kind_become_the_same_blocks(seed):
    choose = random.Random(seed)
    for _ in range(1_000):
        source = "\n".join(choose.choices(PIECES, k=choose.choice((2, 3, 5, 8, 15, 30)))) + choose.choice(("", "\n"))

        assert not differing(source), source


@pytest.mark.parametrize("seed", range(4))
def test_lists_and_quotes_of_every_kind_become_the_same_blocks(seed):
    choose = random.Random(seed)
    for _ in range(1_500):
        markers = choose.sample(MARKERS, choose.choice((1, 2, 3, 6)))
        texts = choose.sample(TEXTS, choose.choice((2, 4, 8)))
        count = choose.choice((2, 3, 5, 8, 15, 30))
        lines = [choose.choice(markers) + choose.choice(texts) if choose.random() < 0.8 else "" for _ in range(count)]
        source = "\n".join(lines) + choose.choice(("", "\n"))

        assert not differing(source), source


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_repeated_becomes_the_same_blocks(name):
    source = SHAPES[name](4_000)

    assert not differing(source)


def test_a_flat_list_takes_one_token_and_an_item_that_is_not_flat_sends_all_of_it_the_long_way():
    flat = "- a\n  - b\n* c\n\n# h\n\n1. d\n2. e\n"

    assert [token.type for token in parse_blocks(flat)[0]] == ["flat_list", "flat_list", "heading", "flat_list"]
    assert "flat_list" not in [token.type for token in parse_blocks("- a\n- b\n- > c\n")[0]]
