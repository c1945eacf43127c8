"""Files that nobody writes by hand: the limits hold, nothing recurses too deep, nothing is forgotten."""

import sys

import pytest

from resume_pipeline.domain.chunking import chunk_document
from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.domain.markdown import parse_document
from resume_pipeline_tests.hostile.shapes import SHAPES

MEGABYTE = 1_000_000


def filled(unit: str, size: int = MEGABYTE // 8) -> str:
    return (unit * (size // len(unit) + 1))[:size]


TEXTS = {
    "a megabyte of words on one line": filled("lorem ipsum dolor sit amet, ", MEGABYTE),
    "a megabyte without a space": "x" * MEGABYTE,
    "brackets that never close": filled("["),
    "brackets that close late": filled("[", 100_000) + filled("]", 100_000),
    "half links": filled("[a]("),
    "emphasis that never closes": filled("*a_b "),
    "mixed emphasis": filled("a**b*c_d__ "),
    "backticks of every length": "".join("`" * length + "a" for length in range(1, 700)),
    "half tags": filled("<a b="),
    "half comments": filled("a <!-- b -"),
    "half shortcodes": filled("{{< a "),
    "half components": filled("<A a={"),
    "10,000 nested quotes on a line": ">" * 10_000 + " deep",
    "quotes nested line by line": "\n".join(">" * depth + " deep" for depth in range(1, 500)),
    "10,000 list markers on a line": "- " * 10_000 + "deep",
    "lists nested line by line": "\n".join("  " * depth + "- deep" for depth in range(400)),
    "an indented block for each level": "- a\n\n" + filled("    deep\n\n"),
    "headings only": filled("# a\n", 40_000),
    "link references only": "\n".join(f"[a{number}]: /u" for number in range(10_000)) + "\n\ndeep [a1]",
    "a table 27,000 columns wide": "|" + "a|" * 27_000 + "\n|" + "-|" * 27_000 + "\n|" + "b|" * 27_000,
    "a table row of 54,000 characters": "|a|b|\n|-|-|\n|" + filled("word ", 54_000) + "|deep|\n",
    "a fence that never closes": "```\n" + filled("code line\n"),
    "the same line again and again": "```\n" + filled("}\n") + "```\n",
    "front matter that never closes": "---\n" + filled("a: b\n"),
    "front matter nested 10,000 deep": "---\na: " + "[" * 10_000 + "\n---\ndeep",
    "an alias bomb": "---\na: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12))
    + "---\ndeep",
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_limits_hold_for(name, count_tokens):
    document = parse_document(TEXTS[name], fallback_title="File name")
    chunks = chunk_document(document, limits=ChunkLimits(), count_tokens=count_tokens)

    assert all(max(chunk.tokens, chunk.input_tokens) <= 500 for chunk in chunks)
    if "deep" in TEXTS[name]:
        assert any("deep" in chunk.embedding_input for chunk in chunks)


def test_a_table_of_100_000_rows_is_cut_between_rows_and_keeps_them_all(count_tokens):
    text = "| id | name |\n|----|------|\n" + "".join(f"| {row} | name of row {row} |\n" for row in range(100_000))

    chunks = chunk_document(
        parse_document(text, fallback_title="Rows"), limits=ChunkLimits(), count_tokens=count_tokens
    )

    rows = [line for chunk in chunks for line in chunk.content.split("\n")[2:]]
    assert rows == text.split("\n")[2:-1]
    assert all(chunk.content.startswith("| id | name |") and chunk.tokens <= 500 for chunk in chunks)


def calls(text, count_tokens) -> int:
    """How many calls, of Python and of C, it takes to read and cut a text: time, but for the machine's noise."""
    made = 0

    def count(_frame, event, _argument):
        nonlocal made
        made += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        document = parse_document(text, fallback_title="File name")
        chunk_document(document, limits=ChunkLimits(), count_tokens=count_tokens)
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("name", SHAPES)
def test_twice_the_text_takes_twice_the_steps_for(name, count_tokens):
    once, twice = (calls(SHAPES[name](size), count_tokens) for size in (12_000, 24_000))

    assert twice < 2.5 * once + 2_000


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_keeps_the_limits(name, count_tokens):
    document = parse_document(SHAPES[name](30_000), fallback_title="File name")
    chunks = chunk_document(document, limits=ChunkLimits(), count_tokens=count_tokens)

    assert all(max(chunk.tokens, chunk.input_tokens) <= 500 for chunk in chunks)
